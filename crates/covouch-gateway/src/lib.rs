//! A package index that leaves out what nobody vouches for.
//!
//! Installers are pointed at it. It shows them the pages of the real indexes, marks what the policy keeps out, and
//! sends a file only when it was judged a moment ago and its bytes were hashed.
//!
//! # Invariants
//! - No route sends a file without a release, and only a verdict that lets the file in makes one.
//! - A file's last bytes leave only after its sha256 was found right.
//! - What the policy keeps out is never a 404, on which installers look elsewhere, and never a 5xx.
//! - An index that cannot be asked is an error, never a page that lacks files.
//!
//! # Not here
//! The environment of the installer, lock files, and what is printed at the end: the command's.

pub mod code;
pub mod limits;
pub mod picture;
pub mod session;

mod address;
mod cache;
mod connect;
mod destination;
mod download;
mod enforce;
mod gate;
mod gateway;
#[cfg(feature = "measure")]
pub mod measure;
mod release;
mod respond;
mod router;
mod routes;
mod server;
mod snapshot;
mod stall;
mod upstream;
mod wheel;

pub use self::{
    code::CODES,
    destination::{Destination, DestinationError},
    gateway::{Gateway, Located, Renewal, Settings, StartError},
    release::Permission,
    session::SessionReport,
    snapshot::Basis,
};
