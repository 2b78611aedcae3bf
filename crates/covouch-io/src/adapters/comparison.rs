//! Comparing a wheel with its release's sdist: both downloaded, compared once, and the result kept.
//!
//! # Invariants
//! - What is kept stands under both digests and the version of the rule.
//! - A failure of the network or the disk is unknown, and is not kept; an archive that cannot be read differs.

use std::{fs, io, path::PathBuf, sync::Arc};

use covouch_core::{
    digest::Sha256,
    evidence::{Derivation, Evidence, Gap, Known},
    shown::Shown,
    subject::Subject,
};
use covouch_python::{
    derive::{self, Names, Outcome, RULE_VERSION},
    filename::DistFilename,
};
use serde::{Deserialize, Serialize};

use super::{Means, not_listed};
use crate::{
    archive::{self, ArchiveError, Expected},
    blocking::blocking,
    index::{Freshness, Index, PageAnswer},
    limits,
    state::{CachedFile, Part, write_atomically},
};

/// What is kept of a comparison.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    differences: Vec<String>,
}

pub(super) struct Comparer {
    means: Means,
}

impl Comparer {
    pub(super) fn new(means: Means) -> Self {
        Self { means }
    }

    /// Compares two files, or remembers what comparing them found.
    pub(super) async fn compare(&self, wheel: &Subject, sdist: &Subject, evidence: &Evidence) -> Derivation {
        let differences = match self.remembered(wheel, sdist).await {
            Some(differences) => Known::Is(differences),
            None => match self.read_both(wheel, sdist, evidence).await {
                Ok(differences) => {
                    self.remember(wheel, sdist, &differences).await;
                    Known::Is(differences)
                }
                Err(gap) => Known::Unknown(gap),
            },
        };
        Derivation { sdist: sdist.clone(), differences }
    }

    async fn read_both(
        &self,
        wheel: &Subject,
        sdist: &Subject,
        evidence: &Evidence,
    ) -> Result<Arc<[Arc<str>]>, Gap> {
        let both = tokio::join!(self.download(wheel, evidence), self.download(sdist, evidence));
        let (wheel_file, sdist_file) = (both.0?, both.1?);
        let (wheel, sdist) = (wheel.clone(), sdist.clone());
        blocking(move || compare((&wheel, wheel_file), (&sdist, sdist_file))).await
    }

    async fn download(&self, subject: &Subject, evidence: &Evidence) -> Result<CachedFile, Gap> {
        let indexes = self.means.listing(subject, evidence);
        download(&self.means, &indexes, subject, limits::COMPARED_BYTES).await
    }

    fn place(&self, wheel: &Subject, sdist: &Subject) -> PathBuf {
        let name = format!("{}-{}-{RULE_VERSION}.json", wheel.sha256, sdist.sha256);
        self.means
            .state
            .folder(Part::Cache)
            .join("derived")
            .join(name.get(..2).unwrap_or_default())
            .join(name)
    }

    async fn remembered(&self, wheel: &Subject, sdist: &Subject) -> Option<Arc<[Arc<str>]>> {
        let path = self.place(wheel, sdist);
        blocking(move || {
            let kept = read_limited(&path).ok()?;
            let kept: Kept = serde_json::from_slice(&kept).ok()?;
            Some(kept.differences.into_iter().map(Arc::from).collect())
        })
        .await
    }

    /// A cache that takes nothing costs time, and changes no answer.
    async fn remember(&self, wheel: &Subject, sdist: &Subject, differences: &[Arc<str>]) {
        let path = self.place(wheel, sdist);
        let kept = Kept { differences: differences.iter().map(ToString::to_string).collect() };
        blocking(move || {
            let _ = serde_json::to_vec(&kept).map(|bytes| write_atomically(&path, &bytes));
        })
        .await;
    }
}

/// The bytes of a file of at most so many, from the cache or from the first of these indexes that lists it and has it.
///
/// # Errors
/// A [`Gap`]; nothing is kept then.
pub async fn download(
    means: &Means,
    indexes: &[&Index],
    subject: &Subject,
    most: u64,
) -> Result<CachedFile, Gap> {
    let Means { network, state, fetcher, .. } = means;
    let gap =
        |code, detail: String| Gap { code, source: subject.filename.as_str().into(), detail: detail.into() };
    let cache = state.cache();
    let (digest, kept) = (subject.sha256, cache.clone());
    if let Ok(Some(file)) = blocking(move || kept.open(&digest)).await {
        return Ok(file);
    }
    let mut failed: Option<ArchiveError> = None;
    for index in indexes {
        let page = match fetcher.fetch_page(index, &subject.project, Freshness::Recent).await {
            PageAnswer::Page(page) => page,
            PageAnswer::Unreachable(error) => {
                failed = Some(error.into());
                continue;
            }
            PageAnswer::Absent | PageAnswer::Wrong(_) => continue,
        };
        let same = |file: &&covouch_python::simple::File| {
            file.sha256() == Some(subject.sha256) && *file.filename() == subject.filename
        };
        let Some(file) = page.page.files().iter().find(same) else { continue };
        let request = index.file_request(file.url(), page.reach);
        let expected = Expected::sha256(subject.sha256).at_most(most);
        match archive::download(network, &cache, &request, expected).await {
            Ok(file) => return Ok(file),
            Err(error) => failed = Some(error),
        }
    }
    Err(match failed {
        Some(error) => gap(error.code(), error.to_string()),
        None => not_listed(subject),
    })
}

fn read_limited(path: &std::path::Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limits::COMPARISON_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Compares two files that are on disk.
fn compare(
    (wheel, wheel_file): (&Subject, CachedFile),
    (sdist, sdist_file): (&Subject, CachedFile),
) -> Result<Arc<[Arc<str>]>, Gap> {
    let said = |text: String| Arc::from([Arc::from(Shown::new(&text).as_str())]);
    let parsed = |subject: &Subject| DistFilename::parse(&subject.filename, Some(&subject.project));
    let (wheel_name, sdist_name) = match (parsed(wheel), parsed(sdist)) {
        (Ok(wheel), Ok(sdist)) => (wheel, sdist),
        (Err(error), _) | (_, Err(error)) => return Ok(said(error.to_string())),
    };
    let (DistFilename::Wheel(wheel_name), DistFilename::Sdist(sdist_name)) = (&wheel_name, &sdist_name)
    else {
        return Ok(said("not a wheel and an sdist".to_owned()));
    };
    let names = Names { sdist: sdist_name, wheel: wheel_name };
    Ok(match derive::derive(sdist_file.into_file(), wheel_file.into_file(), names) {
        Ok(Outcome::Derived(derived)) if is_about(&derived, (wheel.sha256, sdist.sha256)) => Arc::default(),
        Ok(Outcome::Derived(_)) => said("the files changed while they were read".to_owned()),
        Ok(Outcome::Differs(differences)) => differences
            .iter()
            .map(|difference| Arc::from(Shown::new(&difference.to_string()).as_str()))
            .collect(),
        Err(error) => said(error.to_string()),
    })
}

fn is_about(derived: &derive::Derived, (wheel, sdist): (Sha256, Sha256)) -> bool {
    derived.wheel() == wheel && derived.sdist() == sdist
}
