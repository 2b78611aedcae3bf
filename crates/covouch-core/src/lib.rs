//! What every other crate agrees on: names, digests, keys, time, signed statements and evidence.
//!
//! # Invariants
//! - A value that passed a check has another type than one that did not: [`statement::Verified`] can only be
//!   made by [`statement::verify`].
//! - One value has one spelling: every text type parses to a canonical form and prints that form.
//! - Thresholds, expiry and name normalisation each exist once, here ([`time::Validity`], [`name`]).
//!
//! # Not here
//! No network, no files, no clock, no randomness: those are arguments, or belong to `covouch-io`.

pub mod amount;
pub mod code;
pub mod digest;
pub mod evidence;
pub mod evidence_lock;
pub mod hint;
pub mod key;
pub mod level;
pub mod limits;
pub mod name;
pub mod parallel;
pub mod party;
pub mod publisher;
pub mod shown;
pub mod statement;
pub mod subject;
pub mod time;
pub mod version;

mod json;
