//! The shape of a page in JSON, borrowed from its bytes.

use std::{borrow::Cow, fmt, marker::PhantomData};

use covouch_core::limits::JSON_DEPTH;
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer},
    },
};
use serde_json::value::RawValue;

use crate::limits;

/// A text, borrowed where it has no escapes.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The keys of an object that nobody here knows.
type UnknownKeys = Vec<(Box<str>, Box<RawValue>)>;

/// A key's value: absent, `null`, or there.
type Nullable<T> = Option<Option<T>>;

#[derive(Default)]
pub(super) struct WirePage<'a> {
    pub(super) meta: Option<Object<WireMeta<'a>>>,
    pub(super) name: Option<Text<'a>>,
    pub(super) files: Option<List<Object<WireFile<'a>>, { limits::PAGE_FILES }>>,
    pub(super) alternate_locations: Nullable<List<Text<'a>, { limits::LOCATIONS }>>,
    pub(super) status: Nullable<Object<WireStatus<'a>>>,
    versions: Option<IgnoredAny>,
    pub(super) unknown: UnknownKeys,
}

#[derive(Default)]
pub(super) struct WireMeta<'a> {
    pub(super) api_version: Option<Text<'a>>,
    pub(super) tracks: Nullable<List<Text<'a>, { limits::LOCATIONS }>>,
    pub(super) unknown: UnknownKeys,
}

#[derive(Default)]
pub(super) struct WireStatus<'a> {
    pub(super) status: Option<Text<'a>>,
    pub(super) reason: Nullable<Text<'a>>,
    pub(super) unknown: UnknownKeys,
}

#[derive(Default)]
pub(super) struct WireFile<'a> {
    pub(super) filename: Option<Text<'a>>,
    pub(super) url: Option<Text<'a>>,
    pub(super) hashes: Nullable<WireHashes<'a>>,
    pub(super) requires_python: Nullable<Text<'a>>,
    pub(super) yanked: Nullable<Flagged<Text<'a>>>,
    pub(super) upload_time: Nullable<Text<'a>>,
    pub(super) size: Nullable<u64>,
    pub(super) core_metadata: Nullable<Flagged<WireHashes<'a>>>,
    pub(super) dist_info_metadata: Nullable<Flagged<WireHashes<'a>>>,
    pub(super) data_dist_info_metadata: Nullable<Flagged<WireHashes<'a>>>,
    pub(super) gpg_sig: Nullable<bool>,
    pub(super) provenance: Nullable<Text<'a>>,
    pub(super) unknown: UnknownKeys,
}

/// The known keys of one kind of object.
pub(super) trait Fields<'de>: Default {
    /// Reads the value of a known key; `false`, with nothing read, for any other key.
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Where the other keys go.
    fn unknown(&mut self) -> &mut UnknownKeys;
}

fn once<'de, T, A>(slot: &mut Option<T>, key: &'static str, map: &mut A) -> Result<bool, A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::duplicate_field(key));
    }
    *slot = Some(map.next_value()?);
    Ok(true)
}

impl<'de> Fields<'de> for WirePage<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "meta" => once(&mut self.meta, "meta", map),
            "name" => once(&mut self.name, "name", map),
            "files" => once(&mut self.files, "files", map),
            "alternate-locations" => once(&mut self.alternate_locations, "alternate-locations", map),
            "project-status" => once(&mut self.status, "project-status", map),
            "versions" => once(&mut self.versions, "versions", map),
            _ => Ok(false),
        }
    }

    fn unknown(&mut self) -> &mut UnknownKeys {
        &mut self.unknown
    }
}

impl<'de> Fields<'de> for WireMeta<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "api-version" => once(&mut self.api_version, "api-version", map),
            "tracks" => once(&mut self.tracks, "tracks", map),
            _ => Ok(false),
        }
    }

    fn unknown(&mut self) -> &mut UnknownKeys {
        &mut self.unknown
    }
}

impl<'de> Fields<'de> for WireStatus<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "status" => once(&mut self.status, "status", map),
            "reason" => once(&mut self.reason, "reason", map),
            _ => Ok(false),
        }
    }

    fn unknown(&mut self) -> &mut UnknownKeys {
        &mut self.unknown
    }
}

impl<'de> Fields<'de> for WireFile<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "filename" => once(&mut self.filename, "filename", map),
            "url" => once(&mut self.url, "url", map),
            "hashes" => once(&mut self.hashes, "hashes", map),
            "requires-python" => once(&mut self.requires_python, "requires-python", map),
            "yanked" => once(&mut self.yanked, "yanked", map),
            "upload-time" => once(&mut self.upload_time, "upload-time", map),
            "size" => once(&mut self.size, "size", map),
            "core-metadata" => once(&mut self.core_metadata, "core-metadata", map),
            "dist-info-metadata" => once(&mut self.dist_info_metadata, "dist-info-metadata", map),
            "data-dist-info-metadata" => {
                once(&mut self.data_dist_info_metadata, "data-dist-info-metadata", map)
            }
            "gpg-sig" => once(&mut self.gpg_sig, "gpg-sig", map),
            "provenance" => once(&mut self.provenance, "provenance", map),
            _ => Ok(false),
        }
    }

    fn unknown(&mut self) -> &mut UnknownKeys {
        &mut self.unknown
    }
}

/// An object whose known keys stand at most once and whose other keys are kept.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Fields<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Fields<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut fields = T::default();
        while let Some(Text(key)) = map.next_key()? {
            if fields.field(&key, &mut map)? {
                continue;
            }
            let value: Box<RawValue> = map.next_value()?;
            let unknown = fields.unknown();
            if unknown.iter().any(|(before, _)| **before == *key) {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
            if unknown.len() == limits::UNKNOWN_KEYS || is_deep(value.get()) {
                return Err(A::Error::custom(
                    "an object has too many keys, or a key's value is nested too deep",
                ));
            }
            unknown.push((key.into(), value));
        }
        Ok(fields)
    }
}

/// Whether JSON is nested deeper than we would ever read it.
fn is_deep(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_DEPTH {
            return true;
        }
    }
    false
}

/// A list of at most `LIMIT` entries, and whether there were more.
pub(super) struct List<T, const LIMIT: usize> {
    pub(super) first: Vec<T>,
    pub(super) more: bool,
}

impl<'de, T: Deserialize<'de>, const LIMIT: usize> Deserialize<'de> for List<T, LIMIT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T, const LIMIT: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for ListVisitor<T, LIMIT> {
    type Value = List<T, LIMIT>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut list = List { first: Vec::new(), more: false };
        while list.first.len() < LIMIT {
            match entries.next_element()? {
                Some(entry) => list.first.push(entry),
                None => return Ok(list),
            }
        }
        while entries.next_element::<IgnoredAny>()?.is_some() {
            list.more = true;
        }
        Ok(list)
    }
}

/// Digests by algorithm.
#[derive(Default)]
pub(super) struct WireHashes<'a>(pub(super) Vec<(Text<'a>, Text<'a>)>);

impl<'de> Deserialize<'de> for WireHashes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HashesVisitor)
    }
}

struct HashesVisitor;

impl<'de> Visitor<'de> for HashesVisitor {
    type Value = WireHashes<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("digests by algorithm")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut hashes = Vec::new();
        while let Some(hash) = map.next_entry()? {
            if hashes.len() == limits::HASHES {
                return Err(A::Error::custom("a file has too many digests"));
            }
            hashes.push(hash);
        }
        Ok(WireHashes(hashes))
    }
}

/// `true`, `false`, or something that is more than `true`.
pub(super) enum Flagged<T> {
    Flag(bool),
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Flagged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlaggedVisitor(PhantomData))
    }
}

struct FlaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FlaggedVisitor<T> {
    type Value = Flagged<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or a value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Flagged::Flag(flag))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        T::deserialize(BorrowedStrDeserializer::new(text)).map(Flagged::Value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(Flagged::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Flagged::Value)
    }
}
