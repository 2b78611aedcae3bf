//! `cargo xtask evidence`: what the presets admit of three real projects, and how many wheels follow from their sdists.
//!
//! Nothing is asked of a registry. Ordinary clients fetched everything beforehand: uv wrote the committed locks, which
//! have the moment of every upload; apt fetches Debian's signed indexes, pip the archives. See
//! `xtask/data/evidence/README.md`. They are sent again from loopback, and the built command judges them.
//!
//! # Invariants
//! The moment judged at is the one at which the locks were made: a later run over the same files says the same.
//!
//! # Not here
//! Judging, and comparing archives: `covouch` and `covouch-python` do that.

mod derive;
mod presets;
mod shelf;

use crate::{Failure, workspace::Workspace};

/// Measures and writes one table.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        [] => presets::write(workspace),
        ["derive", folder] => derive::write(workspace, folder),
        _ => Err("`evidence` is followed by nothing, or by `derive FOLDER`".into()),
    }
}

/// A table in Markdown.
fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); head.len()];
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{body}", line(head), line(&rule))
}
