//! Collecting evidence: what indexes list and what folders hold, turned into [`Evidence`].
//!
//! # Invariants
//! - An index that could not be asked leaves a [`Gap`], never silence.
//! - A file without a sha256 is no subject: nothing is said about it, so it cannot be admitted.
//!
//! # Not here
//! Which index is asked for which project: the policy says so ([`Want`]).

use std::{collections::HashMap, fmt, path::PathBuf, sync::Arc};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known, Listing, ProjectStatus, Stated},
    key::PublicKey,
    name::ProjectName,
    party::PartyName,
    version::Version,
};
use covouch_python::simple::{File, Marker, Page, Yanked};
use futures_util::{StreamExt as _, stream::FuturesUnordered};

use crate::{
    folder::{self, FolderError},
    index::{Freshness, Index, PageAnswer, PageFetcher},
};

/// Codes of the gaps that collecting can leave.
pub const CODES: &[Code] = &[
    Code::new("index-unknown"),
    Code::new("index-unreachable"),
    Code::new("index-page-wrong"),
    Code::new("upload-time-not-served"),
    Code::new("project-status-unknown"),
];

/// A page the policy wants before it can judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Want {
    /// Which index to ask.
    pub index: PartyName,
    /// About which project.
    pub project: ProjectName,
}

/// A folder of statements and the keys whose words in it count.
#[derive(Clone, Debug)]
pub struct TrustFolder {
    /// Where it is.
    pub path: PathBuf,
    /// The root keys; those they lead to are read as well.
    pub roots: Vec<PublicKey>,
}

/// What collecting needs from outside.
pub struct Sources<'a> {
    /// The way out.
    pub fetcher: &'a PageFetcher,
    /// The indexes by the names the policy gives them.
    pub indexes: &'a HashMap<PartyName, Index>,
    /// How old an answer may be.
    pub freshness: Freshness,
}

/// Which releases of a project are of interest; `None` means all of them.
pub type Releases<'a> = Option<&'a dyn Fn(&ProjectName, &Version) -> bool>;

/// Reads folders of statements into evidence.
///
/// # Errors
/// [`FolderError`] for the first broken chain: half a folder is never evidence.
pub fn add_folders(evidence: &mut Evidence, folders: &[TrustFolder]) -> Result<(), FolderError> {
    for trust in folders {
        let origin: Arc<str> = trust.path.display().to_string().into();
        for chain in folder::read(&trust.path, &trust.roots)? {
            for statement in chain.into_statements() {
                evidence.add_statement(statement, Arc::clone(&origin));
            }
        }
    }
    Ok(())
}

/// Asks indexes until the policy wants nothing more: `wants` is given what is known so far, and names only
/// pages that could still change a verdict.
///
/// `progress` is called after each page with how many are done and how many are known to be wanted.
pub async fn add_pages(
    evidence: &mut Evidence,
    sources: &Sources<'_>,
    wants: &dyn Fn(&Evidence) -> Vec<Want>,
    releases: Releases<'_>,
    progress: &dyn Fn(usize, usize),
) {
    let mut done = 0;
    loop {
        let wanted = wants(evidence);
        if wanted.is_empty() {
            return;
        }
        let total = done + wanted.len();
        // The fetcher bounds how many are on their way. Each page is dropped once it is evidence: all pages of a
        // large lock file would not fit.
        let mut on_their_way: FuturesUnordered<_> =
            wanted.into_iter().map(async |want| (fetch(sources, &want).await, want)).collect();
        while let Some((answer, want)) = on_their_way.next().await {
            add_answer(evidence, &want, answer.as_ref(), releases);
            done += 1;
            progress(done, total);
        }
    }
}

/// `None` when nobody knows the index's address.
async fn fetch(sources: &Sources<'_>, want: &Want) -> Option<PageAnswer> {
    let index = sources.indexes.get(&want.index)?;
    Some(sources.fetcher.fetch_page(index, &want.project, sources.freshness).await)
}

/// Turns an index's answer about a project into evidence; `None` is an index nobody knows the address of.
pub fn add_answer(evidence: &mut Evidence, want: &Want, answer: Option<&PageAnswer>, releases: Releases<'_>) {
    match answer {
        None => add_unknown(evidence, want, "index-unknown", &"its address is not known"),
        Some(PageAnswer::Page(page)) => {
            add_page(evidence, &want.index, &page.page, releases);
            evidence.add_project(want.index.clone(), want.project.clone(), Known::Is(true));
        }
        Some(PageAnswer::Absent) => {
            evidence.add_project(want.index.clone(), want.project.clone(), Known::Is(false));
        }
        Some(PageAnswer::Unreachable(why)) => add_unknown(evidence, want, "index-unreachable", why),
        Some(PageAnswer::Wrong(why)) => add_unknown(evidence, want, "index-page-wrong", why),
    }
}

fn add_unknown(evidence: &mut Evidence, want: &Want, code: &'static str, why: &dyn fmt::Display) {
    let gap =
        Gap { code: Code::new(code), source: want.index.as_str().into(), detail: why.to_string().into() };
    evidence.add_project(want.index.clone(), want.project.clone(), Known::Unknown(gap));
}

/// Turns a page into listings, one for each file that has a sha256.
pub fn add_page(evidence: &mut Evidence, index: &PartyName, page: &Page, releases: Releases<'_>) {
    let status = project_status(index, page);
    for file in page.files() {
        let Some(subject) = file.subject() else { continue };
        if releases.is_none_or(|wanted| wanted(&subject.project, &subject.version)) {
            evidence.add_listing(index.clone(), subject, listing(index, file, &status));
        }
    }
}

fn listing(index: &PartyName, file: &File, status: &Stated<ProjectStatus>) -> Listing {
    let uploaded = file.upload_time().map_or_else(
        || {
            // PEP 700 makes upload times optional; a mirror without them leaves the age unknown.
            Known::Unknown(Gap {
                code: Code::new("upload-time-not-served"),
                source: index.as_str().into(),
                detail: "it does not say when the file was uploaded".into(),
            })
        },
        Known::Is,
    );
    // PEP 592, PEP 691: a file that is not said to be yanked is not.
    let yanked = match file.yanked() {
        Yanked::No => Stated::NotStated,
        Yanked::Yes(reason) => Stated::Is(reason.as_deref().map(Arc::from)),
    };
    Listing { listed: Known::Is(true), uploaded, yanked, status: status.clone() }
}

fn project_status(index: &PartyName, page: &Page) -> Stated<ProjectStatus> {
    let Some(status) = page.status() else { return Stated::NotStated };
    Stated::Is(match status.marker() {
        Marker::Active => ProjectStatus::Active,
        Marker::Archived => ProjectStatus::Archived,
        Marker::Quarantined => ProjectStatus::Quarantined,
        Marker::Deprecated => ProjectStatus::Deprecated,
        Marker::Other(marker) => {
            return Stated::Unknown(Gap {
                code: Code::new("project-status-unknown"),
                source: index.as_str().into(),
                detail: format!(
                    "it gives the project the status `{}`, which is not known here",
                    marker.escape_debug()
                )
                .into(),
            });
        }
    })
}
