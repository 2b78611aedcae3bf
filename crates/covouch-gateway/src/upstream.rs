//! What indexes say about a project, as far as the policy wants to know.
//!
//! # Invariants
//! - Absent, unreachable and wrong stay three answers: only what every index denies is a 404.
//! - Files are asked for where the index's own page says they are, with the index's credentials only at its own host.
//!
//! # Not here
//! Judging, and what clients are shown ([`crate::gate`]).

use std::{collections::BTreeMap, sync::Arc};

use covouch_core::{
    evidence::Evidence,
    name::ProjectName,
    party::PartyName,
    time::{Duration, Timestamp},
};
use covouch_io::{
    adapters::{AdapterSources, Adapters, Means},
    collect::{self, Want},
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
    network::{FetchError, Unreachable},
};
use covouch_python::simple::{File, Marker, Page};
use futures_util::future::join_all;
use http::StatusCode;
use url::Url;

use crate::{
    address::{self, Door},
    cache::{Holds, Listed, Project, Promised},
    code,
    download::Remote,
    enforce, limits,
    respond::Problem,
    session::{Failure, Session},
    snapshot::{Home, Snapshot},
};

/// The indexes behind the gateway.
pub(crate) struct Upstream {
    fetcher: PageFetcher,
    adapters: Adapters,
    session: Arc<Session>,
}

/// The index a project comes from, and its answer.
struct Origin<'a> {
    home: PartyName,
    index: Option<&'a Index>,
    fetched: &'a FetchedPage,
}

impl Upstream {
    pub(crate) fn new(sources: AdapterSources, means: Means, session: Arc<Session>) -> Self {
        let adapters = Adapters::new(sources, &means);
        Self { fetcher: means.fetcher, adapters, session }
    }

    /// Reads what indexes say about a project.
    ///
    /// # Errors
    /// A [`Problem`] when no index has it, or the one that might cannot be asked.
    pub(crate) async fn read(
        &self,
        name: &ProjectName,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<(Arc<Project>, Page), Problem> {
        let (mut evidence, mut answers) = self.ask_all(name, snapshot).await;
        self.adapters.add_records(&mut evidence, []);
        let mut lookups = |evidence: &Evidence| snapshot.lookups(evidence, now);
        self.adapters.look_up(&mut evidence, &mut lookups, &|_, _| {}).await;
        let home = match snapshot.home(name, &evidence, now) {
            Home::At(index) => index,
            Home::Nowhere => {
                let detail = format!("no index has a project `{name}`");
                return Err(Problem::new(StatusCode::NOT_FOUND, code::NO_PROJECT, detail));
            }
            Home::Unknown(index) => return Err(unanswered(&index, answers.get(&index))),
        };
        match answers.remove(&home) {
            Some(PageAnswer::Page(fetched)) => {
                let origin = Origin { index: snapshot.index(&home), home, fetched: &fetched };
                let until = now.plus(Duration::from_seconds(limits::PAGE_AGE_SECONDS));
                let holds = Holds { snapshot: snapshot.number(), until };
                let project = origin.project(name, evidence, holds);
                Ok((Arc::new(project), Arc::unwrap_or_clone(fetched).page))
            }
            answer => Err(unanswered(&home, answer.as_ref())),
        }
    }

    /// Asks until the policy wants nothing more that was not asked for yet.
    async fn ask_all(
        &self,
        name: &ProjectName,
        snapshot: &Snapshot,
    ) -> (Evidence, BTreeMap<PartyName, PageAnswer>) {
        let (mut evidence, mut answers) = (snapshot.unsigned(), BTreeMap::new());
        loop {
            let mut wants = snapshot.wants(name, &evidence);
            wants.retain(|want| evidence.project(&want.index, name).is_none());
            if wants.is_empty() {
                return (evidence, answers);
            }
            let asked = join_all(wants.iter().map(|want| self.ask(snapshot, want))).await;
            for (want, answer) in wants.into_iter().zip(asked) {
                collect::add_answer(&mut evidence, &want, answer.as_ref(), None);
                answers.extend(answer.map(|answer| (want.index, answer)));
            }
        }
    }

    /// Asks an index; nothing when nobody said where it is, which is not the same as absent.
    async fn ask(&self, snapshot: &Snapshot, want: &Want) -> Option<PageAnswer> {
        let index = snapshot.index(&want.index)?;
        let answer = self.fetcher.fetch_page(index, &want.project, Freshness::Recent).await;
        if let PageAnswer::Page(page) = &answer
            && let Some(why) = &page.not_kept
        {
            let (subject, detail) = (want.project.to_string(), why.to_string());
            self.session.not_kept(Failure { subject, code: why.code(), detail });
        }
        Some(answer)
    }
}

impl Origin<'_> {
    fn project(&self, name: &ProjectName, evidence: Evidence, holds: Holds) -> Project {
        let page = &self.fetched.page;
        let files = page.files().iter().map(|file| (file.filename().clone(), self.listed(name, file)));
        Project {
            holds,
            name: name.clone(),
            home: self.home.clone(),
            evidence,
            is_quarantined: page.status().is_some_and(|status| *status.marker() == Marker::Quarantined),
            files: files.collect(),
        }
    }

    fn listed(&self, project: &ProjectName, file: &File) -> Listed {
        let (sha256, promised) = (file.sha256(), enforce::promised_metadata(file));
        let request = |url: &Url| self.index.map(|index| index.file_request(url, self.fetched.reach));
        let remote = sha256.zip(request(file.url()));
        let metadata = promised.zip(request(&metadata_url(file.url())));
        Listed {
            subject: file.subject(),
            remote: remote.map(|(sha256, request)| Remote { sha256, request, metadata: promised }),
            size: file.size(),
            metadata: metadata.map(|(sha256, request)| Promised { sha256, request }),
            is_wheel: file.dist().is_wheel(),
            address: address::of_file(Door::Open, sha256.as_ref(), &self.home, project, file.url()).into(),
        }
    }
}

/// PEP 658: "the URL of the distribution file" with `.metadata` behind it. Behind a signed address nothing fits.
fn metadata_url(file: &Url) -> Url {
    let mut url = file.clone();
    url.set_path(&format!("{}.metadata", file.path()));
    url
}

/// Why a page cannot be had. An index that does not answer in time is another failure than one that is not there.
fn unanswered(index: &PartyName, answer: Option<&PageAnswer>) -> Problem {
    let wrong = |code, detail: String| Problem::new(StatusCode::BAD_GATEWAY, code, detail);
    let (problem, hint) = match answer {
        None => (wrong(code::UPSTREAM_UNREACHABLE, format!("the address of `{index}` is not known")), None),
        Some(PageAnswer::Unreachable(error)) => {
            let status = gateway_status(error);
            (Problem::new(status, code::UPSTREAM_UNREACHABLE, error.to_string()), error.hint())
        }
        Some(PageAnswer::Wrong(error)) => (wrong(code::UPSTREAM_WRONG, error.to_string()), error.hint()),
        Some(PageAnswer::Page(_) | PageAnswer::Absent) => {
            (wrong(code::UPSTREAM_WRONG, format!("`{index}` gave no page")), None)
        }
    };
    problem.hint(hint.map(|hint| hint.to_string()))
}

/// The status that says what went wrong upstream (RFC 9110 §15.6.3, §15.6.5).
pub(crate) fn gateway_status(error: &FetchError) -> StatusCode {
    match error {
        FetchError::Unreachable { why: Unreachable::TimedOut(_) | Unreachable::TooSlow { .. }, .. } => {
            StatusCode::GATEWAY_TIMEOUT
        }
        _ => StatusCode::BAD_GATEWAY,
    }
}
