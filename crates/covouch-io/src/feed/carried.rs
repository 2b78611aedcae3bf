//! Everything that proves what a feed says of some projects, byte for byte, to be carried elsewhere.

use std::{collections::BTreeMap, sync::Arc};

use covouch_core::{digest::Sha256, name::ProjectName, statement::Envelope, time::Timestamp};
use covouch_feed::{
    path::{role_file, role_path},
    role::{Delegations, Signed},
    statements::{self, FEED_WIDE},
    update::Trusted,
};
use url::Url;

use super::{FeedError, Reader, Wanted};
use crate::{network::Network, state::State};

/// What proves what a feed says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// All its roots, oldest first.
    pub roots: Vec<Vec<u8>>,
    /// The other roles, under the names of kept ones.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The statements in them.
    pub envelopes: Vec<Envelope>,
}

/// Brings a feed up to date, as [`sync`](super::sync) does, and takes the metadata that proves what it says of these
/// projects. A list that could not be had is left out.
///
/// # Errors
/// As for [`sync`](super::sync).
pub async fn carry(
    (network, state): (&Network, &State),
    address: &Url,
    root_sha256: &Sha256,
    projects: &[ProjectName],
    now: Timestamp,
) -> Result<Carried, FeedError> {
    let reader = Reader::open(network, state, address, root_sha256, now).await?;
    let trusted = Arc::new(reader.top_level().await?);
    let targets = trusted.targets();
    let mut lists = BTreeMap::new();
    if let Delegations::Bins(bins) = &targets.role().delegations {
        let names = reader.names(&trusted, bins, &Wanted::Projects(projects))?;
        lists = reader.lists(&trusted, bins, names).await?;
    }
    let mut envelopes = statements::envelopes(targets.role(), FEED_WIDE)?;
    envelopes.extend(statements::about(&trusted, &lists, projects)?.0.statements);
    let mut files = BTreeMap::from([
        (role_file("timestamp"), trusted.timestamp().bytes().to_vec()),
        (role_file("snapshot"), trusted.snapshot().bytes().to_vec()),
        (role_file("targets"), targets.bytes().to_vec()),
    ]);
    let lists = lists.iter().filter_map(|(name, list)| Some((name, list.as_ref()?)));
    files.extend(lists.map(|(name, list): (_, &Signed<_>)| (role_file(name), list.bytes().to_vec())));
    Ok(Carried { roots: reader.roots(&trusted).await?, files, envelopes })
}

impl Reader {
    /// Every root up to the trusted one. Only the newest is a floor; those before it are fetched once.
    async fn roots(&self, trusted: &Trusted) -> Result<Vec<Vec<u8>>, FeedError> {
        let mut roots = Vec::new();
        for version in 1..trusted.root().version() {
            let path = role_path("root", Some(version));
            let bytes = match self.kept.read(&path)? {
                Some(bytes) => bytes,
                None => {
                    let bytes = self.files.fetch(&path, covouch_feed::limits::ROOT_BYTES).await?;
                    let bytes = bytes.ok_or_else(|| FeedError::NoFeed(self.files.shown()))?;
                    self.kept.keep(&path, &bytes)?;
                    bytes
                }
            };
            roots.push(bytes);
        }
        roots.push(trusted.root().bytes().to_vec());
        Ok(roots)
    }
}
