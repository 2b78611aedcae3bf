//! How much of an outsider's input is read, in one place. Each number stands under its reason.

/// Largest page of one project. The largest real ones (nightly builds kept for years) are about 20 MB.
pub const PAGE_BYTES: usize = 64 << 20;

/// Most files on one page. Real pages stay under 20,000; a page of this many takes some 50 MB of memory.
pub const PAGE_FILES: usize = 100_000;

/// Most keys of one JSON object that nobody here knows. Indexes add one or two of their own.
pub const UNKNOWN_KEYS: usize = 64;

/// Most other places a page names for its project (PEP 708). Each is somebody's decision; a handful is a lot.
pub const LOCATIONS: usize = 64;

/// Most digests of one file. Indexes publish up to three.
pub const HASHES: usize = 16;

/// Longest address of a file. Signed addresses of object stores reach 2 kB.
pub const URL_BYTES: usize = 8 << 10;

/// Largest lock file. The largest real ones are about 5 MB; a parsed TOML document takes some 20 times its size.
pub const LOCK_BYTES: usize = 16 << 20;

/// Most packages in one lock, and most files of one package. Far beyond real ones; ends work that grows for nobody.
pub const LOCK_ENTRIES: usize = 100_000;

/// Deepest chain of `-r` and `-c` lines. People use two or three levels.
pub const INCLUDE_DEPTH: usize = 16;

/// Most files one requirements file draws in, however often each is named: without it, sixteen files that name
/// each other twice are 65,536 readings.
pub const INCLUDES: usize = 256;

/// Most versions that constraints pin one project to. Each stands under a marker of its own; three are many.
pub const PINS: usize = 16;

/// Largest provenance object. One attestation is about 10 kB, and a file has one or two.
pub const PROVENANCE_BYTES: usize = 1 << 20;

/// Most attestations of one file; verifying one takes up to a millisecond.
pub const ATTESTATIONS: usize = 32;

/// Most transparency log entries of one attestation. Real ones have one; each costs two signatures to verify.
pub const LOG_ENTRIES: usize = 4;

/// Longest field of a publisher. Paths of workflows and names of branches stay under 300 bytes.
pub const PUBLISHER_FIELD_BYTES: usize = 1024;
