//! Who vouches for a file, through whom, and how much of it is independent.
//!
//! `build` reads which statements count at a moment. For one file, `search` walks backwards from the vouchers to
//! an [`instance`], a packing problem in plain numbers; [`decide`] looks for a packing that meets a requirement,
//! with [`pack`] going from flow over depth-safe potentials to a linear program; and [`check`] accepts it or not.
//!
//! # Invariants
//! - Only [`check`] makes an [`Admitted`].
//! - Whoever holds some keys, with any number of puppets behind them, is counted for at most as many parties.
//! - An upper bound refuses, a checked packing admits; everything else is [`Answer::Undecided`].
//!
//! # Not here
//! Formulas people write, terms that are no supports, fetching: a [`Requirement`] comes with all facts known.

mod budget;
mod build;
pub mod check;
pub mod decide;
pub mod demand;
mod edge;
mod explain;
mod filed;
mod flow;
mod index;
pub mod instance;
pub mod limits;
mod lone;
mod merge;
mod named;
mod network;
mod node;
pub mod pack;
mod parties;
mod path;
mod potential;
mod program;
mod question;
mod reach;
mod requirement;
mod search;
mod support;
pub mod tally;
mod veto;
pub mod web;
pub mod witness;

pub use self::{
    build::TrustGraph,
    check::{Admitted, OtherSubject, Proof},
    parties::{Independence, Parties, PartiesError, Party, PartyIndex, Weights},
    question::{Answer, CODES, Grant, Identity, NotMet, Question, Undecidable},
    requirement::Requirement,
    support::{Certification, Chain, PartySupport, SharedKey, Support},
    veto::{VetoFound, independent_vetoes},
};
