//! Whether what an instance says of a chain is so: against the statements themselves.
//!
//! # Invariants
//! - Every key of a chain, every delegation and what the chain ends in was looked up in the graph and matched
//!   against the file, its project and the parties, whatever the search that wrote the instance did.

use covouch_core::{
    key::PublicKey,
    level::Level,
    statement::{Author, Claim, StatementId},
};

use super::packing::{Arrival, Packing};
use crate::{
    build::TrustGraph,
    edge::{Edge, EdgeIndex, Terms},
    filed::Filed,
    instance::{self, CertificationIndex, DelegationIndex, KeyIndex},
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
    // Proofs of whole pages are kept: they take no more room than they need.
    let mut chains = Vec::with_capacity(packing.arrivals().len());
    for (share, arrival) in packing.arrivals() {
        chains.push(grounds.chain(share, arrival)?);
    }
    Ok(chains)
}

struct Grounds<'a> {
    graph: &'a TrustGraph,
    question: &'a Question<'a>,
    located: &'a Located,
}

/// What a chain was seen to pass so far.
struct Walk {
    party: PartyIndex,
    keys: Vec<PublicKey>,
    delegations: Vec<StatementId>,
}

impl Walk {
    fn new(party: PartyIndex, path: &Path) -> Self {
        let (keys, delegations) = match path {
            Path::Word(_) => (0, 0),
            Path::Keys { delegations, .. } => (delegations.len() + 1, delegations.len()),
        };
        Self { party, keys: Vec::with_capacity(keys), delegations: Vec::with_capacity(delegations) }
    }
}

impl Grounds<'_> {
    fn chain(&self, share: &Share, Arrival { party, level }: Arrival) -> Result<Chain, Ungrounded> {
        let mut walk = Walk::new(party, &share.path);
        let end = match &share.path {
            Path::Word(word) => {
                let grant = self.located.grants.get(word.position()).copied().flatten().ok_or(Ungrounded)?;
                let grant = self.question.grants.get(grant).ok_or(Ungrounded)?;
                holds(grant.party == party && grant.level >= level)?;
                Certification::Finding(grant.origin.clone())
            }
            Path::Keys { root, delegations, certification } => {
                let mut here = self.root(party, self.located.instance.root(*root).key)?;
                self.pass(here, &mut walk)?;
                for index in delegations {
                    here = self.delegation(*index, here, &mut walk)?;
                }
                self.certification(*certification, here, &mut walk)?
            }
        };
        let Walk { keys, delegations, .. } = walk;
        Ok(Chain { party, level, amount: share.amount, keys, delegations, end })
    }

    /// A delegation is as the instance says, or allows more; returns to whom it leads.
    fn delegation(
        &self,
        index: DelegationIndex,
        from: NodeIndex,
        walk: &mut Walk,
    ) -> Result<NodeIndex, Ungrounded> {
        let edge = self.edge(*self.located.edges.get(index.position()).ok_or(Ungrounded)?, from)?;
        let claimed = self.located.instance.delegation(index);
        let Terms::Delegation { amount, depth, level } = edge.terms else { return Err(Ungrounded) };
        holds(amount >= claimed.amount && depth >= claimed.depth && level >= claimed.level)?;
        self.pass(edge.to, walk)?;
        walk.delegations.push(edge.statement);
        Ok(edge.to)
    }

    fn certification(
        &self,
        index: CertificationIndex,
        by: NodeIndex,
        walk: &mut Walk,
    ) -> Result<Certification, Ungrounded> {
        let end = self.located.ends.get(index.position()).ok_or(Ungrounded)?;
        let claimed = self.located.instance.certification(index);
        let through = claimed.through.and_then(|key| self.located.nodes.get(key.position())).copied();
        holds(self.passes(end) == through)?;
        self.end(end, by, claimed, walk)
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
    fn pass(&self, node: NodeIndex, walk: &mut Walk) -> Result<(), Ungrounded> {
        let revokers = self.graph.revoked.get(&node).into_iter().flatten();
        let roots = revokers.filter_map(|revoker| self.graph.nodes.key(*revoker));
        let mut parties = roots.flat_map(|root| self.question.parties.rooted_at(root));
        holds(!parties.any(|party| *party == walk.party))?;
        walk.keys.push(*self.graph.nodes.key(node).ok_or(Ungrounded)?);
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
        claimed: &instance::Certification,
        walk: &mut Walk,
    ) -> Result<Certification, Ungrounded> {
        let instance::Certification { amount, level, cost, .. } = *claimed;
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
                self.pass(edge.to, walk)?;
                walk.delegations.push(edge.statement);
                Ok(Certification::Vouch(self.vouch(vouch, edge.to, level)?))
            }
            End::Assumed => Err(Ungrounded),
            End::Identity { grant, identity } => self.identity(grant, identity, (by, claimed)),
            End::Author { grant, release } => {
                let edge = self.edge(grant, by)?;
                let release = self.filed(release)?;
                let value = release.statement.value();
                let releases =
                    matches!(&value.claim, Claim::Release(it) if self.question.is_about(&it.files));
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

    /// Somebody without a key: that they stand behind the file was found, and that they may speak was signed.
    fn identity(
        &self,
        grant: EdgeIndex,
        position: usize,
        (by, claimed): (NodeIndex, &instance::Certification),
    ) -> Result<Certification, Ungrounded> {
        let edge = self.edge(grant, by)?;
        let identity = self.question.identities.get(position).ok_or(Ungrounded)?;
        holds(claimed.cost == 1 && claimed.level <= identity.level && matches!(edge.terms, Terms::Author))?;
        holds(*self.graph.nodes.speaker(edge.to) == identity.who)?;
        Ok(Certification::Identity {
            author: Box::new(identity.who.clone()),
            grant: edge.statement,
            origin: identity.origin.clone(),
        })
    }

    /// The node through which a certification passes.
    fn passes(&self, end: &End) -> Option<NodeIndex> {
        match *end {
            End::Vouch(_) | End::Assumed => None,
            End::Kept { mandate: edge, .. }
            | End::Author { grant: edge, .. }
            | End::Identity { grant: edge, .. } => Some(self.graph.edges.get(edge).to),
        }
    }

    /// A vouch by this node, for this file, at least at this level.
    fn vouch(&self, position: usize, by: NodeIndex, level: Level) -> Result<StatementId, Ungrounded> {
        let Filed { by: issuer, statement } = self.filed(position)?;
        let Claim::Vouch(vouch) = &statement.value().claim else { return Err(Ungrounded) };
        holds(*issuer == by && self.question.is_about(&vouch.files) && Level::from(vouch.level) >= level)?;
        Ok(statement.id())
    }

    fn filed(&self, position: usize) -> Result<&Filed, Ungrounded> {
        self.graph.files.get(position).ok_or(Ungrounded)
    }
}

fn holds(so: bool) -> Result<(), Ungrounded> {
    if so { Ok(()) } else { Err(Ungrounded) }
}
