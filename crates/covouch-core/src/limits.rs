//! How much of an outsider's input is read, in one place. Each number stands under its reason.

/// Longest project name. PyPI's own longest names are under 100 characters.
pub const NAME_BYTES: usize = 200;

/// Longest version text; real ones are under 64.
pub const VERSION_BYTES: usize = 256;

/// Longest file name: what common file systems can store.
pub const FILENAME_BYTES: usize = 255;

/// Longest name of a party or an owner.
pub const PARTY_BYTES: usize = 64;

/// Longest repository, account or project of a publisher; GitLab allows the longest, 255 bytes of nested groups.
pub const PUBLISHER_BYTES: usize = 255;

/// Longest single statement (a DSSE envelope on one line). A vouch of [`SUBJECTS`] files is about 1 MB in
/// base64; anything longer is somebody wasting our memory.
pub const STATEMENT_BYTES: usize = 2 << 20;

/// Most files one statement may list. The largest releases on PyPI have a few hundred files.
pub const SUBJECTS: usize = 4096;

/// Longest free text (notes, reason, reference) in a statement.
pub const NOTE_BYTES: usize = 4096;

/// Most characters of an outsider's text that are repeated in a message; more would push away what matters.
pub const SHOWN_CHARS: usize = 200;

/// Deepest nesting of JSON we accept anywhere.
pub const JSON_DEPTH: usize = 32;

/// Longest time between a statement's issue and its expiry: five years, in seconds.
pub const VALIDITY_SECONDS: i64 = 5 * 366 * 86_400;

/// Most voters or seeds an electorate names: a roster of so many is about 1 MB, and larger groups are communities whose
/// members their seeds lead to.
pub const VOTERS: usize = 4096;

/// Most admins of an electorate: people who know one another.
pub const ADMINS: usize = 64;

/// Most recusals of an electorate, and most patterns of one.
pub const RECUSALS: usize = 1024;

/// Most voices one seed of a community can carry; 600ths of so many fit into what an arc of a network carries.
pub const VOICES_PER_SEED: u16 = 100;

/// Most certifications from a seed of a community to a ballot. Whoever is further away is nobody's acquaintance, and
/// voices are counted once for every depth.
pub const COMMUNITY_DEPTH: usize = 8;

/// Largest folder of statements of one key that is read: 64 MB is some 60,000 vouches.
pub const CHAIN_BYTES: u64 = 64 << 20;

/// Largest OpenSSH key file that is read.
pub const KEY_FILE_BYTES: usize = 64 << 10;

/// Largest evidence lock that is read: ten thousand files, each with ten signed statements.
pub const LOCK_BYTES: usize = 128 << 20;

/// Most files that one entry of an evidence lock observes beside its own: the largest releases have a few hundred.
pub const OBSERVED_FILES: usize = 4096;

/// Most files in one evidence file: the bins of a hundred feeds, and the chains of thousands of voters.
pub const EVIDENCE_PARTS: usize = 100_000;

/// Largest evidence file that is read, once it is unpacked: the whole chains of thousands of voters.
pub const EVIDENCE_BYTES: usize = 512 << 20;
