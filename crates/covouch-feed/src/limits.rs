//! How much of a feed is read, in one place. Each number stands under its reason.

/// Largest root. A few dozen RSA keys are 30 kB.
pub const ROOT_BYTES: usize = 512 << 10;

/// Largest timestamp: it names one file.
pub const TIMESTAMP_BYTES: usize = 64 << 10;

/// Largest snapshot: the 16,384 bins of a feed of a million projects, those of earlier generations beside them,
/// 130 bytes each.
pub const SNAPSHOT_BYTES: usize = 4 << 20;

/// Largest list of targets: a flat feed of 500 projects with 32 kB of statements each.
pub const TARGETS_BYTES: usize = 16 << 20;

/// Deepest nesting of JSON, as for statements.
pub const JSON_DEPTH: usize = 32;

/// Roots that follow each other in one update. A feed that changes its keys every week gets here after twenty
/// years; whoever is further behind goes on with the next update.
pub const ROOT_ROTATIONS: u32 = 1024;

/// Roles that one search asks (TUF §5.6.7: "a reasonable limit"); python-tuf has the same number.
pub const SEARCH_ROLES: usize = 32;

/// Longest name of a role; as a file name it is percent-encoded, and file systems store 255 bytes.
pub const ROLE_BYTES: usize = 80;

/// Largest number of bins, as a power of two: a million projects need 2^14. More would make the snapshot larger
/// than [`SNAPSHOT_BYTES`].
pub const BIN_BITS: u8 = 14;

/// Smallest number of bins, as a power of two: fewer are not worth the files.
pub const LEAST_BIN_BITS: u8 = 4;

/// Projects in a feed that has no bins: all are one list of about half a megabyte.
pub const FLAT_PROJECTS: usize = 500;
