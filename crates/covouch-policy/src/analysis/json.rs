//! Analyses on the wire: JSON that carries a version and is a promise.

use covouch_core::{name::ProjectPattern, party::PartyName};
use serde::Serialize;

use super::{Change, ClaimAnswer, Coalition, Coalitions, NewWeights, RequirementAnalysis, Shares, Theft};

/// The version of this form.
pub const SCHEMA: u32 = 1;

/// An analysis.
#[derive(Debug, Serialize)]
pub struct Analysis {
    schema: u32,
    requirements: Vec<Requirement>,
    shadowed: Vec<Shadowed>,
    /// The policy above it, which must admit too; null where there is none.
    base: Option<Base>,
}

/// The analysis of a base policy.
#[derive(Debug, Serialize)]
struct Base {
    policy: String,
    requirements: Vec<Requirement>,
    shadowed: Vec<Shadowed>,
}

impl Analysis {
    /// The same with the analysis of the policy above it.
    #[must_use]
    pub fn below(self, policy: &str, base: &super::Analysis) -> Self {
        let Self { requirements, shadowed, .. } = Self::from(base);
        Self { base: Some(Base { policy: policy.to_owned(), requirements, shadowed }), ..self }
    }
}

/// What an edit newly admits.
#[derive(Debug, Serialize)]
pub struct Widening {
    schema: u32,
    widens: bool,
    changes: Vec<ProjectChange>,
    /// Another score is asked for: words of less than 100 % may newly suffice.
    scores: bool,
    parties: Vec<String>,
    waivers: usize,
    monitors: bool,
}

#[derive(Debug, Serialize)]
struct Requirement {
    projects: Option<Vec<String>>,
    admit: String,
    admits: Sets,
    theft: Option<Keys>,
    patient_theft: Option<Keys>,
    needed: Vec<String>,
    vetoing: Vec<String>,
    claim: Option<Claim>,
}

#[derive(Debug, Serialize)]
struct Sets {
    sets: Vec<Set>,
    /// A decimal: there can be more than a number in JSON holds.
    total: String,
    complete: bool,
}

#[derive(Debug, Serialize)]
struct Set {
    groups: Vec<Group>,
    score: Option<String>,
}

#[derive(Debug, Serialize)]
struct Group {
    any: usize,
    of: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Keys {
    keys: usize,
    words: Vec<String>,
    besides: Vec<String>,
    shared: bool,
}

#[derive(Debug, Serialize)]
struct Claim {
    holds: bool,
    /// Whether it also holds for words of less than what is asked for; null when that was not looked at.
    holds_for_shares: Option<bool>,
    /// Who admits without it by shares.
    shares: Option<Set>,
    without: Option<Sets>,
    requirement: Option<String>,
    weights: Option<Weights>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Weights {
    Found { weights: Vec<Weight>, minimum: u32 },
    None,
    NotLookedFor,
}

#[derive(Debug, Serialize)]
struct Weight {
    party: String,
    weight: u32,
}

#[derive(Debug, Serialize)]
struct Shadowed {
    rule: usize,
    pattern: String,
    by: usize,
    wider: String,
    never_fires: bool,
}

#[derive(Debug, Serialize)]
struct ProjectChange {
    projects: Option<String>,
    admits: Sets,
    refuses: Sets,
}

impl From<&super::Analysis> for Analysis {
    fn from(analysis: &super::Analysis) -> Self {
        let shadowed = analysis.shadowed.iter().map(|shadowed| Shadowed {
            rule: shadowed.rule,
            pattern: shadowed.pattern.to_string(),
            by: shadowed.by,
            wider: shadowed.wider.to_string(),
            never_fires: shadowed.never_fires,
        });
        Self {
            schema: SCHEMA,
            requirements: analysis.requirements.iter().map(Requirement::from).collect(),
            shadowed: shadowed.collect(),
            base: None,
        }
    }
}

impl From<&super::Widening> for Widening {
    fn from(widening: &super::Widening) -> Self {
        Self {
            schema: SCHEMA,
            widens: widening.widens(),
            scores: widening.scores,
            changes: widening.changes.iter().map(ProjectChange::from).collect(),
            parties: widening.parties.clone(),
            waivers: widening.waivers,
            monitors: widening.monitors,
        }
    }
}

impl From<&Change> for ProjectChange {
    fn from(change: &Change) -> Self {
        Self {
            projects: change.projects.as_ref().map(ProjectPattern::to_string),
            admits: Sets::from(&change.admits),
            refuses: Sets::from(&change.refuses),
        }
    }
}

impl From<&RequirementAnalysis> for Requirement {
    fn from(analysis: &RequirementAnalysis) -> Self {
        let names = |parties: &[PartyName]| parties.iter().map(PartyName::to_string).collect();
        let patterns =
            |patterns: &Vec<ProjectPattern>| patterns.iter().map(ProjectPattern::to_string).collect();
        Self {
            projects: analysis.projects.as_ref().map(patterns),
            admit: analysis.admit.to_string(),
            admits: Sets::from(&analysis.coalitions),
            theft: analysis.theft.as_ref().map(Keys::from),
            patient_theft: analysis.patient_theft.as_ref().map(Keys::from),
            needed: names(&analysis.needed),
            vetoing: names(&analysis.vetoing),
            claim: analysis.claim.as_ref().map(Claim::from),
        }
    }
}

impl From<&Coalitions> for Sets {
    fn from(coalitions: &Coalitions) -> Self {
        Self {
            sets: coalitions.sets.iter().map(Set::from).collect(),
            total: coalitions.total.to_string(),
            complete: coalitions.complete,
        }
    }
}

impl From<&Coalition> for Set {
    fn from(set: &Coalition) -> Self {
        let groups = set.groups.iter().map(|group| Group { any: group.count, of: group.of.clone() });
        Self { groups: groups.collect(), score: set.score.map(|score| score.to_string()) }
    }
}

impl From<&Theft> for Keys {
    fn from(theft: &Theft) -> Self {
        Self {
            keys: theft.keys,
            words: theft.words.clone(),
            besides: theft.besides.clone(),
            shared: theft.shares_a_key(),
        }
    }
}

impl From<&ClaimAnswer> for Claim {
    fn from(answer: &ClaimAnswer) -> Self {
        match answer {
            ClaimAnswer::Holds { shares } => Self {
                holds: true,
                holds_for_shares: match shares {
                    Shares::Hold => Some(true),
                    Shares::Broken(_) => Some(false),
                    Shares::NotLookedAt => None,
                },
                shares: match shares {
                    Shares::Broken(set) => Some(Set::from(set)),
                    Shares::Hold | Shares::NotLookedAt => None,
                },
                without: None,
                requirement: None,
                weights: None,
            },
            ClaimAnswer::Broken { without, requirement, weights } => Self {
                holds: false,
                holds_for_shares: Some(false),
                shares: None,
                without: Some(Sets::from(without)),
                requirement: Some(requirement.to_string()),
                weights: Some(Weights::from(weights)),
            },
        }
    }
}

impl From<&NewWeights> for Weights {
    fn from(weights: &NewWeights) -> Self {
        match weights {
            NewWeights::Found { weights, minimum } => {
                let weight =
                    |(party, weight): &(String, u32)| Weight { party: party.clone(), weight: *weight };
                Self::Found { weights: weights.iter().map(weight).collect(), minimum: *minimum }
            }
            NewWeights::None => Self::None,
            NewWeights::NotLookedFor => Self::NotLookedFor,
        }
    }
}
