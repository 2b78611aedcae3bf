//! `cargo xtask replay`: what six policies would have done about every attack of `scenarios/`, as a table.
//!
//! # Invariants
//! - Every mark is a verdict of the judge over the story's own world at that moment, before any index reacted.
//! - The same stories and presets give the same table, byte for byte; a test fails while the committed one differs.
//!
//! # Not here
//! The verdicts stories expect under their own policies: the command's tests hold them.

mod attacks;
mod ordinary;
mod plan;
mod play;
mod table;
mod window;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fs};

use covouch_testkit::scenario::Scenario;

use crate::{Failure, workspace::Workspace};

/// Where the table is committed.
const PATH: &str = "docs/reference/replay.md";

/// Prints the table and writes it.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Failure> {
    let text = table::render(&stories())?;
    print!("{text}");
    fs::write(workspace.path(PATH), text).map_err(|error| format!("`{PATH}`: {error}"))
}

/// All stories by name.
fn stories() -> BTreeMap<String, Scenario> {
    Scenario::all().into_iter().collect()
}

/// The story of this name.
fn story<'a>(stories: &'a BTreeMap<String, Scenario>, name: &str) -> Result<&'a Scenario, Failure> {
    stories.get(name).ok_or_else(|| format!("there is no story `{name}`"))
}
