//! Asks a mirror for newer indexes.
//!
//! # Invariants
//! - The order of checks: signature, suite, date, end, rollback; then the list's digest; only then is anything kept.
//! - The date of the newest index seen is kept apart from the sightings, and outlives them.
//! - A suite that fails leaves what was known of it, and the other suites, as they were.

use std::{
    fs,
    io::{self, BufReader, Read},
    path::PathBuf,
};

use covouch_core::{
    digest::Sha256,
    time::{Standing, Timestamp, Validity},
};
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use url::Url;

use super::{
    DebianError, Fault, Suite,
    apt::Mirrors,
    failure,
    keyring::Keyring,
    release::{self, Listed, Packing, Release},
    sources::{self, Tarball},
    table::{Index, Table},
};
use crate::{
    blocking::blocking,
    bundle::Kind,
    clock::Clock,
    index::Freshness,
    limits,
    network::{FetchError, Fetched, Head, Network, Opened, Request, Unreachable},
    secrets::redact,
    state::{Part, State, write_atomically},
};

/// What is asked for, where, and whose signatures count.
#[derive(Clone, Debug)]
pub struct DebianSettings {
    /// The suites.
    pub suites: Vec<Suite>,
    /// The mirrors.
    pub mirrors: Mirrors,
    /// The keys.
    pub keyring: Keyring,
    /// Whether a suite that was looked at within a day is asked for again.
    pub freshness: Freshness,
}

/// How far the download of a suite's list is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What became of each suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// The suites, in the order they were asked for.
    pub suites: Vec<(Suite, Outcome)>,
}

/// What became of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was looked at not long ago, so nobody was asked.
    Recent,
    /// The mirror has nothing newer.
    Unchanged,
    /// A newer index was read.
    Read {
        /// How many upstream tarballs stand in it.
        files: usize,
        /// How many bytes were downloaded.
        bytes: u64,
    },
    /// Nothing was learnt. What was known stays.
    Failed(DebianError),
}

/// Asks for newer indexes, one suite after the other.
///
/// # Errors
/// [`DebianError`] when what was kept cannot be read; what goes wrong with one suite is its [`Outcome`].
pub async fn refresh(
    network: &Network,
    state: &State,
    clock: Clock,
    settings: &DebianSettings,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Refreshed, DebianError> {
    let mut suites = Vec::new();
    for suite in &settings.suites {
        let known = load(state).await?;
        let visit = Visit { network, state, clock, settings, progress, suite, known };
        suites.push((suite.clone(), visit.outcome().await));
    }
    Ok(Refreshed { suites })
}

/// One suite on its way.
struct Visit<'a> {
    network: &'a Network,
    state: &'a State,
    clock: Clock,
    settings: &'a DebianSettings,
    progress: &'a (dyn Fn(Progress<'_>) + Sync),
    suite: &'a Suite,
    known: Table,
}

impl Visit<'_> {
    /// Refreshes the suite, unless that went wrong a moment ago.
    async fn outcome(&self) -> Outcome {
        let (state, suite, now) = (self.state.clone(), self.suite.clone(), self.clock.now());
        if self.settings.freshness == Freshness::Recent
            && let Some(error) = failure::recall(&state, &suite, now)
        {
            return Outcome::Failed(error);
        }
        match self.refresh().await {
            Ok(outcome) => {
                failure::forget(&state, &suite);
                outcome
            }
            // Neither is the mirror's fault, and both end as soon as somebody changes something.
            Err(error) if self.network.is_offline() || error == DebianError::NoMirror => {
                Outcome::Failed(error)
            }
            Err(error) => {
                failure::remember(&state, &suite, &error, now);
                Outcome::Failed(error)
            }
        }
    }

    async fn refresh(&self) -> Result<Outcome, DebianError> {
        let known = self.known.suite(self.suite);
        let is_fresh =
            known.is_some_and(|known| known.is_checked_within(limits::DEBIAN_FRESH, self.clock.now()));
        if self.settings.freshness == Freshness::Recent && is_fresh {
            return Ok(Outcome::Recent);
        }
        let mut failed = DebianError::NoMirror;
        for (count, mirror) in self.settings.mirrors.of(self.suite).into_iter().enumerate() {
            match self.ask(mirror).await {
                // The first mirror is the likeliest to be Debian's, so its failure is the one to tell.
                Err(error) if count == 0 => failed = error,
                Err(_) => {}
                Ok(outcome) => return Ok(outcome),
            }
        }
        Err(failed)
    }

    async fn ask(&self, mirror: &Url) -> Result<Outcome, DebianError> {
        let url = self.url(mirror, release::FILE)?;
        let request = Request::new(&url).kind(Kind::Debian);
        let place = request.url().to_string();
        let request = request.unless(self.known.validators(self.suite, &place));
        let (head, in_release) = match self.network.fetch(&request, limits::DEBIAN_RELEASE_BYTES).await? {
            Fetched::Absent => return Err(DebianError::Absent(redact(&url))),
            Fetched::NotModified(_) => return self.confirm(None).await,
            Fetched::Body(head, bytes) => (head, bytes),
        };
        let sha256 = Sha256::of(&in_release);
        if self.known.in_release(self.suite) == Some(sha256) {
            return self.confirm(Some(&head)).await;
        }
        let release = self.check(&in_release)?;
        let packed = self.download(mirror, &release).await?;
        let index = Index {
            suite: self.suite.clone(),
            codename: release.codename,
            date: release.date,
            valid_until: release.valid_until,
            checked: head.answered.unwrap_or_else(|| self.clock.now()),
            url: place,
            sha256,
            validators: head.validators,
        };
        self.keep(index, release.sources.packing, packed).await
    }

    /// Everything that can be known of an `InRelease` before what it names is downloaded.
    fn check(&self, in_release: &[u8]) -> Result<Release, DebianError> {
        let now = self.clock.now();
        let checked = || {
            let signed = self.settings.keyring.check(in_release, now)?;
            let release = Release::parse(&signed.text, self.suite)?;
            check_dates(release.date, release.valid_until, now)?;
            Ok(release)
        };
        let release = checked().map_err(|fault| self.refused(fault))?;
        check_floor(self.state, &self.known, self.suite, release.date)?;
        Ok(release)
    }

    /// The mirror has what we have. One that is frozen says so for ever, so the end is looked at again.
    async fn confirm(&self, head: Option<&Head>) -> Result<Outcome, DebianError> {
        let now = self.clock.now();
        if let Some(known) = self.known.suite(self.suite) {
            check_dates(known.released, known.valid_until, now).map_err(|fault| self.refused(fault))?;
        }
        let (state, suite) = (self.state.clone(), self.suite.clone());
        let validators = head.map(|head| head.validators.clone());
        // An answer that was carried here says what was so then, and what was said here since stands.
        let known = self.known.suite(self.suite).map(|known| known.checked);
        let checked = head
            .and_then(|head| head.answered)
            .map_or(now, |answered| known.map_or(answered, |known| known.max(answered)));
        blocking(move || {
            let _lock = state.lock(Part::Verified, &mut |_| {})?;
            Table::load(&state)?.confirmed(&suite, checked, validators.as_ref()).save(&state)
        })
        .await?;
        Ok(Outcome::Unchanged)
    }

    /// The list of source packages, still packed: the very bytes that are signed.
    async fn download(&self, mirror: &Url, release: &Release) -> Result<Vec<u8>, DebianError> {
        let Listed { packing, length, sha256 } = &release.sources;
        let file = match release.by_hash {
            true => format!("main/source/by-hash/SHA256/{sha256}"),
            false => packing.file().to_owned(),
        };
        let url = self.url(mirror, &file)?;
        let fetched = tokio::time::timeout(limits::DEBIAN_SOURCES_TIME, self.fetch(&url, *length)).await;
        let bytes = fetched.unwrap_or_else(|_| {
            let why = Unreachable::TimedOut(limits::DEBIAN_SOURCES_TIME);
            Err(FetchError::Unreachable { url: redact(&url), why }.into())
        })?;
        let found = Sha256::of(&bytes);
        if found != *sha256 {
            let file = packing.file().to_owned();
            return Err(self.refused(Fault::Hash { file, expected: *sha256, found }));
        }
        Ok(bytes)
    }

    /// At most one byte more than `length`, which is enough to see that it is another file.
    async fn fetch(&self, url: &Url, length: u64) -> Result<Vec<u8>, DebianError> {
        let mut body = match self.network.open(&Request::new(url).kind(Kind::Debian)).await? {
            Opened::Absent => return Err(DebianError::Absent(redact(url))),
            Opened::Body(_, body) => body,
        };
        let mut bytes = Vec::new();
        while let Some(piece) = body.piece().await? {
            bytes.extend_from_slice(&piece);
            let done = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if done > length {
                break;
            }
            (self.progress)(Progress { suite: self.suite, done, total: length });
        }
        Ok(bytes)
    }

    /// Reads the list and keeps what stands in it.
    async fn keep(&self, index: Index, packing: Packing, packed: Vec<u8>) -> Result<Outcome, DebianError> {
        let bytes = u64::try_from(packed.len()).unwrap_or(u64::MAX);
        let state = self.state.clone();
        let files = blocking(move || {
            let tarballs = unpack(packing, &packed).map_err(|error| DebianError::Refused {
                suite: index.suite.clone(),
                fault: Fault::malformed(packing.file(), error.to_string()),
            })?;
            let _lock = state.lock(Part::Verified, &mut |_| {})?;
            // Another process may have been here while we downloaded, and have seen a newer one.
            let table = Table::load(&state)?;
            check_floor(&state, &table, &index.suite, index.date)?;
            let full = || DebianError::Damaged {
                path: Table::path(&state),
                reason: "it has more releases than can be numbered",
            };
            table.with(&index, &tarballs).ok_or_else(full)?.save(&state)?;
            write_atomically(&floor_path(&state, &index.suite), format!("{}\n", index.date).as_bytes())?;
            Ok::<_, DebianError>(tarballs.len())
        })
        .await?;
        Ok(Outcome::Read { files, bytes })
    }

    fn url(&self, mirror: &Url, file: &str) -> Result<Url, DebianError> {
        let below = format!("dists/{}/{file}", self.suite);
        mirror.join(&below).map_err(|_| DebianError::Absent(redact(mirror)))
    }

    fn refused(&self, fault: Fault) -> DebianError {
        DebianError::Refused { suite: self.suite.clone(), fault }
    }
}

/// Refuses an index older than the newest one seen: a mirror must not bring back what Debian removed.
fn check_floor(state: &State, known: &Table, suite: &Suite, date: Timestamp) -> Result<(), DebianError> {
    let known = known.suite(suite).map(|known| known.released);
    let path = floor_path(state, suite);
    let floor = match fs::read_to_string(&path) {
        Ok(text) => Some(Timestamp::parse(text.trim_end()).map_err(|_| DebianError::Damaged {
            path,
            reason: "it does not say the date of the newest index seen",
        })?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(DebianError::Unreadable { path, reason: error.to_string() }),
    };
    match known.max(floor) {
        Some(seen) if date < seen => {
            Err(DebianError::Refused { suite: suite.clone(), fault: Fault::RolledBack { date, seen } })
        }
        _ => Ok(()),
    }
}

fn floor_path(state: &State, suite: &Suite) -> PathBuf {
    state.folder(Part::Floors).join("debian").join(suite.as_str())
}

/// Whether an index of this date and this end counts now.
fn check_dates(date: Timestamp, until: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    if now < date {
        return Err(Fault::NotYet { date });
    }
    let Some(until) = until else { return Ok(()) };
    match Validity::new(date, until).map(|validity| validity.at(now)) {
        Some(Standing::Valid) => Ok(()),
        _ => Err(Fault::Expired { date, until }),
    }
}

pub(super) fn unpack(packing: Packing, packed: &[u8]) -> io::Result<Vec<Tarball>> {
    let most = limits::DEBIAN_UNPACKED_BYTES;
    match packing {
        Packing::Xz => read(XzReader::new_mem_limit(packed, true, limits::DEBIAN_XZ_KIB).take(most)),
        Packing::Gzip => read(MultiGzDecoder::new(packed).take(most)),
    }
}

fn read(unpacked: io::Take<impl Read>) -> io::Result<Vec<Tarball>> {
    let mut reader = BufReader::with_capacity(limits::DEBIAN_BUFFER_BYTES, unpacked);
    let tarballs = sources::read(&mut reader)?;
    match reader.get_ref().limit() {
        0 => Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large")),
        _ => Ok(tarballs),
    }
}

async fn load(state: &State) -> Result<Table, DebianError> {
    let state = state.clone();
    blocking(move || Table::load(&state)).await
}
