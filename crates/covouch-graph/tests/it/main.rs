//! Tests of the graph as its callers see it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails here has failed")]

mod brute;
mod cases;
mod debian;
mod laws;
mod live;
mod mutations;
mod numbers;
mod packing;
mod puppets;
mod questions;
mod random;
mod statements;
mod tally;
mod vetoes;
mod world;
