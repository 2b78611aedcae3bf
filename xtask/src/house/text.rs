//! Rules about the text of files.

use std::fs;

use super::PURE;
use crate::{Failure, workspace::Workspace};

/// Longest file, tests not counted. The soft limit is 400.
const LINES: usize = 600;

/// What no committed file says: hosts of registries, which come from configuration, and paths of somebody's
/// machine. Written in halves, so that this file does not say them either.
const NOWHERE: &[[&str; 2]] = &[
    ["pypi", ".org"],
    ["python", "hosted.org"],
    ["deb.debian", ".org"],
    ["ftp.debian", ".org"],
    ["security.debian", ".org"],
    ["snapshot.debian", ".org"],
    ["/work", "/main"],
    ["/work", "/shared"],
    ["/root", "/"],
    ["/opt", "/wheels"],
];

/// What no source says, at the beginning of a line.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("#[ignore", "nothing is ignored: assert what is so, with a comment"),
    ("#[allow(", "write `#[expect(…, reason = \"…\")]`"),
    ("#![allow(", "write `#![expect(…, reason = \"…\")]`"),
];

/// What a pure crate does not name outside its tests.
const WORLDLY: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "println!",
    "print!(",
    "stdin()",
    "stdout()",
];

/// Everything that breaks a rule, a line each.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for path in workspace.files()? {
        let bytes = fs::read(workspace.path(&path)).map_err(|error| format!("`{path}`: {error}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        check_places(&path, &text, &mut broken);
        if path.ends_with(".rs") {
            check_source(&path, &text, &mut broken);
        }
    }
    Ok(broken)
}

fn check_places(path: &str, text: &str, broken: &mut Vec<String>) {
    for place in NOWHERE.iter().map(|halves| halves.concat()) {
        for (index, _) in text.lines().enumerate().filter(|(_, line)| line.contains(&place)) {
            broken.push(format!("{path}:{}: names `{place}`; samples say `index.example`", index + 1));
        }
    }
}

fn check_source(path: &str, text: &str, broken: &mut Vec<String>) {
    let own: Vec<&str> = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
    // In front of its modules an integration test says `cfg(test)` too, and there everything counts.
    let lines = if path.contains("/tests/") { text.lines().count() } else { own.len() };
    if lines > LINES {
        broken.push(format!("{path}: {lines} lines; at most {LINES}, better 400"));
    }
    for (index, line) in text.lines().enumerate() {
        for (_, advice) in ATTRIBUTES.iter().filter(|(attribute, _)| line.trim_start().starts_with(attribute))
        {
            broken.push(format!("{path}:{}: {advice}", index + 1));
        }
    }
    let pure = PURE.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
    for (index, line) in own.iter().enumerate().filter(|_| pure) {
        let code = line.split("//").next().unwrap_or_default();
        if let Some(word) = WORLDLY.iter().find(|word| code.contains(**word)) {
            broken.push(format!("{path}:{}: `{word}` in a pure crate", index + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_source(path: &str, text: &str) -> Vec<String> {
        let mut broken = Vec::new();
        check_source(path, text, &mut broken);
        broken
    }

    #[test]
    fn a_place_is_found_with_its_line() {
        let mut broken = Vec::new();
        check_places(
            "README.md",
            &format!("first\nsee https://{}/simple/\n", ["pypi", ".org"].concat()),
            &mut broken,
        );
        assert!(broken.len() == 1 && broken[0].starts_with("README.md:2:"), "{broken:?}");
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let long = "line\n".repeat(LINES + 1);
        assert_eq!(broken_source("crates/covouch-io/src/a.rs", &long).len(), 1);
        assert_eq!(broken_source("crates/covouch-io/src/a.rs", &format!("#[cfg(test)]\n{long}")).len(), 0);
        assert_eq!(
            broken_source("crates/covouch-io/tests/it/a.rs", &format!("#[cfg(test)]\n{long}")).len(),
            1
        );
    }

    #[test]
    fn only_pure_crates_may_not_name_the_world() {
        let text =
            "use std::fs; // reads\n// std::net is named here\n#[cfg(test)]\nmod tests { use std::env; }\n";
        assert_eq!(broken_source("crates/covouch-core/src/a.rs", text).len(), 1);
        assert_eq!(broken_source("crates/covouch-io/src/a.rs", text).len(), 0);
    }
}
