//! What the table must show, and that the committed one is it.

use std::collections::BTreeSet;

use covouch_core::time::Duration;
use covouch_graph::TrustGraph;
use covouch_testkit::scenario::World;

use super::{
    PATH,
    attacks::{ABOUT_PEOPLE, ATTACKS, ELSEWHERE},
    ordinary::ORDINARY,
    plan::{self, Plan},
    play::{Mark, Play},
    stories, story,
    table::{self, Replayed},
};
use crate::workspace::Workspace;

const POLICIES: [&str; 6] = ["nothing", "7-day wait", "3-day wait", "starter", "team", "strict"];

fn column(name: &str) -> usize {
    POLICIES.iter().position(|policy| *policy == name).unwrap()
}

/// Judges all attacks and looks at them.
fn with_replayed(look: impl Fn(&[Replayed<'_>], &[Plan])) {
    let (stories, plans) = (stories(), plan::all(plan::SILENT).unwrap());
    look(&table::replay(&stories, &plans).unwrap(), &plans);
}

fn find<'r, 's>(replayed: &'r [Replayed<'s>], story: &str) -> &'r Replayed<'s> {
    replayed.iter().find(|replayed| replayed.attack.story == story).unwrap()
}

fn waits(world: &World, file: &str, plans: &[Plan]) -> Vec<Option<Duration>> {
    let play = Play::new(world, file).unwrap();
    plans.iter().map(|plan| play.wait(plan)).collect()
}

#[test]
fn the_committed_table_is_up_to_date() {
    let committed = std::fs::read_to_string(Workspace::of_this_program().path(PATH)).unwrap_or_default();
    assert!(
        committed == table::render(&stories()).unwrap(),
        "`{PATH}` is out of date: run `cargo xtask replay`"
    );
}

#[test]
fn every_story_has_a_row_or_a_reason_for_none() {
    let rows = ATTACKS.iter().map(|attack| attack.story);
    let rows = rows.chain(ORDINARY.iter().map(|ordinary| ordinary.story));
    let named: Vec<&str> = rows.chain(ELSEWHERE.iter().map(|(name, _)| *name)).collect();
    let distinct: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(distinct.len(), named.len(), "a story is named twice");
    let stories = stories();
    let is_row = |name: &&str| !ABOUT_PEOPLE.iter().any(|prefix| name.starts_with(prefix));
    let replayed = stories.keys().map(String::as_str).filter(is_row);
    assert_eq!(distinct, replayed.collect());
}

#[test]
fn a_three_day_wait_stops_the_nine_timed_releases_of_existing_projects() {
    with_replayed(|replayed, plans| {
        assert!(plans.iter().map(|plan| plan.name).eq(POLICIES));
        let mut fast: Vec<_> = replayed.iter().filter(|replayed| replayed.is_fast()).collect();
        assert_eq!(fast.len(), 9);
        fast.sort_by_key(|replayed| replayed.attack.window.length());
        assert_eq!(fast[4].attack.window.0, "3 h 42 min");
        for replayed in fast {
            let name = replayed.attack.story;
            for policy in ["7-day wait", "3-day wait", "starter", "team", "strict"] {
                assert!(!replayed.courses[column(policy)].came_in(), "{name} under {policy}");
            }
            // Without a policy each of them came in at once: the world is not simply closed.
            assert_eq!(replayed.courses[column("nothing")].at[0], Mark::Passed, "{name}");
        }
    });
}

#[test]
fn what_stays_up_outlasts_every_wait() {
    with_replayed(|replayed, _| {
        let ctx = find(replayed, "ctx-expired-domain").courses[column("3-day wait")];
        assert_eq!(ctx.at, [Mark::Stopped, Mark::Stopped, Mark::Stopped, Mark::Passed]);
        assert_eq!(ctx.last, Mark::Passed);
        for story in ["patient-insider", "jeilyfish-capital-i", "fabrice-old-typosquat"] {
            for policy in ["7-day wait", "3-day wait", "starter", "team"] {
                assert_eq!(
                    find(replayed, story).courses[column(policy)].last,
                    Mark::Passed,
                    "{story} under {policy}"
                );
            }
        }
        // Five days: between the looks at 24 hours and at 7 days.
        let torchtriton = &find(replayed, "torchtriton-dependency-confusion").courses;
        assert_eq!(torchtriton[column("starter")].last, Mark::Passed);
        assert_eq!(torchtriton[column("team")].last, Mark::Stopped);
    });
}

#[test]
fn strict_lets_in_nothing_that_nobody_vouched_for() {
    with_replayed(|replayed, _| {
        assert!(replayed.iter().all(|replayed| !replayed.courses[column("strict")].came_in()));
    });
}

#[test]
fn two_vouches_end_the_wait_where_the_policy_asks_for_people() {
    let (stories, silent) = (stories(), plan::all(plan::SILENT).unwrap());
    let vouching = plan::all(plan::VOUCHING).unwrap();
    let day = |days| Some(Duration::from_days(days));
    for ordinary in ORDINARY {
        let story = story(&stories, ordinary.story).unwrap();
        let alone = waits(&story.world, ordinary.file, &silent);
        assert_eq!(alone, [day(0), day(7), day(3), day(3), day(7), None], "{}", ordinary.story);
        let both = waits(&story.twin.world, ordinary.file, &vouching);
        assert_eq!(both[..4], [day(0), day(7), day(3), day(3)], "{}", ordinary.story);
        for policy in ["team", "strict"] {
            assert_eq!(both[column(policy)].unwrap().rounded(), ordinary.vouched, "{}", ordinary.story);
        }
    }
}

#[test]
fn a_rebuild_is_not_the_file_of_the_lock() {
    let stories = stories();
    let world = &story(&stories, "rebuilt-under-the-same-name").unwrap().world;
    let evidence = world.evidence(world.now());
    let graph = TrustGraph::build(&evidence, world.now());
    for plan in plan::all(plan::VOUCHING).unwrap() {
        let locked = world.locked();
        let verdict = plan.policies.judge(&graph, &evidence, &locked[0], world.now());
        assert_eq!(verdict.code().as_str(), "hash-mismatch", "{}", plan.name);
    }
}

#[test]
fn the_capital_i_is_another_project() {
    let stories = stories();
    let world = &story(&stories, "jeilyfish-capital-i").unwrap().world;
    let project = |label: &str| world.file(label).unwrap().project().as_str().to_owned();
    assert_eq!(project("jeIlyfish-1.0.1-py3-none-any.whl"), "jeilyfish");
    assert_eq!(project("jellyfish-1.0.0-py3-none-any.whl"), "jellyfish");
}
