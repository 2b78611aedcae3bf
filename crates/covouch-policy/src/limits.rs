//! How much of a policy is read, in one place. Each number stands under its reason.

/// Longest policy file: twenty thousand waivers of 200 bytes, twice over.
pub const POLICY_BYTES: usize = 8 << 20;

/// Longest expression; a formula over 64 parties with levels and amounts stays under 4 KiB.
pub const EXPRESSION_BYTES: usize = 16 << 10;

/// Deepest nesting of an expression. Nobody can read past ten; the parser's recursion is what is guarded.
pub const EXPRESSION_DEPTH: usize = 32;

/// Most `[[rule]]` tables. The first match wins, so each judgement walks them.
pub const RULES: usize = 1_000;

/// Most patterns in one rule.
pub const PATTERNS: usize = 1_000;

/// Most `[[waiver]]` tables: a lock of 1,000 packages with 20 files each.
pub const WAIVERS: usize = 20_000;

/// Most root keys of one party.
pub const KEYS: usize = 64;

/// Most suites of one distribution: each is an index to fetch.
pub const SUITES: usize = 8;

/// Longest name of a suite; `oldoldstable-proposed-updates` has 29.
pub const SUITE_BYTES: usize = 40;

/// Deepest delegation a party's root may start.
pub const DEPTH: u8 = 8;

/// Most errors reported for one policy; past that, the first ones are what to mend.
pub const ERRORS: usize = 50;

/// Most allocations of one key's trust that are tried for the warning that one key suffices.
pub const ALONE_TRIES: usize = 20_000;

/// Most future moments at which a file is judged again to say until when its verdict holds.
pub const EVENTS: usize = 16;

/// Most wheels of one release whose own events are looked at for their sdist.
pub const SIBLING_EVENTS: usize = 64;

/// Most differences between a wheel and its sdist that are told one by one.
pub const DIFFERENCES: usize = 20;

/// Longest sentence made for one file: what fits a reason phrase and a yanked reason.
pub const SENTENCE_BYTES: usize = 400;

/// Longest rule by which authors are derived: a page, with room for a thousand patterns.
pub const AUTHOR_RULE_BYTES: usize = 128 << 10;

/// Most identities one run looks at. Each is held against all files, and nobody reads a longer list of changes.
pub const AUTHORS: usize = 1_000;
