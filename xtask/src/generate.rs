//! Files that are generated and committed: each is what a command of this workspace prints.

use std::fs;

use crate::{
    Failure,
    workspace::{Workspace, output},
};

/// A generated file, and the arguments of cargo that print it.
type Generator = (&'static str, &'static [&'static str]);

/// To add a file, add a line here and run `cargo xtask gen`.
const GENERATORS: &[Generator] = &[
    (
        "docs/reference/bundle.schema.json",
        &["run", "--quiet", "--package", "covouch-io", "--example", "bundle_schema"],
    ),
    (
        "docs/reference/covouch-lock.schema.json",
        &["run", "--quiet", "--package", "covouch-core", "--example", "lock_schema"],
    ),
    (
        "docs/reference/covouch.schema.json",
        &["run", "--quiet", "--package", "covouch-policy", "--example", "schema"],
    ),
    (
        "docs/reference/report.schema.json",
        &["run", "--quiet", "--package", "covouch-policy", "--example", "schema", "--", "report"],
    ),
];

/// Writes every generated file.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Failure> {
    for (path, arguments) in GENERATORS {
        let text = output(workspace.cargo().args(*arguments))?;
        fs::write(workspace.path(path), text).map_err(|error| format!("`{path}`: {error}"))?;
        eprintln!("wrote {path}");
    }
    Ok(())
}

/// Says which generated files are not what their command prints.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    for (path, arguments) in GENERATORS {
        let text = output(workspace.cargo().args(*arguments))?;
        if fs::read_to_string(workspace.path(path)).ok() != Some(text) {
            return Err(format!("`{path}` is out of date: run `cargo xtask gen`"));
        }
    }
    Ok(())
}
