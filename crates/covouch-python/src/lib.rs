//! Reads the formats of Python packaging: names of distribution files, pages of the Simple repository API,
//! lock files.
//!
//! # Invariants
//! - Every reader takes bytes an outsider may have written: it has limits ([`limits`]), never panics, and reports
//!   what it cannot understand instead of passing over it.
//! - Reading decides nothing. What a page or a lock does not say stays unsaid in the value that is returned.
//!
//! # Not here
//! No network, files, clock or environment: bytes and addresses are arguments. Whether a file may be installed is
//! `covouch-policy`'s to say.

pub mod archive;
pub mod attestation;
pub mod code;
pub mod derive;
pub mod filename;
pub mod limits;
pub mod lock;
pub mod simple;

mod address;

pub use covouch_core::shown;
