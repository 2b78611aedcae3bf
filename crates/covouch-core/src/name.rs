//! Project names and the patterns that select them. Normalisation exists only here.

use std::{fmt, sync::Arc};

use crate::limits;

/// A project's name in its one spelling: lower case, runs of `-`, `_` and `.` written as one `-`
/// (packaging.python.org, "Names and normalization"; PEP 503).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(Arc<str>);

/// Why a text is not a project name or a pattern of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The text has no characters.
    #[error("a project name is not empty")]
    Empty,
    /// The text is longer than [`limits::NAME_BYTES`].
    #[error("a project name has at most {max} bytes, this one has {0}", max = limits::NAME_BYTES)]
    TooLong(usize),
    /// A character that no project name has.
    #[error("`{text}` is not a project name: `{character}` is not a letter, digit, `-`, `_` or `.`")]
    Character {
        /// What was written.
        text: String,
        /// The first offending character.
        character: char,
    },
    /// A name must start and end with a letter or digit.
    #[error("`{0}` is not a project name: it starts or ends with `-`, `_` or `.`")]
    Edge(String),
}

impl ProjectName {
    /// Parses a name as people write it and normalises it.
    ///
    /// # Errors
    /// [`NameError`] when the text cannot be a project's name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_length(text)?;
        let normalised = normalise(text, |_| false)?;
        if normalised.starts_with('-') || normalised.ends_with('-') {
            return Err(NameError::Edge(text.to_owned()));
        }
        Ok(Self(normalised.into()))
    }

    /// The normalised name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern over normalised project names; `*` stands for any run of characters, also none.
///
/// The literal parts are normalised as names are, so `NumPy_*` and `numpy-*` are one pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPattern(Arc<str>);

impl ProjectPattern {
    /// Parses a pattern and normalises its literal parts.
    ///
    /// # Errors
    /// [`NameError`] when a literal part has a character no project name has.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_length(text)?;
        let normalised = normalise(text, |character| character == '*')?;
        Ok(Self(normalised.into()))
    }

    /// Whether the pattern selects this project.
    #[must_use]
    pub fn matches(&self, name: &ProjectName) -> bool {
        let mut parts = self.0.split('*');
        let Some(head) = parts.next() else { return false };
        let Some(mut rest) = name.as_str().strip_prefix(head) else { return false };
        let Some(tail) = parts.next_back() else { return rest.is_empty() };
        let Some(middle) = rest.strip_suffix(tail) else { return false };
        rest = middle;
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        true
    }

    /// The pattern's one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_length(text: &str) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Empty),
        length if length > limits::NAME_BYTES => Err(NameError::TooLong(length)),
        _ => Ok(()),
    }
}

fn normalise(text: &str, also: impl Fn(char) -> bool) -> Result<String, NameError> {
    let mut normalised = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '-' | '_' | '.' if normalised.ends_with('-') => {}
            '-' | '_' | '.' => normalised.push('-'),
            'a'..='z' | 'A'..='Z' | '0'..='9' => normalised.push(character.to_ascii_lowercase()),
            other if also(other) => normalised.push(other),
            _ => return Err(NameError::Character { text: text.to_owned(), character }),
        }
    }
    Ok(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProjectName {
        ProjectName::parse(text).unwrap()
    }

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(name("Flask_SQL.-Alchemy").as_str(), "flask-sql-alchemy");
        assert_eq!(name("jeIlyfish").as_str(), "jeilyfish", "the capital I is not an l");
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for text in ["", "-a", "a.", "a b", "a/b", "é", "a\n"] {
            assert!(ProjectName::parse(text).is_err(), "{text:?}");
        }
        assert!(ProjectName::parse(&"a".repeat(limits::NAME_BYTES + 1)).is_err());
    }

    #[test]
    fn a_pattern_matches_whole_names_only() {
        let numpy = ProjectPattern::parse("NumPy*").unwrap();
        assert!(numpy.matches(&name("numpy")) && numpy.matches(&name("NumPy_Foo")));
        assert!(!numpy.matches(&name("my-numpy")));
        let stubs = ProjectPattern::parse("*-stubs").unwrap();
        assert!(stubs.matches(&name("pandas_stubs")) && !stubs.matches(&name("stubs")));
        let exact = ProjectPattern::parse("six").unwrap();
        assert!(exact.matches(&name("Six")) && !exact.matches(&name("sixer")));
        let overlapping = ProjectPattern::parse("ab*ba").unwrap();
        assert!(!overlapping.matches(&name("aba")) && overlapping.matches(&name("abba")));
    }
}
