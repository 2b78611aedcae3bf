//! The live graph: which statements count at a moment.
//!
//! # Invariants
//! - Supersession comes before liveness and is permanent: of the delegations of one issuer to one key for one scope
//!   the newest counts, also when it has expired or was withdrawn. Vouches accumulate until they are withdrawn.
//! - A withdrawal counts from the moment it is seen, whatever time it gives, whoever lost the key since.
//!
//! # Not here
//! Whose word counts: parties come with the question.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use covouch_core::{
    digest::Sha256,
    evidence::Evidence,
    key::PublicKey,
    name::ProjectPattern,
    statement::{Author, Claim, Delegation, Severity, Statement, StatementId, Verified, Withdrawal},
    time::{Standing, Timestamp},
};

use crate::{
    edge::{Edge, Edges, Terms},
    filed::Files,
    named::Named,
    node::{NodeIndex, Nodes},
    reach::Cache,
};

/// Who vouches for what, and who speaks for whom, at one moment.
#[derive(Debug)]
pub struct TrustGraph {
    pub(crate) nodes: Nodes,
    pub(crate) edges: Edges,
    /// The statements about files that count.
    pub(crate) files: Files,
    /// Keys that others than themselves revoked, and who did.
    pub(crate) revoked: HashMap<NodeIndex, Vec<NodeIndex>>,
    pub(crate) moments: Moments,
    pub(crate) reach: Cache,
    pub(crate) named: Named,
}

/// When something changes.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    pub(crate) files: HashMap<Sha256, Vec<Timestamp>>,
    pub(crate) trust: Vec<(Arc<[ProjectPattern]>, Timestamp)>,
}

impl TrustGraph {
    /// Reads the statements that count at `now`.
    #[must_use]
    pub fn build(evidence: &Evidence, now: Timestamp) -> Self {
        Self::build_with_seen(evidence, now, &BTreeSet::new())
    }

    /// As [`TrustGraph::build`], and keeps of a softly revoked key what it said before it was revoked and what
    /// somebody saw in a signed snapshot in time.
    #[must_use]
    pub fn build_with_seen(evidence: &Evidence, now: Timestamp, seen: &BTreeSet<StatementId>) -> Self {
        let mut once = HashSet::new();
        let statements = evidence.statements().iter().map(|sourced| &sourced.statement);
        let mut statements: Vec<_> = statements.filter(|statement| once.insert(statement.id())).collect();
        // The order in which statements were read must not show anywhere.
        statements.sort_unstable_by_key(|statement| statement.id());
        let losses = Losses::of(&statements, seen);
        let mut builder =
            Builder { now, nodes: Nodes::default(), edges: Vec::new(), moments: Moments::default() };
        let mut files = Files::default();
        builder.add_delegations(&statements, &losses);
        for statement in statements.iter().filter(|statement| losses.stands(statement)) {
            builder.add_author(statement);
            builder.add_file(statement, &mut files);
        }
        let revoked = builder.add_revocations(&statements);
        files.sort();
        let named = Named::of(&builder.edges, &builder.nodes);
        let edges = Edges::new(builder.edges, builder.nodes.len());
        Self {
            nodes: builder.nodes,
            edges,
            files,
            revoked,
            moments: builder.moments,
            reach: Cache::default(),
            named,
        }
    }
}

/// What was withdrawn, and which keys revoked themselves.
struct Losses<'a> {
    withdrawn: HashSet<(PublicKey, StatementId)>,
    keys: HashMap<PublicKey, Vec<(Severity, Timestamp)>>,
    seen: &'a BTreeSet<StatementId>,
}

impl<'a> Losses<'a> {
    fn of(statements: &[&Verified<Statement>], seen: &'a BTreeSet<StatementId>) -> Self {
        let mut losses = Self { withdrawn: HashSet::new(), keys: HashMap::new(), seen };
        for statement in statements {
            match statement.value().claim {
                Claim::Withdrawal(Withdrawal::Statement(id)) => {
                    losses.withdrawn.insert((*statement.issuer(), id));
                }
                Claim::Withdrawal(Withdrawal::Key { key, from, severity }) if key == *statement.issuer() => {
                    losses.keys.entry(key).or_default().push((severity, from));
                }
                _ => {}
            }
        }
        losses
    }

    /// Whether a statement was neither withdrawn nor signed by a key that is lost.
    fn stands(&self, statement: &Verified<Statement>) -> bool {
        let issued = statement.value().issued;
        let lost = self.keys.get(statement.issuer()).into_iter().flatten();
        // Whoever holds a retired key can date a statement back; only what was seen in time cannot have been.
        let mut survives = lost.map(|(severity, from)| match severity {
            Severity::Hard => false,
            Severity::Soft => issued < *from && self.seen.contains(&statement.id()),
        });
        survives.all(|survives| survives) && !self.withdrawn.contains(&(*statement.issuer(), statement.id()))
    }
}

struct Builder {
    now: Timestamp,
    nodes: Nodes,
    edges: Vec<Edge>,
    moments: Moments,
}

/// What one newest delegation holds for: issuer, key, scope.
type Mandate = (PublicKey, PublicKey, Vec<ProjectPattern>);

type Issued<'a> = (&'a Verified<Statement>, &'a Delegation);

impl Builder {
    fn add_delegations(&mut self, statements: &[&Verified<Statement>], losses: &Losses<'_>) {
        let mut newest: HashMap<Mandate, Issued<'_>> = HashMap::new();
        for statement in statements {
            let Claim::Delegation(delegation) = &statement.value().claim else { continue };
            let projects = sorted(&delegation.projects);
            if losses.stands(statement) {
                self.note(&projects.clone().into(), statement);
            }
            // Created in the future: it supersedes nothing yet. Self-delegations count for nothing.
            if statement.value().issued > self.now || delegation.to == *statement.issuer() {
                continue;
            }
            let place = newest.entry((*statement.issuer(), delegation.to, projects));
            let kept = place.or_insert((statement, delegation));
            if supersedes((statement, delegation), *kept) {
                *kept = (statement, delegation);
            }
        }
        let mut live: Vec<_> =
            newest.into_iter().filter(|(_, (statement, _))| losses.stands(statement)).collect();
        live.sort_unstable_by_key(|(_, (statement, _))| statement.id());
        for ((_, _, projects), (statement, delegation)) in live {
            self.add_delegation(statement, delegation, projects.into());
        }
    }

    fn add_delegation(
        &mut self,
        statement: &Verified<Statement>,
        delegation: &Delegation,
        projects: Arc<[ProjectPattern]>,
    ) {
        let Delegation { amount, depth, level, validity, .. } = *delegation;
        let terms = match validity.at(self.now) {
            Standing::Valid => Terms::Delegation { amount, depth, level },
            Standing::Expired => Terms::Ended { amount, level, at: validity.not_after() },
            Standing::NotYet => return,
        };
        // Depth 0 says who somebody is, and nothing about what they may say.
        if depth > 0 {
            let from = self.nodes.intern(&Author::Key(*statement.issuer()));
            let to = self.nodes.intern(&Author::Key(delegation.to));
            self.edges.push(Edge { from, to, terms, projects, statement: statement.id() });
        }
    }

    fn add_author(&mut self, statement: &Verified<Statement>) {
        let Claim::Author(grant) = &statement.value().claim else { return };
        let projects: Arc<[ProjectPattern]> = sorted(&grant.projects).into();
        self.note(&projects, statement);
        let issuer = Author::Key(*statement.issuer());
        if self.is_live(statement) && grant.author != issuer {
            let (from, to) = (self.nodes.intern(&issuer), self.nodes.intern(&grant.author));
            self.edges.push(Edge { from, to, terms: Terms::Author, projects, statement: statement.id() });
        }
    }

    fn add_file(&mut self, statement: &Verified<Statement>, files: &mut Files) {
        let Some(listed) = statement.value().claim.files() else { return };
        // What ballots come to is counted elsewhere, with moments of its own.
        if matches!(statement.value().claim, Claim::Ballot(_)) {
            return;
        }
        for (_, sha256) in listed.iter() {
            let moments = self.later(statement);
            self.moments.files.entry(*sha256).or_default().extend(moments);
        }
        if self.is_live(statement) {
            let by = self.nodes.intern(&Author::Key(*statement.issuer()));
            files.add(by, statement);
        }
    }

    fn add_revocations(&mut self, statements: &[&Verified<Statement>]) -> HashMap<NodeIndex, Vec<NodeIndex>> {
        let mut revoked: HashMap<NodeIndex, Vec<NodeIndex>> = HashMap::new();
        for statement in statements {
            let Claim::Withdrawal(Withdrawal::Key { key, .. }) = &statement.value().claim else { continue };
            // Whether hard or soft: what somebody else's root saw in time is not known yet, so soft is hard.
            if key != statement.issuer() {
                let target = self.nodes.intern(&Author::Key(*key));
                let by = self.nodes.intern(&Author::Key(*statement.issuer()));
                revoked.entry(target).or_default().push(by);
            }
        }
        revoked
    }

    /// Created ≤ t, not-before ≤ t < not-after.
    fn is_live(&self, statement: &Verified<Statement>) -> bool {
        let Statement { issued, claim, .. } = statement.value();
        *issued <= self.now && claim.validity().is_some_and(|validity| validity.covers(self.now))
    }

    /// The moments still to come at which a statement begins or ends to count.
    fn later(&self, statement: &Verified<Statement>) -> impl Iterator<Item = Timestamp> + use<> {
        let (now, issued) = (self.now, statement.value().issued);
        let validity = statement.value().claim.validity();
        let ends = validity.map(|validity| [validity.not_before(), validity.not_after()]);
        std::iter::once(issued).chain(ends.into_iter().flatten()).filter(move |moment| *moment > now)
    }

    fn note(&mut self, projects: &Arc<[ProjectPattern]>, statement: &Verified<Statement>) {
        let moments = self.later(statement).map(|moment| (projects.clone(), moment));
        self.moments.trust.extend(moments);
    }
}

/// Whether a delegation takes the place of another: newer, or as new and smaller.
fn supersedes(new: Issued<'_>, old: Issued<'_>) -> bool {
    let rank = |(statement, delegation): Issued<'_>| {
        let size = (delegation.amount, delegation.depth, delegation.level);
        (statement.value().issued, std::cmp::Reverse((size, statement.id())))
    };
    rank(new) > rank(old)
}

/// A scope in its one spelling.
fn sorted(projects: &[ProjectPattern]) -> Vec<ProjectPattern> {
    let mut projects = projects.to_vec();
    projects.sort_unstable();
    projects.dedup();
    projects
}
