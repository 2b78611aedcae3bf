//! Folders of statements: `trust/<key-id>.jsonl`, one chain a file, with its signed head beside it; and
//! `<key-id>.heads`, the heads of a voter's ballots, which travel without the chain.
//!
//! # Invariants
//! - A folder is only ever added to. Reading checks every link and every signature; appending reads first.
//! - The statement is written before the head, each atomically: whenever the write is cut short, the head lags
//!   behind by what was being written and the folder still reads.
//!
//! # Not here
//! Which keys may speak: the policy names the roots, their delegations name the rest.

mod heads;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    limits,
    statement::{
        Claim, Link, SignError, Signer, Statement, Verified,
        chain::{Chain, ChainError},
        sign, sign_head,
    },
    time::Timestamp,
};

pub use self::heads::{heads_path, keep_head, read_heads};
use crate::state::{self, StateError};

/// Why a folder of statements could not be read or added to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The disk said no.
    #[error("`{path}`: {error}", path = path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no such folder. Nobody having signed anything is an empty folder, not a missing one.
    #[error("there is no folder `{path}`", path = path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// Larger than [`limits::CHAIN_BYTES`].
    #[error("`{path}` is larger than {max} bytes", path = path.display(), max = limits::CHAIN_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The statements are no chain.
    #[error("`{path}`, {error}", path = path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ChainError,
    },
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Nothing was written.
    #[error(transparent)]
    Write(#[from] StateError),
}

impl FolderError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("trust-folder-unreadable"),
        Code::new("trust-folder-missing"),
        Code::new("chain-too-large"),
        Code::new("not-signed"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Disk { .. } => Code::new("trust-folder-unreadable"),
            Self::Missing { .. } => Code::new("trust-folder-missing"),
            Self::TooLarge { .. } => Code::new("chain-too-large"),
            Self::Chain { error, .. } => error.code(),
            Self::Sign(_) => Code::new("not-signed"),
            Self::Write(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Chain { error, .. } => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Missing { .. } => Some(Hint::new(
                "bring it back from version control, or make it if nobody has signed anything yet",
            )),
            _ => None,
        }
    }
}

/// Reads the chains of these keys, and of every key they lead to by delegation or author grant.
///
/// A key without a file has said nothing; files of keys nobody leads to are not opened.
///
/// # Errors
/// [`FolderError`] for the first chain that is broken: half a folder is never evidence.
pub fn read(folder: &Path, roots: &[PublicKey]) -> Result<Vec<Chain>, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::Missing { path: folder.to_owned() });
    }
    let mut wanted: Vec<PublicKey> = roots.to_vec();
    let mut seen: BTreeSet<PublicKey> = BTreeSet::new();
    let mut chains = Vec::new();
    while let Some(key) = wanted.pop() {
        if !seen.insert(key) {
            continue;
        }
        let chain = read_chain(folder, &key)?;
        wanted.extend(chain.statements().iter().filter_map(|statement| leads_to(statement.value())));
        chains.push(chain);
    }
    chains.sort_by(|left, right| left.issuer().cmp(right.issuer()));
    Ok(chains)
}

fn leads_to(statement: &Statement) -> Option<PublicKey> {
    match &statement.claim {
        Claim::Delegation(delegation) => Some(delegation.to),
        Claim::Author(grant) => grant.author.key().copied(),
        _ => None,
    }
}

/// Reads one key's chain; empty when it has no file.
///
/// # Errors
/// [`FolderError`] when the file cannot be read whole, or is no chain.
pub fn read_chain(folder: &Path, issuer: &PublicKey) -> Result<Chain, FolderError> {
    let path = chain_path(folder, issuer);
    let lines = read_file(&path)?.unwrap_or_default();
    let head = read_file(&head_path(folder, issuer))?;
    Chain::parse(issuer, &lines, head.as_deref()).map_err(|error| FolderError::Chain { path, error })
}

/// Signs a statement for the next place of the signer's chain and appends it.
///
/// `compose` is given that place. The folder is locked from reading to writing, so two commands at once make
/// two statements.
///
/// # Errors
/// [`FolderError`]; then nothing was appended, unless only the head could not be written: it lags behind then, and
/// the next statement mends it.
pub fn append(
    folder: &Path,
    signer: &dyn Signer,
    issued: Timestamp,
    compose: impl FnOnce(Link) -> Statement,
) -> Result<Verified<Statement>, FolderError> {
    let disk = |error| FolderError::Disk { path: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(disk)?;
    let _lock = lock(folder).map_err(disk)?;
    // What a killed write left here would be committed with the statements.
    state::sweep_folder(folder);
    let issuer = signer.public_key();
    let mut chain = read_chain(folder, issuer)?;
    let path = chain_path(folder, issuer);
    if chain.statements().is_empty() {
        // Statements without any head are an error: so the first one has a head to be ahead of, should the write
        // be cut short after it.
        write_head(folder, &chain, signer, issued)?;
    }
    let (envelope, statement) = sign(&compose(chain.next()), signer)?;
    chain.append(statement.clone()).map_err(|error| FolderError::Chain { path: path.clone(), error })?;
    let mut lines = read_file(&path)?.unwrap_or_default();
    lines.extend_from_slice(envelope.to_json().as_bytes());
    lines.push(b'\n');
    state::write_project_file(&path, &lines)?;
    write_head(folder, &chain, signer, issued)?;
    Ok(statement)
}

fn write_head(
    folder: &Path,
    chain: &Chain,
    signer: &dyn Signer,
    issued: Timestamp,
) -> Result<(), FolderError> {
    let head = sign_head(&chain.head(issued), signer)?;
    let line = format!("{}\n", head.to_json());
    Ok(state::write_project_file(&head_path(folder, chain.issuer()), line.as_bytes())?)
}

/// Where a key's statements stand.
#[must_use]
pub fn chain_path(folder: &Path, issuer: &PublicKey) -> PathBuf {
    folder.join(format!("{}.jsonl", issuer.id()))
}

fn head_path(folder: &Path, issuer: &PublicKey) -> PathBuf {
    folder.join(format!("{}.head", issuer.id()))
}

pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    let disk = |error| FolderError::Disk { path: path.to_owned(), error };
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > limits::CHAIN_BYTES => {
            return Err(FolderError::TooLarge { path: path.to_owned() });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(error)),
    }
    fs::read(path).map(Some).map_err(disk)
}

/// Locks the folder itself, so that no lock file stands in somebody's repository.
#[cfg(unix)]
fn lock(folder: &Path) -> io::Result<fs::File> {
    let file = fs::File::open(folder)?;
    file.lock()?;
    Ok(file)
}

/// Folders cannot be opened as files here: a hidden file beside the statements is locked instead.
#[cfg(not(unix))]
fn lock(folder: &Path) -> io::Result<fs::File> {
    let file = fs::OpenOptions::new().create(true).append(true).open(folder.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use covouch_core::{
        digest::Sha256,
        key::SecretKey,
        name::ProjectName,
        statement::{Files, Release},
        subject::FileName,
        time::{Duration, Validity},
        version::Version,
    };
    use zeroize::Zeroizing;

    use super::*;

    fn release(link: Link, issued: Timestamp) -> Statement {
        let file = (FileName::parse("six-1.17.0.tar.gz").unwrap(), Sha256::of(b"six"));
        let files = Files::new(ProjectName::parse("six").unwrap(), Version::parse("1.17.0").unwrap(), [file])
            .unwrap();
        let validity = Validity::new(issued, issued.plus(Duration::from_days(365))).unwrap();
        Statement { link, issued, claim: Claim::Release(Release { files, validity }) }
    }

    fn world() -> (tempfile::TempDir, SecretKey, Timestamp) {
        let key = SecretKey::from_seed(&Zeroizing::new([3; 32])).unwrap();
        (tempfile::tempdir().unwrap(), key, Timestamp::parse("2026-11-22").unwrap())
    }

    #[test]
    fn what_is_appended_is_read_in_order() {
        let (folder, key, now) = world();
        for expected in 1..=3 {
            let statement = append(folder.path(), &key, now, |link| release(link, now)).unwrap();
            assert_eq!(statement.value().link.sequence, expected);
        }
        let chains = read(folder.path(), &[*key.public_key()]).unwrap();
        assert_eq!(chains.len(), 1);
        assert_eq!(chains[0].statements().len(), 3);
    }

    #[test]
    fn a_head_that_lags_after_an_interrupted_write_is_mended_by_the_next() {
        let (folder, key, now) = world();
        append(folder.path(), &key, now, |link| release(link, now)).unwrap();
        let head = head_path(folder.path(), key.public_key());
        let old = fs::read(&head).unwrap();
        append(folder.path(), &key, now, |link| release(link, now)).unwrap();
        fs::write(&head, old).unwrap();
        assert_eq!(read_chain(folder.path(), key.public_key()).unwrap().statements().len(), 2);
        append(folder.path(), &key, now, |link| release(link, now)).unwrap();
        assert_eq!(read_chain(folder.path(), key.public_key()).unwrap().statements().len(), 3);
    }

    #[test]
    fn a_shortened_folder_is_an_error_and_its_twin_is_read() {
        let (folder, key, now) = world();
        for _ in 0..2 {
            append(folder.path(), &key, now, |link| release(link, now)).unwrap();
        }
        let path = chain_path(folder.path(), key.public_key());
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, whole.split_inclusive('\n').next().unwrap()).unwrap();
        let error = read(folder.path(), &[*key.public_key()]).unwrap_err();
        assert_eq!(error.code().as_str(), "chain-shortened");
        fs::write(&path, whole).unwrap();
        assert!(read(folder.path(), &[*key.public_key()]).is_ok());
    }
}
