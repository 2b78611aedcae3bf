//! Why a verdict is what it is: a tree of what was asked and what was found, as data.
//!
//! # Invariants
//! The tree has the shape of the policy's expression, and says yes, no or unknown of each part as one party is
//! looked at after the other; where the parts are met and the whole is not, the shared keys say why.
//!
//! # Not here
//! Colour, layout and advice. [`sentence`] makes the one line that an index page or a log has room for.

mod found;
mod sentence;

use std::{num::NonZeroUsize, sync::Arc};

use covouch_core::{
    amount::{Amount, Decimal, Score},
    evidence::{Evidence, Gap, Known, Stated},
    key::PublicKey,
    level::Level,
    party::PartyName,
    publisher::{Continuity, Publisher},
    statement::VetoReason,
    subject::Subject,
    time::{Duration, Timestamp},
};
use covouch_graph::{Chain, PartyIndex, Question, Support, TrustGraph, VetoFound};

pub(crate) use self::found::found;
pub use self::{
    found::Found,
    sentence::{missing, sentence},
};
pub use crate::facts::Comparison;
use crate::{
    ast::Expression,
    facts::{Case, Home, Truth, World},
    judge::{Policies, judge},
    program::{Condition, Policy},
    verdict::Verdict,
};

/// Why a file's verdict is what it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The verdict of all policies together.
    pub verdict: Verdict,
    /// Each policy's own, the base policy first.
    pub policies: Vec<PolicyExplanation>,
}

/// Why one policy's verdict is what it is.
#[derive(Clone, Debug)]
pub struct PolicyExplanation {
    /// The policy's name.
    pub policy: Arc<str>,
    /// What it says by itself.
    pub verdict: Verdict,
    /// The index the project comes from, where it is known.
    pub home: Option<PartyName>,
    /// The requirement.
    pub admit: Part,
    /// What refuses.
    pub refuse: Option<Part>,
    /// Every party's word.
    pub words: Vec<PartyWord>,
    /// The score when each party is counted alone.
    pub raw: Score,
    /// The score without double counting.
    pub independent: Score,
    /// Keys that speak for more than one party and count once.
    pub shared: Vec<Shared>,
    /// What is not known.
    pub gaps: Vec<Gap>,
}

/// One part of an expression, and what was found.
#[derive(Clone, Debug)]
pub struct Part {
    /// The part, as written.
    pub text: String,
    /// Whether it holds.
    pub outcome: Outcome,
    /// What was asked and found.
    pub detail: Detail,
    /// Its parts.
    pub parts: Vec<Self>,
}

/// Whether a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It does.
    Met,
    /// It does not.
    NotMet,
    /// It is not known.
    Unknown,
}

/// What was asked and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All parts.
    All,
    /// Any part.
    Any,
    /// At least so many parts.
    AtLeast(NonZeroUsize),
    /// Not its one part.
    Not,
    /// A party's word.
    Word {
        /// Whose.
        party: PartyName,
        /// What kind of word it is.
        voice: Voice,
        /// At which level it was asked.
        level: Level,
        /// How much of it.
        needed: Amount,
        /// How much there is at that level, counted alone.
        found: Amount,
        /// The highest level at which it says anything.
        highest: Option<Level>,
    },
    /// What a wheel derives from.
    Derived {
        /// Who must vouch for the sdist.
        party: PartyName,
        /// At which level.
        level: Level,
        /// Whether they do; `None` where there is nothing they could vouch for.
        vouched: Option<Outcome>,
        /// What comparing the wheel with it found.
        comparison: Comparison,
    },
    /// Who published the file, where anybody is known.
    Attested(Option<Vec<Publisher>>),
    /// How the publisher stands to the one before, where it is known.
    SamePublisher(Option<Continuity>),
    /// A score.
    Score {
        /// The minimum.
        needed: Decimal,
        /// What there is, without double counting.
        found: Score,
        /// Whose full weight is not in it, and the weight.
        without: Vec<(PartyName, Decimal)>,
    },
    /// An age.
    Age {
        /// The least.
        needed: Duration,
        /// The file's, where its upload time is known.
        found: Option<Duration>,
        /// When it is reached.
        reached: Option<Timestamp>,
    },
    /// The kind of file.
    Kind,
    /// Yanked, with the reason the index gives.
    Yanked(Option<Arc<str>>),
    /// Quarantined, on this index.
    Quarantined(Option<PartyName>),
    /// Vetoes: by whom, and why.
    Vetoes(Vec<(Vec<PartyName>, VetoReason)>),
    /// Always so.
    AllowBuild,
}

/// What kind of word a party's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// An index lists.
    Index,
    /// A distribution packages.
    Distribution,
    /// An electorate votes.
    Electorate,
    /// A key signs.
    Signer,
}

/// What a party's word amounts to.
#[derive(Clone, Debug)]
pub struct PartyWord {
    /// Whose.
    pub party: PartyName,
    /// The highest level at which it says anything; `None` when it says nothing.
    pub level: Option<Level>,
    /// How much it says at its lowest level, counted alone.
    pub amount: Amount,
    /// Its share when nothing is counted twice.
    pub independent: Amount,
    /// How its trust reaches the file.
    pub chains: Vec<Chain>,
    /// Why it says not to install the file, when it does.
    pub veto: Option<VetoReason>,
}

/// A key that speaks for more than one party and counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The key.
    pub key: PublicKey,
    /// The parties.
    pub parties: Vec<PartyName>,
}

impl Explanation {
    /// The policy that decides: the first whose verdict is the verdict.
    #[must_use]
    pub fn deciding(&self) -> Option<&PolicyExplanation> {
        self.policies.iter().find(|policy| policy.verdict.code() == self.verdict.code())
    }
}

impl Policies {
    /// Judges one file and says why.
    #[must_use]
    pub fn explain(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        subject: &Subject,
        now: Timestamp,
    ) -> Explanation {
        let world = World { graph, evidence, now };
        Explanation {
            verdict: self.judge_in(world, subject),
            policies: self.iter().map(|policy| explain(&Case::new(policy, world, subject))).collect(),
        }
    }
}

fn explain(case: &Case<'_>) -> PolicyExplanation {
    let policy = case.policy;
    let (grants, assumed) = case.grants();
    let also = case.inherited().filter(|(_, counts)| *counts == Truth::Yes).map(|(sdist, _)| sdist);
    let (parties, identities) = (&policy.parties, &case.identities().known);
    let question = Question { subject: case.subject, parties, grants: &grants, identities, also };
    let support = case.graph.support(&question);
    let teller = Teller { case, support: &support, assumed: &assumed };
    let admit = case.applicable.admit;
    PolicyExplanation {
        policy: Arc::clone(&policy.name),
        verdict: judge(case),
        home: match &case.home {
            Home::Known(source, _) => Some(source.name.clone()),
            Home::None | Home::Unknown(_) => None,
        },
        admit: teller.part(&admit.expression, &admit.condition),
        refuse: policy.refuse.as_ref().map(|refuse| teller.part(&refuse.expression, &refuse.condition)),
        words: words(policy, &support, case.vetoes()),
        raw: support.raw,
        independent: support.independent,
        shared: support
            .shared
            .iter()
            .map(|shared| Shared { key: shared.key, parties: names(policy, &shared.parties) })
            .collect(),
        gaps: case.gaps(),
    }
}

fn names(policy: &Policy, parties: &[PartyIndex]) -> Vec<PartyName> {
    parties.iter().filter_map(|party| policy.parties.get(*party)).map(|party| party.name.clone()).collect()
}

fn words(policy: &Policy, support: &Support, vetoes: &[VetoFound]) -> Vec<PartyWord> {
    let veto = |party| vetoes.iter().find(|veto| veto.parties.contains(&party)).map(|veto| veto.reason);
    let words = support.parties.iter().filter_map(|word| {
        Some(PartyWord {
            party: policy.parties.get(word.party)?.name.clone(),
            level: word.alone.last().map(|(level, _)| *level),
            amount: word.alone.first().map_or(Amount::NONE, |(_, amount)| *amount),
            independent: word.independent,
            chains: word.chains.clone(),
            veto: veto(word.party),
        })
    });
    words.collect()
}

/// Tells the tree of one expression.
struct Teller<'c, 'a> {
    case: &'c Case<'a>,
    support: &'c Support,
    assumed: &'c [PartyIndex],
}

impl Teller<'_, '_> {
    fn part(&self, written: &Expression, condition: &Condition) -> Part {
        let parts: Vec<Part> = written
            .parts()
            .iter()
            .zip(condition.parts())
            .map(|(written, condition)| self.part(written, condition))
            .collect();
        let (outcome, detail) = match condition {
            Condition::All(_) => (counted(parts.len(), &parts), Detail::All),
            Condition::Any(_) => (counted(1, &parts), Detail::Any),
            Condition::AtLeast(needed, _) => (counted(needed.get(), &parts), Detail::AtLeast(*needed)),
            Condition::Support { party, level, at_least } => self.word(*party, *level, *at_least),
            Condition::Score(needed) => self.score(*needed),
            fact => (self.case.truth(fact).into(), self.fact(fact)),
        };
        Part { text: written.to_string(), outcome, detail, parts }
    }

    fn word(&self, party: PartyIndex, level: Level, needed: Amount) -> (Outcome, Detail) {
        let alone = self.alone(party);
        let found = alone.iter().filter(|(at, _)| *at >= level).map(|(_, amount)| *amount).max();
        let found = found.unwrap_or(Amount::NONE);
        let outcome = if found >= needed {
            Outcome::Met
        } else if self.assumed.contains(&party) {
            Outcome::Unknown
        } else {
            Outcome::NotMet
        };
        let policy = self.case.policy;
        let voice = match policy.sources.iter().find(|source| source.party == party) {
            Some(source) if source.is_index() => Voice::Index,
            Some(source) if source.is_distribution() => Voice::Distribution,
            Some(source) if source.is_electorate() => Voice::Electorate,
            Some(_) | None => Voice::Signer,
        };
        let highest = alone.last().map(|(level, _)| *level);
        let Some(named) = policy.parties.get(party) else { return (outcome, Detail::AllowBuild) };
        (outcome, Detail::Word { party: named.name.clone(), voice, level, needed, found, highest })
    }

    fn alone(&self, party: PartyIndex) -> &[(Level, Amount)] {
        let word = self.support.parties.iter().find(|word| word.party == party);
        word.map_or(&[], |word| word.alone.as_slice())
    }

    fn score(&self, needed: Decimal) -> (Outcome, Detail) {
        let found = self.support.independent;
        let short = |(party, _): &(PartyIndex, _)| {
            let word = self.support.parties.iter().find(|word| word.party == *party);
            word.is_none_or(|word| word.independent < Amount::FULL)
        };
        let parties = self.case.policy.parties.iter().filter(short);
        let without: Vec<_> = parties
            .map(|(_, party)| (party.name.clone(), party.weights.at(Level::Audited)))
            .filter(|(_, weight)| *weight > Decimal::ZERO)
            .collect();
        let unknown = self.assumed.iter().any(|party| self.case.applicable.admit.asks.contains(party));
        let outcome = match found.reaches(needed) {
            true => Outcome::Met,
            false if unknown => Outcome::Unknown,
            false => Outcome::NotMet,
        };
        (outcome, Detail::Score { needed, found, without })
    }

    fn fact(&self, condition: &Condition) -> Detail {
        let listing = match &self.case.home {
            Home::Known(_, listing) => *listing,
            Home::None | Home::Unknown(_) => None,
        };
        match condition {
            Condition::Age(needed) => {
                let uploaded = match self.case.uploaded() {
                    Some(Known::Is(uploaded)) => Some(uploaded),
                    Some(Known::Unknown(_)) | None => None,
                };
                let found = uploaded.map(|uploaded| uploaded.until(self.case.now));
                let reached = uploaded.map(|uploaded| uploaded.plus(*needed));
                Detail::Age { needed: *needed, found, reached }
            }
            Condition::Yanked => Detail::Yanked(match listing.map(|listing| &listing.yanked) {
                Some(Stated::Is(reason)) => reason.clone(),
                Some(Stated::NotStated | Stated::Unknown(_)) | None => None,
            }),
            Condition::Quarantined => Detail::Quarantined(match &self.case.home {
                Home::Known(source, _) => Some(source.name.clone()),
                Home::None | Home::Unknown(_) => None,
            }),
            Condition::Derived { party, level } => self.derived(*party, *level),
            Condition::Attested(_) => {
                Detail::Attested(match self.case.evidence.publishers(self.case.subject) {
                    Some(Known::Is(publishers)) => Some(publishers.clone()),
                    Some(Known::Unknown(_)) | None => None,
                })
            }
            Condition::SamePublisher => {
                Detail::SamePublisher(match self.case.evidence.continuity(self.case.subject) {
                    Some(Known::Is(continuity)) => Some(*continuity),
                    Some(Known::Unknown(_)) | None => None,
                })
            }
            Condition::Vetoes(_) => self.vetoes(|_| true),
            Condition::VetoBy(by) => self.vetoes(|party| by.contains(party)),
            Condition::Not(_) => Detail::Not,
            Condition::Kind(_) => Detail::Kind,
            _ => Detail::AllowBuild,
        }
    }

    fn derived(&self, party: PartyIndex, level: Level) -> Detail {
        let Some(named) = self.case.policy.parties.get(party) else { return Detail::AllowBuild };
        Detail::Derived {
            party: named.name.clone(),
            level,
            vouched: self.case.vouched_origin(party, level).map(Outcome::from),
            comparison: self.case.comparison(),
        }
    }

    fn vetoes(&self, counts: impl Fn(&PartyIndex) -> bool) -> Detail {
        let vetoes = self.case.vetoes().iter().filter(|veto| veto.parties.iter().any(&counts));
        Detail::Vetoes(vetoes.map(|veto| (names(self.case.policy, &veto.parties), veto.reason)).collect())
    }
}

fn counted(needed: usize, parts: &[Part]) -> Outcome {
    Truth::at_least(needed, parts.iter().map(|part| part.outcome.into())).into()
}

impl From<Truth> for Outcome {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::Yes => Self::Met,
            Truth::No => Self::NotMet,
            Truth::Unknown => Self::Unknown,
        }
    }
}

impl From<Outcome> for Truth {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Met => Self::Yes,
            Outcome::NotMet => Self::No,
            Outcome::Unknown => Self::Unknown,
        }
    }
}
