//! A TOML document whose values know their line.

use std::{ops::Range, sync::Arc};

use serde::Deserialize;

use super::{LockError, Place};
use crate::{limits, shown::Shown};

/// A TOML document.
pub(super) struct Document<'a> {
    name: Arc<str>,
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Document<'a> {
    /// Takes the bytes of a file.
    pub(super) fn new(name: &str, bytes: &'a [u8]) -> Result<Self, LockError> {
        let name: Arc<str> = name.into();
        if bytes.len() > limits::LOCK_BYTES {
            return Err(LockError::TooLarge { name: Shown::new(&name) });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| LockError::NotUtf8 {
            place: place_of_invalid(&name, bytes, error.valid_up_to()),
        })?;
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Ok(Self { name, text, line_starts: std::iter::once(0).chain(ends).collect() })
    }

    /// The text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Reads the document in the shape of `T`.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> Result<T, LockError> {
        toml::from_str(self.text).map_err(|error| self.malformed(&error))
    }

    /// An error of the TOML reader, with its place.
    pub(super) fn malformed(&self, error: &toml::de::Error) -> LockError {
        let at = error.span().map_or(0, |span| span.start);
        let line = self.line(at);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        LockError::Malformed { place: self.place_at(line), column, reason: Shown::new(error.message()) }
    }

    /// The place where a value stands.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        self.place_at(self.line(span.start))
    }

    /// An error that the document is in a version nobody here knows.
    pub(super) fn version(&self, found: &str, known: &'static str) -> LockError {
        LockError::Version { name: Shown::new(&self.name), found: Shown::new(found), known }
    }

    /// Refuses a document that lists too much.
    pub(super) fn check_entries(&self, entries: usize) -> Result<(), LockError> {
        match entries > limits::LOCK_ENTRIES {
            true => Err(LockError::TooLarge { name: Shown::new(&self.name) }),
            false => Ok(()),
        }
    }

    fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    fn place_at(&self, line: usize) -> Place {
        Place { file: self.name.clone(), line }
    }
}

/// Where bytes stop being UTF-8.
pub(super) fn place_of_invalid(name: &Arc<str>, bytes: &[u8], valid_up_to: usize) -> Place {
    let before = bytes.get(..valid_up_to).unwrap_or_default();
    Place { file: name.clone(), line: before.iter().filter(|byte| **byte == b'\n').count() + 1 }
}
