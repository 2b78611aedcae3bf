//! The stable codes of this crate.

use covouch_core::code::Code;

/// Not the metadata it should be.
pub const MALFORMED: Code = Code::new("feed-malformed");
/// Too few of the right keys signed it.
pub const SIGNATURES: Code = Code::new("feed-signatures");
/// Older than what was seen before.
pub const ROLLBACK: Code = Code::new("feed-rollback");
/// Another version than was announced.
pub const VERSION: Code = Code::new("feed-version");
/// Other bytes than were announced.
pub const DIGEST: Code = Code::new("feed-digest");
/// Larger than was announced, or than anything is read.
pub const TOO_LARGE: Code = Code::new("feed-too-large");
/// Too old.
pub const EXPIRED: Code = Code::new("feed-expired");
/// A file that must be there is not.
pub const MISSING: Code = Code::new("feed-missing");
/// A role that was listed is listed no more.
pub const DROPPED: Code = Code::new("feed-role-dropped");
/// More roots than are followed at once.
pub const ROOTS: Code = Code::new("feed-too-many-roots");
/// A repository, but not one of statements.
pub const PROFILE: Code = Code::new("feed-profile");
/// A publication cannot be made.
pub const PUBLISH: Code = Code::new("feed-not-published");

/// Every code of this crate.
pub const CODES: &[Code] = &[
    MALFORMED, SIGNATURES, ROLLBACK, VERSION, DIGEST, TOO_LARGE, EXPIRED, MISSING, DROPPED, ROOTS, PROFILE,
    PUBLISH,
];
