//! The policy language and the judge: who must say that a file is safe, and whether they did.
//!
//! A [`Policy`] is read from TOML with all its mistakes named ([`mod@file`], [`syntax`], [`error`]). [`Policies`] bring
//! it together with evidence and a moment, and give a [`Verdict`] for each file; [`reasons`], [`suggest`] and
//! [`report`] say why, what to do, and all of it in one form.
//!
//! # Invariants
//! - No decision depends on anything but policy, evidence and the moment: the same three give the same verdict on
//!   every machine.
//! - Not knowing is undecided; only the graph's proof admits.
//!
//! # Not here
//! Nothing is fetched, printed, coloured or asked of a clock.

pub mod analysis;
pub mod ast;
pub mod authors;
pub mod code;
pub mod error;
mod facts;
pub mod file;
pub mod judge;
pub mod limits;
pub mod preset;
pub mod program;
pub mod reasons;
pub mod report;
mod resolve;
pub mod schema;
pub mod suggest;
pub mod syntax;
mod until;
pub mod verdict;

pub use self::{
    code::CODES,
    error::{Fault, Place, PolicyError, PolicyErrors},
    file::{Document, PolicyTable, Source},
    judge::{Page, Policies, Wanted, WantedFolder, WantedIndex},
    preset::Preset,
    program::{
        Blocked, Derive, Downgrade, Gateway, HostPort, IndexAddress, Mode, PartySource, Policy, RuleView,
        SourceKind, WaiverView,
    },
    reasons::Explanation,
    report::{FileReport, PartyReport, Report, Totals},
    suggest::Suggestion,
    verdict::{Indecision, IndecisionCause, Monitored, Refusal, RefusalCause, Verdict, VerdictKind, Waived},
};
