//! The policy language and the judge.

pub mod ast;
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
    judge::{Page, Policies, WantedFolder, WantedIndex},
    program::{Blocked, Downgrade, Gateway, HostPort, IndexAddress, Mode, PartySource, Policy, SourceKind},
};
