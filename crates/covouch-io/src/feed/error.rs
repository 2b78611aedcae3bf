//! Why a feed says nothing, or could not be written.

use std::{io, path::PathBuf};

use covouch_core::{code::Code, digest::Sha256, hint::Hint};
use covouch_feed::{
    publish::{PublishError, ceremony::CeremonyError},
    statements::StatementsError,
    update::UpdateError,
};

use crate::{
    folder::FolderError,
    network::{FetchError, StoreError},
    secrets::RedactedUrl,
    state::StateError,
};

/// Why a feed says nothing, or could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A feed is at `https`, `http` or `file`.
    #[error("`{0}` is not where a feed can be")]
    Address(RedactedUrl),
    /// It cannot be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There is none at this address.
    #[error("there is no feed at `{0}`")]
    NoFeed(RedactedUrl),
    /// Its first root is another one.
    #[error("the feed at `{feed}` begins with root sha256:{found}, where sha256:{expected} is expected")]
    OtherRoot {
        /// The feed.
        feed: RedactedUrl,
        /// The root it has.
        found: Sha256,
        /// The root it should have.
        expected: Sha256,
    },
    /// Its first root cannot be believed.
    #[error("the feed's first root: {0}")]
    Root(String),
    /// It broke a rule of TUF.
    #[error("the feed's {0}")]
    Update(#[from] UpdateError),
    /// It names a list that is not there.
    #[error("the feed at `{feed}` has no `{path}`, which it names")]
    MissingList {
        /// The feed.
        feed: RedactedUrl,
        /// The list.
        path: String,
    },
    /// It has more bins than anybody looks through.
    #[error("the feed has 2^{0} bins")]
    TooManyBins(u8),
    /// Its statements cannot be used.
    #[error(transparent)]
    Statements(#[from] StatementsError),
    /// What was kept cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A feed's folder cannot be read.
    #[error("`{path}`: {error}", path = path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The statements that are to be published cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no publication.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A root was not signed.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A bucket was not written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bucket has a publication that is not one of this folder's.
    #[error("`{to}` has {what}, which this folder did not publish")]
    Elsewhere {
        /// The bucket.
        to: String,
        /// What it has.
        what: String,
    },
    /// The folder is no feed's.
    #[error("`{}` is not the folder of a feed", .0.display())]
    NoFolder(PathBuf),
    /// There is a feed already.
    #[error("`{}` is a feed already", .0.display())]
    Exists(PathBuf),
    /// A root waits for signatures.
    #[error("root {version} is signed by {found} of the {needed} keys it needs")]
    Unsigned {
        /// Its version.
        version: u64,
        /// How many signed.
        found: usize,
        /// How many must.
        needed: u32,
    },
    /// A root of this version is out: readers may have it, and no other can take its place.
    #[error("root {0} is out, and the rest of its publication is not")]
    RootIsOut(u64),
}

impl FeedError {
    /// Codes of these errors, beside those of `covouch-feed` and of other parts.
    pub const CODES: &[Code] = &[
        Code::new("feed-address"),
        Code::new("feed-none"),
        Code::new("feed-other-root"),
        Code::new("feed-folder"),
        Code::new("feed-exists"),
        Code::new("feed-root-unsigned"),
        Code::new("feed-root-out"),
        Code::new("feed-published-elsewhere"),
    ];

    /// Whether nothing was learnt: nobody answered.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Unreachable { .. } | FetchError::Refused { .. }))
    }

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Address(_) => Code::new("feed-address"),
            Self::NoFeed(_) => Code::new("feed-none"),
            Self::OtherRoot { .. } => Code::new("feed-other-root"),
            Self::Root(_) | Self::TooManyBins(_) | Self::Ceremony(_) => covouch_feed::code::MALFORMED,
            Self::MissingList { .. } => covouch_feed::code::MISSING,
            Self::Disk { .. } | Self::NoFolder(_) => Code::new("feed-folder"),
            Self::Exists(_) => Code::new("feed-exists"),
            Self::Unsigned { .. } => Code::new("feed-root-unsigned"),
            Self::RootIsOut(_) => Code::new("feed-root-out"),
            Self::Elsewhere { .. } => Code::new("feed-published-elsewhere"),
            Self::Store(error) => error.code(),
            Self::Fetch(error) => error.code(),
            Self::Update(error) => error.code(),
            Self::Statements(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::Publish(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::OtherRoot { .. } => Some(Hint::new(
                "ask the curator, on another way than this address, for the sha256 of the first root",
            )),
            Self::NoFolder(_) => Some(Hint::new("make one with `covouch feed init`")),
            Self::Unsigned { .. } => Some(Hint::new(
                "let the others sign the file in `ceremony/`: `covouch feed sign-root FILE --key KEY`",
            )),
            Self::RootIsOut(_) => {
                Some(Hint::new("finish it with `covouch feed publish`, then change keys again"))
            }
            Self::Elsewhere { .. } => Some(Hint::new(
                "somebody else publishes this feed: bring `public/` here from the bucket, then publish again",
            )),
            Self::Store(error) => error.hint(),
            Self::Fetch(error) => error.hint(),
            Self::Update(error) => error.hint(),
            Self::Statements(error) => error.hint(),
            Self::State(error) => error.hint(),
            Self::Folder(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            _ => None,
        }
    }
}
