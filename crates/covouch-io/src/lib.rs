//! The only crate that touches network, disk, clock and environment.
//!
//! # Invariants
//! - Access is a value one is handed: a [`network::Network`], a [`state::State`], a [`clock::Clock`].
//!   Environment variables are read through a function the shell passes, so that tests own theirs; only the
//!   platform's default folders and root certificates are looked up by the libraries that know them.
//! - *Absent*, *unreachable* and *wrong* are three answers, and none becomes another.
//! - Bytes from the cache are hashed again before they are believed.
//!
//! # Not here
//! What evidence means, and which evidence is wanted: `covouch-policy`.

pub mod adapters;
pub mod agent;
pub mod archive;
pub mod attestation;
mod blocking;
pub mod bundle;
pub mod clock;
pub mod code;
pub mod collect;
pub mod debian;
pub mod electorate;
pub mod evidence_file;
pub mod feed;
pub mod folder;
pub mod index;
pub mod installer;
pub mod limits;
pub mod network;
pub mod osv;
pub mod provenance;
pub mod secrets;
pub mod state;
