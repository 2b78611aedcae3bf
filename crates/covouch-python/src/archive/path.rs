//! Paths of members, and the check that no two of them are one.

use std::{collections::BTreeMap, fmt, iter};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::{error::ArchiveError, limits};
use crate::shown::Shown;

/// The path of one member: relative, `/` between its parts, no part that means another place anywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberPath(Box<str>);

/// Why a text is not the path of a member, as the end of a sentence that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It is not UTF-8, or its encoding is not stated.
    #[error("whose encoding is not certain")]
    Encoding,
    /// It is empty, absolute, or has an empty, `.` or `..` part.
    #[error("which leads out of its folder or has two spellings")]
    Traversal,
    /// It has a character that some file system gives a meaning.
    #[error("with a character that means something to a file system")]
    Character,
    /// A part ends in a dot or a space, which Windows drops.
    #[error("of which Windows drops the end")]
    Ending,
    /// It is too long or too deep.
    #[error("which is too long or too deep")]
    TooLong,
}

impl MemberPath {
    /// Parses a path as archives write it.
    ///
    /// # Errors
    /// [`PathError`] when the path is not plain.
    pub fn parse(bytes: &[u8]) -> Result<Self, PathError> {
        if bytes.len() > limits::PATH_BYTES {
            return Err(PathError::TooLong);
        }
        let text = str::from_utf8(bytes).map_err(|_| PathError::Encoding)?;
        // `:` starts a drive or an alternate data stream, `\` is a separator on Windows only.
        if text.contains(|c: char| c.is_control() || matches!(c, '\\' | ':' | '\u{fffd}')) {
            return Err(PathError::Character);
        }
        let mut depth = 0;
        for part in text.split('/') {
            depth += 1;
            match part {
                "" | "." | ".." => return Err(PathError::Traversal),
                _ if part.len() > limits::COMPONENT_BYTES => return Err(PathError::TooLong),
                _ if part.ends_with(['.', ' ']) => return Err(PathError::Ending),
                _ => {}
            }
        }
        if depth > limits::DEPTH {
            return Err(PathError::TooLong);
        }
        Ok(Self(text.into()))
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        Self::parse(bytes).map_err(|reason| {
            let path = Shown::new(&String::from_utf8_lossy(bytes));
            ArchiveError::Path { path, reason }
        })
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `/`, and what follows it.
    #[must_use]
    pub fn split_top(&self) -> (&str, Option<&str>) {
        match self.0.split_once('/') {
            Some((top, rest)) => (top, Some(rest)),
            None => (&self.0, None),
        }
    }

    /// The part behind the last `/`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

/// Lets maps be asked by text.
impl std::borrow::Borrow<str> for MemberPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// For people: without hidden characters, and shortened.
impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown::new(&self.0).fmt(f)
    }
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
}

/// All paths of one archive as a tree, in which two spellings of one name are found at each level.
#[derive(Default)]
pub(super) struct Paths {
    places: BTreeMap<(u32, Box<str>), Place>,
    bytes: usize,
}

struct Place {
    id: u32,
    kind: Kind,
    /// The name as first written, where it is not its own folded form.
    written: Option<Box<str>>,
}

impl Paths {
    /// Adds a path.
    ///
    /// # Errors
    /// [`ArchiveError::Duplicate`] when a file stands there already, under this or a similar name, or a folder does
    /// where a file should; [`ArchiveError::TooLarge`].
    pub(super) fn add(&mut self, path: &MemberPath, kind: Kind) -> Result<(), ArchiveError> {
        self.bytes += path.0.len();
        if self.bytes > limits::PATH_BYTES_TOGETHER {
            return Err(too_large("bytes of paths", limits::PATH_BYTES_TOGETHER));
        }
        let mut parent = 0;
        let mut parts = path.0.split('/').peekable();
        while let Some(part) = parts.next() {
            let kind = if parts.peek().is_some() { Kind::Folder } else { kind };
            parent = self.step(path, parent, part, kind)?;
        }
        Ok(())
    }

    fn step(&mut self, path: &MemberPath, parent: u32, part: &str, kind: Kind) -> Result<u32, ArchiveError> {
        let folded = fold(part);
        if let Some(place) = self.places.get(&(parent, folded.clone())) {
            let written = place.written.as_deref().unwrap_or(&folded);
            return match (place.kind, kind) {
                (Kind::Folder, Kind::Folder) if written == part => Ok(place.id),
                _ => Err(ArchiveError::Duplicate { path: path.clone(), other: Shown::new(written) }),
            };
        }
        if self.places.len() >= limits::PATHS {
            return Err(too_large("files and folders", limits::PATHS));
        }
        let id = u32::try_from(self.places.len() + 1).map_err(|_| too_large("files", limits::PATHS))?;
        let written = (*folded != *part).then(|| part.into());
        self.places.insert((parent, folded), Place { id, kind, written });
        Ok(id)
    }
}

fn too_large(what: &'static str, limit: usize) -> ArchiveError {
    ArchiveError::TooLarge { what, limit: u64::try_from(limit).unwrap_or(u64::MAX) }
}

/// One form for all the spellings that a file system may take for one name.
///
/// Upper case first, because folding must meet `ß` and `ss`, `ſ` and `s`; compatibility forms, because Python
/// imports `ﬁle` as `file`. It joins more than any one file system does.
fn fold(part: &str) -> Box<str> {
    if part.is_ascii() {
        return part.to_ascii_lowercase().into();
    }
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    let lower: String = normalizer
        .normalize(part)
        .chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .flat_map(|c| iter::once(c).filter(|c| !is_ignorable(*c)))
        .collect();
    normalizer.normalize(&lower).into()
}

/// Characters that HFS+ leaves out of comparison.
fn is_ignorable(character: char) -> bool {
    matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<MemberPath, PathError> {
        MemberPath::parse(text.as_bytes())
    }

    fn add(paths: &[(&str, Kind)]) -> Result<(), ArchiveError> {
        let mut tree = Paths::default();
        paths.iter().try_for_each(|(path, kind)| tree.add(&parse(path).unwrap(), *kind))
    }

    #[test]
    fn a_plain_path_is_read_as_written() {
        for text in ["a", "a/b.py", "…/ü.txt", ".hidden", "a b/c+d", "..a/b"] {
            assert_eq!(parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_path_that_leaves_its_folder_somewhere_is_refused() {
        for text in ["", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "."] {
            assert_eq!(parse(text), Err(PathError::Traversal), "{text}");
        }
        for text in ["a\\b", "c:a", "a:stream", "a\0b", "a\nb", "a\u{85}"] {
            assert_eq!(parse(text), Err(PathError::Character), "{text}");
        }
        for text in ["a.py.", "a /b"] {
            assert_eq!(parse(text), Err(PathError::Ending), "{text}");
        }
        assert_eq!(MemberPath::parse(b"\xff"), Err(PathError::Encoding));
    }

    #[test]
    fn a_path_has_a_length_and_a_depth() {
        assert!(parse(&["a"; limits::DEPTH].join("/")).is_ok());
        assert_eq!(parse(&["a"; limits::DEPTH + 1].join("/")), Err(PathError::TooLong));
        assert!(parse(&"a".repeat(limits::COMPONENT_BYTES)).is_ok());
        assert_eq!(parse(&"a".repeat(limits::COMPONENT_BYTES + 1)), Err(PathError::TooLong));
    }

    #[test]
    fn two_spellings_of_one_name_are_found_at_every_level() {
        use Kind::{File, Folder};
        assert!(add(&[("a/b", File), ("a/c", File), ("a", Folder), ("b", File)]).is_ok());
        for (first, second) in [
            ("a", "a"),
            ("a", "A"),
            ("A/b", "a/c"),
            ("é", "e\u{301}"),
            ("straße", "STRASSE"),
            ("ﬁle", "file"),
            ("ſ", "s"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("a\u{200d}", "a"),
            ("\u{212a}", "k"),
        ] {
            let error = add(&[(first, File), (second, File)]).unwrap_err();
            assert!(matches!(error, ArchiveError::Duplicate { .. }), "{first} {second}: {error}");
        }
    }

    #[test]
    fn deep_paths_do_not_buy_memory() {
        let mut tree = Paths::default();
        let result = (0..limits::PATHS).try_for_each(|number| {
            let path = format!("{number}/a/b/c/d/e/f/g/h/i/j");
            tree.add(&parse(&path).unwrap(), Kind::File)
        });
        assert!(matches!(result, Err(ArchiveError::TooLarge { .. })));
        assert!(tree.places.len() <= limits::PATHS);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,12}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
