//! Until when a verdict holds: the file is judged again at each moment at which something about it changes.

use std::collections::BTreeSet;

use covouch_core::{
    evidence::{Evidence, Known},
    subject::Subject,
    time::Timestamp,
};
use covouch_graph::TrustGraph;

use crate::{
    facts::{Case, Home, World},
    judge::{Policies, is_built},
    limits,
    program::{Approval, Condition, Policy},
    verdict::VerdictKind,
};

/// The first later moment at which the verdict is of another kind, among the first [`limits::EVENTS`] moments;
/// `None` when it does not change at any of them.
pub(crate) fn until(
    policies: &Policies,
    world: World<'_>,
    subject: &Subject,
    kind: VerdictKind,
) -> Option<Timestamp> {
    let about = related(policies, world, subject);
    let mut events = BTreeSet::new();
    for file in &about {
        events.extend(world.graph.events(file));
        events.extend(world.evidence.changes(file));
        for policy in policies.iter() {
            events.extend(ages(policy, world, file));
            events.extend(waivers(policy, file));
        }
    }
    let mut later = events.into_iter().filter(|moment| *moment > world.now).take(limits::EVENTS).peekable();
    later.peek()?;
    let statements = narrowed(world.evidence, &about);
    later.find(|moment| {
        let graph = TrustGraph::build(&statements, *moment);
        let then = World { graph: &graph, evidence: world.evidence, now: *moment };
        policies.judge_in(then, subject).kind() != kind
    })
}

/// The file, and for an sdist the wheels on which it depends.
fn related<'a>(policies: &'a Policies, world: World<'a>, subject: &'a Subject) -> Vec<&'a Subject> {
    let mut about = vec![subject];
    if is_built(&subject.filename) {
        return about;
    }
    for policy in policies.iter() {
        if let Home::Known(home, _) = Case::new(policy, world, subject).home {
            let release = world.evidence.release(&home.name, subject);
            about.extend(release.map(|(wheel, _)| wheel).filter(|wheel| is_built(&wheel.filename)));
        }
    }
    about.sort();
    about.dedup();
    about.truncate(limits::SIBLING_EVENTS);
    about
}

fn ages(policy: &Policy, world: World<'_>, subject: &Subject) -> Vec<Timestamp> {
    let case = Case::new(policy, world, subject);
    let Some(Known::Is(uploaded)) = case.uploaded() else { return Vec::new() };
    let mut ages = Vec::new();
    case.applicable.admit.condition.walk(&mut |part| {
        if let Condition::Age(age) = part {
            ages.push(uploaded.plus(*age));
        }
    });
    ages
}

fn waivers(policy: &Policy, subject: &Subject) -> impl Iterator<Item = Timestamp> {
    let rules = policy.waivers.get(&subject.sha256).into_iter().flatten();
    rules.flat_map(|rule| {
        let starts = match rule.approval {
            Approval::Installed(day) => Some(day),
            Approval::Signed(_) => None,
        };
        starts.into_iter().chain([rule.expires])
    })
}

/// The statements that can matter for these files: about one of them, or about who may speak.
fn narrowed(evidence: &Evidence, about: &[&Subject]) -> Evidence {
    let mut narrowed = Evidence::new();
    for sourced in evidence.statements() {
        let files = sourced.statement.value().claim.files();
        if files.is_none_or(|files| about.iter().any(|subject| files.lists(subject))) {
            narrowed.add_statement(sourced.statement.clone(), sourced.origin.clone());
        }
    }
    narrowed
}
