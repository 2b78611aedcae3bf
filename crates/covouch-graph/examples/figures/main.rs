//! Figures that a benchmark harness does not give: percentiles over many different questions, memory, growth.
//!
//! `cargo xtask bench graph` runs it and makes tables of it. Every line is a name, a tab, and numbers.

#![expect(clippy::indexing_slicing, reason = "an example's own data is as it says")]

mod chance;
mod debian;
mod structured;
mod web;

use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["debian", edges, policy] => {
            debian::run(&std::fs::read_to_string(edges)?, &std::fs::read_to_string(policy)?)
        }
        ["structured", questions] => structured::run(questions.parse()?),
        ["web", keys] => web::run(keys.parse()?),
        _ => Err("usage: figures debian EDGES POLICY | structured QUESTIONS | web KEYS".into()),
    }
}

/// The shortest of some runs: what the work takes when nobody else is on the machine.
fn shortest<T>(runs: u32, mut work: impl FnMut() -> T) -> Duration {
    let one = |_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed()
    };
    (0..runs).map(one).min().unwrap_or_default()
}

/// Durations, sorted: how many, the middle one, the one in a hundred, the longest; in microseconds.
fn describe(name: &str, mut durations: Vec<Duration>) {
    durations.sort_unstable();
    let at = |numerator: usize, denominator: usize| {
        let last = durations.len().saturating_sub(1);
        durations.get(last * numerator / denominator).map_or(0.0, Duration::as_secs_f64) * 1e6
    };
    println!("{name}\t{}\t{:.2}\t{:.2}\t{:.2}", durations.len(), at(1, 2), at(99, 100), at(1, 1));
}
