//! Feeds: what a party publishes, as a TUF repository in a narrow profile, and generic repositories for reading.
//!
//! The client ([`update`]) is a state machine: it says which file it wants next and is given bytes, or that there are
//! none. The writer ([`publish`]) says which files belong where, in the order in which they may be seen.
//!
//! # Invariants
//! - A role is believed only as a [`role::Signed`], after its distinct keys were counted in [`threshold`].
//! - What was seen once is never followed by something older, unless the keys were changed (TUF §5.3.11).
//! - That a list does not name a project is proven by the list; a list that cannot be had is an error.
//!
//! # Not here
//! Networks, files and clocks: `covouch-io`. What statements mean: `covouch-graph` and `covouch-policy`.

pub mod bins;
pub mod code;
mod field;
pub mod key;
pub mod limits;
pub mod path;
pub mod publish;
pub mod role;
pub mod statements;
pub mod stored;
pub mod threshold;
pub mod update;
pub mod value;

pub use self::{code::CODES, field::Malformed};
