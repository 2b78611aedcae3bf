//! Plays a story under a policy: at set moments after the upload, and to find when a file first comes in.

use covouch_core::time::{Duration, Timestamp};
use covouch_graph::TrustGraph;
use covouch_testkit::scenario::World;

use super::{plan::Plan, window::Window};
use crate::Failure;

/// The moments after the upload that are looked at, in seconds.
const MOMENTS: [u64; 4] = [5 * 60, 4 * 3_600, 24 * 3_600, 7 * 24 * 3_600];

/// How long after its upload a file is waited for, in seconds, before the answer is *never*.
const PATIENCE: u64 = 30 * 24 * 3_600;

/// What happened to a file at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The policy let it in.
    Passed,
    /// The policy kept it out.
    Stopped,
    /// It could not be had any more.
    Gone,
    /// When it was gone is not known.
    Unknown,
}

/// How an attack went under one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// At each of [`MOMENTS`].
    pub(super) at: [Mark; 4],
    /// In the last second in which it could be had.
    pub(super) last: Mark,
}

impl Course {
    /// Whether it came in at any moment that was looked at.
    pub(super) fn came_in(&self) -> bool {
        self.at.contains(&Mark::Passed) || self.last == Mark::Passed
    }
}

/// A file of a world, followed from its upload on.
pub(super) struct Play<'a> {
    world: World,
    file: &'a str,
    uploaded: Timestamp,
}

impl<'a> Play<'a> {
    /// Follows a file in a world where no index reacts.
    pub(super) fn new(world: &World, file: &'a str) -> Result<Self, Failure> {
        let uploaded = world.uploaded(file).ok_or_else(|| format!("the story has no file `{file}`"))?;
        Ok(Self { world: world.clone().before_reactions(), file, uploaded })
    }

    /// When the file was uploaded.
    pub(super) const fn uploaded(&self) -> Timestamp {
        self.uploaded
    }

    /// How an attack goes under a policy.
    pub(super) fn course(&self, plan: &Plan, window: Window) -> Course {
        let length = window.length();
        let at = MOMENTS.map(Duration::from_seconds).map(|after| {
            if length.is_some_and(|length| after >= length) { Mark::Gone } else { self.mark(plan, after) }
        });
        let last = length.map_or(Mark::Unknown, |length| self.mark(plan, before(length)));
        Course { at, last }
    }

    /// How long after its upload a policy lets the file in for the first time; `None` for never.
    ///
    /// Looks for the second in which the verdict changes. There is one: nothing expires in that time, so more time
    /// takes no admission away.
    pub(super) fn wait(&self, plan: &Plan) -> Option<Duration> {
        let is_in = |after| self.mark(plan, Duration::from_seconds(after)) == Mark::Passed;
        let (mut outside, mut inside) = (0, PATIENCE);
        if is_in(outside) {
            return Some(Duration::from_seconds(0));
        }
        if !is_in(inside) {
            return None;
        }
        while inside - outside > 1 {
            let middle = outside.midpoint(inside);
            if is_in(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Some(Duration::from_seconds(inside))
    }

    fn mark(&self, plan: &Plan, after: Duration) -> Mark {
        let now = self.uploaded.plus(after);
        let evidence = self.world.evidence(now);
        let graph = TrustGraph::build(&evidence, now);
        let verdict = plan.policies.judge(&graph, &evidence, self.world.subject(self.file), now);
        if verdict.lets_in() { Mark::Passed } else { Mark::Stopped }
    }
}

/// A second less.
fn before(length: Duration) -> Duration {
    Duration::from_seconds(u64::try_from(length.seconds()).unwrap_or(0).saturating_sub(1))
}
