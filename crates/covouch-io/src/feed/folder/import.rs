//! What a curator takes from other folders of statements.
//!
//! # Invariants
//! - A chain is only ever continued; one that says something else than what is here is refused.

use std::path::Path;

use covouch_core::{
    key::PublicKey,
    statement::{ElectorateId, chain::Chain},
};
use covouch_feed::{role::Root, statements::leads_to};

use super::{FeedError, FeedFolder};
use crate::{electorate, folder};

impl FeedFolder {
    /// Takes statements from another folder of statements: of the feed's keys and of keys they lead to, and of the
    /// people of these electorates, with the heads of their ballots. Says how many are new.
    ///
    /// # Errors
    /// [`FeedError`] when a chain there does not continue the one that is here.
    pub fn import(&self, from: &Path, root: &Root, electorates: &[ElectorateId]) -> Result<usize, FeedError> {
        let _lock = self.lock()?;
        let own = self.chains(root)?;
        let led_to =
            own.iter().flat_map(Chain::statements).filter_map(|statement| leads_to(statement.value()));
        let mut keys: Vec<PublicKey> = root.targets().ed25519().chain(led_to).collect();
        let versions = if electorates.is_empty() { Vec::new() } else { electorate::list(from)? };
        for id in electorates {
            keys.extend(electorate::keys_of(&versions, id));
        }
        let chains = folder::read(from, &keys)?;
        let news = folder::news(&self.statements(), from, &chains)?;
        let news = news.with_heads(from, &chains, &|head| electorates.contains(&head.electorate))?;
        news.write()?;
        Ok(news.statements)
    }
}
