//! What the routes ask: a project's page as clients may see it, and one file with a verdict of this moment.
//!
//! # Invariants
//! - A file is judged at every request for it, whatever page its address was on.
//! - An index that cannot be asked is a failure; the page is never one that merely lacks its files.
//! - No lock is held while waiting.
//!
//! # Not here
//! HTTP ([`crate::routes`]), and whether a file may be let through ([`Snapshot`]).

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use covouch_core::{
    digest::Sha256,
    evidence::Evidence,
    name::ProjectName,
    party::PartyName,
    subject::FileName,
    time::{Duration, Timestamp},
};
use covouch_io::{
    clock::Clock,
    collect::{self, Want},
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
    network::{FetchError, Network, Unreachable},
};
use covouch_policy::Blocked;
use covouch_python::simple::{File, Marker, Page, render};
use futures_util::future::join_all;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{
    address::{self, Door},
    cache::{self, Holds, Listed, Metadata, Pages, Project, Projects, Promised, RenderedPage},
    code,
    download::{Downloads, Remote},
    enforce::{self, Enforced, Style},
    limits,
    release::{Block, Release},
    respond::{Problem, accept::Form},
    session::{BlockedFile, Failure, SeenProject, Session},
    snapshot::{Home, Snapshot, unjudged},
};

/// What stands for itself in the last segment of a path.
const FILENAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Everything a request needs.
pub(crate) struct Gate {
    pub(crate) session: Arc<Session>,
    pub(crate) downloads: Arc<Downloads>,
    pub(crate) network: Network,
    pub(crate) metadata: Metadata,
    fetcher: PageFetcher,
    clock: Clock,
    blocked: Blocked,
    /// The gateway's own address, for links that people follow.
    root: Url,
    snapshot: RwLock<Arc<Snapshot>>,
    pages: Pages,
    projects: Projects,
}

/// What a [`Gate`] is made of.
pub(crate) struct Parts {
    pub(crate) session: Arc<Session>,
    pub(crate) downloads: Arc<Downloads>,
    pub(crate) network: Network,
    pub(crate) fetcher: PageFetcher,
    pub(crate) clock: Clock,
    pub(crate) blocked: Blocked,
    pub(crate) root: Url,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// A file that was found on its index's page.
pub(crate) struct Found {
    pub(crate) project: Arc<Project>,
    pub(crate) filename: FileName,
}

impl Found {
    /// What the index says of it.
    pub(crate) fn listed(&self) -> Option<&Listed> {
        self.project.files.get(&self.filename)
    }
}

impl Gate {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { session, downloads, network, fetcher, clock, blocked, root, snapshot } = parts;
        let snapshot = RwLock::new(snapshot);
        let (metadata, pages, projects) = (cache::metadata(), cache::pages(), cache::projects());
        Self {
            session,
            downloads,
            network,
            metadata,
            fetcher,
            clock,
            blocked,
            root,
            snapshot,
            pages,
            projects,
        }
    }

    /// The moment a request is answered.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What there is to decide with, now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides with something else from now on.
    pub(crate) fn renew(&self, snapshot: Arc<Snapshot>) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    /// A project's page in a form.
    ///
    /// # Errors
    /// A [`Problem`] when there is no page, or it cannot be made now.
    pub(crate) async fn page(
        self: &Arc<Self>,
        project: &ProjectName,
        form: Form,
    ) -> Result<Arc<RenderedPage>, Problem> {
        let key = (project.clone(), form);
        let (now, snapshot) = (self.now(), self.snapshot());
        let holds = |page: &Arc<RenderedPage>| page.holds.at(snapshot.number(), now);
        if let Some(Ok(page)) = self.pages.get(&key) {
            if holds(&page) {
                return Ok(page);
            }
            self.pages.remove_if(&key, |page| !page.as_ref().is_ok_and(holds));
        }
        let make = self.make_page(project, form, &snapshot, now);
        let made = cache::find_or_make(&self.pages, &key, make).await;
        made.inspect_err(|problem| self.failed(project.as_str(), problem))
    }

    /// A file of a project, as its home index lists it.
    ///
    /// # Errors
    /// A [`Problem`] when there is no such file, or nobody can be asked.
    pub(crate) async fn find(
        self: &Arc<Self>,
        index: &PartyName,
        project: &ProjectName,
        filename: &FileName,
    ) -> Result<Found, Problem> {
        let project = self.project(project).await?;
        if project.home == *index && project.files.contains_key(filename) {
            return Ok(Found { project, filename: filename.clone() });
        }
        let detail = format!("`{index}` lists no file `{filename}` of `{}`", project.name);
        Err(Problem::new(StatusCode::NOT_FOUND, code::NO_FILE, detail))
    }

    /// What is known of a project.
    ///
    /// # Errors
    /// A [`Problem`] when there is no such project, or nobody can be asked.
    pub(crate) async fn project(self: &Arc<Self>, name: &ProjectName) -> Result<Arc<Project>, Problem> {
        let (now, snapshot) = (self.now(), self.snapshot());
        let holds = |project: &Arc<Project>| project.holds.at(snapshot.number(), now);
        if let Some(Ok(project)) = self.projects.get(name) {
            if holds(&project) {
                return Ok(project);
            }
            self.projects.remove_if(name, |project| !project.as_ref().is_ok_and(holds));
        }
        let read = async { self.read(name, &snapshot, now).await.map(|(project, _)| project) };
        let read = cache::find_or_make(&self.projects, name, read).await;
        read.inspect_err(|problem| self.failed(name.as_str(), problem))
    }

    /// The project of which a file with this digest was listed, among those asked about lately.
    pub(crate) fn project_of(&self, sha256: &Sha256) -> Option<Arc<Project>> {
        let has = |listed: &Listed| listed.subject.as_ref().is_some_and(|subject| subject.sha256 == *sha256);
        self.projects
            .iter()
            .filter_map(|(_, project)| project.ok())
            .find(|project| project.files.values().any(has))
    }

    /// Judges a file, now. The only way to a [`Release`].
    ///
    /// # Errors
    /// The reason when the file is kept out; it is remembered for the report at the end.
    pub(crate) fn judge(&self, found: &Found) -> Result<Release, Block> {
        let snapshot = self.snapshot();
        let subject = found.listed().and_then(|listed| listed.subject.as_ref());
        let judged = match subject {
            Some(subject) => snapshot.judge(&found.project, subject, self.now()),
            None => Err(unjudged()),
        };
        judged.inspect_err(|block| {
            self.session.blocked(BlockedFile {
                project: found.project.name.clone(),
                filename: found.filename.to_string(),
                subject: subject.cloned(),
                code: block.code,
                reason: block.reason.clone(),
                times: 0,
            });
        })
    }

    /// Where a person reads why a file is let in or kept out.
    pub(crate) fn why(&self, filename: &FileName) -> String {
        let name = utf8_percent_encode(filename.as_str(), FILENAME);
        format!("{}why/{name}", self.root)
    }

    /// Remembers what could not be answered.
    pub(crate) fn failed(&self, subject: &str, problem: &Problem) {
        if problem.status().is_server_error() {
            let (code, detail) = (problem.code(), problem.detail().to_owned());
            self.session.failure(Failure { subject: subject.to_owned(), code, detail });
        }
    }

    async fn make_page(
        self: &Arc<Self>,
        name: &ProjectName,
        form: Form,
        snapshot: &Arc<Snapshot>,
        now: Timestamp,
    ) -> Result<Arc<RenderedPage>, Problem> {
        let (project, page) = self.read(name, snapshot, now).await?;
        self.projects.insert(name.clone(), Ok(Arc::clone(&project)));
        let (gate, snapshot) = (Arc::clone(self), Arc::clone(snapshot));
        // Ten thousand files take milliseconds to judge, compute and write: not on a thread that others wait for.
        let made =
            tokio::task::spawn_blocking(move || gate.render(&project, page, form, &snapshot, now)).await;
        made.unwrap_or_else(|_| {
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, code::STORAGE, "the page cannot be made"))
        })
    }

    fn render(
        &self,
        project: &Arc<Project>,
        page: Page,
        form: Form,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Arc<RenderedPage>, Problem> {
        let (judgements, until) = snapshot.judge_page(project, &page, now);
        let known = |sha256: &Sha256| self.metadata.get(sha256)?.ok().map(|metadata| Sha256::of(&metadata));
        let style = Style {
            blocked: self.blocked,
            index: &project.home,
            why: &|file: &File| self.why(file.filename()),
            metadata: &known,
        };
        let Enforced { page, admits_any, newest, passed_over } = enforce::enforce(page, judgements, &style);
        let seen =
            SeenProject { project: project.name.clone(), index: project.home.clone(), newest, passed_over };
        self.session.project(seen);
        if self.blocked == Blocked::Hard && !admits_any {
            let detail = format!("no file of `{}` is admitted", project.name);
            return Err(Problem::new(
                StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
                code::NOTHING_ADMITTED,
                detail,
            ));
        }
        let bytes = match form {
            Form::Json => render::json(&page),
            Form::Html | Form::HtmlV1 => render::html(&page),
        };
        let until = until.map_or(project.holds.until, |event| event.min(project.holds.until));
        let holds = Holds { until, ..project.holds };
        Ok(Arc::new(RenderedPage::new(holds, bytes)))
    }

    /// Reads what indexes say about a project, as far as the policy wants to know.
    async fn read(
        &self,
        name: &ProjectName,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<(Arc<Project>, Page), Problem> {
        let mut evidence = snapshot.gaps();
        let mut answers = BTreeMap::new();
        loop {
            let mut wants = snapshot.wants(name, &evidence);
            wants.retain(|want| evidence.project(&want.index, name).is_none());
            if wants.is_empty() {
                break;
            }
            let asked = join_all(wants.iter().map(|want| self.ask(snapshot, want))).await;
            for (want, answer) in wants.into_iter().zip(asked) {
                collect::add_answer(&mut evidence, &want, answer.as_ref(), None);
                answers.extend(answer.map(|answer| (want.index, answer)));
            }
        }
        let home = match snapshot.home(name, &evidence, now) {
            Home::At(index) => index,
            Home::Nowhere => {
                let detail = format!("no index has a project `{name}`");
                return Err(Problem::new(StatusCode::NOT_FOUND, code::NO_PROJECT, detail));
            }
            Home::Unknown(index) => {
                return Err(match answers.get(&index) {
                    Some(answer) => unanswered(&index, answer),
                    None => Problem::new(
                        StatusCode::BAD_GATEWAY,
                        code::UPSTREAM_UNREACHABLE,
                        format!("`{index}` cannot be asked"),
                    ),
                });
            }
        };
        match answers.remove(&home) {
            Some(PageAnswer::Page(fetched)) => {
                let project = project(name, home, evidence, &fetched, (snapshot, now));
                Ok((Arc::new(project), Arc::unwrap_or_clone(fetched).page))
            }
            Some(answer) => Err(unanswered(&home, &answer)),
            None => {
                let detail = format!("`{home}` was not asked for `{name}`");
                Err(Problem::new(StatusCode::BAD_GATEWAY, code::UPSTREAM_UNREACHABLE, detail))
            }
        }
    }

    /// Asks an index; nothing when nobody said where it is, which is not the same as absent.
    async fn ask(&self, snapshot: &Snapshot, want: &Want) -> Option<PageAnswer> {
        let index = snapshot.index(&want.index)?;
        Some(self.fetcher.fetch_page(index, &want.project, Freshness::Recent).await)
    }
}

/// Why a page cannot be had. An index that does not answer in time is another failure than one that is not there.
fn unanswered(index: &PartyName, answer: &PageAnswer) -> Problem {
    let (status, code, detail, hint) = match answer {
        PageAnswer::Unreachable(error) => {
            (gateway_status(error), code::UPSTREAM_UNREACHABLE, error.to_string(), error.hint())
        }
        PageAnswer::Wrong(error) => {
            (StatusCode::BAD_GATEWAY, code::UPSTREAM_WRONG, error.to_string(), error.hint())
        }
        PageAnswer::Page(_) | PageAnswer::Absent => {
            (StatusCode::BAD_GATEWAY, code::UPSTREAM_WRONG, format!("`{index}` gave no page"), None)
        }
    };
    Problem::new(status, code, detail).hint(hint.map(|hint| hint.to_string()))
}

/// The status that says what went wrong upstream (RFC 9110 §15.6.3, §15.6.5).
pub(crate) fn gateway_status(error: &FetchError) -> StatusCode {
    match error {
        FetchError::Unreachable { why: Unreachable::TimedOut(_), .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn project(
    name: &ProjectName,
    home: PartyName,
    evidence: Evidence,
    fetched: &FetchedPage,
    (snapshot, now): (&Snapshot, Timestamp),
) -> Project {
    let page = &fetched.page;
    let files = page.files().iter();
    let listed = files
        .map(|file| (file.filename().clone(), listed(file, &home, name, (snapshot.index(&home), fetched))));
    Project {
        holds: Holds {
            snapshot: snapshot.number(),
            until: now.plus(Duration::from_seconds(limits::PAGE_AGE_SECONDS)),
        },
        name: name.clone(),
        evidence,
        is_quarantined: page.status().is_some_and(|status| *status.marker() == Marker::Quarantined),
        files: listed.collect(),
        home,
    }
}

fn listed(
    file: &File,
    home: &PartyName,
    project: &ProjectName,
    (index, fetched): (Option<&Index>, &FetchedPage),
) -> Listed {
    let (sha256, promised) = (file.sha256(), enforce::promised_metadata(file));
    let request = |url: &Url| index.map(|index| index.file_request(url, fetched.reach));
    let remote = sha256.zip(request(file.url()));
    Listed {
        subject: file.subject(),
        remote: remote.map(|(sha256, request)| Remote { sha256, request, metadata: promised }),
        size: file.size(),
        metadata: promised
            .zip(request(&metadata_url(file.url())))
            .map(|(sha256, request)| Promised { sha256, request }),
        is_wheel: file.dist().is_wheel(),
        address: address::of_file(Door::Open, sha256.as_ref(), home, project, file.url()).into(),
    }
}

/// PEP 658: "the URL of the distribution file" with `.metadata` behind it. Behind a signed address nothing fits.
fn metadata_url(file: &Url) -> Url {
    let mut url = file.clone();
    url.set_path(&format!("{}.metadata", file.path()));
    url
}
