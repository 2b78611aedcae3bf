//! A policy that makes sense: names are indices, levels are settled, and nothing in it is impossible.
//!
//! # Invariants
//! - Only [`Policy::parse`] and [`Document::resolve`](crate::Document::resolve) make a [`Policy`].
//! - What admits is monotone in positive evidence, what refuses in negative evidence.
//!
//! # Not here
//! No evidence, no time: `judge` brings those together with the policy.

mod gateway;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    num::NonZeroUsize,
    sync::Arc,
};

use covouch_core::{
    amount::{Amount, Decimal},
    digest::Sha256,
    evidence::{Evidence, Known},
    key::PublicKey,
    level::Level,
    name::{ProjectName, ProjectPattern},
    party::PartyName,
    publisher::PublisherName,
    statement::ElectorateId,
    time::{Duration, Timestamp},
};
use covouch_graph::{Independence, Parties, Party, PartyIndex};
use url::Url;

pub use self::gateway::{Blocked, Downgrade, Gateway, HostPort};
use crate::{
    ast::Expression,
    error::{PolicyError, PolicyErrors},
    file::{Document, Source},
};

/// One policy, ready to judge.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) name: Arc<str>,
    pub(crate) mode: Mode,
    pub(crate) derive: Derive,
    pub(crate) independence: Independence,
    pub(crate) parties: Parties,
    /// One for each of `parties`, in their order.
    pub(crate) sources: Vec<PartySource>,
    pub(crate) admit: Formula,
    pub(crate) refuse: Option<Formula>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) waivers: HashMap<Sha256, Vec<WaiverRule>>,
    pub(crate) gateway: Gateway,
    pub(crate) warnings: Vec<PolicyError>,
}

/// Whether a verdict keeps files out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// It does.
    Enforce,
    /// Only hashes and index pins do; everything else is reported.
    Monitor,
}

/// Where a party's evidence comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartySource {
    /// The party's name, under which its evidence is kept.
    pub name: PartyName,
    /// The party.
    pub party: PartyIndex,
    /// Where.
    pub kind: SourceKind,
    /// The index that says of this one's files what it does not say itself.
    pub(crate) enriched_by: Option<PartyName>,
    /// What shows an index's word, for people; made once, so that a page of files shares it.
    pub(crate) origin: Arc<str>,
}

impl PartySource {
    pub(crate) fn is_index(&self) -> bool {
        matches!(self.kind, SourceKind::Index(_))
    }

    /// Whether its keys sign statements.
    pub(crate) fn is_signer(&self) -> bool {
        matches!(self.kind, SourceKind::Keys { .. } | SourceKind::Feed { .. })
    }

    /// The one level at which an adapter speaks; `None` where keys do.
    pub(crate) fn own_level(&self) -> Option<Level> {
        match self.kind {
            SourceKind::Index(_) | SourceKind::Osv { .. } => Some(Level::Listed),
            SourceKind::Debian { .. } => Some(Level::Packaged),
            SourceKind::Electorate { .. } => Some(Level::Voted),
            SourceKind::Keys { .. } | SourceKind::Feed { .. } => None,
        }
    }

    pub(crate) fn is_electorate(&self) -> bool {
        matches!(self.kind, SourceKind::Electorate { .. })
    }

    pub(crate) fn is_distribution(&self) -> bool {
        matches!(self.kind, SourceKind::Debian { .. })
    }
}

/// What kind of evidence a party has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// It is an index: it lists files.
    Index(IndexAddress),
    /// Its keys sign statements.
    Keys {
        /// Its root keys.
        keys: Vec<PublicKey>,
        /// The folder of statements, as the policy writes it: relative to the policy's own folder.
        from: Arc<str>,
    },
    /// A curator's feed: a TUF repository, whose targets keys are its root keys.
    Feed {
        /// Where it is.
        address: Url,
        /// The digest of its first `root.json`.
        root: Sha256,
    },
    /// A distribution's signed source index: it says which sdists were packaged.
    Debian {
        /// The suites, such as `stable`.
        suites: Vec<Arc<str>>,
        /// Where the archive is; apt's own configuration says so where the policy does not.
        mirror: Option<Url>,
        /// The keys its archive is signed with, as the policy writes the file's path: relative to the policy's own
        /// folder. Debian's own where it names none.
        keyring: Option<Arc<str>>,
    },
    /// An electorate, whose ballots are counted.
    Electorate {
        /// The digest of its first version.
        id: ElectorateId,
        /// The folder of its ballots, as the policy writes it: relative to the policy's own folder.
        from: Option<Arc<str>>,
        /// Parties of this policy whose feeds carry its ballots. All of them must be known to count.
        feeds: Vec<PartyName>,
    },
    /// Records of malware in OSV's form: an automated source that only speaks against files.
    Osv {
        /// The folder, zip or JSON Lines file, as the policy writes it: relative to the policy's own folder.
        from: Arc<str>,
    },
}

/// Whether a vouch for an sdist is also one for the wheels that derive from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Derive {
    /// Only under `derived from P`.
    #[default]
    Separate,
    /// It counts as the party's own word, at the same level.
    Inherit,
}

/// How a policy says where an index is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexAddress {
    /// By a name such as `pypi`, whose address is the installer's to say.
    Named(Arc<str>),
    /// By its URL.
    Url(Url),
}

impl fmt::Display for IndexAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// An expression and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    pub(crate) expression: Expression,
    pub(crate) condition: Condition,
    /// Whose word it asks for.
    pub(crate) asks: BTreeSet<PartyIndex>,
    /// Whether `allow-build` stands in it, which lifts the sibling rule.
    pub(crate) allows_build: bool,
}

/// What an expression means. Connectives stand where the expression has them, so the two can be walked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    AtLeast(NonZeroUsize, Vec<Self>),
    /// Its one part is negative evidence.
    Not(Box<Self>),
    Support {
        party: PartyIndex,
        level: Level,
        at_least: Amount,
    },
    Score(Decimal),
    Age(Duration),
    /// The wheel equals what an sdist, for which this party vouches at this level, says it is.
    Derived {
        party: PartyIndex,
        level: Level,
    },
    /// The file came from a publisher whose identity was verified; from this one, where one is named.
    Attested(Option<PublisherName>),
    /// It came from the publisher of the release before.
    SamePublisher,
    Kind(FileKind),
    Yanked,
    Quarantined,
    Vetoes(NonZeroUsize),
    VetoBy(Vec<PartyIndex>),
    AllowBuild,
}

impl Condition {
    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => parts,
            Self::Not(inner) => std::slice::from_ref(inner),
            _ => &[],
        }
    }

    /// Whether only the graph can say if it holds.
    pub(crate) const fn asks_graph(&self) -> bool {
        matches!(self, Self::Support { .. } | Self::Score(_))
    }

    /// Whether this holds anywhere in it.
    pub(crate) fn any(&self, holds: &dyn Fn(&Self) -> bool) -> bool {
        holds(self) || self.parts().iter().any(|part| part.any(holds))
    }

    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }
}

/// What kind of file a term asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Wheel,
    Sdist,
    /// A wheel whose tags end in `none-any`.
    Pure,
}

/// `[[rule]]`
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) projects: Vec<ProjectPattern>,
    pub(crate) pin: Option<PartyIndex>,
    pub(crate) admit: Option<Formula>,
}

/// `[[waiver]]`, under its file's digest.
#[derive(Clone, Debug)]
pub(crate) struct WaiverRule {
    pub(crate) reason: Arc<str>,
    pub(crate) expires: Timestamp,
    pub(crate) approval: Approval,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Approval {
    /// This party's signed waiver must be in evidence.
    Signed(PartyIndex),
    /// Written by `init` for what was installed that day.
    Installed(Timestamp),
}

/// A rule, for people to look at.
#[derive(Clone, Copy, Debug)]
pub struct RuleView<'p> {
    /// The projects it is for.
    pub projects: &'p [ProjectPattern],
    /// Where they come from, when the rule pins them.
    pub index: Option<&'p PartyName>,
    /// What lets their files in; the policy's own requirement where there is none.
    pub admit: Option<&'p Expression>,
}

/// A waiver, for people to look at.
#[derive(Clone, Copy, Debug)]
pub struct WaiverView<'p> {
    /// The file's digest.
    pub sha256: Sha256,
    /// Why.
    pub reason: &'p str,
    /// From when on it counts no more.
    pub expires: Timestamp,
    /// Whose signature it needs; `None` for what `init` wrote for an installed file.
    pub approved_by: Option<&'p PartyName>,
}

/// What applies to one project: the rule's requirement and index, or the policy's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applicable<'p> {
    pub(crate) admit: &'p Formula,
    pub(crate) pin: Option<PartyIndex>,
}

impl Policy {
    /// Reads and resolves a policy.
    ///
    /// # Errors
    /// [`PolicyErrors`]: everything that is wrong with its form, or else with its meaning.
    pub fn parse(source: Source<'_>) -> Result<Self, PolicyErrors> {
        Document::parse(source)?.resolve()
    }

    /// The policy's name: the path or address it was read from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its verdicts keep files out.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whose word counts.
    #[must_use]
    pub const fn parties(&self) -> &Parties {
        &self.parties
    }

    /// Where the parties' evidence comes from, in the order of declaration.
    #[must_use]
    pub fn sources(&self) -> &[PartySource] {
        &self.sources
    }

    /// How the gateway behaves.
    #[must_use]
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What is probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[PolicyError] {
        &self.warnings
    }

    /// The requirement for every project no rule selects, as written.
    #[must_use]
    pub const fn admit(&self) -> &Expression {
        &self.admit.expression
    }

    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = RuleView<'_>> {
        self.rules.iter().map(|rule| RuleView {
            projects: &rule.projects,
            index: rule.pin.and_then(|pin| self.parties.get(pin)).map(|party| &party.name),
            admit: rule.admit.as_ref().map(|formula| &formula.expression),
        })
    }

    /// The waivers, by the digests of their files.
    pub fn waivers(&self) -> impl Iterator<Item = WaiverView<'_>> {
        let sorted: BTreeMap<&Sha256, &Vec<WaiverRule>> = self.waivers.iter().collect();
        sorted.into_iter().flat_map(|(sha256, rules)| {
            rules.iter().map(|rule| WaiverView {
                sha256: *sha256,
                reason: &rule.reason,
                expires: rule.expires,
                approved_by: match rule.approval {
                    Approval::Signed(party) => self.parties.get(party).map(|party| &party.name),
                    Approval::Installed(_) => None,
                },
            })
        })
    }

    /// How many waivers it has.
    #[must_use]
    pub fn waiver_count(&self) -> usize {
        self.waivers.values().map(Vec::len).sum()
    }

    /// The requirement for a project, as written: the first rule that selects it, else the policy's.
    #[must_use]
    pub fn requirement(&self, project: &ProjectName) -> &Expression {
        &self.applicable(project).admit.expression
    }

    /// What refuses a file under every rule, as written.
    #[must_use]
    pub fn refusal(&self) -> Option<&Expression> {
        self.refuse.as_ref().map(|formula| &formula.expression)
    }

    /// The indexes that were not asked about a project and whose answers can still matter.
    pub(crate) fn unasked(&self, evidence: &Evidence, project: &ProjectName) -> Vec<&PartySource> {
        let applicable = self.applicable(project);
        let mut unasked = Vec::new();
        let mut home_found = false;
        for source in self.indexes() {
            let answer = evidence.project(&source.name, project);
            let may_be_home = match applicable.pin {
                Some(pin) => source.party == pin,
                None => !home_found,
            };
            if answer.is_none() && (may_be_home || applicable.admit.asks.contains(&source.party)) {
                unasked.push(source);
            }
            if may_be_home && answer == Some(&Known::Is(true)) {
                let enriching = self.enriching(source);
                unasked.extend(enriching.filter(|by| evidence.project(&by.name, project).is_none()));
            }
            // Unreachable is not absent: behind an index that did not answer, no other can be the home.
            home_found |= matches!(answer, None | Some(Known::Is(true) | Known::Unknown(_)));
        }
        unasked
    }

    /// The index that says of this one's files what it does not say itself.
    pub(crate) fn enriching(&self, source: &PartySource) -> Option<&PartySource> {
        let name = source.enriched_by.as_ref()?;
        self.indexes().find(|other| other.name == *name)
    }

    /// Learns the keys of feeds.
    pub(crate) fn take_roots(&mut self, roots: &BTreeMap<PartyName, Vec<PublicKey>>) {
        let mut parties: Vec<Party> = self.parties.iter().map(|(_, party)| party.clone()).collect();
        for (party, source) in parties.iter_mut().zip(&self.sources) {
            if let (SourceKind::Feed { .. }, Some(keys)) = (&source.kind, roots.get(&source.name)) {
                party.roots.clone_from(keys);
            }
        }
        // As many parties as before, under the same names.
        if let Ok(parties) = Parties::counting(parties, self.independence) {
            self.parties = parties;
        }
    }

    pub(crate) fn indexes(&self) -> impl Iterator<Item = &PartySource> {
        self.sources.iter().filter(|source| source.is_index())
    }

    pub(crate) fn signers(&self) -> impl Iterator<Item = &PartySource> {
        self.sources.iter().filter(|source| source.is_signer())
    }

    /// The automated sources that only speak against files.
    pub(crate) fn automated(&self) -> impl Iterator<Item = &PartySource> {
        self.sources.iter().filter(|source| matches!(source.kind, SourceKind::Osv { .. }))
    }

    pub(crate) fn party_name(&self, party: PartyIndex) -> &str {
        self.parties.get(party).map_or("?", |party| party.name.as_str())
    }

    pub(crate) fn applicable(&self, project: &ProjectName) -> Applicable<'_> {
        let selects = |rule: &&Rule| rule.projects.iter().any(|pattern| pattern.matches(project));
        match self.rules.iter().find(selects) {
            Some(rule) => Applicable { admit: rule.admit.as_ref().unwrap_or(&self.admit), pin: rule.pin },
            None => Applicable { admit: &self.admit, pin: None },
        }
    }
}
