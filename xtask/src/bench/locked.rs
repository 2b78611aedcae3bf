//! `covouch check --locked --offline` with an empty state, the whole process, and how large the evidence is.

use std::{fs, path::Path};

use super::{
    Bench,
    figures::{shown, table},
    whole::{self, Measured},
    worlds::copy,
};
use crate::{Failure, workspace::run as run_command};

/// Two people vouch for each release.
const CURATORS: f64 = 2.0;

/// What is measured: what it is called, the folder of vouches, how many files of each package are locked, and whether an
/// electorate must have passed them besides.
const CASES: [(&str, &str, usize, Voting); 4] = [
    ("vouches of one file, one file locked", "trust-one", 1, Voting::Nobody),
    ("vouches of 10 files, one file locked", "trust", 1, Voting::Nobody),
    ("vouches of 10 files, all of them locked", "trust", 10, Voting::Nobody),
    ("the same, and seven ballots on them", "trust", 10, Voting::Council),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Voting {
    Nobody,
    Council,
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    bench.build()?;
    let shelf = bench.shelf("lock")?;
    let failed = |error: std::io::Error| error.to_string();
    let read =
        |name: &str| fs::read_to_string(shelf.join(name)).map_err(|error| format!("`{name}`: {error}"));
    let (lock, people, council) = (read("uv.lock")?, read("people.toml")?, read("council.toml")?);
    let home = bench.empty("locked")?;
    let mut rows = Vec::new();
    for (name, vouches, files, voting) in CASES {
        let (party, admit) = match voting {
            Voting::Nobody => ("", "ann and bob"),
            Voting::Council => (&*council, "ann and bob and council"),
        };
        let policy =
            format!("schema = 1\n{people}{party}\n[policy]\nadmit = \"{admit}\"\nrefuse = \"vetoes\"\n");
        fs::write(home.join("covouch.toml"), policy).map_err(failed)?;
        let (text, packages) = pylock(&lock, files);
        fs::write(home.join("pylock.toml"), text).map_err(failed)?;
        copy(&shelf.join(vouches), &home.join("trust"))?;
        copy(&shelf.join("ballots"), &home.join("ballots"))?;
        run_command(&mut whole::command(bench, &home, &["lock", "pylock.toml"]))?;
        for folder in ["trust", "ballots"] {
            fs::remove_dir_all(home.join(folder)).map_err(failed)?;
        }
        rows.push(measure(bench, &home, (name, packages))?);
    }
    let head = [
        "what",
        "ms, median",
        "range",
        "MB at most, median",
        "statements in `covouch.lock`, kB a package and curator",
        "all of `covouch.lock`, kB a package and curator",
        "`covouch.evidence`, kB a package and curator",
        "`covouch.evidence`, kB a package",
        "runs",
        "it says",
    ];
    Ok(format!(
        "## Evidence lock\n\n`covouch check --locked --offline`, the whole process, with an empty state and no folder of \
         statements: 300 packages, two people who vouch for each; nobody vetoes.\n\n{}",
        table(&head, &rows)
    ))
}

fn measure(bench: &Bench<'_>, home: &Path, (name, packages): (&str, usize)) -> Result<Vec<String>, Failure> {
    let check = || whole::command(bench, home, &["check", "--locked", "--offline", "pylock.toml"]);
    let measured = Measured::of(bench, &check)?;
    let lock = fs::read_to_string(home.join("covouch.lock")).map_err(|error| error.to_string())?;
    let evidence = fs::metadata(home.join("covouch.evidence")).map_err(|error| error.to_string())?.len();
    // What is left of a lock without its files.
    let is_said = |line: &&str| !line.starts_with("{\"file\"");
    let said: usize = lock.lines().filter(is_said).map(|line| line.len() + 1).sum();
    let count = |number: usize| u32::try_from(number).map_or(f64::NAN, f64::from);
    let share = |bytes: usize| count(bytes) / 1e3 / count(packages);
    let evidence = share(usize::try_from(evidence).unwrap_or(usize::MAX));
    Ok(vec![
        name.to_owned(),
        shown(measured.times.median()),
        format!("{}–{}", shown(measured.times.least()), shown(measured.times.most())),
        shown(measured.memory.median()),
        shown(share(said) / CURATORS),
        shown(share(lock.len()) / CURATORS),
        shown(evidence / CURATORS),
        shown(evidence),
        measured.times.count().to_string(),
        measured.said,
    ])
}

/// The first files of each package of a `uv.lock`, as a lock file of PEP 751, and how many packages there are.
fn pylock(lock: &str, files: usize) -> (String, usize) {
    let mut text = "lock-version = \"1.0\"\ncreated-by = \"bench\"\n".to_owned();
    let mut packages = 0;
    for package in lock.split("[[package]]").skip(1) {
        let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
        let field = |name: &str| {
            let line = package.lines().find(|line| line.starts_with(name));
            line.map(quoted).unwrap_or_default()
        };
        text += &format!("[[packages]]\nname = \"{}\"\nversion = \"{}\"\n", field("name"), field("version"));
        packages += 1;
        let (mut sdist, mut wheels) = (String::new(), String::new());
        // The sdist stands first; one file of a package is a wheel.
        let listed = package.lines().filter(|line| line.contains("url = ")).skip(usize::from(files == 1));
        for line in listed.take(files) {
            let after = |key: &str| line.split(key).nth(1).map(quoted_start).unwrap_or_default();
            let (url, sha256) = (after("url = \""), after("hash = \"sha256:"));
            let name = url.rsplit('/').next().unwrap_or_default();
            let file = format!("{{name = \"{name}\", url = \"{url}\", hashes = {{sha256 = \"{sha256}\"}}}}");
            if name.ends_with(".whl") {
                wheels += &format!("{file}, ");
            } else {
                sdist = format!("sdist = {file}\n");
            }
        }
        text += &format!("{sdist}wheels = [{wheels}]\n");
    }
    (text, packages)
}

/// The text up to the next quote.
fn quoted_start(text: &str) -> &str {
    text.split('"').next().unwrap_or_default()
}
