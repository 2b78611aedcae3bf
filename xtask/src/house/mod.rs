//! The rules of the house that no other tool checks.
//!
//! # Not here
//! Codes and their page in the docs: a test of the command holds them together, because it can name the tables.

mod layers;
mod text;

use crate::{Failure, workspace::Workspace};

/// Crates that ask nobody: no network, no files, no clock, no environment, no randomness, no printing.
const PURE: &[&str] = &["covouch-core", "covouch-graph", "covouch-feed", "covouch-python", "covouch-policy"];

/// Checks every rule and lists everything that breaks one.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let mut broken = text::check(workspace)?;
    broken.extend(layers::check(workspace)?);
    for line in &broken {
        eprintln!("{line}");
    }
    match broken.len() {
        0 => Ok(()),
        count => Err(format!("{count} rules of the house are broken")),
    }
}
