//! JSON as TUF signs it: read strictly, and written in canonical form.
//!
//! # Invariants
//! - A key stands once in an object, and there are no fractions: what is read has one canonical form.
//! - Depth is bounded; so is length, by whoever hands us the bytes.

use std::{borrow::Cow, fmt, io::Write as _};

use memchr::memchr2;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// A JSON value that has a canonical form. One that was read borrows its texts from the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; the canonical form knows no others.
    Integer(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

/// The entries of an object, sorted by key, as the canonical form is.
///
/// A snapshot has thousands of small objects: side by side they take a tenth of the memory of trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// Reads one value and nothing after it.
    ///
    /// # Errors
    /// What is wrong, as `serde_json` says it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: limits::JSON_DEPTH }.deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// An object of these entries.
    #[must_use]
    pub fn object<const N: usize>(entries: [(&'a str, Self); N]) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// A text.
    #[must_use]
    pub fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string().into())
    }

    /// A number of something in memory.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The same, with texts of its own.
    #[must_use]
    pub fn to_static(&self) -> Value<'static> {
        self.map(&|text| Cow::Owned(text.to_owned()))
    }

    /// The same, with texts that stand here.
    pub(crate) fn borrowed(&self) -> Value<'_> {
        self.map(&|text| Cow::Borrowed(text))
    }

    fn map<'b, 'c>(&'b self, text: &impl Fn(&'b str) -> Cow<'c, str>) -> Value<'c> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(value) => Value::Text(text(value)),
            Self::List(items) => Value::List(items.iter().map(|item| item.map(text)).collect()),
            Self::Object(Object(entries)) => {
                let entries = entries.iter().map(|(key, value)| (text(key), value.map(text)));
                Value::Object(Object(entries.collect()))
            }
        }
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
            Self::Integer(number) => {
                // Writing into memory cannot fail.
                let _ = write!(bytes, "{number}");
            }
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

impl<'a> Object<'a> {
    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.0.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    /// The value under a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let place = self.find(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Puts a value under a key, and gives back the one that was there.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) -> Option<Value<'a>> {
        let key = key.into();
        match self.find(&key) {
            Ok(_) => self.get_mut(&key).map(|old| std::mem::replace(old, value)),
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    /// Takes out what stands under a key.
    pub fn remove(&mut self, key: &str) -> Option<Value<'a>> {
        self.find(key).ok().map(|place| self.0.remove(place).1)
    }

    /// The entries, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(key))
    }

    /// Sorts entries as they came; the key that stands there twice, if one does. Those we read are sorted already.
    fn sort(mut entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Result<Self, Cow<'a, str>> {
        let key = |entry: &(Cow<'a, str>, Value<'a>)| entry.0.clone();
        if !entries.is_sorted_by(|left, right| left.0 < right.0) {
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            let twice = entries.windows(2).find(|pair| matches!(pair, [left, right] if left.0 == right.0));
            if let Some(twice) = twice.and_then(|pair| pair.first()) {
                return Err(key(twice));
            }
        }
        Ok(Self(entries))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Value<'a>)> for Object<'a> {
    /// Of two values under one key, the last counts.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Value<'a>)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        // Stable, so the last of two stays the last; and back again, because the first of two is kept.
        entries.sort_by(|left, right| left.0.cmp(&right.0));
        entries.reverse();
        entries.dedup_by(|later, kept| later.0 == kept.0);
        entries.reverse();
        Self(entries)
    }
}

/// Only the quote and the backslash are escaped; every other character stands for itself.
fn write_canonical_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((before, [special, after @ ..])) =
        memchr2(b'"', b'\\', rest).and_then(|place| rest.split_at_checked(place))
    {
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(&[b'\\', *special]);
        rest = after;
    }
    bytes.extend_from_slice(rest);
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
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value<'de>, E> {
        i64::try_from(number).map(Value::Integer).map_err(|_| E::custom("a number beyond 2^63"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let deeper = self.deeper()?;
        let mut object = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            object.push((key, entries.next_value_seed(deeper)?));
        }
        // Two readers that pick different ones would see different metadata under one signature.
        let sorted = Object::sort(object);
        sorted
            .map(Value::Object)
            .map_err(|key| A::Error::custom(format_args!("duplicate key `{}`", key.escape_default())))
    }
}

/// The key of an entry.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(key.to_owned().into())
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(key.into())
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
    fn of_two_values_under_one_key_the_last_counts_and_keys_are_sorted() {
        let entries = [("b", 1), ("a", 2), ("b", 3), ("a", 4), ("c", 5)];
        let mut object: Object<'_> =
            entries.into_iter().map(|(key, number)| (key.into(), Value::Integer(number))).collect();
        object.insert("b", Value::Integer(6));
        object.insert("aa", Value::Integer(7));
        assert_eq!(object.remove("c"), Some(Value::Integer(5)));
        assert_eq!(object.remove("c"), None);
        assert_eq!(Value::Object(object).canonical(), br#"{"a":4,"aa":7,"b":6}"#);
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

    fn values() -> impl Strategy<Value = Value<'static>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            any::<String>().prop_map(Value::text),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::vec((any::<String>(), inner), 0..4).prop_map(|entries| {
                    Value::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in values()) {
            let json = value.to_json();
            prop_assert_eq!(Value::parse(&json).unwrap(), value.borrowed());
            prop_assert_eq!(value.to_static(), value);
        }

        #[test]
        fn different_values_have_different_canonical_forms(one in values(), other in values()) {
            prop_assert_eq!(one == other, one.canonical() == other.canonical());
        }
    }
}
