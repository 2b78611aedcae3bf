//! Bundles: what a machine with a network learnt, carried to one without.
//!
//! ```text
//! manifest.json     what was made when, which releases it is about, and every entry with its size and sha256
//! blobs/SHA256      the bytes of the entries, each once, in the order of their digests
//! ```
//!
//! A gzipped tar archive, in one spelling only: any archive that is not byte for byte what [`write()`] would have made of
//! its manifest and its blobs is refused before anything of it is used.
//!
//! # Invariants
//! - A bundle is transport, never authority. Whoever opens it verifies what is in it as if the network had just sent
//!   it, under roots and floors of their own.
//! - Nothing in a bundle says where bytes are written: blobs are kept under the digest they turned out to have.
//! - The same content is the same bytes.
//!
//! # Not here
//! Which entries a policy asks for, and where what holds is kept: the command.

mod error;
#[doc(hidden)]
pub mod fuzzing;
mod manifest;
mod pack;
mod tape;
mod unpack;
mod wire;
mod workplace;

pub use self::{
    error::BundleError,
    manifest::{Answer, Blob, Entries, Entry, Kind, Manifest, is_relative},
    pack::{Written, write},
    unpack::{Bundle, read},
    wire::schema,
    workplace::Workplace,
};
