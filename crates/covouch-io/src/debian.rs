//! Debian as a party: whether a maintainer packaged exactly the bytes of a project's sdist.
//!
//! Debian's archive publishes, for each suite, a list of its source packages and the digests of their files. The
//! list's own digest stands in `InRelease`, which the archive's key signs. When an sdist's sha256 stands there as a
//! primary upstream tarball, in a package the project's name maps to, somebody with upload rights took exactly these
//! bytes for the project's release.
//!
//! # Invariants
//! - Nothing becomes a sighting that is not in an index whose `InRelease` was signed by a key of the [`Keyring`], of
//!   the suite that was asked for, valid at that time, and not older than one seen before.
//! - A sighting stays when its suite moves on, with the date of the last index it stood in.
//! - A mirror is told by the policy or by apt's own configuration. There is no default one.
//!
//! # Not here
//! Whether being packaged is enough, and how old an index may be: the policy's. Negative words: Debian says nothing
//! against files it does not package.

pub mod apt;
mod deb822;
mod error;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod keyring;
mod mapping;
mod refresh;
mod release;
mod sources;
mod suite;
mod table;

use std::{fmt, sync::Arc};

use covouch_core::{
    code::Code,
    digest::Sha256,
    evidence::Gap,
    subject::Subject,
    time::{Duration, Timestamp},
};
use covouch_python::filename::DistFilename;

use self::table::Table;
pub use self::{
    error::{DebianError, Fault},
    keyring::Keyring,
    refresh::{DebianSettings, Outcome, Progress, Refreshed, refresh},
    suite::{Suite, SuiteError},
};
use crate::{limits, state::State};

/// What Debian's indexes said when they were last read.
#[derive(Debug)]
pub struct Debian {
    table: Table,
    suites: Vec<Suite>,
}

/// A file that a Debian maintainer packaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The suite, as the policy names it.
    pub suite: Suite,
    /// The suite's codename at that time, such as `trixie`.
    pub codename: Arc<str>,
    /// The source package.
    pub package: Arc<str>,
    /// The package's version, with Debian's own revision.
    pub version: Arc<str>,
    /// The date of the newest index of the suite in which the file stood.
    pub released: Timestamp,
    /// Whether that is the newest index we know of the suite. When not, the suite has moved on.
    pub is_current: bool,
}

/// `python-urllib3 2.3.0-3 in trixie, 2026-09-12`, with a word when the suite has moved on.
impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let released = self.released.to_string();
        let day = released.split('T').next().unwrap_or_default();
        let until = if self.is_current { "" } else { "until " };
        write!(f, "{} {} in {}, {until}{day}", self.package, self.version, self.codename)
    }
}

/// What is known of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteState {
    /// The suite, as the policy names it.
    pub suite: Suite,
    /// Its codename.
    pub codename: Arc<str>,
    /// The date of the newest index that was read.
    pub released: Timestamp,
    /// When that index stops being valid, if it says so. Stable suites do not.
    pub valid_until: Option<Timestamp>,
    /// When a mirror last said that this index is the newest.
    pub checked: Timestamp,
    /// How many files stand in the newest index.
    pub files: usize,
}

impl SuiteState {
    /// Whether a mirror was asked within this time. A moment that is yet to come was told by a wrong clock, and says
    /// nothing.
    pub(crate) fn is_checked_within(&self, time: Duration, now: Timestamp) -> bool {
        self.checked <= now && self.checked.until(now) < time
    }
}

/// Codes of the gaps that Debian can leave, beside those of [`DebianError`].
pub const GAPS: &[Code] = &[Code::new("debian-not-read"), Code::new("debian-stale")];

impl Debian {
    /// Loads what was read of these suites before. Suites that were never read are a [`Debian::gap`].
    ///
    /// # Errors
    /// [`DebianError`] when what was kept cannot be read.
    pub fn load(state: &State, suites: &[Suite]) -> Result<Self, DebianError> {
        Ok(Self { table: Table::load(state)?, suites: suites.to_vec() })
    }

    /// The maintainer's word for this file: it is an sdist, its digest is a primary upstream tarball's, and project
    /// and release are those of the package. The newest index counts before those that suites have left behind.
    #[must_use]
    pub fn sighting(&self, subject: &Subject) -> Option<Sighting> {
        // The tarball under a wheel's name would be a file nobody packaged.
        let dist = DistFilename::parse(&subject.filename, Some(&subject.project)).ok()?;
        if !dist.is_sdist() {
            return None;
        }
        let sightings = self.table.find(&subject.sha256).filter(|found| {
            mapping::is_package_of(&found.package, &subject.project)
                && mapping::is_release(&found.version, &subject.version)
        });
        sightings
            .filter_map(|found| Some((self.place(&found.suite)?, found)))
            .min_by_key(|(place, found)| (!found.is_current, *place, std::cmp::Reverse(found.released)))
            .map(|(_, found)| found)
    }

    /// Every package in whose newest or former index this digest stands, whatever its name: for `status` and `why`.
    pub fn sightings_of(&self, sha256: &Sha256) -> impl Iterator<Item = Sighting> {
        self.table.find(sha256).filter(|found| self.place(&found.suite).is_some())
    }

    /// What is known of each suite that was read.
    pub fn suites(&self) -> impl Iterator<Item = SuiteState> {
        self.suites.iter().filter_map(|suite| self.table.suite(suite))
    }

    /// Why a file without a sighting may be packaged all the same: a suite that was never read, or not for long.
    #[must_use]
    pub fn gap(&self, now: Timestamp) -> Option<Gap> {
        self.suites.iter().find_map(|suite| {
            let (code, detail) = match self.table.suite(suite) {
                None => ("debian-not-read", format!("suite `{suite}` was not read yet")),
                Some(known) if known.checked > now => {
                    ("debian-stale", format!("suite `{suite}` was refreshed when the clock was wrong"))
                }
                Some(known) if !known.is_checked_within(limits::DEBIAN_STALE, now) => {
                    let age = known.checked.until(now).rounded();
                    ("debian-stale", format!("suite `{suite}` was not refreshed for {age}"))
                }
                Some(_) => return None,
            };
            Some(Gap { code: Code::new(code), source: "debian".into(), detail: detail.into() })
        })
    }

    fn place(&self, suite: &Suite) -> Option<usize> {
        self.suites.iter().position(|wanted| wanted == suite)
    }
}
