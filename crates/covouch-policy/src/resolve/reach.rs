//! Requirements that cannot be met even when everybody says yes.

use covouch_core::{
    digest::Sha256, evidence::Evidence, name::ProjectName, subject::FileName, subject::Subject,
    time::Timestamp, version::Version,
};
use covouch_graph::{Question, Requirement, TrustGraph};

use super::Faults;
use crate::{
    ast::Expression,
    error::{Fault, shown},
    program::{Condition, Formula, Policy},
};

/// Names the smallest parts of the formula that cannot be met.
pub(super) fn check(policy: &Policy, formula: &Formula, faults: &mut Faults<'_>) {
    let Some(world) = World::new() else { return };
    let mut checker = Checker { policy, world, faults };
    checker.part(&formula.expression, &formula.condition);
}

/// A file nobody spoke about yet.
struct World {
    graph: TrustGraph,
    subject: Subject,
}

impl World {
    fn new() -> Option<Self> {
        let subject = Subject {
            project: ProjectName::parse("any").ok()?,
            version: Version::parse("0").ok()?,
            filename: FileName::parse("any-0.tar.gz").ok()?,
            sha256: Sha256::from_bytes([0; 32]),
        };
        let graph = TrustGraph::build(&Evidence::new(), Timestamp::from_unix(0)?);
        Some(Self { graph, subject })
    }
}

struct Checker<'c, 'd> {
    policy: &'c Policy,
    world: World,
    faults: &'c mut Faults<'d>,
}

impl Checker<'_, '_> {
    /// Whether the part can be met; a part of it that cannot is named instead of it.
    fn part(&mut self, written: &Expression, condition: &Condition) -> bool {
        let mut parts = true;
        for (written, condition) in written.parts().iter().zip(condition.parts()) {
            parts &= self.part(written, condition);
        }
        if !parts {
            return false;
        }
        let fault = match condition {
            Condition::Score(minimum) => Fault::ScoreUnreachable(shown(minimum)),
            Condition::All(_) | Condition::AtLeast(..) => Fault::GroupUnreachable(shown(written)),
            _ => return true,
        };
        let met = self.possible(&requirement(condition));
        if !met {
            self.faults.error(written.at, fault);
        }
        met
    }

    fn possible(&self, requirement: &Requirement) -> bool {
        let everybody: Vec<_> = self.policy.parties.iter().map(|(party, _)| party).collect();
        let question = Question {
            subject: &self.world.subject,
            parties: &self.policy.parties,
            grants: &[],
            identities: &[],
            also: None,
        };
        self.world.graph.possible(&question, requirement, &everybody)
    }
}

/// The condition with every fact as the file's friend would have it.
fn requirement(condition: &Condition) -> Requirement {
    let all = |parts: &[Condition]| parts.iter().map(requirement).collect();
    match condition {
        Condition::All(parts) => Requirement::All(all(parts)),
        Condition::Any(parts) => Requirement::Any(all(parts)),
        Condition::AtLeast(needed, parts) => Requirement::AtLeast(*needed, all(parts)),
        Condition::Support { party, level, at_least } => {
            Requirement::Support { party: *party, level: *level, at_least: *at_least }
        }
        Condition::Score(minimum) => Requirement::Score(*minimum),
        _ => Requirement::Fact(true),
    }
}
