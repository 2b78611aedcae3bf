//! JSON as TUF signs it: read strictly, and written in canonical form.
//!
//! # Invariants
//! - A key stands once in an object, and there are no fractions: what is read has one canonical form.
//! - Depth is bounded; so is length, by whoever hands us the bytes.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// A JSON value that has a canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; the canonical form knows no others.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object. Sorted by key, as the canonical form is.
    Object(BTreeMap<String, Self>),
}

impl Value {
    /// Reads one value and nothing after it.
    ///
    /// # Errors
    /// What is wrong, as `serde_json` says it.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: limits::JSON_DEPTH }.deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// An object of these entries.
    #[must_use]
    pub fn object<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// A text.
    #[must_use]
    pub fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    /// A number of something in memory.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The bytes that are signed: OLPC's canonical JSON (TUF §4.2).
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes, write_canonical_text);
        bytes
    }

    /// Compact JSON that any reader takes. It differs from the canonical form in what it escapes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes, write_json_text);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>, write_text: fn(&str, &mut Vec<u8>)) {
        match self {
            Self::Null => bytes.extend_from_slice(b"null"),
            Self::Bool(true) => bytes.extend_from_slice(b"true"),
            Self::Bool(false) => bytes.extend_from_slice(b"false"),
            Self::Integer(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
            Self::Text(text) => write_text(text, bytes),
            Self::List(items) => {
                bytes.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        bytes.push(b',');
                    }
                    item.write(bytes, write_text);
                }
                bytes.push(b']');
            }
            Self::Object(entries) => {
                bytes.push(b'{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        bytes.push(b',');
                    }
                    write_text(key, bytes);
                    bytes.push(b':');
                    value.write(bytes, write_text);
                }
                bytes.push(b'}');
            }
        }
    }
}

/// Only the quote and the backslash are escaped; every other character stands for itself.
fn write_canonical_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(b'"');
    for part in text.as_bytes().split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        match part.split_last() {
            Some((special @ (b'"' | b'\\'), before)) => {
                bytes.extend_from_slice(before);
                bytes.extend_from_slice(&[b'\\', *special]);
            }
            _ => bytes.extend_from_slice(part),
        }
    }
    bytes.push(b'"');
}

fn write_json_text(text: &str, bytes: &mut Vec<u8>) {
    // Writing a text into memory cannot fail.
    let _ = serde_json::to_writer(bytes, text);
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Integer).map_err(|_| E::custom("a number beyond 2^63"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut object: BTreeMap<String, Value> = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            // Two readers that pick different ones would see different metadata under one signature.
            match object.entry(key) {
                Entry::Vacant(place) => place.insert(entries.next_value_seed(deeper)?),
                Entry::Occupied(place) => {
                    let key = place.key().escape_default();
                    return Err(A::Error::custom(format_args!("duplicate key `{key}`")));
                }
            };
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_canonical_form_sorts_and_escapes_two_characters_only() {
        let value = Value::parse(br#" {"b": [1, -2, true, null], "a": "x\"\\\n\u00e9/"} "#).unwrap();
        assert_eq!(value.canonical(), "{\"a\":\"x\\\"\\\\\né/\",\"b\":[1,-2,true,null]}".as_bytes());
        assert_eq!(value.to_json(), "{\"a\":\"x\\\"\\\\\\né/\",\"b\":[1,-2,true,null]}".as_bytes());
    }

    #[test]
    fn what_has_no_one_canonical_form_is_refused() {
        for text in [
            "1.5",
            "1e3",
            "18446744073709551616",
            "9223372036854775808",
            r#"{"a":1,"\u0061":2}"#,
            "{} {}",
            "\"\u{1}\"",
        ] {
            assert!(Value::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Value::parse(format!("{}{}", "[".repeat(33), "]".repeat(33)).as_bytes()).is_err());
        assert!(Value::parse(format!("{}{}", "[".repeat(31), "]".repeat(31)).as_bytes()).is_ok());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Value::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in values()) {
            prop_assert_eq!(Value::parse(&value.to_json()).unwrap(), value);
        }

        #[test]
        fn different_values_have_different_canonical_forms(one in values(), other in values()) {
            prop_assert_eq!(one == other, one.canonical() == other.canonical());
        }
    }
}
