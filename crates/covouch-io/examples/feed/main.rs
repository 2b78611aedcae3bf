//! A large feed and its readers, for `cargo xtask bench feed`.
//!
//! ```text
//! feed make FOLDER PROJECTS                 a curator's folder, unpublished
//! feed change FOLDER NUMBER                 one more vouch of one of its teams
//! feed publish FOLDER NOW                   publishes it as `covouch feed publish` does
//! feed serve FOLDER MILLISECONDS plain|gzip serves a folder; every answer waits that long
//! feed sync URL SHA256 STATE NOW PROJECT…   reads the feed as `covouch check` does, and prints how long it took
//! ```
//!
//! # Invariants
//! Every call is a process of its own, so nothing is warm but what lies on disk.

#![expect(clippy::expect_used, reason = "a tool of the bench: what is not as it should be ends it")]

mod make;
mod serve;

use std::{env, path::Path, time::Instant};

use covouch_core::{digest::Sha256, name::ProjectName, time::Timestamp};
use covouch_io::{
    feed::{Staleness, sync},
    network::{Network, Patience, Proxies, Roots, Settings},
    state::State,
};
use url::Url;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", folder, projects] => make::feed(Path::new(folder), number(projects)),
        ["change", folder, change] => make::change(Path::new(folder), number(change)),
        ["publish", folder, now] => make::publish(Path::new(folder), moment(now)),
        ["serve", folder, milliseconds, how] => {
            serve::folder(Path::new(folder), number(milliseconds), *how == "gzip");
        }
        ["sync", url, root, state, now, projects @ ..] => read((url, root), state, now, projects),
        _ => panic!("see the first lines of this program"),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a number")
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// Prints milliseconds, and how many statements were read.
fn read((url, root): (&str, &str), state: &str, now: &str, projects: &[&str]) {
    let root = Sha256::parse(root).expect("a digest");
    let (url, now) = (Url::parse(url).expect("an address"), moment(now));
    let projects = projects.iter().map(|name| ProjectName::parse(name));
    let projects: Vec<ProjectName> = projects.collect::<Result<_, _>>().expect("names");
    let settings =
        Settings { proxies: Proxies::default(), roots: Roots::default(), patience: Patience::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let network = Network::new(&settings).expect("settings");
    let start = Instant::now();
    let state = State::open(state).expect("a state folder");
    let answer = runtime.block_on(sync(&network, &state, &url, &root, &projects, now));
    let taken = start.elapsed();
    let answer = answer.expect("a feed");
    assert!(answer.unknown.is_empty() && matches!(answer.staleness, Staleness::Fresh(_)), "not all was read");
    println!("{} {}", taken.as_secs_f64() * 1e3, answer.statements.len());
}
