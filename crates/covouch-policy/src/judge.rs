//! The judge: policies, evidence and a moment give a verdict, and nothing else does.
//!
//! # Invariants
//! - Each file is judged twice, pessimistic and optimistic; only the first can admit.
//! - An admission is the graph's proof of the whole policy: the requirement, the absence of what refuses, the
//!   index and the sibling rule all stand in what was proven.
//! - A waiver replaces `admit`, never `refuse`, a pin or a hash. Monitoring replaces neither pin nor hash.
//!
//! # Not here
//! Nothing is fetched: what is missing is in the verdict as an unknown. Prose is made by `reasons`, on demand.

mod page;
mod policies;
mod wants;

use std::sync::Arc;

use covouch_core::{
    evidence::{Gap, Stated},
    level::Level,
    subject::{FileName, Subject},
};
use covouch_graph::{Answer, Grant, PartyIndex, Question, Requirement, Undecidable};

pub use self::{
    page::Page,
    policies::{Policies, WantedFolder, WantedIndex},
    wants::Wanted,
};
use crate::{
    facts::{Case, Home, IndexWord, Truth, View, index_word},
    program::{Approval, Condition, Mode},
    verdict::{Indecision, IndecisionCause, Monitored, Refusal, RefusalCause, Verdict, Waived},
};

/// How the other files of the release stand.
pub(crate) enum Siblings {
    /// No wheel is kept out, or it does not matter.
    Fine,
    /// This wheel is kept out.
    KeptOut(FileName),
    /// Whether this wheel is kept out is not known.
    Unknown(FileName),
    /// This wheel has no digest, so that nobody can judge it.
    Unjudged(FileName),
}

impl Siblings {
    /// The worst of these verdicts on wheels.
    fn of<'a>(wheels: impl Iterator<Item = (&'a Subject, Standing)>) -> Self {
        let mut worst = Self::Fine;
        for (wheel, standing) in wheels {
            match standing {
                Standing::In => {}
                Standing::Out => return Self::KeptOut(wheel.filename.clone()),
                Standing::Unknown => worst = Self::Unknown(wheel.filename.clone()),
            }
        }
        worst
    }
}

/// How a wheel stands, for its release's sdist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    In,
    Out,
    Unknown,
}

impl Verdict {
    pub(crate) fn standing(&self) -> Standing {
        match self {
            Self::Admitted(_) | Self::Waived(_) | Self::Monitored(_) => Standing::In,
            Self::Refused(_) => Standing::Out,
            Self::Undecided(indecision) => match indecision.cause {
                IndecisionCause::NotEnoughVouches | IndecisionCause::TooNew => Standing::Out,
                IndecisionCause::NotKnown(_)
                | IndecisionCause::HomeUnknown(_)
                | IndecisionCause::SiblingUnknown { .. }
                | IndecisionCause::Undecidable(_) => Standing::Unknown,
            },
        }
    }
}

/// Whether a client would build this file: a broken wheel's name builds nothing, everything else might.
pub(crate) fn is_built(filename: &FileName) -> bool {
    filename.as_str().ends_with(".whl")
}

/// Judges one file under one policy, finding its siblings in the evidence.
pub(crate) fn judge(case: &Case<'_>) -> Verdict {
    judge_with(case, &|| siblings(case))
}

/// The wheels that the home index lists in the same release, each judged.
fn siblings(case: &Case<'_>) -> Siblings {
    let Home::Known(home, _) = &case.home else { return Siblings::Fine };
    let release = case.evidence.release(&home.name, case.subject);
    let wheels = release.map(|(wheel, _)| wheel).filter(|wheel| is_built(&wheel.filename));
    let mut wheels: Vec<&Subject> = wheels.collect();
    // The evidence keeps files in no order; a report names the same wheel on every machine.
    wheels.sort();
    Siblings::of(
        wheels
            .into_iter()
            .map(|wheel| (wheel, judge_with(&case.about(wheel), &|| Siblings::Fine).standing())),
    )
}

/// Judges one file under one policy; the siblings are asked for only where they can matter.
pub(crate) fn judge_with(case: &Case<'_>, siblings: &dyn Fn() -> Siblings) -> Verdict {
    let name = || Arc::clone(&case.policy.name);
    if let Some(cause) = misplaced(case) {
        return Verdict::Refused(Refusal { policy: name(), cause });
    }
    let verdict = match Judgement::new(case).decide(siblings) {
        Ok(verdict) => verdict,
        Err(Against::Refused(cause)) => Verdict::Refused(Refusal { policy: name(), cause }),
        Err(Against::Undecided(cause)) => Verdict::Undecided(Indecision { policy: name(), cause }),
    };
    monitored(case, verdict)
}

/// In monitoring, only pins, hashes and an unknown home keep a file out.
fn monitored(case: &Case<'_>, verdict: Verdict) -> Verdict {
    let placed = !matches!(case.home, Home::Unknown(_));
    if case.policy.mode == Mode::Monitor && placed && verdict.standing() != Standing::In {
        Verdict::Monitored(Box::new(Monitored { would_be: verdict }))
    } else {
        verdict
    }
}

/// Whether the file is not where its project comes from: what dependency confusion needs.
fn misplaced(case: &Case<'_>) -> Option<RefusalCause> {
    let Home::Known(source, None) = &case.home else { return None };
    let home = source.name.clone();
    let mut release = case.evidence.release(&source.name, case.subject);
    if release.any(|(listed, _)| listed.filename == case.subject.filename) {
        return Some(RefusalCause::HashMismatch { home });
    }
    let elsewhere = case.policy.indexes().any(|other| {
        let word = index_word(case.evidence, &other.name, case.subject);
        other.party != source.party && matches!(word, IndexWord::Lists(_))
    });
    (case.applicable.pin.is_some() || elsewhere).then_some(RefusalCause::WrongIndex { home })
}

/// Why a file does not come in.
enum Against {
    Refused(RefusalCause),
    Undecided(IndecisionCause),
}

/// One judgement under way.
struct Judgement<'c, 'a> {
    case: &'c Case<'a>,
    refused: Truth,
    grants: Vec<Grant>,
    assumed: Vec<PartyIndex>,
    /// The sdist whose vouches count as this file's, where the policy says so, and whether that is known.
    also: Option<(&'a Subject, Truth)>,
}

impl<'c, 'a> Judgement<'c, 'a> {
    fn new(case: &'c Case<'a>) -> Self {
        let refused = case.policy.refuse.as_ref().map_or(Truth::No, |refuse| case.truth(&refuse.condition));
        // What is on record as malware is kept out, whatever the policy refuses besides.
        // And what somebody else published than the lock says.
        let refused = refused.not().and(case.on_record().not()).and(case.as_expected()).not();
        let (mut grants, mut assumed) = case.grants();
        let also = case.inherited();
        if let Some((sdist, counts)) = also {
            let (more, unread) = case.about(sdist).grants();
            let more = more.into_iter().filter(|grant| grant.level > Level::Listed);
            match counts {
                Truth::Yes => grants.extend(more),
                Truth::No | Truth::Unknown => assumed.extend(more.map(|grant| grant.party)),
            }
            assumed.extend(unread);
        }
        Self { case, refused, grants, assumed, also }
    }

    fn decide(&self, siblings: &dyn Fn() -> Siblings) -> Result<Verdict, Against> {
        if let Stated::Is(record) = self.case.malware() {
            let id = Arc::clone(&record.id);
            return Err(Against::Refused(RefusalCause::OnRecord {
                id,
                summary: Arc::clone(&record.summary),
            }));
        }
        if let Some((expected, found)) = self.case.other_publisher() {
            return Err(Against::Refused(RefusalCause::OtherPublisher { expected, found }));
        }
        if self.refused == Truth::Yes {
            return Err(Against::Refused(RefusalCause::Policy));
        }
        let certain = self.is_placed() && self.is_spared();
        let against = match self.pessimistic(siblings) {
            Ok(verdict) => return Ok(verdict),
            Err(against) => against,
        };
        match self.waiver() {
            Waiver::None => Err(against),
            Waiver::Counts(waived) if certain => Ok(Verdict::Waived(waived)),
            Waiver::Counts(_) => Err(self.not_known(None)),
            Waiver::Unknown(gap) => Err(self.not_known(Some(gap))),
        }
    }

    /// Whether the file is where its project comes from, as far as that is known.
    fn is_placed(&self) -> bool {
        !matches!(self.case.home, Home::Unknown(_))
    }

    /// Whether it is known that nothing refuses the file.
    fn is_spared(&self) -> bool {
        self.refused == Truth::No
    }

    /// The judgement that can admit, or what stands against it.
    fn pessimistic(&self, siblings: &dyn Fn() -> Siblings) -> Result<Verdict, Against> {
        let requirement = self.requirement(View::Pessimistic);
        // An unknown home or refusal keeps the file out whatever the graph says.
        if !self.is_placed() || !self.is_spared() || hopeless(&requirement) {
            return Err(self.against(None));
        }
        let siblings = if is_built(&self.case.subject.filename) || self.case.applicable.admit.allows_build {
            Siblings::Fine
        } else {
            self.unjudged_wheel().map_or_else(siblings, Siblings::Unjudged)
        };
        // What was proven says all of it: placed, spared, no sibling kept out, nobody counted twice, and the
        // requirement.
        let alone = matches!(siblings, Siblings::Fine);
        let facts = [self.is_placed(), self.is_spared(), alone, self.counts_once()];
        let facts = facts.into_iter().map(Requirement::Fact);
        let whole = Requirement::All(facts.chain([requirement]).collect());
        match (self.case.graph.admit(&self.question(), whole), siblings) {
            (Answer::Met(admitted), _) => Ok(Verdict::Admitted(admitted)),
            (Answer::Undecided(reason), _) => Err(self.against(Some(reason))),
            (Answer::NotMet(_), Siblings::Fine) => Err(self.against(None)),
            (Answer::NotMet(_), Siblings::KeptOut(wheel)) => {
                Err(self.beside(Against::Refused(RefusalCause::SiblingKeptOut { wheel })))
            }
            (Answer::NotMet(_), Siblings::Unknown(wheel)) => {
                Err(self.beside(Against::Undecided(IndecisionCause::SiblingUnknown { wheel })))
            }
            (Answer::NotMet(_), Siblings::Unjudged(wheel)) => {
                Err(self.beside(Against::Refused(RefusalCause::SiblingUnjudged { wheel })))
            }
        }
    }

    /// Whether the requirement is still met when what a key says of a wheel and what it says of the wheel's sdist
    /// share that key's 100 %. Each alone is asked too, by the requirement itself: this only takes away.
    fn counts_once(&self) -> bool {
        let case = self.case;
        let signs = |party: &PartyIndex| case.policy.signers().any(|source| source.party == *party);
        let derived = case.applicable.admit.condition.any(&|part| {
            matches!(part, Condition::Derived { party, .. } if signs(party)) && case.truth(part) == Truth::Yes
        });
        // Where nothing that counts was derived, the sdist need not be looked for.
        let Some(origin) = derived.then(|| case.origin()).flatten() else { return true };
        let (mut grants, _) = case.about(origin.sdist).grants();
        grants.extend(self.grants.iter().cloned());
        let question = Question { grants: &grants, also: Some(origin.sdist), ..self.question() };
        matches!(case.graph.admit(&question, self.requirement(View::Together)), Answer::Met(_))
    }

    /// A wheel beside this file on its home that nobody can judge. A mirror that leaves out one digest must not bring
    /// clients to build what they would else have installed.
    fn unjudged_wheel(&self) -> Option<FileName> {
        let Home::Known(home, _) = &self.case.home else { return None };
        self.case.evidence.unjudged(&home.name, self.case.subject).next().cloned()
    }

    /// The siblings keep the file out, unless it does not come in by itself either.
    fn beside(&self, siblings: Against) -> Against {
        let alone = self.case.graph.admit(&self.question(), self.requirement(View::Pessimistic));
        if matches!(alone, Answer::Met(_)) { siblings } else { self.against(None) }
    }

    /// What stands against a file that the pessimistic judgement did not admit.
    fn against(&self, undecidable: Option<Undecidable>) -> Against {
        if self.has_unknowns() && self.passes(View::Optimistic) {
            return self.not_known(None);
        }
        if let Some(reason) = undecidable {
            return Against::Undecided(IndecisionCause::Undecidable(reason));
        }
        let admit = &self.case.applicable.admit.condition;
        let asks = |holds: &dyn Fn(&Condition) -> bool| admit.any(holds);
        let negative =
            |part: &Condition| matches!(part, Condition::Not(inner) if self.case.truth(inner) == Truth::Yes);
        if asks(&negative) && self.passes(View::WithoutNegatives) {
            return Against::Refused(RefusalCause::NegativeEvidence);
        }
        let young =
            |part: &Condition| matches!(part, Condition::Age(_)) && self.case.truth(part) == Truth::No;
        if asks(&young) && self.case.uploaded().is_some() && self.passes(View::InTime) {
            return Against::Undecided(IndecisionCause::TooNew);
        }
        Against::Undecided(IndecisionCause::NotEnoughVouches)
    }

    /// An unknown home is named alone: most other unknowns follow from it.
    fn not_known(&self, also: Option<Gap>) -> Against {
        if let Home::Unknown(gap) = &self.case.home {
            return Against::Undecided(IndecisionCause::HomeUnknown(gap.clone()));
        }
        let mut gaps = self.case.gaps();
        gaps.extend(also);
        gaps.sort();
        gaps.dedup();
        Against::Undecided(IndecisionCause::NotKnown(gaps))
    }

    fn has_unknowns(&self) -> bool {
        self.refused == Truth::Unknown
            || matches!(self.case.home, Home::Unknown(_))
            || !self.assumed.is_empty()
            || self.case.identities().are_open()
            || self.also.is_some_and(|(_, counts)| counts == Truth::Unknown)
            || self.case.applicable.admit.condition.any(&|part| {
                part.parts().is_empty() && !part.asks_graph() && self.case.truth(part) == Truth::Unknown
            })
    }

    fn passes(&self, view: View) -> bool {
        let requirement = self.requirement(view);
        let identities = &self.case.identities().possible;
        let question = Question { identities, also: self.also.map(|(sdist, _)| sdist), ..self.question() };
        !hopeless(&requirement) && self.case.graph.possible(&question, &requirement, &self.assumed)
    }

    fn requirement(&self, view: View) -> Requirement {
        self.case.requirement(&self.case.applicable.admit.condition, view)
    }

    fn question(&self) -> Question<'_> {
        Question {
            subject: self.case.subject,
            parties: &self.case.policy.parties,
            grants: &self.grants,
            identities: &self.case.identities().known,
            also: self.also.filter(|(_, counts)| *counts == Truth::Yes).map(|(sdist, _)| sdist),
        }
    }

    /// The waiver that lasts longest, among those for exactly this file.
    fn waiver(&self) -> Waiver {
        let case = self.case;
        let Some(rules) = case.policy.waivers.get(&case.subject.sha256) else { return Waiver::None };
        let signed = case.graph.waivers(case.subject, &case.policy.parties);
        let mut best = Waiver::None;
        for rule in rules.iter().filter(|rule| case.now < rule.expires) {
            let waived = |expires, approval| {
                Waiver::Counts(Waived {
                    policy: Arc::clone(&case.policy.name),
                    reason: Arc::clone(&rule.reason),
                    expires,
                    approval,
                })
            };
            let found = match rule.approval {
                Approval::Installed(day) if day <= case.now => waived(rule.expires, None),
                Approval::Installed(_) => Waiver::None,
                Approval::Signed(party) => {
                    let live =
                        signed.iter().filter(|(by, _, validity)| *by == party && validity.covers(case.now));
                    match live.max_by_key(|(_, _, validity)| validity.not_after()) {
                        Some((_, statement, validity)) => {
                            let name = case.policy.parties.get(party).map(|party| party.name.clone());
                            waived(
                                rule.expires.min(validity.not_after()),
                                name.map(|name| (name, *statement)),
                            )
                        }
                        None => self.unread_waiver(party),
                    }
                }
            };
            best = best.or(found);
        }
        best
    }

    fn unread_waiver(&self, party: PartyIndex) -> Waiver {
        let name = self.case.policy.parties.get(party).map(|party| &party.name);
        match name.and_then(|name| self.case.evidence.gap(name)) {
            Some(gap) => Waiver::Unknown(gap.clone()),
            None => Waiver::None,
        }
    }
}

enum Waiver {
    None,
    /// Its approver's folder could not be read.
    Unknown(Gap),
    Counts(Waived),
}

impl Waiver {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Counts(left), Self::Counts(right)) => {
                Self::Counts(if right.expires > left.expires { right } else { left })
            }
            (counts @ Self::Counts(_), _) | (_, counts @ Self::Counts(_)) => counts,
            (unknown @ Self::Unknown(_), _) | (Self::None, unknown) => unknown,
        }
    }
}

/// Whether facts alone already rule it out, so that the graph need not be asked.
fn hopeless(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Fact(holds) => !holds,
        Requirement::All(parts) => parts.iter().any(hopeless),
        Requirement::Any(parts) => parts.iter().all(hopeless),
        Requirement::AtLeast(needed, parts) => {
            parts.iter().filter(|part| !hopeless(part)).count() < needed.get()
        }
        Requirement::Support { .. } | Requirement::Score(_) => false,
    }
}
