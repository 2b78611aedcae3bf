//! What each identity released, and what of it counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{
    key::PublicKey, name::ProjectName, publisher::Publisher, time::Timestamp, version::Version,
};

use super::{AuthorRule, Facts, Identity, Record, ReleasedFile, ResetReason, TooManyAuthors};
use crate::limits;

/// One identity under every name it had.
pub(super) enum Names {
    Key(PublicKey),
    /// Not empty; the first is the one it was seen under last.
    Publishers(Vec<Publisher>),
}

/// What there is to say of an identity before the rule's numbers are looked at.
pub(super) struct Gathered {
    pub(super) identity: Identity,
    pub(super) projects: BTreeSet<ProjectName>,
    pub(super) record: Record,
    pub(super) reset: Option<ResetReason>,
}

/// Everybody who released one of these files.
///
/// They are counted before they are compared with one another: whoever attests by ten thousand workflows makes nobody
/// wait.
pub(super) fn identities(facts: &Facts, now: Timestamp) -> Result<Vec<Names>, TooManyAuthors> {
    let keys: BTreeSet<PublicKey> = facts.files.iter().flat_map(|file| file.keys.iter().copied()).collect();
    let mut seen: BTreeMap<&Publisher, Option<Timestamp>> = BTreeMap::new();
    for file in &facts.files {
        for publisher in &file.publishers {
            let last = seen.entry(publisher).or_default();
            *last = (*last).max(file.uploaded.filter(|uploaded| *uploaded <= now));
        }
    }
    let count = keys.len() + seen.len();
    if count > limits::AUTHORS {
        return Err(TooManyAuthors(count));
    }
    let mut publishers: Vec<_> = seen.into_iter().collect();
    publishers.sort_by_key(|(publisher, last)| (std::cmp::Reverse(*last), *publisher));
    let mut groups: Vec<Vec<Publisher>> = Vec::new();
    for (publisher, _) in publishers {
        match groups.iter_mut().find(|group| group.iter().any(|other| other.same_as(publisher))) {
            Some(group) => group.push(publisher.clone()),
            None => groups.push(vec![publisher.clone()]),
        }
    }
    Ok(keys.into_iter().map(Names::Key).chain(groups.into_iter().map(Names::Publishers)).collect())
}

impl Names {
    fn identity(&self) -> Option<Identity> {
        match self {
            Self::Key(key) => Some(Identity::Key(*key)),
            Self::Publishers(names) => names.first().map(|newest| Identity::Publisher(newest.name.clone())),
        }
    }

    fn released(&self, file: &ReleasedFile) -> bool {
        match self {
            Self::Key(key) => file.keys.contains(key),
            Self::Publishers(names) => file.publishers.iter().any(|one| names.contains(one)),
        }
    }

    /// Somebody of the same kind who released this file. A key and a publisher do not replace each other: one signs
    /// what the other uploads.
    fn another(&self, file: &ReleasedFile) -> Option<Identity> {
        match self {
            Self::Key(_) => file.keys.first().map(|key| Identity::Key(*key)),
            Self::Publishers(_) => {
                file.publishers.first().map(|other| Identity::Publisher(other.name.clone()))
            }
        }
    }

    /// Whether the name it would be granted by is also another account's: a grant names no ids.
    fn reused(&self, facts: &Facts) -> Option<ResetReason> {
        let Self::Publishers(names) = self else { return None };
        let newest = names.first()?;
        let mut named = facts.files.iter().flat_map(|file| &file.publishers);
        let is_another = |other: &Publisher| names.iter().any(|own| !own.same_as(other));
        named
            .any(|other| other.name == newest.name && is_another(other))
            .then(|| ResetReason::NameReused(newest.name.clone()))
    }
}

/// What this identity did in each of its projects.
pub(super) fn gather(names: &Names, facts: &Facts, rule: &AuthorRule, now: Timestamp) -> Option<Gathered> {
    let mut reset = names.reused(facts);
    let own: Vec<&ReleasedFile> = facts.files.iter().filter(|file| names.released(file)).collect();
    let vetoed = own.iter().find(|file| file.vetoes >= rule.vetoes);
    reset = reset.or_else(|| vetoed.map(|file| ResetReason::Vetoed(file.filename.clone())));
    let projects: BTreeSet<ProjectName> = own.iter().map(|file| file.project.clone()).collect();
    let mut counted: Vec<&ReleasedFile> = Vec::new();
    for project in &projects {
        let (since, replaced) = tenure(names, facts, project, now);
        reset = reset.or(replaced);
        let counts = |file: &&ReleasedFile| {
            file.project == *project
                && file.uploaded.is_some_and(|uploaded| uploaded <= now && Some(uploaded) > since)
        };
        counted.extend(own.iter().copied().filter(counts));
    }
    Some(Gathered { identity: names.identity()?, projects, record: record(&counted), reset })
}

/// Since when nobody else released this project, and who did if that is how it stands now.
///
/// A release two identities share (one builds the sdist, another the wheels) is nobody else's. A foreign file whose
/// upload time is not known was uploaded now, as far as anybody can tell.
fn tenure(
    names: &Names,
    facts: &Facts,
    project: &ProjectName,
    now: Timestamp,
) -> (Option<Timestamp>, Option<ResetReason>) {
    let files = || facts.files.iter().filter(|file| file.project == *project);
    let shared: BTreeSet<&Version> =
        files().filter(|file| names.released(file)).map(|file| &file.version).collect();
    let moment = |file: &ReleasedFile| file.uploaded.unwrap_or(now);
    let foreign = files()
        .filter(|file| !shared.contains(&file.version))
        .filter_map(|file| Some((moment(file), file, names.another(file)?)))
        .max_by_key(|(uploaded, ..)| *uploaded);
    let Some((since, file, by)) = foreign else { return (None, None) };
    let last = files().filter(|file| names.released(file)).filter_map(|file| file.uploaded).max();
    let replaced = (last <= Some(since)).then(|| ResetReason::OtherIdentity {
        project: project.clone(),
        version: file.version.clone(),
        by,
    });
    (Some(since), replaced)
}

fn record(counted: &[&ReleasedFile]) -> Record {
    let releases: BTreeSet<_> = counted.iter().map(|file| (&file.project, &file.version)).collect();
    let uploads = || counted.iter().filter_map(|file| file.uploaded);
    let recognised: BTreeMap<&ProjectName, &Arc<str>> =
        counted.iter().filter_map(|file| Some((&file.project, file.recognised.as_ref()?))).collect();
    Record {
        releases: releases.len(),
        span: uploads().min().zip(uploads().max()),
        recognised: recognised.into_iter().map(|(project, by)| (project.clone(), Arc::clone(by))).collect(),
    }
}
