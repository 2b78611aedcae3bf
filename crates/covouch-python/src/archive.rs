//! What wheels and sdists contain, read as their attacker would have packed them.
//!
//! A package is read by many programs: an index's scanner, a reviewer's archive viewer, pip, uv. An archive that
//! two of them read differently shows the reviewer one thing and installs another. So these readers accept only
//! archives that leave nothing to interpretation, and say what is wrong with any other.
//!
//! # Invariants
//! - Every byte of the file belongs to exactly one thing we know: nothing stands before, between or behind the
//!   members, and what is written twice (ZIP's local and central headers) is the same both times.
//! - [`Contents::sha256`] is the digest of the very bytes the contents were read from, in one pass.
//! - No member has a path that could leave its folder or mean another on any file system, and no two members have
//!   paths that any file system takes for one.
//! - Memory is bounded by [`limits`], whatever the archive says of itself.
//!
//! # Not here
//! No file is opened or written: readers are handed in. Whether a wheel's contents follow from an sdist's is
//! [`crate::derive`]'s to say.

mod contents;
mod error;
pub mod limits;
mod path;
pub mod sdist;
mod source;
mod tar;
pub mod wheel;
mod zip;

pub use contents::{Contents, Form, Member};
pub use error::{ArchiveError, CODES, Fault};
pub use path::{MemberPath, PathError};
