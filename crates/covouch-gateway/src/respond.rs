//! How answers are put together: what a client wants, what it already has, and how a refusal reaches a person.
//!
//! # Invariants
//! - A refusal by policy is 403 (or 451), never 404 and never 5xx.
//! - A reason phrase is one line of printable ASCII, whatever an upstream wrote.
//!
//! # Not here
//! Whether a client may have something: [`crate::release`].

pub(crate) mod accept;
pub(crate) mod etag;
mod problem;
pub(crate) mod range;

pub(crate) use self::problem::Problem;
