//! Feeds: what parties publish, brought in step with what was seen before, and written for others.
//!
//! # Invariants
//! - Rollback floors (root, timestamp, snapshot: the bytes last trusted) lie in the state's `floors/`, never in the
//!   cache, and each is kept before the next file is asked for. Lists of statements lie in the cache: the floors say
//!   which bytes they must have.
//! - A feed is known by its first root. Another address of the same feed has the same floors.
//! - Only 403, 404 and 410 say that a file is not there (the root chain ends with that); everything else is
//!   *unreachable*.
//! - A feed that is stale, or cannot be reached, is answered with what was kept, and the answer says so.
//!
//! # Not here
//! The checks of the roles: `covouch-feed`. Whether a stale feed's statements count: the policy.

mod carried;
mod error;
mod files;
mod folder;
mod kept;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    name::ProjectName,
    parallel::spread,
    statement::{Envelope, Statement, Verified},
    time::Timestamp,
};
use covouch_feed::{
    bins::Bins,
    path::role_file,
    role::{Delegations, Signed, Targets, check_root},
    statements::{self, About, FEED_WIDE, Place, believe},
    update::{Answer, Source, Trusted, Update, Want, Why},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::join, stream};
use url::Url;

pub use self::{
    carried::{Carried, carry},
    error::FeedError,
    folder::{Bucket, Draft, FeedFolder, FeedKeys, Published, Uploaded},
};
use self::{files::Files, kept::Kept};
use crate::{blocking::blocking, limits, network::Network, state::State};

/// What a feed says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedAnswer {
    /// The feed's own keys: where trust in the party starts.
    pub roots: Vec<PublicKey>,
    /// Statements about the wanted projects and feed-wide ones, of the feed's keys and of those they lead to.
    pub statements: Vec<Verified<Statement>>,
    /// The same of keys that nobody in the feed leads to. Whoever knows them may verify them.
    pub others: Vec<Envelope>,
    /// Heads of voters' ballots on the wanted projects; whoever knows the voters may verify them.
    pub heads: Vec<Envelope>,
    /// Until when it holds.
    pub staleness: Staleness,
    /// Wanted projects whose list could not be had: of them nothing is known, neither good nor bad.
    pub unknown: Vec<ProjectName>,
}

/// Whether a feed is as new as its curator promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// It is, until then.
    Fresh(Timestamp),
    /// It is not, since then if that is known. Its vetoes stay, its grants go.
    Stale(Option<Timestamp>),
}

/// Which lists are wanted.
enum Wanted<'a> {
    Projects(&'a [ProjectName]),
    Everything,
}

/// Brings a feed up to date and takes what it says about these projects.
///
/// `root_sha256` is the digest of its first root, which is how a policy names a feed. Without a network, and when the
/// feed cannot be reached or has expired, what was kept is taken.
///
/// # Errors
/// [`FeedError`] when the feed breaks a rule, when it cannot be reached and nothing was kept, or when the disk says
/// no. A broken feed says nothing new: call this with [`Network::offline`] to take what was kept.
pub async fn sync(
    network: &Network,
    state: &State,
    address: &Url,
    root_sha256: &Sha256,
    projects: &[ProjectName],
    now: Timestamp,
) -> Result<FeedAnswer, FeedError> {
    let reader = Reader::open(network, state, address, root_sha256, now).await?;
    reader.answer(Wanted::Projects(projects)).await.map(|(answer, _)| answer)
}

/// As [`sync`], with every list there is: for curators who check their own feed. The number of lists comes with it.
///
/// # Errors
/// As for [`sync`].
pub async fn sync_whole(
    network: &Network,
    state: &State,
    address: &Url,
    root_sha256: &Sha256,
    now: Timestamp,
) -> Result<(FeedAnswer, usize), FeedError> {
    let reader = Reader::open(network, state, address, root_sha256, now).await?;
    reader.answer(Wanted::Everything).await
}

/// Keeps every other process from this feed, until what comes back is dropped.
///
/// # Errors
/// [`FeedError::State`] when the disk does not let us.
pub async fn hold(state: &State, root: &Sha256) -> Result<Held, FeedError> {
    Ok(Held { _kept: Kept::lock(state, root).await? })
}

/// A feed that no other process reads. See [`hold`].
#[must_use = "the feed is let go of when this is dropped"]
pub struct Held {
    _kept: Kept,
}

/// Bins by name; `None` for one that could not be reached.
type Lists = BTreeMap<String, Option<Signed<Targets>>>;

/// The one file that is replaced (TUF §5.4.1).
const TIMESTAMP: &str = "timestamp.json";

/// What was fetched before an update wanted it.
enum Ahead {
    Nothing,
    Timestamp(Result<Option<Vec<u8>>, FeedError>),
    Done,
}

/// One synchronisation.
struct Reader {
    files: Files,
    kept: Arc<Kept>,
    now: Timestamp,
}

impl Reader {
    async fn open(
        network: &Network,
        state: &State,
        address: &Url,
        root: &Sha256,
        now: Timestamp,
    ) -> Result<Self, FeedError> {
        let files = Files::new(network, address)?;
        // Two runs at once would otherwise put each other's floors back.
        let kept = Arc::new(Kept::lock(state, root).await?);
        let reader = Self { files, kept, now };
        reader.begin(root).await?;
        Ok(reader)
    }

    /// Takes the first root, if this is the first time (TUF §5.2; the digest comes from the policy).
    async fn begin(&self, root: &Sha256) -> Result<(), FeedError> {
        if self.kept.read("root.json")?.is_some() {
            return Ok(());
        }
        let bytes = self.files.fetch("1.root.json", covouch_feed::limits::ROOT_BYTES).await?;
        let bytes = bytes.ok_or_else(|| FeedError::NoFeed(self.files.shown()))?;
        let found = Sha256::of(&bytes);
        if found != *root {
            return Err(FeedError::OtherRoot { feed: self.files.shown(), found, expected: *root });
        }
        let first = check_root(&bytes, None).map_err(|error| FeedError::Root(error.to_string()))?;
        self.kept.keep("root.json", first.bytes())
    }

    async fn answer(&self, wanted: Wanted<'_>) -> Result<(FeedAnswer, usize), FeedError> {
        let trusted = Arc::new(self.top_level().await?);
        let targets = trusted.targets().role();
        let lists = match &targets.delegations {
            Delegations::Bins(bins) => {
                let names = self.names(&trusted, bins, &wanted)?;
                self.lists(&trusted, bins, names).await?
            }
            _ => BTreeMap::new(),
        };
        let (About { statements, heads }, unknown) = match wanted {
            Wanted::Projects(projects) => statements::about(&trusted, &lists, projects)?,
            Wanted::Everything => (everything(targets, &lists)?, Vec::new()),
        };
        let roots: Vec<PublicKey> = trusted.root().role().targets().ed25519().collect();
        let believed = believe(&roots, statements::envelopes(targets, FEED_WIDE)?, statements)?;
        let expires = lists.values().flatten().map(Signed::expires).min();
        let until = trusted.fresh_until().map(|until| expires.map_or(until, |expires| expires.min(until)));
        let staleness = match until {
            Some(until) if self.now < until => Staleness::Fresh(until),
            since => Staleness::Stale(since),
        };
        let (statements, others) = (believed.statements, believed.others);
        Ok((FeedAnswer { roots, statements, others, heads, staleness, unknown }, lists.len() + 1))
    }

    /// The top-level roles: as they are, or, when nobody can be asked or nothing new is said, as they were.
    async fn top_level(&self) -> Result<Trusted, FeedError> {
        let (mut update, mut ahead) = (Update::new(self.now), Ahead::Nothing);
        let failed = loop {
            let Some(want) = update.wants() else { break None };
            let bytes = match want.source {
                Source::Kept => self.kept.read(&want.path)?,
                Source::Repository => match self.fetch(&want, &mut ahead).await {
                    Ok(bytes) => bytes,
                    Err(error) if error.is_unreachable() => break Some(error),
                    Err(error) => return Err(error),
                },
            };
            match update.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes)) {
                Ok(()) => {}
                // Frozen: what was kept is as good as what is served.
                Err(error) if matches!(error.why(), Why::Expired(_)) => break Some(error.into()),
                Err(error) => return Err(error.into()),
            }
            for news in update.news() {
                self.kept.keep(&news.file, &news.bytes)?;
            }
        };
        match (failed, update.finish()) {
            (None, Some(trusted)) => Ok(trusted),
            // What was kept may be nothing, or may not fit together after an interrupted update: then there is only
            // the reason why nothing newer was had.
            (Some(error), _) => self.standing().map_err(|_| error),
            (None, None) => Err(FeedError::NoFeed(self.files.shown())),
        }
    }

    /// Fetches what an update wants. Hardly ever there is a next root, so the timestamp is asked for together with it, and
    /// readers far away wait once. Beside a next root it may be the one before that, and counts for nothing.
    async fn fetch(&self, want: &Want, ahead: &mut Ahead) -> Result<Option<Vec<u8>>, FeedError> {
        match std::mem::replace(ahead, Ahead::Done) {
            Ahead::Nothing => {
                let timestamp = self.files.fetch(TIMESTAMP, covouch_feed::limits::TIMESTAMP_BYTES);
                let (root, timestamp) = join(self.files.fetch(&want.path, want.limit), timestamp).await;
                if let Ok(None) = root {
                    *ahead = Ahead::Timestamp(timestamp);
                }
                root
            }
            Ahead::Timestamp(timestamp) if want.path == TIMESTAMP => timestamp,
            Ahead::Timestamp(_) | Ahead::Done => self.files.fetch(&want.path, want.limit).await,
        }
    }

    fn standing(&self) -> Result<Trusted, FeedError> {
        let mut update = Update::kept(self.now);
        while let Some(want) = update.wants() {
            let bytes = self.kept.read(&want.path)?;
            update.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes))?;
        }
        update.finish().ok_or_else(|| FeedError::NoFeed(self.files.shown()))
    }

    fn names(
        &self,
        trusted: &Trusted,
        bins: &Bins,
        wanted: &Wanted<'_>,
    ) -> Result<BTreeSet<String>, FeedError> {
        match wanted {
            Wanted::Everything if bins.bits() > covouch_feed::limits::BIN_BITS => {
                Err(FeedError::TooManyBins(bins.bits()))
            }
            Wanted::Everything => Ok(bins.roles().collect()),
            Wanted::Projects(projects) => {
                let mut names = BTreeSet::new();
                for project in *projects {
                    if let Place::Bin(bin) = statements::place(trusted, project)? {
                        names.insert(bin);
                    }
                }
                Ok(names)
            }
        }
    }

    /// Bins: those that are kept, and the others from the feed, several at a time; `None` for one that cannot be reached.
    async fn lists(
        &self,
        trusted: &Arc<Trusted>,
        bins: &Bins,
        names: BTreeSet<String>,
    ) -> Result<Lists, FeedError> {
        let checker = Arc::new(Checker {
            kept: Arc::clone(&self.kept),
            trusted: Arc::clone(trusted),
            bins: bins.clone(),
        });
        let reading = Arc::clone(&checker);
        let (mut lists, missing) = blocking(move || reading.kept_lists(names)).await?;
        let fetched = stream::iter(missing).map(|name| async {
            match self.fetch_list(&checker, &name).await {
                Ok(list) => Ok((name, Some(list))),
                Err(error) if error.is_unreachable() => Ok((name, None)),
                Err(error) => Err(error),
            }
        });
        let fetched: Lists = fetched.buffer_unordered(limits::PARALLEL_PAGES).try_collect().await?;
        lists.extend(fetched);
        Ok(lists)
    }

    async fn fetch_list(&self, checker: &Arc<Checker>, name: &str) -> Result<Signed<Targets>, FeedError> {
        let want = checker.trusted.want(name, Source::Repository)?;
        let bytes = self.files.fetch(&want.path, want.limit).await?;
        // A bin the snapshot names and nobody serves is an error, and never "nothing said".
        let bytes =
            bytes.ok_or_else(|| FeedError::MissingList { feed: self.files.shown(), path: want.path })?;
        let (checker, name) = (Arc::clone(checker), name.to_owned());
        blocking(move || checker.take(&name, &bytes)).await
    }
}

/// Bins that are worth a thread.
const PART_BINS: usize = 4;

/// What bins are checked against, on whatever thread.
struct Checker {
    kept: Arc<Kept>,
    trusted: Arc<Trusted>,
    bins: Bins,
}

impl Checker {
    /// The bins that are kept as the snapshot names them, and the names of the others.
    fn kept_lists(&self, names: BTreeSet<String>) -> Result<(Lists, Vec<String>), FeedError> {
        let names: Vec<String> = names.into_iter().collect();
        let read = |names: &[String]| {
            names.iter().map(|name| self.kept_list(name)).collect::<Result<Vec<_>, FeedError>>()
        };
        let found = spread(&names, PART_BINS, read).into_iter().collect::<Result<Vec<_>, FeedError>>()?;
        let (mut lists, mut missing) = (Lists::new(), Vec::new());
        for (name, list) in names.into_iter().zip(found.into_iter().flatten()) {
            match list {
                Some(list) => drop(lists.insert(name, Some(list))),
                None => missing.push(name),
            }
        }
        Ok((lists, missing))
    }

    fn kept_list(&self, name: &str) -> Result<Option<Signed<Targets>>, FeedError> {
        let want = self.trusted.want(name, Source::Kept)?;
        let kept = self.kept.read(&want.path)?;
        Ok(kept.and_then(|bytes| self.trusted.check_bin(name, &self.bins, &bytes).ok()))
    }

    /// Checks a bin that was fetched, and keeps it.
    fn take(&self, name: &str, bytes: &[u8]) -> Result<Signed<Targets>, FeedError> {
        let list = self.trusted.check_bin(name, &self.bins, bytes)?;
        self.kept.keep_bin(&role_file(name), bytes)?;
        Ok(list)
    }
}

/// What there is about any project. What does not stand under a normalised name is about none, as for everybody else.
fn everything(targets: &Targets, lists: &Lists) -> Result<About, FeedError> {
    let mut about = About::default();
    let project = |path: &String| ProjectName::parse(path).ok().filter(|name| name.as_str() == path);
    for list in lists.values().flatten().map(Signed::role).chain([targets]) {
        for project in list.targets.keys().filter_map(project) {
            about.add(list, &project)?;
        }
    }
    Ok(about)
}

#[cfg(test)]
mod tests;
