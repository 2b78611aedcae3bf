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

mod added;
mod heads;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    limits,
    statement::{
        BallotHead, Envelope, Link, SignError, Signer, Statement, Verified,
        chain::{self, Chain, ChainError},
        sign, sign_head,
    },
    time::Timestamp,
};

pub(crate) use self::added::{Added, Place, read_added};
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
    chain::follow(roots, &mut |key| read_chain(folder, key))
}

/// Reads one key's chain; empty when it has no file.
///
/// # Errors
/// [`FolderError`] when the file cannot be read whole, or is no chain.
pub fn read_chain(folder: &Path, issuer: &PublicKey) -> Result<Chain, FolderError> {
    let raw = raw_chain(folder, issuer)?;
    let path = chain_path(folder, issuer);
    let lines = added::read_lines(issuer, &raw.lines, 1, |(_, statement)| statement);
    Chain::join(issuer, lines, raw.head.as_deref()).map_err(|error| FolderError::Chain { path, error })
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

/// A key's statements and their head, byte for byte as they stand in a folder.
///
/// # Errors
/// [`FolderError`] when they cannot be read.
pub fn raw_chain(folder: &Path, issuer: &PublicKey) -> Result<RawChain, FolderError> {
    let lines = read_file(&chain_path(folder, issuer))?.unwrap_or_default();
    let head = read_file(&head_path(folder, issuer))?;
    Ok(RawChain { lines, head, ballot_heads: read_file(&heads_path(folder, issuer))? })
}

/// A chain as it stands in a folder; nothing in it is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawChain {
    /// The statements, one a line.
    pub lines: Vec<u8>,
    /// The signed head.
    pub head: Option<Vec<u8>>,
    /// Heads of its ballots that somebody carried here.
    pub ballot_heads: Option<Vec<u8>>,
}

/// What chains from another folder have beyond those that are here.
#[derive(Debug, Default)]
pub struct News {
    /// How many statements are new.
    pub statements: usize,
    folder: PathBuf,
    files: Vec<Change>,
    heads: Vec<(PublicKey, Envelope)>,
}

/// Looks at what these chains, which were read in the folder `other`, have beyond those of `folder`. What is here and
/// not there stays.
///
/// # Errors
/// [`FolderError`] when a chain there does not continue the one that is here: somebody signed two histories, or
/// somebody changed one.
pub fn news(folder: &Path, other: &Path, chains: &[Chain]) -> Result<News, FolderError> {
    let mut news = News { folder: folder.to_owned(), ..News::default() };
    for chain in chains {
        let here = read_chain(folder, chain.issuer())?;
        if here.continues(chain) {
            continue;
        }
        if !chain.continues(&here) {
            let error = ChainError::Broken { line: here.statements().len() };
            return Err(FolderError::Chain { path: chain_path(other, chain.issuer()), error });
        }
        news.statements += chain.statements().len() - here.statements().len();
        // The statements first: a head that lags behind is mended by the next statement, one that is ahead is an error.
        for path in [chain_path, head_path] {
            if let Some(after) = read_file(&path(other, chain.issuer()))? {
                let path = path(folder, chain.issuer());
                news.files.push(Change { before: read_file(&path)?, path, after });
            }
        }
    }
    Ok(news)
}

/// A file as it was when it was compared, and as it will be.
#[derive(Debug)]
struct Change {
    path: PathBuf,
    before: Option<Vec<u8>>,
    after: Vec<u8>,
}

impl News {
    /// The same with the heads of ballots that these chains' voters have in `other`.
    ///
    /// # Errors
    /// [`FolderError`] for the first head that is not what it says.
    pub fn with_heads(
        mut self,
        other: &Path,
        chains: &[Chain],
        wanted: &dyn Fn(&BallotHead) -> bool,
    ) -> Result<Self, FolderError> {
        for voter in chains.iter().map(Chain::issuer) {
            let heads = read_heads(other, voter)?.into_iter();
            let wanted = heads.filter(|(_, head)| wanted(head.value()));
            self.heads.extend(wanted.map(|(envelope, _)| (*voter, envelope)));
        }
        Ok(self)
    }

    fn write_files(&self) -> Result<(), FolderError> {
        let _lock =
            lock(&self.folder).map_err(|error| FolderError::Disk { path: self.folder.clone(), error })?;
        for Change { path, before, after } in &self.files {
            // Somebody signed here meanwhile: that statement would be lost.
            if read_file(path)? != *before {
                let error = io::Error::other("it changed meanwhile, so nothing was added to it");
                return Err(FolderError::Disk { path: path.clone(), error });
            }
            state::write_project_file(path, after)?;
        }
        Ok(())
    }

    /// Writes them. What is cut short reads, and is made up for by the same again.
    ///
    /// # Errors
    /// [`FolderError`] when the disk does not let us.
    pub fn write(&self) -> Result<(), FolderError> {
        let disk = |error| FolderError::Disk { path: self.folder.clone(), error };
        fs::create_dir_all(&self.folder).map_err(disk)?;
        self.write_files()?;
        self.heads.iter().try_for_each(|(voter, head)| keep_head(&self.folder, voter, head).map(drop))
    }
}

/// The files of these chains that are in a folder, by name: statements, heads, and heads of ballots.
///
/// # Errors
/// [`FolderError`] when one cannot be read.
pub fn files(folder: &Path, chains: &[Chain]) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
    let mut files = Vec::new();
    for path in chains
        .iter()
        .flat_map(|chain| [chain_path, head_path, heads_path].map(|path| path(folder, chain.issuer())))
    {
        if let (Some(bytes), Some(name)) = (read_file(&path)?, path.file_name()) {
            files.push((name.to_string_lossy().into_owned(), bytes));
        }
    }
    Ok(files)
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
        statement::{Claim, Files, Release},
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
