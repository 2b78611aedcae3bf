//! What was added to a chain since it was read before, and reading many lines at once.
//!
//! # Invariants
//! - The end of a chain is taken by itself only when it follows, by number and digest, the statement that was read last;
//!   otherwise the chain is read whole, and the errors are those of the whole.
//! - Lines are verified on several threads, and joined in order: the first that does not belong is the error.
//!
//! # Not here
//! Remembering how far somebody read: whoever did.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use covouch_core::{
    key::PublicKey,
    limits,
    parallel::spread,
    statement::{
        Envelope, Link, Statement, Verified,
        chain::{Chain, ChainError, Tail, read_line},
    },
};

use super::{FolderError, chain_path, head_path, read_file};

/// Lines that are worth a thread: verifying one takes some 30 µs, starting a thread as long as two.
const PART_LINES: usize = 64;

/// How far a chain was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Bytes of its file.
    pub(crate) bytes: u64,
    /// What follows there.
    pub(crate) next: Link,
}

/// What a chain has beyond a place.
pub(crate) struct Added {
    /// The statements with their envelopes, oldest first.
    pub(crate) statements: Vec<(Envelope, Verified<Statement>)>,
    /// Where it ends now.
    pub(crate) end: Place,
}

/// What a key's chain has beyond the place up to which it was read; all of it when it does not go on from there. Empty
/// when the key has no file.
///
/// # Errors
/// [`FolderError`] when the file cannot be read, or is no chain.
pub(crate) fn read_added(
    folder: &Path,
    issuer: &PublicKey,
    after: Option<Place>,
) -> Result<Added, FolderError> {
    let path = chain_path(folder, issuer);
    let head = read_file(&head_path(folder, issuer))?;
    if let Some(after) = after
        && let Some(bytes) = read_end(&path, after.bytes)?
    {
        let (mut envelopes, first) = (Vec::new(), usize::try_from(after.next.sequence).unwrap_or(usize::MAX));
        let lines = read_lines(issuer, &bytes, first, |read| read);
        let statements = lines.into_iter().map(|line| apart(line, &mut envelopes));
        if let Ok(tail) = Tail::join(after.next, issuer, statements, head.as_deref()) {
            let end = Place { bytes: after.bytes.saturating_add(length(&bytes)), next: tail.next() };
            return Ok(Added {
                statements: envelopes.into_iter().zip(tail.into_statements()).collect(),
                end,
            });
        }
    }
    let bytes = read_file(&path)?.unwrap_or_default();
    let mut envelopes = Vec::new();
    let lines = read_lines(issuer, &bytes, 1, |read| read);
    let statements = lines.into_iter().map(|line| apart(line, &mut envelopes));
    let chain = Chain::join(issuer, statements, head.as_deref())
        .map_err(|error| FolderError::Chain { path, error })?;
    let end = Place { bytes: length(&bytes), next: chain.next() };
    Ok(Added { statements: envelopes.into_iter().zip(chain.into_statements()).collect(), end })
}

fn apart(
    line: Result<(Envelope, Verified<Statement>), ChainError>,
    envelopes: &mut Vec<Envelope>,
) -> Result<Verified<Statement>, ChainError> {
    let (envelope, statement) = line?;
    envelopes.push(envelope);
    Ok(statement)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// What a file has beyond so many bytes; `None` when it has fewer, or no line ends there.
fn read_end(path: &Path, after: u64) -> Result<Option<Vec<u8>>, FolderError> {
    let disk = |error| FolderError::Disk { path: path.to_owned(), error };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(error)),
    };
    let all = file.metadata().map_err(disk)?.len();
    if all > limits::CHAIN_BYTES {
        return Err(FolderError::TooLarge { path: path.to_owned() });
    }
    let Some(newline) = after.checked_sub(1).filter(|newline| *newline < all) else { return Ok(None) };
    file.seek(SeekFrom::Start(newline)).map_err(disk)?;
    let (mut before, mut bytes) = ([0], Vec::new());
    file.read_exact(&mut before).map_err(disk)?;
    file.take(limits::CHAIN_BYTES).read_to_end(&mut bytes).map_err(disk)?;
    Ok((before == *b"\n").then_some(bytes))
}

/// Reads lines of a key's chain, of which the first has this number; stops, in each part of them, at the first that
/// cannot be read.
pub(super) fn read_lines<T: Send>(
    issuer: &PublicKey,
    lines: &[u8],
    first: usize,
    keep: fn((Envelope, Verified<Statement>)) -> T,
) -> Vec<Result<T, ChainError>> {
    let lines = lines.split_inclusive(|byte| *byte == b'\n').zip(first..);
    let parts = spread(&lines.collect::<Vec<_>>(), PART_LINES, |part| {
        let mut read = Vec::with_capacity(part.len());
        for (line, number) in part {
            let line = read_line(issuer, line, *number).map(keep);
            let failed = line.is_err();
            read.push(line);
            if failed {
                break;
            }
        }
        read
    });
    parts.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use covouch_core::{
        digest::Sha256,
        key::SecretKey,
        name::ProjectName,
        statement::{Claim, Files, Release},
        subject::FileName,
        time::{Duration, Timestamp, Validity},
        version::Version,
    };
    use zeroize::Zeroizing;

    use super::*;
    use crate::folder::{append, read_chain};

    struct World {
        folder: tempfile::TempDir,
        key: SecretKey,
    }

    impl World {
        fn of(statements: usize) -> Self {
            let key = SecretKey::from_seed(&Zeroizing::new([3; 32])).unwrap();
            let world = Self { folder: tempfile::tempdir().unwrap(), key };
            (0..statements).for_each(|_| world.say());
            world
        }

        fn say(&self) {
            let now = Timestamp::parse("2026-11-22").unwrap();
            let file = (FileName::parse("six-1.17.0.tar.gz").unwrap(), Sha256::of(b"six"));
            let version = Version::parse("1.17.0").unwrap();
            let files = Files::new(ProjectName::parse("six").unwrap(), version, [file]).unwrap();
            let validity = Validity::new(now, now.plus(Duration::from_days(365))).unwrap();
            let claim = Claim::Release(Release { files, validity });
            append(self.folder.path(), &self.key, now, |link| Statement { link, issued: now, claim })
                .unwrap();
        }

        fn read(&self, after: Option<Place>) -> Result<Added, FolderError> {
            read_added(self.folder.path(), self.key.public_key(), after)
        }

        fn path(&self) -> std::path::PathBuf {
            chain_path(self.folder.path(), self.key.public_key())
        }
    }

    #[test]
    fn only_what_was_added_is_read_again() {
        let world = World::of(0);
        assert!(world.read(None).unwrap().statements.is_empty());
        (0..3).for_each(|_| world.say());
        let first = world.read(None).unwrap();
        assert_eq!(first.statements.len(), 3);
        assert!(world.read(Some(first.end)).unwrap().statements.is_empty());
        world.say();
        let second = world.read(Some(first.end)).unwrap();
        assert_eq!(second.statements.len(), 1);
        assert_eq!(second.statements[0].1.value().link, first.end.next);
        assert_eq!(second.end, world.read(None).unwrap().end);
    }

    #[test]
    fn what_does_not_go_on_from_there_is_read_whole() {
        let world = World::of(3);
        let end = world.read(None).unwrap().end;
        let wrong = [
            Place { bytes: end.bytes + 1, ..end },
            Place { bytes: end.bytes - 1, ..end },
            Place { bytes: 0, ..end },
            Place { next: Link { sequence: 3, ..end.next }, ..end },
            Place { next: Link::FIRST, ..end },
        ];
        for place in wrong {
            assert_eq!(world.read(Some(place)).unwrap().statements.len(), 3, "{place:?}");
        }
        // Cut off: the error is that of the whole, and the twin that is not cut is read.
        let whole = fs::read_to_string(world.path()).unwrap();
        let shorter: String = whole.split_inclusive('\n').take(2).collect();
        fs::write(world.path(), shorter).unwrap();
        assert_eq!(world.read(Some(end)).map(drop).unwrap_err().code().as_str(), "chain-shortened");
        fs::write(world.path(), whole).unwrap();
        assert!(world.read(Some(end)).unwrap().statements.is_empty());
    }

    #[test]
    fn many_lines_are_read_in_order_and_the_first_bad_one_is_the_error() {
        let world = World::of(PART_LINES + 20);
        let chain = read_chain(world.folder.path(), world.key.public_key()).unwrap();
        let numbers = chain.statements().iter().map(|statement| statement.value().link.sequence);
        assert!(numbers.eq(1..=u64::try_from(PART_LINES + 20).unwrap()));
        let whole = fs::read_to_string(world.path()).unwrap();
        let mut lines: Vec<&str> = whole.split_inclusive('\n').collect();
        lines[PART_LINES + 10] = "{}\n";
        lines.remove(10);
        fs::write(world.path(), lines.concat()).unwrap();
        let error = read_chain(world.folder.path(), world.key.public_key()).unwrap_err();
        let FolderError::Chain { error, .. } = error else { panic!("{error}") };
        assert_eq!(error, ChainError::Gap { line: 11, found: 12, expected: 11 });
    }
}
