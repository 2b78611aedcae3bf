//! How much work outsiders can make for the graph, in one place. Each number stands under its reason.

/// Most parties of one policy: one bit each in a word, and far above what anybody can reason about.
pub const PARTIES: usize = 64;

/// Most vouching keys with authority for one file. A file with more is an attack or an electorate, and
/// electorates are counted elsewhere.
pub const EVIDENCE: usize = 2_000;

/// Most statements of one key about one file: a key needs one vouch, and a few renewals.
pub const STATEMENTS_PER_ISSUER: usize = 64;

/// Most delegations looked at while walking backwards from those who speak about one file, whoever hears them: a
/// millisecond.
pub const LOOKS: usize = 200_000;

/// Most delegations that can matter for one file: those looked at, without what nobody stands behind.
pub const DELEGATIONS: usize = 20_000;

/// Most sets of requirements tried for one file. Ten parties with any five of them are 252.
pub const DEMANDS: u32 = 4_096;

/// Most arcs looked at by all flows of one question: some tens of milliseconds of work.
pub const FLOW_STEPS: u64 = 20_000_000;

/// Most variables of one linear program; a program of this size takes about a tenth of a second.
pub const PROGRAM_VARIABLES: usize = 20_000;

/// Most linear programs solved for one question.
pub const PROGRAMS: u32 = 32;

/// Most variables of a program that is solved in whole numbers, where each branch is a program again.
pub const WHOLE_VARIABLES: usize = 1_000;

/// Most branches tried for a solution in whole numbers, where the program's own optimum is not whole.
pub const PROGRAM_BRANCHES: u64 = 200;

/// Most sets of parties whose masks are kept at once: a project's policy and its base policy, twice.
pub const MASKS: usize = 4;

/// Most delegations between two keys of which none makes another superfluous. Somebody who renews gives a few.
pub const PARALLEL: usize = 16;

/// Days that an amendment of an electorate waits when it could let in more: time for somebody to notice it.
pub const LOOSENING_DAYS: u32 = 7;

/// Most moments at which one file's votes are counted in advance to say until when the vote holds.
pub const AHEAD_MOMENTS: usize = 8;

/// Most ballots, and statements of communities, that are read again for that in one count of one electorate: about as
/// much work as counting a community of ten thousand twice more.
pub const AHEAD_STEPS: usize = 100_000;
