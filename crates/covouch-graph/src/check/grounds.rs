//! Whether what an instance says of a chain is so: against the statements themselves.
//!
//! # Invariants
//! - Every key of a chain, every delegation and what the chain ends in was looked up in the graph and matched
//!   against the file, its project and the parties, whatever the search that wrote the instance did.

use covouch_core::{
    amount::Amount,
    level::Level,
    statement::{Author, Claim, StatementId},
};

use super::packing::{Packing, arrival};
use crate::{
    build::{Filed, TrustGraph},
    edge::{Edge, EdgeIndex, Terms},
    instance::KeyIndex,
    node::NodeIndex,
    parties::PartyIndex,
    question::Question,
    search::{End, Located},
    support::{Certification, Chain},
    witness::{Path, Share},
};

/// What a chain claims is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ungrounded;

/// The chains of a checked packing, each with what it rests on.
pub(super) fn chains(
    graph: &TrustGraph,
    question: &Question<'_>,
    located: &Located,
    packing: &Packing<'_>,
) -> Result<Vec<Chain>, Ungrounded> {
    let grounds = Grounds { graph, question, located };
    packing.shares().iter().map(|share| grounds.chain(share)).collect()
}

struct Grounds<'a> {
    graph: &'a TrustGraph,
    question: &'a Question<'a>,
    located: &'a Located,
}

impl Grounds<'_> {
    fn chain(&self, share: &Share) -> Result<Chain, Ungrounded> {
        let arrival = arrival(&self.located.instance, &share.path).map_err(|_| Ungrounded)?;
        let mut chain = Chain {
            party: arrival.party,
            level: arrival.level,
            amount: share.amount,
            keys: Vec::new(),
            delegations: Vec::new(),
            end: Certification::Finding("".into()),
        };
        match &share.path {
            Path::Word(word) => {
                let grant = self.located.grants.get(word.position()).copied().flatten().ok_or(Ungrounded)?;
                let grant = self.question.grants.get(grant).ok_or(Ungrounded)?;
                holds(grant.party == chain.party && grant.level >= chain.level)?;
                chain.end = Certification::Finding(grant.origin.clone());
            }
            Path::Keys { root, delegations, certification } => {
                let mut here = self.root(chain.party, self.located.instance.root(*root).key)?;
                self.pass(here, &mut chain)?;
                for index in delegations {
                    let edge =
                        self.edge(*self.located.edges.get(index.position()).ok_or(Ungrounded)?, here)?;
                    let claimed = self.located.instance.delegation(*index);
                    let Terms::Delegation { amount, depth, level } = edge.terms else {
                        return Err(Ungrounded);
                    };
                    holds(amount >= claimed.amount && depth >= claimed.depth && level >= claimed.level)?;
                    here = edge.to;
                    self.pass(here, &mut chain)?;
                    chain.delegations.push(edge.statement);
                }
                let end = self.located.ends.get(certification.position()).ok_or(Ungrounded)?;
                let claimed = self.located.instance.certification(*certification);
                chain.end = self.end(end, here, (claimed.amount, claimed.level, claimed.cost), &mut chain)?;
                let through = claimed.through.map(|key| self.located.nodes.get(key.position()));
                holds(self.passes(end) == through.flatten().copied())?;
            }
        }
        Ok(chain)
    }

    /// A root key is one of the party's, and a party's depth is as the instance says.
    fn root(&self, party: PartyIndex, key: KeyIndex) -> Result<NodeIndex, Ungrounded> {
        let node = *self.located.nodes.get(key.position()).ok_or(Ungrounded)?;
        let public = self.graph.nodes.key(node).ok_or(Ungrounded)?;
        holds(self.question.parties.rooted_at(public).contains(&party))?;
        let depth = self.question.parties.get(party).map(|party| party.depth).ok_or(Ungrounded)?;
        let claimed =
            self.located.instance.roots.iter().filter(|root| root.party == party && root.key == key);
        holds(claimed.into_iter().all(|root| root.depth <= depth))?;
        Ok(node)
    }

    /// A key that passes trust on, or ends the chain, was not revoked by a root of the party.
    fn pass(&self, node: NodeIndex, chain: &mut Chain) -> Result<(), Ungrounded> {
        let revokers = self.graph.revoked.get(&node).into_iter().flatten();
        let roots = revokers.filter_map(|revoker| self.graph.nodes.key(*revoker));
        let mut parties = roots.flat_map(|root| self.question.parties.rooted_at(root));
        holds(!parties.any(|party| *party == chain.party))?;
        chain.keys.push(*self.graph.nodes.key(node).ok_or(Ungrounded)?);
        Ok(())
    }

    /// An edge out of this node, for this project.
    fn edge(&self, index: EdgeIndex, from: NodeIndex) -> Result<&Edge, Ungrounded> {
        let edge = self.graph.edges.get(index);
        holds(edge.from == from && edge.covers(&self.question.subject.project))?;
        Ok(edge)
    }

    fn end(
        &self,
        end: &End,
        by: NodeIndex,
        (amount, level, cost): (Amount, Level, u8),
        chain: &mut Chain,
    ) -> Result<Certification, Ungrounded> {
        match *end {
            End::Vouch(vouch) => {
                holds(cost == 1)?;
                Ok(Certification::Vouch(self.vouch(vouch, by, level)?))
            }
            End::Kept { mandate, vouch } => {
                let edge = self.edge(mandate, by)?;
                let Terms::Ended { amount: carried, level: highest, at } = edge.terms else {
                    return Err(Ungrounded);
                };
                holds(cost == 2 && carried >= amount && highest >= level)?;
                holds(self.filed(vouch)?.statement.value().issued < at)?;
                self.pass(edge.to, chain)?;
                chain.delegations.push(edge.statement);
                Ok(Certification::Vouch(self.vouch(vouch, edge.to, level)?))
            }
            End::Author { grant, release } => {
                let edge = self.edge(grant, by)?;
                let release = self.filed(release)?;
                let value = release.statement.value();
                let releases =
                    matches!(&value.claim, Claim::Release(it) if it.files.lists(self.question.subject));
                holds(cost == 1 && level <= Level::Author && matches!(edge.terms, Terms::Author))?;
                holds(release.by == edge.to && releases)?;
                let author: &Author = self.graph.nodes.speaker(edge.to);
                Ok(Certification::Author {
                    author: Box::new(author.clone()),
                    grant: edge.statement,
                    release: release.statement.id(),
                })
            }
        }
    }

    /// The node through which a certification passes.
    fn passes(&self, end: &End) -> Option<NodeIndex> {
        match *end {
            End::Vouch(_) => None,
            End::Kept { mandate: edge, .. } | End::Author { grant: edge, .. } => {
                Some(self.graph.edges.get(edge).to)
            }
        }
    }

    /// A vouch by this node, for this file, at least at this level.
    fn vouch(&self, position: usize, by: NodeIndex, level: Level) -> Result<StatementId, Ungrounded> {
        let Filed { by: issuer, statement } = self.filed(position)?;
        let Claim::Vouch(vouch) = &statement.value().claim else { return Err(Ungrounded) };
        holds(
            *issuer == by && vouch.files.lists(self.question.subject) && Level::from(vouch.level) >= level,
        )?;
        Ok(statement.id())
    }

    fn filed(&self, position: usize) -> Result<&Filed, Ungrounded> {
        self.graph.filed.get(position).ok_or(Ungrounded)
    }
}

fn holds(so: bool) -> Result<(), Ungrounded> {
    if so { Ok(()) } else { Err(Ungrounded) }
}
