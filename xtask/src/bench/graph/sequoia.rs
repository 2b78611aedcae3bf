//! `sequoia-wot`, measured on the same graph by a program that is written, built and run outside the workspace.
//!
//! It is under the LGPL: a peer to be measured, never a dependency.

use std::fs;

use super::Line;
use crate::{
    Failure,
    bench::Bench,
    workspace::{output, run},
};

const MANIFEST: &str = r#"[package]
name = "sequoia-peer"
version = "0.0.0"
edition = "2021"
publish = false

[dependencies]
sequoia-wot = { version = "=0.15.3", default-features = false }
sequoia-openpgp = { version = "2", default-features = false, features = ["crypto-rust", "allow-experimental-crypto", "allow-variable-time-crypto"] }

[workspace]
"#;

/// The program, in the words of that crate's interface.
const PROGRAM: &str = include_str!("../../../peers/sequoia-wot.rs");

/// How long a binding takes from the root that has the fewest certifications.
pub(super) fn measure(bench: &Bench<'_>, edges: &str) -> Result<Line, Failure> {
    let folder = bench.folder.join("sequoia-wot");
    fs::create_dir_all(folder.join("src")).map_err(|error| error.to_string())?;
    for (name, text) in [("Cargo.toml", MANIFEST), ("src/main.rs", PROGRAM)] {
        let path = folder.join(name);
        // As it stands: cargo builds again what was written again.
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::write(&path, text).map_err(|error| error.to_string())?;
        }
    }
    let target = folder.join("target");
    let mut cargo = bench.workspace.cargo();
    cargo.args(["build", "--release", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    run(cargo.env("CARGO_TARGET_DIR", &target))?;
    let bindings = bench.pick("50", "1111");
    let text = output(bench.workspace.command(target.join("release/sequoia-peer")).args([edges, bindings]))?;
    text.lines().find_map(Line::parse).ok_or_else(|| "sequoia-wot printed nothing".to_owned())
}
