//! The policy language and the judge.

pub mod ast;
pub mod code;
pub mod error;
pub mod file;
pub mod limits;
pub mod program;
mod resolve;
pub mod syntax;

pub use self::{
    code::CODES,
    error::{Fault, Place, PolicyError, PolicyErrors},
    file::{Document, PolicyTable, Source},
    program::{Blocked, Downgrade, Gateway, HostPort, IndexAddress, Mode, PartySource, Policy, SourceKind},
};
