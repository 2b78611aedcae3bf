//! The command as people run it: with real installers, on worlds that are served on this machine's loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod attested;
mod attesting;
mod authors;
mod base;
mod bucket;
mod bundle;
mod checking;
mod clients;
mod debian;
mod desk;
mod evidence;
mod feed;
mod http;
mod installer;
mod levels;
mod live;
mod locking;
mod machine;
mod scenarios;
mod shelf;
mod signing;
mod voting;
