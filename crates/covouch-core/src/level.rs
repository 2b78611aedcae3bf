//! What a vouch claims.

use std::fmt;

/// What a party's word about a file claims; a higher level satisfies a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An index lists the file with this sha256.
    Listed,
    /// A known author of the project released the file.
    Author,
    /// A distribution packaged exactly these bytes.
    Packaged,
    /// A person or team takes responsibility for these bytes.
    Vouched,
    /// An electorate's ballots were counted and suffice.
    Voted,
    /// Somebody read the code.
    Audited,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Self; 6] =
        [Self::Listed, Self::Author, Self::Packaged, Self::Vouched, Self::Voted, Self::Audited];

    /// The level's name as policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Author => "author",
            Self::Packaged => "packaged",
            Self::Vouched => "vouched",
            Self::Voted => "voted",
            Self::Audited => "audited",
        }
    }

    /// The level of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
