//! What the routes ask: a project's page as clients may see it, and one file with a verdict of this moment.
//!
//! # Invariants
//! - A file is judged at every request for it, whatever page its address was on.
//! - What is judged was asked for by the policies that judge it: both are of one [`Snapshot`].
//! - An index that cannot be asked is a failure; the page is never one that merely lacks its files.
//! - No lock is held while waiting.
//!
//! # Not here
//! HTTP ([`crate::routes`]), and whether a file may be let through ([`Snapshot`]).

use std::sync::{Arc, PoisonError, RwLock};

use covouch_core::{digest::Sha256, name::ProjectName, party::PartyName, subject::FileName, time::Timestamp};
use covouch_io::{clock::Clock, network::Network};
use covouch_policy::Blocked;
use covouch_python::simple::{File, Page, render};
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{
    cache::{self, Holds, Listed, Metadata, Pages, Project, Projects, RenderedPage},
    code,
    download::Downloads,
    enforce::{self, Enforced, Style},
    release::{Block, Release},
    respond::{Problem, accept::Form},
    session::{BlockedFile, Failure, SeenProject, Session},
    snapshot::{Snapshot, unjudged},
    upstream::Upstream,
};

/// What stands for itself in the last segment of a path.
const FILENAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Everything a request needs.
pub(crate) struct Gate {
    pub(crate) session: Arc<Session>,
    pub(crate) downloads: Arc<Downloads>,
    pub(crate) network: Network,
    pub(crate) metadata: Metadata,
    upstream: Upstream,
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
    pub(crate) upstream: Upstream,
    pub(crate) clock: Clock,
    pub(crate) blocked: Blocked,
    pub(crate) root: Url,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// A file that was found on its index's page.
pub(crate) struct Found {
    pub(crate) project: Arc<Project>,
    /// What the project was read for, and is judged with.
    snapshot: Arc<Snapshot>,
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
        let Parts { session, downloads, network, upstream, clock, blocked, root, snapshot } = parts;
        let snapshot = RwLock::new(snapshot);
        let (metadata, pages, projects) = (cache::metadata(), cache::pages(), cache::projects());
        Self {
            session,
            downloads,
            network,
            metadata,
            upstream,
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
        loop {
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
            let made = made.inspect_err(|problem| self.failed(project.as_str(), problem))?;
            // Somebody may have begun it before there was something else to decide with.
            if made.holds.snapshot == snapshot.number() {
                return Ok(made);
            }
        }
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
        let (project, snapshot) = self.known(project).await?;
        if project.home == *index && project.files.contains_key(filename) {
            return Ok(Found { project, snapshot, filename: filename.clone() });
        }
        let detail = format!("`{index}` lists no file `{filename}` of `{}`", project.name);
        Err(Problem::new(StatusCode::NOT_FOUND, code::NO_FILE, detail))
    }

    /// What is known of a project.
    ///
    /// # Errors
    /// A [`Problem`] when there is no such project, or nobody can be asked.
    pub(crate) async fn project(self: &Arc<Self>, name: &ProjectName) -> Result<Arc<Project>, Problem> {
        self.known(name).await.map(|(project, _)| project)
    }

    /// What is known of a project, and the snapshot for which it was read.
    ///
    /// # Errors
    /// A [`Problem`] when there is no such project, or nobody can be asked.
    pub(crate) async fn known(
        self: &Arc<Self>,
        name: &ProjectName,
    ) -> Result<(Arc<Project>, Arc<Snapshot>), Problem> {
        loop {
            let (now, snapshot) = (self.now(), self.snapshot());
            let holds = |project: &Arc<Project>| project.holds.at(snapshot.number(), now);
            if let Some(Ok(project)) = self.projects.get(name) {
                if holds(&project) {
                    return Ok((project, snapshot));
                }
                self.projects.remove_if(name, |project| !project.as_ref().is_ok_and(holds));
            }
            let read = async { self.upstream.read(name, &snapshot, now).await.map(|(project, _)| project) };
            let read = cache::find_or_make(&self.projects, name, read).await;
            let read = read.inspect_err(|problem| self.failed(name.as_str(), problem))?;
            // Somebody may have begun it before a renewal. What the policies of then did not ask for, such as a folder
            // that cannot be read since, is not in it, and would be missing from a verdict of now.
            if read.holds.snapshot == snapshot.number() {
                return Ok((read, snapshot));
            }
        }
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
        let subject = found.listed().and_then(|listed| listed.subject.as_ref());
        let judged = match subject {
            Some(subject) => found.snapshot.judge(&found.project, subject, self.now()),
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
        let (project, page) = self.upstream.read(name, snapshot, now).await?;
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
}
