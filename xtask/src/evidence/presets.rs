//! What each preset admits of three real projects, and what each kind of evidence would admit by itself.

use std::{collections::BTreeMap, env, fs, path::Path};

use covouch_core::{party::PartyName, time::Timestamp};
use covouch_policy::preset::{Filling, Preset, Signer};
use covouch_testkit::{environment::Environment, keys::secret};
use serde_json::Value;

use super::{shelf::Shelf, table};
use crate::{Failure, workspace::Workspace};

const PROJECTS: &[(&str, &str)] =
    &[("web", "a web project"), ("science", "a data-science project"), ("cli", "command-line tools")];

/// Conditions asked by themselves, to see who can speak for how much.
const ALONE: &[&str] =
    &["pypi and age >= 3d", "pypi and age >= 7d", "pypi and (debian or derived from debian)"];

/// What the presets of this table call Debian.
const SUITES: &str = "suites = [\"stable\", \"testing\"]";

/// Who could sign, and has not: the table is about what is said before anybody does.
const SIGNERS: &[&str] = &["ada", "bob"];

/// Codes that answer the question; every other says that something could not be asked.
const ANSWERS: &[&str] = &["admitted", "not-enough-vouches", "too-new", "sibling-kept-out"];

/// Codes that say something could not be asked: how many files have it, and what is said of the first.
type Gaps = BTreeMap<String, (usize, String)>;

/// A policy and what to call it.
type Asked = (String, String);

pub(super) fn write(workspace: &Workspace) -> Result<(), Failure> {
    let data = workspace.path("xtask/data/evidence");
    let read = |name: &str| {
        fs::read_to_string(data.join(name)).map_err(|error| format!("`xtask/data/evidence/{name}`: {error}"))
    };
    let moment = read("as-of")?.trim().to_owned();
    let locks: Vec<String> =
        PROJECTS.iter().map(|(name, _)| read(&format!("{name}/uv.lock"))).collect::<Result<_, _>>()?;
    let folder = workspace.path("target/evidence");
    if !folder.join("debian/dists").is_dir() {
        return Err(
            "Debian's indexes are not in `target/evidence/debian`: see `xtask/data/evidence/README.md`"
                .into(),
        );
    }
    let shelf = Shelf::open(&locks, &folder)?;
    let mut head = vec!["policy".to_owned()];
    for ((_, project), lock) in PROJECTS.iter().zip(&locks) {
        let packages = lock.matches("[[package]]").count().saturating_sub(1);
        head.push(format!("{project} ({packages} packages)"));
    }
    let (mut rows, mut open, mut said) = (Vec::new(), Gaps::new(), Vec::new());
    for (label, policy) in policies(&moment, &shelf.origin)? {
        let (mut row, mut counts) = (vec![label], vec!["files Debian packaged".to_owned()]);
        let mut gaps = Gaps::new();
        for ((name, _), lock) in PROJECTS.iter().zip(&locks) {
            let desk = Desk { home: &folder.join("desk").join(name), moment: &moment };
            let answer = desk.check(&shelf, lock, &policy)?;
            row.push(counted(&answer));
            add_gaps(&mut gaps, &answer, &shelf.origin);
            counts.push(packaged(&answer).to_string());
        }
        eprintln!("{}", row.join("  "));
        rows.push(row);
        said = counts;
        open = gaps;
    }
    // Of the last policy, which asks Debian about every file.
    rows.push(said);
    let text = page(&moment, &table(&head, &rows), &open);
    fs::write(workspace.path("docs/reference/presets.md"), text).map_err(|error| error.to_string())
}

/// The presets, then each condition alone.
fn policies(moment: &str, origin: &str) -> Result<Vec<Asked>, Failure> {
    let today = Timestamp::parse(moment).map_err(|error| error.to_string())?;
    let signer = |name: &&str| {
        let party = PartyName::parse(name).map_err(|error| error.to_string())?;
        Ok(Signer { name: party, key: *secret(name).public_key(), from: "trust/".to_owned() })
    };
    let signers: Vec<Signer> = SIGNERS.iter().map(signer).collect::<Result<_, Failure>>()?;
    let mut all = Vec::new();
    for preset in Preset::ALL {
        let filling = Filling { signers: &signers, installed: &[], today, expires: today };
        let text = preset.render(&filling).map_err(|error| error.to_string())?;
        let mirrored = format!("{SUITES}, mirror = \"{origin}/files/debian\"");
        all.push((format!("**{}**", preset.as_str()), text.replace(SUITES, &mirrored)));
    }
    for admit in ALONE {
        let debian = format!("[party.debian]\ndebian = {{ {SUITES}, mirror = \"{origin}/files/debian\" }}\n");
        let party = if admit.contains("debian") { debian } else { String::new() };
        let text = format!(
            "schema = 1\n[party.pypi]\nindex = \"pypi\"\n{party}[policy]\nadmit = \"{admit}\"\nrefuse = \"quarantined\"\n"
        );
        all.push((format!("`{admit}` alone"), text));
    }
    Ok(all)
}

/// A project folder in which the command is run.
struct Desk<'a> {
    home: &'a Path,
    moment: &'a str,
}

impl Desk<'_> {
    fn check(&self, shelf: &Shelf, lock: &str, policy: &str) -> Result<Value, Failure> {
        let failed = |error: std::io::Error| format!("`{}`: {error}", self.home.display());
        fs::create_dir_all(self.home.join("trust")).map_err(failed)?;
        fs::write(self.home.join("uv.lock"), shelf.localize(lock)).map_err(failed)?;
        fs::write(self.home.join("covouch.toml"), policy).map_err(failed)?;
        // Built into the same folder as this program.
        let covouch = env::current_exe().map_err(failed)?.with_file_name("covouch");
        let environment = Environment::in_home(self.home)
            .set("COVOUCH_NOW", self.moment)
            .set("PIP_INDEX_URL", format!("{}/simple/", shelf.origin));
        let mut command = environment.command(covouch);
        command.args(["check", "uv.lock", "--format", "json"]).current_dir(self.home);
        let output = command.output().map_err(failed)?;
        // Refused and undecided have exit codes of their own, and an answer all the same.
        serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("`covouch check` failed: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// How many files were admitted, and what became of the others.
fn counted(answer: &Value) -> String {
    let total =
        |kind: &str| answer.pointer(&format!("/totals/{kind}")).and_then(Value::as_u64).unwrap_or_default();
    let admitted = total("admitted");
    let files = ["admitted", "waived", "monitored", "undecided", "refused"]
        .iter()
        .map(|kind| total(kind))
        .sum::<u64>();
    let rest = [("undecided", total("undecided")), ("refused", total("refused"))];
    let rest: String = rest
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!(", {count} {kind}"))
        .collect();
    format!("{admitted} of {files}{rest}")
}

/// For how many files Debian speaks, whatever the policy makes of it.
fn packaged(answer: &Value) -> usize {
    let speaks = |party: &Value| {
        party.get("name").and_then(Value::as_str) == Some("debian")
            && party.get("level").is_some_and(Value::is_string)
    };
    files(answer)
        .filter(|file| {
            file.get("parties").and_then(Value::as_array).is_some_and(|all| all.iter().any(speaks))
        })
        .count()
}

/// Adds what was unknown and why, so that a gap in the evidence does not read as an answer.
fn add_gaps(gaps: &mut Gaps, answer: &Value, origin: &str) {
    for file in files(answer) {
        let text = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default();
        if !ANSWERS.contains(&text("code")) {
            let (count, _) = gaps
                .entry(text("code").to_owned())
                .or_insert_with(|| (0, text("reason").replace(origin, "")));
            *count += 1;
        }
    }
}

fn files(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.get("files").and_then(Value::as_array).into_iter().flatten()
}

fn page(moment: &str, table: &str, open: &Gaps) -> String {
    let mut text = format!(
        "# What the presets admit\n\n\
         Generated by `cargo xtask evidence`; do not edit. Files of three real projects, judged as of {moment}. uv resolved\n\
         them that day from the requirements in [`xtask/data/evidence`](../../xtask/data/evidence/README.md). Each cell counts\n\
         files: every wheel and sdist that the lock allows, for every platform.\n\n{table}\n\
         Nobody has signed anything, which is why `strict` admits nothing; its two signers are made up. `alone`\n\
         rows ask one condition by itself. They overlap, so they do not add up to a preset.\n\n\
         Not in these figures: whether a release was yanked and what state its project is in, which a lock does not say, so\n\
         `refuse` had nothing to refuse; and provenance. Archives were at hand only for the releases whose sdist stands in\n\
         an index of Debian's that could be read; of every other wheel it stays open whether it follows from its sdist. An sdist is kept out while a wheel of its\n\
         release is.\n"
    );
    if !open.is_empty() {
        text.push_str(
            "\nWhat could not be settled under the last of these policies, over all three projects:\n\n",
        );
        let line = |(code, (count, reason)): (&String, &(usize, String))| {
            format!("- `{code}`, {count} files, such as: {reason}\n")
        };
        text.extend(open.iter().map(line));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gap_is_counted_and_an_answer_is_not() {
        let answer = json!({"files": [
            {"code": "debian-expired", "reason": "not known: `http://origin/x`"},
            {"code": "debian-expired", "reason": "another"},
            {"code": "too-new", "reason": "uploaded yesterday"},
        ]});
        let mut gaps = Gaps::new();
        add_gaps(&mut gaps, &answer, "http://origin");
        let expected = ("debian-expired".to_owned(), (2, "not known: `/x`".to_owned()));
        assert_eq!(gaps, Gaps::from([expected]));
    }

    #[test]
    fn debian_is_counted_only_where_it_speaks() {
        let party = |name: &str, level| json!({"parties": [{"name": name, "level": level}]});
        let answer = json!({"files": [party("debian", Some("packaged")), party("debian", None), party("pypi", Some("listed"))]});
        assert_eq!(packaged(&answer), 1);
    }

    #[test]
    fn a_cell_names_what_was_not_admitted() {
        let totals =
            json!({"totals": {"admitted": 3, "waived": 0, "monitored": 0, "undecided": 1, "refused": 0}});
        assert_eq!(counted(&totals), "3 of 4, 1 undecided");
        assert_eq!(counted(&json!({"totals": {"admitted": 3}})), "3 of 3");
    }
}
