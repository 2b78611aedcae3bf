//! The policy language and the judge, from the outside.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod adapters;
mod analysis;
mod analysis_impact;
mod example;
mod expected;
mod identities;
mod judging;
mod laws;
mod malformed;
mod modes;
mod places;
mod proposal;
mod reports;
mod siblings;
mod terms;
mod unknowns;
mod waivers;
mod wants;
mod world;
