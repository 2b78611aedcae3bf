//! From a file backwards: who certifies it, and who with authority stands behind them.

use std::{collections::BTreeMap, sync::Arc};

use covouch_core::{
    amount::Amount,
    key::PublicKey,
    level::Level,
    name::ProjectName,
    statement::{Claim, Statement, Verified},
    subject::Subject,
    time::Timestamp,
};

use crate::{
    build::TrustGraph,
    edge::{Edge, EdgeIndex, Terms},
    filed::{Filed, Stance},
    instance::{Certification, Delegation, Instance, KeyIndex, Root, Word},
    limits,
    node::NodeIndex,
    potential,
    question::{Identity, Question, Undecidable},
    reach::Reach,
};

/// The packing problem of a file, and what each number in it stands for.
#[derive(Debug, Default)]
pub(crate) struct Located {
    pub(crate) instance: Instance,
    /// By key.
    pub(crate) nodes: Vec<NodeIndex>,
    /// By delegation.
    pub(crate) edges: Vec<EdgeIndex>,
    /// By certification.
    pub(crate) ends: Vec<End>,
    /// By word: the position of the grant; none for a word that is only assumed.
    pub(crate) grants: Vec<Option<usize>>,
}

/// What a certification rests on; statements are positions among those that are filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A vouch.
    Vouch(usize),
    /// A vouch by a key whose mandate has ended since.
    Kept { mandate: EdgeIndex, vouch: usize },
    /// An author's release.
    Author { grant: EdgeIndex, release: usize },
    /// Somebody without a key, by the position among the question's identities.
    Identity { grant: EdgeIndex, identity: usize },
    /// Nothing that was said: it is asked what would follow if it were.
    Assumed,
}

/// What somebody said about the file at hand.
struct Said<'g> {
    by: NodeIndex,
    /// Its position among the statements that are filed.
    position: usize,
    statement: &'g Verified<Statement>,
    /// At which level it vouches; a release is at the level of authors.
    level: Level,
}

struct Search<'g> {
    graph: &'g TrustGraph,
    reach: &'g Reach,
    project: &'g ProjectName,
    located: Located,
    keys: BTreeMap<NodeIndex, KeyIndex>,
    /// Fewest certifications to the file, by key.
    need: Vec<u8>,
    /// Keys by their need.
    waiting: Vec<Vec<KeyIndex>>,
    seen: usize,
    /// Certifications by keys that said more about the file than is read.
    crowded: Vec<Certification>,
}

impl TrustGraph {
    /// The packing problem of the question's file, as far as anybody with authority speaks about it.
    pub(crate) fn locate(&self, question: &Question<'_>) -> Result<Located, Undecidable> {
        self.locate_assuming(question, None)
    }

    /// The same as if this key had said all it could about the file, and long ago. No witness of it is ever accepted.
    pub(crate) fn locate_assuming(
        &self,
        question: &Question<'_>,
        speaker: Option<&PublicKey>,
    ) -> Result<Located, Undecidable> {
        let reach = self.reach(question.parties);
        let mut search = Search::new(self, &reach, &question.subject.project);
        search.located.instance = Instance::new(Arc::clone(question.parties.members()));
        let mut said: Vec<Said<'_>> =
            question.subjects().flat_map(|subject| self.said(subject, &reach)).collect();
        if question.also.is_some() {
            // One statement may list both, and one key may speak about each.
            said.sort_by_key(|said| (said.by, said.position));
            said.dedup_by_key(|said| said.position);
        }
        search.located.expect(said.len());
        for said in said.chunk_by(|one, next| one.by == next.by) {
            search.add_speaker(said)?;
        }
        for (position, identity) in question.identities.iter().enumerate() {
            search.add_identity(position, identity)?;
        }
        let assumed = speaker.and_then(|key| self.nodes.find(key));
        if let Some(node) = assumed {
            search.assume(node)?;
        }
        search.walk()?;
        search.add_roots(question);
        if let (Some(key), None) = (speaker, assumed) {
            search.assume_unheard_of(key, question);
        }
        search.check_issuers()?;
        let mut located = search.located;
        located.keep_heard()?;
        located.keep_undominated()?;
        for (position, grant) in question.grants.iter().enumerate() {
            if question.parties.get(grant.party).is_some() {
                located.instance.add_word(Word { party: grant.party, level: grant.level });
                located.grants.push(Some(position));
            }
        }
        Ok(located)
    }

    /// What was said about a file by keys that vouch with authority, or release as authors; by issuer.
    fn said<'g>(&'g self, subject: &'g Subject, reach: &Reach) -> Vec<Said<'g>> {
        let mut said = Vec::new();
        for (position, Filed { by, statement }) in self.files.about(Stance::Approves, subject) {
            let level = match &statement.value().claim {
                Claim::Vouch(vouch) if reach.have(*by) > 0 => Level::from(vouch.level),
                Claim::Release(_) if self.is_author(*by, reach) => Level::Author,
                _ => continue,
            };
            said.push(Said { by: *by, position, statement, level });
        }
        said
    }

    /// Whether anybody with authority calls this key an author, of whatever project.
    fn is_author(&self, node: NodeIndex, reach: &Reach) -> bool {
        let mut grants = self.edges.to(node).filter(|(_, edge)| matches!(edge.terms, Terms::Author));
        grants.any(|(_, edge)| reach.have(edge.from) > 0)
    }
}

/// Which of what somebody said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Vouch,
    Release,
}

/// The best vouch, or the best release, among those signed before a moment where one is given.
fn best(said: &[Said<'_>], what: What, before: Option<Timestamp>) -> Option<(usize, Level)> {
    let in_time = |said: &&Said<'_>| before.is_none_or(|end| said.statement.value().issued < end);
    let until = |said: &Said<'_>| said.statement.value().claim.validity().map(|it| it.not_after());
    let fitting =
        said.iter().filter(|said| (said.level == Level::Author) == (what == What::Release)).filter(in_time);
    let best = fitting.max_by_key(|said| (said.level, until(said), said.statement.id()));
    best.map(|said| (said.position, said.level))
}

impl<'g> Search<'g> {
    fn new(graph: &'g TrustGraph, reach: &'g Reach, project: &'g ProjectName) -> Self {
        Self {
            graph,
            reach,
            project,
            located: Located::default(),
            keys: BTreeMap::new(),
            need: Vec::new(),
            waiting: Vec::new(),
            seen: 0,
            crowded: Vec::new(),
        }
    }

    fn key(&mut self, node: NodeIndex) -> KeyIndex {
        let Self { located, keys, need, .. } = self;
        *keys.entry(node).or_insert_with(|| {
            located.nodes.push(node);
            need.push(u8::MAX);
            located.instance.add_key()
        })
    }

    /// What one key said about the file; of more than is read, a part that shows where it would be heard.
    fn add_speaker(&mut self, said: &[Said<'g>]) -> Result<(), Undecidable> {
        let before = self.located.instance.certifications.len();
        let Some(read) = said.get(..limits::STATEMENTS_PER_ISSUER).filter(|read| read.len() < said.len())
        else {
            return self.add_certifications(said);
        };
        self.add_certifications(read)?;
        let added = self.located.instance.certifications.iter().skip(before);
        self.crowded.extend(added);
        Ok(())
    }

    /// What one key said about the file, or what others say through it.
    fn add_certifications(&mut self, said: &[Said<'g>]) -> Result<(), Undecidable> {
        let Some(Said { by: speaker, .. }) = said.first() else { return Ok(()) };
        if let Some((vouch, level)) = best(said, What::Vouch, None) {
            self.certify(*speaker, None, (Amount::FULL, level, 1), End::Vouch(vouch));
        }
        for (index, edge) in self.graph.edges.to(*speaker) {
            let (end, terms) = match edge.terms {
                Terms::Delegation { .. } => continue,
                Terms::Author => {
                    let Some((release, level)) = best(said, What::Release, None) else { continue };
                    (End::Author { grant: index, release }, (Amount::FULL, level, 1))
                }
                Terms::Ended { amount, level, at } => {
                    let Some((vouch, claimed)) = best(said, What::Vouch, Some(at)) else { continue };
                    (End::Kept { mandate: index, vouch }, (amount, level.min(claimed), 2))
                }
            };
            if self.reach.have(edge.from) >= terms.2 && self.covers(edge)? {
                self.certify(edge.from, Some(*speaker), terms, end);
            }
        }
        Ok(())
    }

    /// What somebody without a key says, for all who let them.
    fn add_identity(&mut self, position: usize, identity: &Identity) -> Result<(), Undecidable> {
        let Some(node) = self.graph.nodes.find_speaker(&identity.who) else { return Ok(()) };
        for (grant, edge) in self.graph.edges.to(node) {
            if self.reach.have(edge.from) >= 1 && self.covers(edge)? {
                let terms = (Amount::FULL, identity.level, 1);
                self.certify(edge.from, Some(node), terms, End::Identity { grant, identity: position });
            }
        }
        Ok(())
    }

    /// Everything a key could say: a vouch, a release as an author, a vouch dated back before its mandate ended.
    fn assume(&mut self, node: NodeIndex) -> Result<(), Undecidable> {
        self.certify(node, None, (Amount::FULL, Level::Audited, 1), End::Assumed);
        for (_, edge) in self.graph.edges.to(node) {
            let terms = match edge.terms {
                Terms::Delegation { .. } => continue,
                Terms::Author => (Amount::FULL, Level::Author, 1),
                Terms::Ended { amount, level, .. } => (amount, level, 2),
            };
            if self.reach.have(edge.from) >= terms.2 && self.covers(edge)? {
                self.certify(edge.from, Some(node), terms, End::Assumed);
            }
        }
        Ok(())
    }

    /// A vouch by a key that nobody here has spoken of: it can only be a root key.
    fn assume_unheard_of(&mut self, speaker: &PublicKey, question: &Question<'_>) {
        let instance = &mut self.located.instance;
        let by = instance.add_key();
        let (amount, level, cost) = (Amount::FULL, Level::Audited, 1);
        instance.add_certification(Certification { by, through: None, amount, level, cost });
        self.located.ends.push(End::Assumed);
        for party in question.parties.rooted_at(speaker) {
            let depth = question.parties.get(*party).map_or(0, |party| party.depth);
            instance.add_root(Root { party: *party, key: by, depth });
        }
    }

    fn certify(
        &mut self,
        by: NodeIndex,
        through: Option<NodeIndex>,
        (amount, level, cost): (Amount, Level, u8),
        end: End,
    ) {
        let (by, through) = (self.key(by), through.map(|node| self.key(node)));
        self.located.instance.add_certification(Certification { by, through, amount, level, cost });
        self.located.ends.push(end);
        self.lower(by, cost);
    }

    /// Notes a shorter way from a key to the file.
    fn lower(&mut self, key: KeyIndex, height: u8) {
        if let Some(need) = self.need.get_mut(key.position())
            && height < *need
        {
            *need = height;
            let slot = usize::from(height);
            if self.waiting.len() <= slot {
                self.waiting.resize_with(slot + 1, Vec::new);
            }
            self.waiting.get_mut(slot).into_iter().for_each(|keys| keys.push(key));
        }
    }

    /// Walks delegations backwards, nearest keys first, while depth and authority last.
    fn walk(&mut self) -> Result<(), Undecidable> {
        let mut height: u8 = 0;
        while let Some(keys) = self.waiting.get_mut(usize::from(height)) {
            for key in std::mem::take(keys) {
                if self.need.get(key.position()) == Some(&height) {
                    self.walk_from(key, height)?;
                }
            }
            let Some(next) = height.checked_add(1) else { break };
            height = next;
        }
        Ok(())
    }

    fn walk_from(&mut self, key: KeyIndex, height: u8) -> Result<(), Undecidable> {
        let Some(node) = self.located.nodes.get(key.position()).copied() else { return Ok(()) };
        let graph = self.graph;
        for (index, edge) in graph.edges.to(node) {
            let Terms::Delegation { amount, depth, level } = edge.terms else { continue };
            if depth < height || self.reach.have(edge.from) <= height || !self.covers(edge)? {
                continue;
            }
            let from = self.key(edge.from);
            let delegation = Delegation { from, to: key, amount, depth, level };
            if self.located.instance.add_delegation(delegation).is_some() {
                self.located.edges.push(index);
                self.lower(from, height + 1);
            }
        }
        Ok(())
    }

    /// Whether an edge is for the project at hand; looking costs a step.
    fn covers(&mut self, edge: &Edge) -> Result<bool, Undecidable> {
        self.seen += 1;
        if self.seen > limits::LOOKS { Err(Undecidable::Delegations) } else { Ok(edge.covers(self.project)) }
    }

    /// Whoever is heard for this project says no more about its file than is read; who is not may say what they like.
    fn check_issuers(&self) -> Result<(), Undecidable> {
        if self.crowded.is_empty() {
            return Ok(());
        }
        let have = potential::have(&self.located.instance);
        let heard = |way: &Certification| {
            have.get(way.by.position()).is_some_and(|have| *have >= u16::from(way.cost))
        };
        if self.crowded.iter().any(heard) { Err(Undecidable::Issuer) } else { Ok(()) }
    }

    fn add_roots(&mut self, question: &Question<'_>) {
        let Located { instance, nodes, .. } = &mut self.located;
        for ((node, need), position) in nodes.iter().zip(&self.need).zip(0..) {
            let key = KeyIndex::new(position);
            for party in self.reach.rooted(*node) {
                let depth = question.parties.get(party).map_or(0, |party| party.depth);
                if depth >= *need {
                    instance.add_root(Root { party, key, depth });
                }
            }
            // A party's root takes the voice of a key away from its own party, and from no other.
            for revoker in self.graph.revoked.get(node).into_iter().flatten() {
                for party in self.reach.rooted(*revoker) {
                    instance.add_ban(party, key);
                }
            }
        }
    }
}

impl Located {
    /// Makes room for so many keys that certify.
    fn expect(&mut self, keys: usize) {
        self.nodes.reserve(keys);
        self.ends.reserve(keys);
        self.instance.certifications.reserve(keys);
        self.instance.roots.reserve(keys);
    }

    /// Leaves out what nobody who is heard for this project stands behind, where there is so much that it matters.
    /// The mask does not look at scopes: without this, whoever may speak for some other project could have so many
    /// keys speak about this one that nobody is heard any more.
    fn keep_heard(&mut self) -> Result<(), Undecidable> {
        if self.is_within_limits().is_ok() {
            return Ok(());
        }
        let have = potential::have(&self.instance);
        let heard = |key: KeyIndex, cost: u16| have.get(key.position()).is_some_and(|have| *have >= cost);
        let Self { instance, edges, ends, .. } = self;
        // A delegation is a certification, and another one follows.
        keep(&mut instance.delegations, edges, |way| heard(way.from, 2));
        keep(&mut instance.certifications, ends, |way| heard(way.by, u16::from(way.cost)));
        self.is_within_limits()
    }

    fn is_within_limits(&self) -> Result<(), Undecidable> {
        if self.ends.len() > limits::EVIDENCE {
            Err(Undecidable::Evidence)
        } else if self.edges.len() > limits::DELEGATIONS {
            Err(Undecidable::Delegations)
        } else {
            Ok(())
        }
    }

    fn keep_undominated(&mut self) -> Result<(), Undecidable> {
        // Without delegations and holders there is nothing parallel: a key's best vouch was taken already.
        let plain = |way: &Certification| way.through.is_none();
        if self.instance.delegations.is_empty() && self.instance.certifications.iter().all(plain) {
            return Ok(());
        }
        let kept = self.instance.merge();
        let edges = kept.delegations.iter().filter_map(|index| self.edges.get(index.position()).copied());
        let ends = kept.certifications.iter().filter_map(|index| self.ends.get(index.position()).copied());
        (self.edges, self.ends) = (edges.collect(), ends.collect());
        let crowded = self.instance.bundles.iter().any(|bundle| bundle.len() > limits::PARALLEL);
        if crowded { Err(Undecidable::Delegations) } else { Ok(()) }
    }
}

/// Keeps the items for which something holds, and what stands beside each.
fn keep<I, B>(items: &mut Vec<I>, beside: &mut Vec<B>, holds: impl Fn(&I) -> bool) {
    let mut kept = items.iter().map(&holds).collect::<Vec<_>>().into_iter();
    beside.retain(|_| kept.next().unwrap_or(false));
    items.retain(holds);
}
