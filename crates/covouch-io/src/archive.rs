//! Distribution files: downloaded into the cache, or read from disk; hashed either way.
//!
//! # Invariants
//! A file is kept only when its digest is the one that was expected.
//!
//! # Not here
//! What is in the file: `covouch-python`.

use std::{
    fs::File,
    io::Seek as _,
    path::{Path, PathBuf},
};

use covouch_core::{
    code::Code,
    digest::Sha256,
    hint::Hint,
    subject::{FileName, FileNameError},
};

use crate::{
    blocking::blocking,
    bundle::Kind,
    limits,
    network::{Body, FetchError, Network, Opened, Request, Unreachable, Wrong},
    secrets::{RedactedUrl, redact},
    state::{Cache, CacheWriter, CachedFile, StateError, hash},
};

/// What a downloaded file must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    sha256: Option<Sha256>,
    most: u64,
}

impl Expected {
    /// A file with this digest.
    #[must_use]
    pub const fn sha256(sha256: Sha256) -> Self {
        Self { sha256: Some(sha256), most: limits::FILE_BYTES }
    }

    /// Any file. Whoever asks for this has to look at the digest that comes back.
    #[must_use]
    pub const fn anything() -> Self {
        Self { sha256: None, most: limits::FILE_BYTES }
    }

    /// At most this many bytes.
    #[must_use]
    pub const fn at_most(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Nothing was learnt from the network.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The server has no such file.
    #[error("`{0}` is not there")]
    Absent(RedactedUrl),
    /// Other bytes than were expected. None of them were kept.
    #[error("`{url}` has sha256:{found}, where sha256:{expected} was expected")]
    Hash {
        /// What was downloaded.
        url: RedactedUrl,
        /// What the index or the lock file says.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// The cache does not take the file.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file on disk that cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Local {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file on disk whose name no distribution file can have.
    #[error(transparent)]
    Name(#[from] FileNameError),
}

impl ArchiveError {
    /// Codes of these errors, beside those of [`FetchError`] and [`StateError`].
    pub const CODES: &[Code] =
        &[Code::new("archive-absent"), Code::new("archive-wrong-hash"), Code::new("archive-unreadable")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Fetch(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Absent(_) => Code::new("archive-absent"),
            Self::Hash { .. } => Code::new("archive-wrong-hash"),
            Self::Local { .. } | Self::Name(_) => Code::new("archive-unreadable"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::State(error) => error.hint(),
            Self::Hash { .. } => Some(Hint::new(
                "do not install it; somebody changed the file, or the lock file is for another one",
            )),
            Self::Name(_) => Some(Hint::new("give the file the name it has on its index")),
            Self::Absent(_) | Self::Local { .. } => None,
        }
    }
}

/// Downloads a file into the cache, or finds it there.
///
/// # Errors
/// [`ArchiveError`]; then nothing was kept.
pub async fn download(
    network: &Network,
    cache: &Cache,
    request: &Request,
    expected: Expected,
) -> Result<CachedFile, ArchiveError> {
    if let Some(sha256) = expected.sha256
        && let Some(file) = on_disk(cache, move |cache| cache.open(&sha256)).await?
    {
        return Ok(file);
    }
    let url = redact(request.url());
    let fetched =
        tokio::time::timeout(limits::FILE_TIME, fetch(network, cache, request, expected.most)).await;
    let writer = fetched.unwrap_or_else(|_| {
        let why = Unreachable::TimedOut(limits::FILE_TIME);
        Err(FetchError::Unreachable { url: url.clone(), why }.into())
    })?;
    let found = writer.sha256();
    match expected.sha256 {
        Some(expected) if expected != found => Err(ArchiveError::Hash { url, expected, found }),
        _ => Ok(on_disk(cache, move |_| writer.finish()).await?),
    }
}

async fn fetch(
    network: &Network,
    cache: &Cache,
    request: &Request,
    most: u64,
) -> Result<CacheWriter, ArchiveError> {
    let url = redact(request.url());
    let too_large = || FetchError::Wrong { url: url.clone(), why: Wrong::TooLarge(most) };
    let (head, mut body): (_, Body) = match network.open(&request.clone().kind(Kind::File)).await? {
        Opened::Absent => return Err(ArchiveError::Absent(url)),
        Opened::Body(head, body) => (head, body),
    };
    if head.length.is_some_and(|length| length > most) {
        return Err(too_large().into());
    }
    let mut writer = on_disk(cache, Cache::writer).await?;
    while let Some(piece) = body.piece().await? {
        // A server may announce less than it sends, or nothing at all.
        let length = writer.length().saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if length > most {
            return Err(too_large().into());
        }
        writer.write(&piece)?;
    }
    Ok(writer)
}

/// Runs disk work where it does not hold up the network.
async fn on_disk<T: Send + 'static>(
    cache: &Cache,
    work: impl FnOnce(&Cache) -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    let cache = cache.clone();
    blocking(move || work(&cache)).await
}

/// A distribution file on disk, opened and hashed.
#[derive(Debug)]
pub struct LocalFile {
    /// Its name, without the folder.
    pub filename: FileName,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// How many bytes it has.
    pub length: u64,
    /// The same open file that was hashed, at its first byte.
    pub file: File,
}

/// Opens and hashes a distribution file on disk.
///
/// # Errors
/// [`ArchiveError`] when it cannot be read, or its name is not one of a distribution file.
pub fn read_local(path: &Path) -> Result<LocalFile, ArchiveError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let filename = FileName::parse(&name)?;
    let opened = || {
        let mut file = File::open(path)?;
        let (sha256, length) = hash(&mut file)?;
        file.rewind()?;
        Ok((file, sha256, length))
    };
    let failed =
        |error: std::io::Error| ArchiveError::Local { path: path.to_owned(), reason: error.to_string() };
    let (file, sha256, length) = opened().map_err(failed)?;
    Ok(LocalFile { filename, sha256, length, file })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_local_file_is_hashed_and_read_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("six-1.0.tar.gz");
        std::fs::write(&path, b"bytes").unwrap();
        let mut local = read_local(&path).unwrap();
        let mut bytes = Vec::new();
        local.file.read_to_end(&mut bytes).unwrap();
        assert_eq!((local.sha256, local.length), (Sha256::of(b"bytes"), 5));
        assert_eq!(bytes, b"bytes");
        assert_eq!(
            read_local(&folder.path().join("seven-1.0.tar.gz")).unwrap_err().code().as_str(),
            "archive-unreadable"
        );
        assert!(matches!(read_local(&folder.path().join("a b")), Err(ArchiveError::Name(_))));
    }
}
