//! Servers, worlds and stories for tests.
//!
//! A [`scenario`] is a story in TOML; its world becomes signed evidence for the engine, running [`index`] servers
//! and a project folder for the command and the gateway. Every file in it is built here, is inert and is the same
//! on every machine.
//!
//! # Invariants
//! - Nothing here asks the clock, the network beyond 127.0.0.1, or the environment of the test's own process
//!   (except [`tools`], which looks for the programs that `cargo xtask tools` installed).
//! - The same story gives the same bytes, keys and digests everywhere.
//!
//! # Not here
//! Judging: whoever plays a scenario brings the engine, the command or the gateway. Only a dev-dependency.
#![expect(
    clippy::expect_used,
    reason = "test support: what cannot be built fails the test that asked for it"
)]

pub mod debian;
pub mod distribution;
pub mod environment;
pub mod index;
pub mod keys;
pub mod scenario;
pub mod sdist;
pub mod sigstore;
pub mod tools;
pub mod wheel;
