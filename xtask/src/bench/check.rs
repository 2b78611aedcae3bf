//! `covouch check` of a lock of 300 packages, offline, from a warm state: the whole process.

use std::{fs, path::Path};

use super::{
    Bench,
    figures::{Figures, shown, table},
    whole::{self, Measured},
    worlds::{WAIT, copy, policy},
};
use crate::{Failure, workspace::run as run_command};

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    bench.build()?;
    let shelf = bench.shelf("lock")?;
    let home = bench.empty("check")?;
    let read =
        |name: &str| fs::read_to_string(shelf.join(name)).map_err(|error| format!("`{name}`: {error}"));
    let upstream = bench.bare(&shelf, 0)?;
    let (index, people) = (upstream.index.clone(), read("people.toml")?);
    let failed = |error: std::io::Error| error.to_string();
    fs::write(home.join("uv.lock"), read("uv.lock")?).map_err(failed)?;
    copy(&shelf.join("trust"), &home.join("trust"))?;
    let policies = [
        ("an index and three days", policy(&index, WAIT, "")),
        (
            "an index and two people, 600 signed vouches",
            policy(&index, "index and at least 2 of (ann, bob)", &people),
        ),
    ];
    let mut running = Some(upstream);
    let mut rows = Vec::new();
    for (name, policy) in policies {
        fs::write(home.join("covouch.toml"), policy).map_err(failed)?;
        if let Some(upstream) = running.take() {
            run_command(&mut whole::command(bench, &home, &["check", "uv.lock"]))?;
            drop(upstream);
        }
        rows.push(measure(bench, &home, name)?);
    }
    let head = ["policy", "ms, median", "range", "MB at most, median", "range", "runs", "it says"];
    Ok(format!(
        "## Check\n\n`covouch --offline check uv.lock`, the whole process: 300 packages with 10 files each, and for each a kept \
         page of 200 files.\n\n{}",
        table(&head, &rows)
    ))
}

fn measure(bench: &Bench<'_>, home: &Path, name: &str) -> Result<Vec<String>, Failure> {
    let measured = Measured::of(bench, &|| whole::command(bench, home, &["--offline", "check", "uv.lock"]))?;
    let range = |figures: &Figures| format!("{}–{}", shown(figures.least()), shown(figures.most()));
    Ok(vec![
        name.to_owned(),
        shown(measured.times.median()),
        range(&measured.times),
        shown(measured.memory.median()),
        range(&measured.memory),
        measured.times.count().to_string(),
        measured.said,
    ])
}
