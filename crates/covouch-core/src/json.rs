//! JSON read strictly: no duplicate keys, bounded depth, nothing after the value.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::limits;

/// Reads a value after checking that no object in it, known to us or not, says one key twice: two readers
/// that pick different ones would see different statements under one signature.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: limits::JSON_DEPTH }.deserialize(&mut reader)?;
    reader.end()?;
    serde_json::from_slice(bytes)
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
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while items.next_element_seed(deeper)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!("duplicate key `{}`", key.escape_default())));
            }
            seen.insert(key);
            entries.next_value_seed(deeper)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_key_is_said_once_also_where_nobody_looks() {
        assert!(read::<serde_json::Value>(br#"{"a": {"b": 1, "c": [1, {"d": null}]}}"#).is_ok());
        let error = read::<serde_json::Value>(br#"{"a": {"b": 1, "\u0062": 2}}"#).unwrap_err();
        assert!(error.to_string().contains("duplicate key `b`"), "{error}");
        assert!(read::<serde_json::Value>(b"{} {}").is_err());
        assert!(
            read::<serde_json::Value>(format!("{}{}", "[".repeat(40), "]".repeat(40)).as_bytes()).is_err()
        );
    }
}
