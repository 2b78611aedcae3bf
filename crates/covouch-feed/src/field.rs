//! Fields of metadata, read one by one, so that a mistake names its place.

use covouch_core::{shown::Shown, time::Timestamp};

use crate::value::{Object, Value};

/// What is wrong with some metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn field(name: &str, expected: &str) -> Self {
        Self(format!("`{name}` is not {expected}"))
    }
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("not JSON as TUF signs it: {}", Shown::new(&error.to_string())))
    }
}

/// The entries of one object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Object<'a>);

impl<'a> Fields<'a> {
    pub(crate) fn of(name: &str, value: &'a Value<'a>) -> Result<Self, Malformed> {
        match value {
            Value::Object(entries) => Ok(Self(entries)),
            _ => Err(Malformed::field(&Shown::new(name).to_string(), "an object")),
        }
    }

    pub(crate) fn optional(self, name: &str) -> Option<&'a Value<'a>> {
        self.0.get(name)
    }

    fn required(self, name: &str) -> Result<&'a Value<'a>, Malformed> {
        self.optional(name).ok_or_else(|| Malformed(format!("there is no `{name}`")))
    }

    pub(crate) fn object(self, name: &str) -> Result<Self, Malformed> {
        Self::of(name, self.required(name)?)
    }

    pub(crate) fn optional_object(self, name: &str) -> Result<Option<Self>, Malformed> {
        self.optional(name).map(|value| Self::of(name, value)).transpose()
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, Malformed> {
        match self.required(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(Malformed::field(name, "a text")),
        }
    }

    pub(crate) fn flag(self, name: &str) -> Result<bool, Malformed> {
        match self.required(name)? {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(Malformed::field(name, "`true` or `false`")),
        }
    }

    /// A whole number from zero on.
    pub(crate) fn number(self, name: &str) -> Result<u64, Malformed> {
        match self.required(name)? {
            Value::Integer(number) => {
                u64::try_from(*number).map_err(|_| Malformed::field(name, "a number from 0 on"))
            }
            _ => Err(Malformed::field(name, "a whole number")),
        }
    }

    pub(crate) fn list(self, name: &str) -> Result<&'a [Value<'a>], Malformed> {
        match self.required(name)? {
            Value::List(items) => Ok(items),
            _ => Err(Malformed::field(name, "a list")),
        }
    }

    pub(crate) fn texts(self, name: &str) -> Result<Vec<&'a str>, Malformed> {
        let text = |value: &'a Value<'a>| match value {
            Value::Text(text) => Ok(&**text),
            _ => Err(Malformed::field(name, "a list of texts")),
        };
        self.list(name)?.iter().map(text).collect()
    }

    /// A moment in the one spelling TUF knows: `2026-12-31T23:59:59Z` (TUF §4.2.1).
    pub(crate) fn moment(self, name: &str) -> Result<Timestamp, Malformed> {
        let text = self.text(name)?;
        Timestamp::parse(text)
            .ok()
            .filter(|moment| moment.to_string() == text)
            .ok_or_else(|| Malformed::field(name, "a time such as `2026-12-31T23:59:59Z`"))
    }
}

/// Bytes from hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for [high, low] in digits.as_chunks::<2>().0 {
        bytes.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    Some(bytes)
}

/// Hexadecimal digits of bytes.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
