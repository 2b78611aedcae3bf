//! The only crate that touches network, disk, clock and environment.
//!
//! # Invariants
//! - Access is a value one is handed: a [`network::Network`], a [`state::State`], a [`clock::Clock`]. Nothing
//!   here reads the process's environment by itself; shells pass a function that does.
//! - *Absent*, *unreachable* and *wrong* are three answers, and none becomes another.
//! - Bytes from the cache are hashed again before they are believed.
//!
//! # Not here
//! What evidence means, and which evidence is wanted: `covouch-policy`.

pub mod clock;
pub mod limits;
pub mod network;
pub mod secrets;
