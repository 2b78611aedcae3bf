//! A gateway between raw sockets and an index on 127.0.0.1.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod client;
mod files;
mod guard;
mod metadata;
mod pages;
mod session;
mod why;
mod world;
