//! `cargo xtask bench`: the figures of `docs/benchmarks.md`, measured on the machine at hand.
//!
//! Peers are installed from the user's own index and measured in the same run, so that ratios say something where
//! absolute figures do not. Nothing leaves loopback, except to install the peers, and with `--live`.
//!
//! # Invariants
//! - Every server that is started here is stopped here, by its process id.
//! - A figure is the median of several interleaved measurements.
//!
//! # Not here
//! Judgements about the figures: what is printed is what was measured.

mod attestation;
mod check;
mod feed;
mod figures;
mod gateway;
mod graph;
mod http;
mod install;
mod judge;
mod load;
mod locked;
mod machine;
mod peers;
mod process;
mod whole;
mod worlds;

use std::{fs, path::PathBuf};

use crate::{Failure, workspace::Workspace};

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Enough to see whether anything broke.
    Quick,
    /// Enough to be written down.
    Full,
}

/// What is measured, and with what.
struct Bench<'a> {
    workspace: &'a Workspace,
    /// Where everything that is made for it lies; may be deleted.
    folder: PathBuf,
    effort: Effort,
    /// Whether real packages of the user's real index are installed as well.
    is_live: bool,
    /// Whether what was built last is measured, rather than what the sources say now.
    is_built: bool,
}

/// What can be asked for besides parts.
const OPTIONS: [&str; 3] = ["--quick", "--live", "--built"];

/// A part, and what it measures.
type Part = (&'static str, fn(&Bench<'_>) -> Result<String, Failure>);

const PARTS: &[Part] = &[
    ("gateway", gateway::run),
    ("install", install::run),
    ("judge", judge::run),
    ("check", check::run),
    ("lock", locked::run),
    ("feed", feed::run),
    ("attestation", attestation::run),
    ("graph", graph::run),
];

/// Measures the parts that are named, or all of them.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<(), Failure> {
    let (options, named): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| !OPTIONS.contains(option)) {
        return Err(format!("`{unknown}` is no option of bench, only {}", OPTIONS.join(", ")));
    }
    if let Some(unknown) = named.iter().find(|named| PARTS.iter().all(|(name, _)| name != *named)) {
        return Err(format!("`{unknown}` is no part of bench"));
    }
    let folder = workspace.path("target/bench");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let effort = if options.contains(&"--quick") { Effort::Quick } else { Effort::Full };
    let (is_live, is_built) = (options.contains(&"--live"), options.contains(&"--built"));
    let bench = Bench { workspace, folder, effort, is_live, is_built };
    let mut text = machine::describe(workspace, arguments)?;
    for (name, part) in PARTS.iter().filter(|(name, _)| named.is_empty() || named.contains(name)) {
        eprintln!("\n== {name}");
        text.push('\n');
        text.push_str(&part(&bench)?);
    }
    let file = bench.folder.join("benchmarks.md");
    fs::write(&file, &text).map_err(|error| error.to_string())?;
    println!("{text}");
    eprintln!("written to {}", file.display());
    Ok(())
}

impl Bench<'_> {
    /// One of two numbers: for a quick look, or for the record.
    fn pick<T>(&self, quick: T, full: T) -> T {
        match self.effort {
            Effort::Quick => quick,
            Effort::Full => full,
        }
    }

    /// A folder that is empty.
    fn empty(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        }
        fs::create_dir_all(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        Ok(path)
    }
}
