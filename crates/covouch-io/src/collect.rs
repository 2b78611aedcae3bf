//! Collecting evidence: what indexes list and what folders hold, turned into [`Evidence`].
//!
//! # Invariants
//! - An index that could not be asked leaves a [`Gap`], never silence.
//! - A file without a sha256 is no subject: nothing is said about it, so it cannot be admitted. That a release has
//!   such a wheel is said, so that its sdist is not taken for all there is.
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
use covouch_python::simple::{Marker, Page, Status};
use futures_util::{
    StreamExt as _,
    stream::{self, FuturesUnordered},
};

use crate::{
    folder::{self, FolderError},
    index::{
        Freshness, Index, PageAnswer, PageFetcher,
        extract::{Extract, ListedFile, Told, unjudged},
    },
    limits,
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
        let wanted = add_kept(evidence, sources, wanted, releases).await;
        done = total - wanted.len();
        progress(done, total);
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

/// Adds what is kept and may be used without asking; gives back what is still wanted.
async fn add_kept(
    evidence: &mut Evidence,
    sources: &Sources<'_>,
    wanted: Vec<Want>,
    releases: Releases<'_>,
) -> Vec<Want> {
    let read = |batch: Vec<Want>| async {
        let extracts = sources.fetcher.kept_extracts(
            batch.iter().map(|want| Some((sources.indexes.get(&want.index)?, &want.project))),
            sources.freshness,
        );
        let extracts = extracts.await;
        (batch, extracts)
    };
    let batches: Vec<Vec<Want>> = wanted.chunks(limits::EXTRACT_BATCH).map(<[Want]>::to_vec).collect();
    // A batch is read while the one before it becomes evidence.
    let mut batches = stream::iter(batches).map(read).buffered(2);
    let mut missing = Vec::new();
    while let Some((batch, extracts)) = batches.next().await {
        for (want, extract) in batch.into_iter().zip(extracts) {
            if !extract.is_some_and(|extract| add_extract(evidence, &want, &extract, releases)) {
                missing.push(want);
            }
        }
    }
    missing
}

/// Turns what was kept of a page into the evidence the page would be; false when it cannot be read.
fn add_extract(evidence: &mut Evidence, want: &Want, extract: &Extract, releases: Releases<'_>) -> bool {
    let wanted = |version: &Version| releases.is_none_or(|wanted| wanted(&want.project, version));
    let Some(Told { marker, files, unjudged }) = extract.read(&wanted) else { return false };
    let status = project_status(&want.index, marker.as_ref());
    for file in files {
        evidence.add_listing(want.index.clone(), file.subject.clone(), listing(&want.index, file, &status));
    }
    for (version, wheel) in unjudged {
        evidence.add_unjudged(want.index.clone(), want.project.clone(), version, wheel);
    }
    evidence.add_project(want.index.clone(), want.project.clone(), Known::Is(true));
    true
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

/// Turns a page into listings, one for each file that has a sha256, and names the wheels that have none.
pub fn add_page(evidence: &mut Evidence, index: &PartyName, page: &Page, releases: Releases<'_>) {
    let status = project_status(index, page.status().map(Status::marker));
    for file in page.files().iter().filter_map(ListedFile::of) {
        let subject = file.subject.clone();
        if releases.is_none_or(|wanted| wanted(&subject.project, &subject.version)) {
            evidence.add_listing(index.clone(), subject, listing(index, file, &status));
        }
    }
    for (version, wheel) in unjudged(page) {
        if releases.is_none_or(|wanted| wanted(page.project(), &version)) {
            evidence.add_unjudged(index.clone(), page.project().clone(), version, wheel);
        }
    }
}

fn listing(index: &PartyName, file: ListedFile, status: &Stated<ProjectStatus>) -> Listing {
    let uploaded = file.uploaded.map_or_else(
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
    let yanked = file.yanked.map_or(Stated::NotStated, Stated::Is);
    Listing { listed: Known::Is(true), uploaded, yanked, status: status.clone() }
}

fn project_status(index: &PartyName, marker: Option<&Marker>) -> Stated<ProjectStatus> {
    let Some(marker) = marker else { return Stated::NotStated };
    Stated::Is(match marker {
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
