//! What a policy means before anybody says anything: who admits together, how it falls, who blocks, what it lets in
//! that somebody thinks it does not.
//!
//! A requirement becomes a decision diagram over what parties can say ([`Analysis`]); every answer is read off it.
//!
//! # Invariants
//! - An answer is about the policy alone: no evidence and no moment. [`Policies::impact`](crate::Policies::impact) is
//!   the one exception, and takes both.
//! - Work is bounded; past it the answer is an error, never a guess.
//!
//! # Not here
//! Verdicts. Root keys that several parties share among other keys are taken as independent here; the packing of
//! a real file is not fooled by them.

mod cast;
mod claim;
mod coalitions;
mod diagram;
mod impact;
pub mod json;
mod limits;
mod repair;
mod shadowed;
mod shape;
mod stage;
mod theft;
#[cfg(test)]
mod truth;
mod vetoes;
mod widening;

use covouch_core::{code::Code, hint::Hint, name::ProjectPattern, party::PartyName};

use self::{
    cast::Cast,
    diagram::{NodeId, TooLarge},
    shape::{Reader, Shape, Weighed},
    stage::{Grain, Stage, Variable},
};
pub use self::{
    claim::Claim,
    coalitions::{Coalition, Coalitions, Group},
    impact::Impact,
    repair::NewWeights,
    shadowed::Shadowed,
    theft::Theft,
    widening::{Change, Widening},
};
use crate::{
    ast::{Expression, Form},
    code,
    program::{Condition, Formula, Policy},
};

/// Everything the analysis says about one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// Each requirement, the policy's own first.
    pub requirements: Vec<RequirementAnalysis>,
    /// Rules, or patterns of theirs, that never select anything.
    pub shadowed: Vec<Shadowed>,
}

/// What one requirement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementAnalysis {
    /// The projects it is for; `None` for those no rule selects.
    pub projects: Option<Vec<ProjectPattern>>,
    /// The requirement, as written.
    pub admit: Expression,
    /// The smallest sets that admit.
    pub coalitions: Coalitions,
    /// The fewest keys with which a file passes on the day it appears; `None` when it must wait.
    pub theft: Option<Theft>,
    /// The fewest keys for whoever can wait, where that is fewer.
    pub patient_theft: Option<Theft>,
    /// Parties without whose yes nothing passes.
    pub needed: Vec<PartyName>,
    /// Parties whose veto alone keeps a file out, whoever else speaks for it.
    pub vetoing: Vec<PartyName>,
    /// How the claim stands, where there is one.
    pub claim: Option<ClaimAnswer>,
}

/// How a claim stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// Whatever is admitted meets it, as long as everybody who speaks does so with all that is asked for.
    Holds {
        /// And with less than that.
        shares: Shares,
    },
    /// It does not hold.
    Broken {
        /// The smallest sets that admit although the claim is false.
        without: Coalitions,
        /// The requirement that says it explicitly.
        requirement: Box<Expression>,
        /// Whether other weights would say it.
        weights: NewWeights,
    },
}

/// Whether a claim also holds for words of less than what is asked for: a score adds them up, a term does not hear
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shares {
    /// It does.
    Hold,
    /// It does not: these admit.
    Broken(Coalition),
    /// That was not looked at: the claim has a score of its own, or there is too much to look at.
    NotLookedAt,
}

/// Why a policy was not analysed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// Its diagram is larger than anybody could read an answer from.
    #[error("`{0}` combines more than can be analysed")]
    TooLarge(String),
}

impl AnalysisError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        code::ANALYSIS_TOO_LARGE
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new("use fewer different weights, levels and shares"))
    }
}

impl Analysis {
    /// Analyses a policy, with a claim against it where there is one.
    ///
    /// # Errors
    /// [`AnalysisError`] when that takes more work than an answer is worth.
    pub fn of(policy: &Policy, claim: Option<&Claim>) -> Result<Self, AnalysisError> {
        let mut cast = Cast::of(&[policy]);
        cast.read_all(policy);
        let rules = policy.rules.iter().filter_map(|rule| Some((Some(&rule.projects), rule.admit.as_ref()?)));
        let formulas = std::iter::once((None, &policy.admit)).chain(rules);
        let requirements = formulas.map(|(projects, formula)| {
            let examined = Examined { policy, cast: &cast, formula };
            examined.analyse(projects.cloned(), claim).map_err(|TooLarge| too_large(&formula.expression))
        });
        let requirements = requirements.collect::<Result<_, _>>()?;
        Ok(Self { requirements, shadowed: shadowed::shadowed(policy) })
    }

    /// What an edit newly admits.
    ///
    /// # Errors
    /// [`AnalysisError`] when that takes more work than an answer is worth.
    pub fn widening(old: &Policy, new: &Policy) -> Result<Widening, AnalysisError> {
        widening::widening(old, new).map_err(|TooLarge| too_large(new.admit()))
    }
}

fn too_large(expression: &Expression) -> AnalysisError {
    AnalysisError::TooLarge(crate::error::shown(expression).to_string())
}

/// One requirement of a policy.
struct Examined<'a> {
    policy: &'a Policy,
    cast: &'a Cast,
    formula: &'a Formula,
}

impl Examined<'_> {
    fn analyse(
        &self,
        projects: Option<Vec<ProjectPattern>>,
        claim: Option<&Claim>,
    ) -> Result<RequirementAnalysis, TooLarge> {
        let shape = self.reader().wanted(&self.formula.condition);
        let mut stage = Stage::set(self.cast, &[&shape], Grain::Asked)?;
        let function = stage.function(&shape)?;
        let family = stage.diagram.smallest(function)?;
        let theft = stage.theft(function, self.cast, &|variable, state| {
            state == 0 || !matches!(variable, Variable::Age(_))
        });
        let patient_theft = stage.theft(function, self.cast, &|_, _| true);
        let fewer = |patient: &Theft| theft.as_ref().is_none_or(|theft| patient.keys < theft.keys);
        let in_all = stage.in_all(family);
        let needed = self.cast.actors().filter(|(actor, _)| in_all & actor.bit() > 0);
        Ok(RequirementAnalysis {
            projects,
            admit: self.formula.expression.clone(),
            coalitions: stage.coalitions(family, self.cast, weights(&shape)),
            patient_theft: patient_theft.filter(fewer),
            needed: needed.map(|(_, member)| member.name.clone()).collect(),
            vetoing: vetoes::vetoing(self.policy, self.formula),
            claim: claim.map(|claim| self.claim(&shape, claim)).transpose()?,
            theft,
        })
    }

    fn claim(&self, shape: &Shape, claim: &Claim) -> Result<ClaimAnswer, TooLarge> {
        let reader = Reader { policy: claim.policy(), cast: self.cast };
        let formula = claim.formula();
        let claimed = reader.wanted(&formula.condition);
        // What refuses a file counts only where the claim speaks of it: it would stand in every set otherwise.
        let mut admitted = vec![shape.clone()];
        if formula.condition.any(&|part| matches!(part, Condition::Not(_))) {
            admitted
                .extend(self.policy.refuse.as_ref().map(|refuse| self.reader().unwanted(&refuse.condition)));
        }
        let admitted = Shape::all(admitted);
        let mut stage = Stage::set(self.cast, &[&admitted, &claimed], Grain::Asked)?;
        let (function, wanted) = (stage.function(&admitted)?, stage.function(&claimed)?);
        if stage.diagram.implies(function, wanted)? {
            return Ok(ClaimAnswer::Holds { shares: self.shares(&admitted, &claimed) });
        }
        let family = stage.only(function, wanted)?;
        let without = stage.coalitions(family, self.cast, weights(shape));
        // Too much to look at: then the whole claim is said.
        let missing = self
            .missing((&mut stage, function), &admitted, (formula, &reader))
            .unwrap_or_else(|TooLarge| vec![claim.expression().clone()]);
        let weights = match self.formula.expression.form {
            Form::Score(_) => repair::weights(&mut stage, (function, wanted), self.cast)?,
            _ => NewWeights::NotLookedFor,
        };
        Ok(ClaimAnswer::Broken {
            without,
            requirement: Box::new(explicit(missing, &self.formula.expression)),
            weights,
        })
    }

    /// Whether a claim that holds for whole words does for less.
    fn shares(&self, admitted: &Shape, claimed: &Shape) -> Shares {
        let own = admitted.scores();
        // Said in so many words, as an explicit requirement says it: then there is nothing to look at.
        let said = claimed.conjuncts().iter().all(|part| admitted.conjuncts().contains(part));
        if said || own.is_empty() && claimed.scores().is_empty() {
            return Shares::Hold;
        }
        // Between two different scores lie amounts that nobody asks for.
        if claimed.scores().iter().any(|score| !own.contains(score)) {
            return Shares::NotLookedAt;
        }
        let example = || {
            let mut stage = Stage::set(self.cast, &[admitted, claimed], Grain::Below)?;
            let (function, wanted) = (stage.function(admitted)?, stage.function(claimed)?);
            let family = stage.only(function, wanted)?;
            Ok::<_, TooLarge>(stage.coalitions(family, self.cast, weights(admitted)))
        };
        match example() {
            Err(TooLarge) => Shares::NotLookedAt,
            Ok(found) if found.total == 0 => Shares::Hold,
            Ok(mut found) if !found.sets.is_empty() => Shares::Broken(found.sets.swap_remove(0)),
            Ok(_) => Shares::NotLookedAt,
        }
    }

    /// The parts of a claim that the requirement does not already say, for words of less than is asked for too.
    fn missing(
        &self,
        (whole, function): (&mut Stage, NodeId),
        admitted: &Shape,
        (claim, reader): (&Formula, &Reader<'_>),
    ) -> Result<Vec<Expression>, TooLarge> {
        let (Form::And(written), Condition::All(conditions)) = (&claim.expression.form, &claim.condition)
        else {
            return Ok(vec![claim.expression.clone()]);
        };
        let mut parts = Vec::new();
        for (written, condition) in written.iter().zip(conditions) {
            let part = reader.wanted(condition);
            let said = implies(whole, function, &part)?;
            parts.push((written, part, said));
        }
        // What whole words do not say, lesser ones do not say either; and with whole words there is less to look at.
        if parts.iter().any(|(_, _, said)| *said) {
            let claimed = reader.wanted(&claim.condition);
            let mut stage = Stage::set(self.cast, &[admitted, &claimed], Grain::Below)?;
            let function = stage.function(admitted)?;
            for (_, part, said) in parts.iter_mut().filter(|(_, _, said)| *said) {
                *said = implies(&mut stage, function, part)?;
            }
        }
        let missing = parts.into_iter().filter(|(_, _, said)| !said);
        Ok(missing.map(|(written, _, _)| written.clone()).collect())
    }

    fn reader(&self) -> Reader<'_> {
        Reader { policy: self.policy, cast: self.cast }
    }
}

/// Whether a part holds wherever a function does.
fn implies(stage: &mut Stage, function: NodeId, part: &Shape) -> Result<bool, TooLarge> {
    let part = stage.function(part)?;
    stage.diagram.implies(function, part)
}

/// The requirement with these parts beside it.
fn explicit(mut parts: Vec<Expression>, admit: &Expression) -> Expression {
    match &admit.form {
        Form::And(own) => parts.extend(own.iter().cloned()),
        _ => parts.push(admit.clone()),
    }
    Expression { form: Form::And(parts), at: 0 }
}

/// The weights of the first score that is asked for.
fn weights(shape: &Shape) -> Option<&[Weighed]> {
    match shape {
        Shape::Score { weights, .. } => Some(weights),
        _ => shape.parts().iter().find_map(weights),
    }
}
