//! Asks indexes for the pages of projects (PEP 503, PEP 691), and remembers their answers.
//!
//! # Invariants
//! - *Absent* is said only by the index. An index that does not let us in, or does not answer, leaves it open.
//! - A kept page is used without asking for ten minutes at most, and never when the newest is demanded.
//! - Links on a page of a public host lead to public hosts ([`FetchedPage::reach`]).
//!
//! # Not here
//! The list of all projects (40 MB on the public index, and nobody needs it), and choosing between indexes.

mod error;
pub(crate) mod extract;
mod flights;

use std::sync::Arc;

use covouch_core::{
    name::ProjectName,
    party::PartyName,
    time::{Duration, Timestamp},
};
use covouch_python::simple::{Page, PageError, html, json};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::Semaphore;
use url::Url;

pub use self::error::WrongPage;
use self::{
    extract::{Extract, Offers},
    flights::Flights,
};
use crate::{
    blocking::blocking,
    bundle::Kind,
    clock::Clock,
    limits,
    network::{FetchError, Fetched, Head, Network, Reach, Request, Unreachable, Wrong},
    secrets::{Address, redact},
    state::{KeptPage, State, StateError},
};

/// PEP 691, "Version + Format Selection": JSON before HTML, HTML before what a server calls it without knowing.
const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
const JSON: &str = "application/vnd.pypi.simple.v1+json";
const CONTENT_TYPES: &[&str] = &[JSON, "application/vnd.pypi.simple.v1+html", "text/html"];

/// One index.
#[derive(Clone, Debug)]
pub struct Index {
    name: PartyName,
    address: Address,
    base: Url,
}

/// How new an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// As new as the index itself asks for, and ten minutes old at most.
    Recent,
    /// What the index says now.
    Demand,
}

/// What an index says about a project.
#[derive(Clone, Debug)]
pub enum PageAnswer {
    /// This is the project's page.
    Page(Arc<FetchedPage>),
    /// The index knows no such project.
    Absent,
    /// Nothing was learnt; being refused counts here.
    Unreachable(FetchError),
    /// The index says something that cannot be right.
    Wrong(WrongPage),
}

/// A page and how we came by it.
#[derive(Clone, Debug)]
pub struct FetchedPage {
    /// The page.
    pub page: Page,
    /// When the index last said that this is the page.
    pub confirmed: Timestamp,
    /// Whether we asked just now.
    pub origin: Origin,
    /// How far the page's links may lead.
    pub reach: Reach,
    /// Why the page was not kept for the next time, if it was not. The page itself is good.
    pub not_kept: Option<StateError>,
}

/// Whether we asked just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The index sent the page, or said that what we have is still it.
    Asked,
    /// We kept it from an earlier answer, and it is new enough.
    Kept,
    /// We kept it, and could not ask because there is no network.
    Offline,
}

/// How far [`PageFetcher::fetch_all`] is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Pages answered so far.
    pub done: usize,
    /// Pages asked for.
    pub total: usize,
    /// The project whose page was answered last.
    pub project: &'a ProjectName,
}

/// Fetches pages. Clones share what is on its way.
#[derive(Clone)]
pub struct PageFetcher {
    network: Network,
    state: State,
    clock: Clock,
    permits: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    flights: Arc<Flights>,
}

impl Index {
    /// An index with the name the policy gives it.
    #[must_use]
    pub fn new(name: PartyName, address: Address) -> Self {
        let mut base = address.url().clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Self { name, address, base }
    }

    /// The name the policy gives it.
    #[must_use]
    pub fn name(&self) -> &PartyName {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The address of a project's page (PEP 503: the normalised name, and a slash).
    #[must_use]
    pub fn page_url(&self, project: &ProjectName) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{project}/", self.base.path()));
        url
    }

    /// Asks for a file that one of the index's pages lists. The index's credentials go only to the index's own
    /// host, and the request goes no further than the page may lead.
    #[must_use]
    pub fn file_request(&self, url: &Url, reach: Reach) -> Request {
        let own = url.origin() == self.base.origin();
        Request::new(url).credentials(self.address.credentials().filter(|_| own)).reach(reach)
    }
}

impl FetchedPage {
    /// How long ago the index last said that this is the page.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        self.confirmed.until(now)
    }
}

impl PageFetcher {
    /// A fetcher that has nothing on its way.
    #[must_use]
    pub fn new(network: Network, state: State, clock: Clock) -> Self {
        let permits = Arc::new(Semaphore::new(limits::PARALLEL_PAGES));
        let readers = Arc::new(Semaphore::new(limits::PAGE_READERS));
        Self { network, state, clock, permits, readers, flights: Arc::default() }
    }

    /// The page of one project. Whoever asks for a page that is on its way waits for it.
    pub async fn fetch_page(&self, index: &Index, project: &ProjectName, freshness: Freshness) -> PageAnswer {
        let url = index.page_url(project);
        let flight = self.flights.join(&url, freshness);
        flight.get_or_init(|| self.fetch_now(index, project, freshness)).await.clone()
    }

    /// The pages of many projects, in the order of the questions, [`limits::PARALLEL_PAGES`] at a time.
    pub async fn fetch_all(
        &self,
        questions: &[(Index, ProjectName)],
        freshness: Freshness,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Vec<PageAnswer> {
        let mut on_their_way: FuturesUnordered<_> = questions
            .iter()
            .enumerate()
            .map(async |(place, (index, project))| {
                (place, project, self.fetch_page(index, project, freshness).await)
            })
            .collect();
        let mut answers = Vec::with_capacity(questions.len());
        while let Some((place, project, answer)) = on_their_way.next().await {
            answers.push((place, answer));
            progress(Progress { done: answers.len(), total: questions.len(), project });
        }
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// What is kept of these pages and may be used without asking; read one after the other, on one thread.
    pub(crate) async fn kept_extracts<'a>(
        &self,
        questions: impl Iterator<Item = Option<(&'a Index, &'a ProjectName)>>,
        freshness: Freshness,
    ) -> Vec<Option<Extract>> {
        let own = |(index, project): (&Index, &ProjectName)| (index.page_url(project), project.clone());
        let questions: Vec<_> = questions.map(|question| question.map(own)).collect();
        let fetcher = self.clone();
        let read = move |(url, project): (Url, ProjectName)| {
            let kept = fetcher.state.pages().read_extract(&url).ok().flatten()?;
            fetcher.origin(kept.fetched, kept.max_age, freshness)?;
            Some(Extract::new(project, kept.text))
        };
        self.blocking(move || questions.into_iter().map(|question| question.and_then(&read)).collect()).await
    }

    /// What a page says of who published its files, and how far its links may lead: of what is kept of it where that
    /// may be used without asking, else of the page.
    pub(crate) async fn fetch_offers(
        &self,
        index: &Index,
        project: &ProjectName,
        freshness: Freshness,
    ) -> Result<(Offers, Reach), PageAnswer> {
        let (fetcher, url, own) = (self.clone(), index.page_url(project), project.clone());
        let kept = self.blocking(move || {
            let kept = fetcher.state.pages().read_extract(&url).ok().flatten()?;
            fetcher.origin(kept.fetched, kept.max_age, freshness)?;
            Some((Extract::new(own, kept.text).offers()?, reach(kept.from_public)))
        });
        if let Some(kept) = kept.await {
            return Ok(kept);
        }
        match self.fetch_page(index, project, freshness).await {
            PageAnswer::Page(page) => Ok((Offers::of(&page.page), page.reach)),
            nothing => Err(nothing),
        }
    }

    /// As what a kept page may be used without asking, if it may.
    fn origin(&self, fetched: Timestamp, max_age: u64, freshness: Freshness) -> Option<Origin> {
        let age = Duration::from_seconds(max_age.min(limits::PAGE_AGE_SECONDS));
        let now = self.clock.now();
        // A page from the future, after the clock was set back, is not recent.
        let is_recent = fetched <= now && now < fetched.plus(age);
        let oldest = fetched.plus(Duration::from_seconds(limits::OFFLINE_PAGE_AGE_SECONDS));
        match freshness {
            _ if self.network.is_offline() => (now < oldest).then_some(Origin::Offline),
            Freshness::Recent if is_recent => Some(Origin::Kept),
            Freshness::Recent | Freshness::Demand => None,
        }
    }

    async fn fetch_now(&self, index: &Index, project: &ProjectName, freshness: Freshness) -> PageAnswer {
        // The semaphore is never closed; without a permit we would only be less polite.
        let _permit = self.permits.acquire().await;
        let url = index.page_url(project);
        match self.read_kept(&url).await {
            Some(kept) => match self.origin(kept.fetched, kept.max_age, freshness) {
                Some(origin) => {
                    self.blocking({
                        let project = project.clone();
                        move || answer(parse(&kept, &project, origin))
                    })
                    .await
                }
                None if self.network.is_offline() => offline(&url),
                None => self.ask(index, project, Some(kept)).await,
            },
            None if self.network.is_offline() => offline(&url),
            None => self.ask(index, project, None).await,
        }
    }

    async fn ask(&self, index: &Index, project: &ProjectName, kept: Option<KeptPage>) -> PageAnswer {
        let url = index.page_url(project);
        let validators = kept.as_ref().map(|kept| kept.validators.clone()).unwrap_or_default();
        let request = Request::new(&url)
            .credentials(index.address.credentials())
            .accept(ACCEPT, CONTENT_TYPES)
            .unless(validators)
            .kind(Kind::Page);
        let answer = match self.network.fetch(&request, limits::PAGE_BYTES).await {
            Ok(Fetched::Body(head, bytes)) => self.page_of(head, bytes.to_vec()),
            Ok(Fetched::NotModified(head)) => match kept {
                Some(kept) => self.still(head, kept),
                // Cannot happen: `Network` lets a 304 through only for a request with validators.
                None => {
                    let why = Wrong::Status(304);
                    return PageAnswer::Wrong(FetchError::Wrong { url: redact(&url), why }.into());
                }
            },
            Ok(Fetched::Absent) => {
                self.state.pages().remove(&url);
                return PageAnswer::Absent;
            }
            Err(error @ FetchError::Wrong { .. }) => return PageAnswer::Wrong(error.into()),
            Err(error) => return PageAnswer::Unreachable(error),
        };
        let (pages, project) = (self.state.pages(), project.clone());
        self.blocking(move || {
            // Only what was read is kept, so that whoever is offline has a page that can be read.
            let read = parse(&answer, &project, Origin::Asked).map(|mut page| {
                page.not_kept = pages.write(&url, &answer, &Extract::write(&page.page)).err();
                page
            });
            if read.is_err() {
                pages.remove(&url);
            }
            self::answer(read)
        })
        .await
    }

    fn page_of(&self, head: Head, bytes: Vec<u8>) -> KeptPage {
        KeptPage {
            bytes,
            base: head.url,
            content_type: head.content_type.unwrap_or_default(),
            validators: head.validators,
            fetched: head.answered.unwrap_or_else(|| self.clock.now()),
            max_age: head.max_age.as_secs(),
            from_public: head.reach == Reach::PublicOnly,
        }
    }

    /// What we kept, confirmed. A server that does not repeat its validators has not changed them.
    fn still(&self, head: Head, kept: KeptPage) -> KeptPage {
        let confirmed = self.page_of(head, kept.bytes);
        let validators =
            if confirmed.validators.is_empty() { kept.validators } else { confirmed.validators.clone() };
        KeptPage { validators, content_type: kept.content_type, ..confirmed }
    }

    /// A cache that cannot be read is an empty cache.
    async fn read_kept(&self, url: &Url) -> Option<KeptPage> {
        let (pages, url) = (self.state.pages(), url.clone());
        self.blocking(move || pages.read(&url).ok().flatten()).await
    }

    /// Parsing the largest pages takes tens of milliseconds, which others on the same thread would wait for. On a few
    /// threads only: the memory of a hundred would stay with the process.
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Never closed; without a permit there would only be one thread more.
        let permit = Arc::clone(&self.readers).acquire_owned().await;
        blocking(move || {
            let _permit = permit;
            work()
        })
        .await
    }
}

fn parse(kept: &KeptPage, project: &ProjectName, origin: Origin) -> Result<FetchedPage, PageError> {
    let read = if kept.content_type == JSON { json::parse } else { html::parse };
    let page = read(&kept.bytes, &kept.base, project)?;
    let reach = reach(kept.from_public);
    Ok(FetchedPage { page, confirmed: kept.fetched, origin, reach, not_kept: None })
}

const fn reach(from_public: bool) -> Reach {
    if from_public { Reach::PublicOnly } else { Reach::Anywhere }
}

fn answer(read: Result<FetchedPage, PageError>) -> PageAnswer {
    match read {
        Ok(page) => PageAnswer::Page(Arc::new(page)),
        Err(error) => PageAnswer::Wrong(WrongPage::Page(error)),
    }
}

/// Nobody can be asked, and nothing that is kept is new enough.
fn offline(url: &Url) -> PageAnswer {
    PageAnswer::Unreachable(FetchError::Unreachable { url: redact(url), why: Unreachable::Offline })
}
