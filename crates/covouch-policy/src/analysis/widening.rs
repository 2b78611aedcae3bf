//! What an edit of a policy newly admits.

use std::collections::BTreeSet;

use covouch_core::name::{ProjectName, ProjectPattern};

use super::{
    cast::Cast,
    coalitions::Coalitions,
    diagram::TooLarge,
    shape::{Reader, Shape},
    stage::{Grain, Stage},
};
use crate::program::{Mode, PartySource, Policy, SourceKind};

/// What an edit newly admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widening {
    /// For each kind of project whose requirement changed.
    pub changes: Vec<Change>,
    /// Another score is asked for somewhere: words of less than 100 % may newly suffice, in ways not listed.
    pub scores: bool,
    /// Parties with other keys, another address, another owner or depth than before: who they are changed.
    pub parties: Vec<String>,
    /// How many exact files are waived that were not.
    pub waivers: usize,
    /// Verdicts kept files out before, and are only reported now.
    pub monitors: bool,
}

/// What changed for some projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The projects a rule names; `None` for those no rule selects.
    pub projects: Option<ProjectPattern>,
    /// The smallest sets that admit now, and did not.
    pub admits: Coalitions,
    /// The smallest sets that admitted, and do no more.
    pub refuses: Coalitions,
}

impl Widening {
    /// Whether anything comes in that did not.
    #[must_use]
    pub fn widens(&self) -> bool {
        self.monitors
            || self.scores
            || self.waivers > 0
            || !self.parties.is_empty()
            || self.changes.iter().any(|change| change.admits.total > 0)
    }
}

pub(super) fn widening(old: &Policy, new: &Policy) -> Result<Widening, TooLarge> {
    let mut cast = Cast::of(&[old, new]);
    for policy in [old, new] {
        cast.read_all(policy);
    }
    let mut changes = Vec::new();
    let mut scores = false;
    for (projects, sample) in samples(old, new) {
        let (before, after) = differing(parts(old, &cast, &sample), parts(new, &cast, &sample));
        if before == after {
            continue;
        }
        scores |= after.scores().iter().any(|score| !before.scores().contains(score));
        let mut change = compare(&cast, (&before, &after), Grain::Asked)?;
        // A term does not hear less than it asks for, and a score adds it up.
        if change.admits.total == 0 && !after.scores().is_empty() {
            change.admits = compare(&cast, (&before, &after), Grain::Below)?.admits;
        }
        if change.admits.total > 0 || change.refuses.total > 0 {
            changes.push(Change { projects, ..change });
        }
    }
    Ok(Widening {
        changes,
        scores,
        parties: changed(old, new),
        waivers: new.waivers.keys().filter(|sha256| !old.waivers.contains_key(*sha256)).count(),
        monitors: old.mode() == Mode::Enforce && new.mode() == Mode::Monitor,
    })
}

fn compare(cast: &Cast, (before, after): (&Shape, &Shape), grain: Grain) -> Result<Change, TooLarge> {
    let mut stage = Stage::set(cast, &[before, after], grain)?;
    let (before, after) = (stage.function(before)?, stage.function(after)?);
    let mut only = |here, there| {
        let family = stage.only(here, there)?;
        Ok(stage.coalitions(family, cast, None))
    };
    Ok(Change { projects: None, admits: only(after, before)?, refuses: only(before, after)? })
}

/// One project no rule selects, and one for every pattern of either policy.
fn samples(old: &Policy, new: &Policy) -> Vec<(Option<ProjectPattern>, ProjectName)> {
    let rules = old.rules().chain(new.rules());
    let patterns: BTreeSet<ProjectPattern> = rules.flat_map(|rule| rule.projects.to_vec()).collect();
    // Longer than any pattern: nothing but a pattern that matches nearly everything selects it.
    let other = ProjectName::parse(&"q7".repeat(30)).ok().map(|name| (None, name));
    let of_pattern = patterns.into_iter().filter_map(|pattern| {
        let sample = ProjectName::parse(&pattern.as_str().replace('*', "q7q7")).ok()?;
        Some((Some(pattern), sample))
    });
    other.into_iter().chain(of_pattern).collect()
}

/// All that a project's files need: the requirement, that nothing refuses them, and the index.
fn parts(policy: &Policy, cast: &Cast, project: &ProjectName) -> [Shape; 3] {
    let reader = Reader { policy, cast };
    let applicable = policy.applicable(project);
    let nothing = || Shape::all(Vec::new());
    let refuse = policy.refuse.as_ref().map(|refuse| reader.unwanted(&refuse.condition));
    let pin = applicable.pin.and_then(|pin| reader.actor(pin)).map(Shape::From);
    [reader.wanted(&applicable.admit.condition), refuse.unwrap_or_else(nothing), pin.unwrap_or_else(nothing)]
}

/// Both without what stands in both: it would stand in every set. The requirement stays, for its sets.
fn differing(before: [Shape; 3], after: [Shape; 3]) -> (Shape, Shape) {
    let pairs = before.into_iter().zip(after).enumerate();
    let (before, after) =
        pairs.filter(|(place, (before, after))| *place == 0 || before != after).map(|(_, pair)| pair).unzip();
    (Shape::all(before), Shape::all(after))
}

/// The parties of one name that are not who they were.
fn changed(old: &Policy, new: &Policy) -> Vec<String> {
    let source = |policy: &Policy, party: &PartySource| {
        policy.parties().get(party.party).map(|known| (known.owner.clone(), known.depth))
    };
    let same = |before: &PartySource, after: &PartySource| {
        let kinds = match (&before.kind, &after.kind) {
            (SourceKind::Keys { keys: before, .. }, SourceKind::Keys { keys: after, .. }) => {
                after.iter().all(|key| before.contains(key))
            }
            (before, after) => before == after,
        };
        kinds && source(old, before) == source(new, after)
    };
    let changed = new
        .sources()
        .iter()
        .filter(|after| old.sources().iter().any(|before| before.name == after.name && !same(before, after)));
    changed.map(|source| source.name.to_string()).collect()
}
