//! A real index on 127.0.0.1: a Simple API over HTTP, with faults on demand and a list of who asked for what.
//!
//! The server runs on a thread of its own, so tests with and without a runtime can use it; it stops when dropped.

mod connection;
mod fault;
mod page;
mod respond;
mod route;
mod serve;
mod site;

pub(crate) use self::route::file_path;
pub use self::{
    fault::{Fault, Target},
    serve::{IndexServer, Request},
    site::{Feature, Listed, Project, Site},
};
