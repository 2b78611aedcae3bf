//! What a curator takes from other folders of statements.
//!
//! # Invariants
//! - A chain is only ever continued; one that says something else than what is here is refused.

use std::path::Path;

use covouch_core::{
    key::PublicKey,
    statement::{
        ElectorateId,
        chain::{Chain, ChainError},
    },
};
use covouch_feed::{role::Root, statements::leads_to};

use super::{FeedError, FeedFolder, read};
use crate::{
    electorate,
    folder::{self, FolderError},
    state::write_project_file,
};

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
        let mut new = 0;
        for chain in folder::read(from, &keys)? {
            new += self.import_chain(from, &chain)?;
            if !electorates.is_empty() {
                self.import_heads(from, chain.issuer(), electorates)?;
            }
        }
        Ok(new)
    }

    fn import_chain(&self, from: &Path, chain: &Chain) -> Result<usize, FeedError> {
        let here = folder::read_chain(&self.statements(), chain.issuer())?;
        if here.continues(chain) {
            return Ok(0);
        }
        let source = folder::chain_path(from, chain.issuer());
        let target = folder::chain_path(&self.statements(), chain.issuer());
        if !chain.continues(&here) {
            let line = here.statements().len();
            return Err(FolderError::Chain { path: source, error: ChainError::Broken { line } }.into());
        }
        // A chain that is cut short between the two reads again after the next import.
        for extension in ["jsonl", "head"] {
            let bytes = read(&source.with_extension(extension))?.unwrap_or_default();
            write_project_file(&target.with_extension(extension), &bytes)?;
        }
        Ok(chain.statements().len() - here.statements().len())
    }

    fn import_heads(
        &self,
        from: &Path,
        voter: &PublicKey,
        electorates: &[ElectorateId],
    ) -> Result<(), FeedError> {
        for (envelope, head) in folder::read_heads(from, voter)? {
            if electorates.contains(&head.value().electorate) {
                folder::keep_head(&self.statements(), voter, &envelope)?;
            }
        }
        Ok(())
    }
}
