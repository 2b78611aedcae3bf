//! How much work a policy can make for its analysis, in one place. Each number stands under its reason.

/// Most nodes of all diagrams of one analysis: a score over 30 parties with weights to 100 makes some 10,000.
pub(super) const NODES: usize = 400_000;

/// Most pairs of nodes compared: some hundred milliseconds of work.
pub(super) const STEPS: usize = 2_000_000;

/// Most ways in which the parties of one owner can share what counts once.
pub(super) const STATES: usize = 256;

/// Most sets of parties that are listed; past that, the number of them says more than the list.
pub(super) const SETS: usize = 32;

/// Most steps of listing sets. Each set takes as many as there are parties.
pub(super) const LISTING: usize = 200_000;

/// Most sets from which new weights are computed: one inequality each.
pub(super) const INEQUALITIES: usize = 400;

/// Most kinds of parties for which new weights are looked for: of more, nobody would check them, and the smallest sets
/// are too many anyway.
pub(super) const CLASSES: usize = 16;

/// Heaviest weight that is looked for; heavier ones say nothing a person could check.
pub(super) const WEIGHT: i32 = 100;

/// Most branches tried for weights in whole numbers.
pub(super) const BRANCHES: u64 = 2_000;
