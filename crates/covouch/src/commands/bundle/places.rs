//! Where a policy keeps evidence in its project: folders of statements and of ballots, and records of malware.
//!
//! # Not here
//! Places outside the project. A bundle does not say where to write, so it has no names for them.

use std::path::PathBuf;

use covouch_core::{key::PublicKey, statement::ElectorateId, statement::chain::Chain};
use covouch_io::{
    bundle::is_relative,
    electorate,
    folder::{self, FolderError},
};
use covouch_policy::SourceKind;

use crate::policies::Loaded;

/// A place of evidence that a policy names.
pub(super) struct Place {
    /// The place as the policy writes it, in one spelling.
    pub(super) from: String,
    /// Where that is.
    pub(super) path: PathBuf,
    pub(super) holds: Holds,
}

/// What is in a place.
pub(super) enum Holds {
    /// The chains of these keys, and of those they lead to.
    Party(Vec<PublicKey>),
    /// The chains that this electorate's count needs.
    Electorate(ElectorateId),
    /// Records of malware.
    Records,
}

/// The places in the project, and those that are outside it, as the policies write them.
pub(super) fn places(loaded: &Loaded) -> (Vec<Place>, Vec<String>) {
    let (mut places, mut outside) = (Vec::new(), Vec::new());
    let sources = loaded.found().flat_map(|found| found.policy.sources().iter().map(move |of| (found, of)));
    for (found, source) in sources {
        let (from, holds) = match &source.kind {
            SourceKind::Keys { keys, from } => (from, Holds::Party(keys.clone())),
            SourceKind::Electorate { id, from: Some(from), .. } => (from, Holds::Electorate(*id)),
            SourceKind::Osv { from } => (from, Holds::Records),
            SourceKind::Electorate { from: None, .. }
            | SourceKind::Index(_)
            | SourceKind::Feed { .. }
            | SourceKind::Debian { .. } => continue,
        };
        let spelt = from.trim_start_matches("./").trim_end_matches('/');
        if is_relative(spelt) {
            places.push(Place { from: spelt.to_owned(), path: found.folder.join(spelt), holds });
        } else {
            outside.push(from.to_string());
        }
    }
    outside.sort();
    outside.dedup();
    (places, outside)
}

impl Holds {
    /// The chains in a folder that are this place's, or a copy of it; none of records.
    pub(super) fn chains(&self, folder: &std::path::Path) -> Result<Vec<Chain>, FolderError> {
        match self {
            Self::Party(keys) => folder::read(folder, keys),
            Self::Electorate(id) => electorate::read(folder, id),
            Self::Records => Ok(Vec::new()),
        }
    }
}
