//! `covouch authors derive`: who is an author by a published rule, run after run.

use covouch_testkit::index::{IndexServer, Site};
use serde_json::Value;

use crate::{
    desk::{Desk, Ran},
    shelf::wheel,
};

const RULE: &str = "schema = 1\nreleases = 3\ndays = 100\npackaged-or-voted = 0\nvetoes = 1\n\
                    validity = \"90d\"\nprojects = [\"demo*\"]\n";

/// Releases of `demo` with the days of their uploads; the last is a hundred days after the first.
const RELEASES: [(&str, &str); 3] =
    [("1.0", "2026-01-01T10:00:00Z"), ("2.0", "2026-02-01T10:00:00Z"), ("3.0", "2026-04-11T10:00:00Z")];

/// A desk where `author` signed these releases and `lead` derives authors.
struct World {
    index: IndexServer,
    desk: Desk,
    author: String,
}

fn world() -> World {
    let site =
        RELEASES.into_iter().fold(Site::new(), |site, (version, day)| site.with(wheel("demo", version), day));
    let (index, desk) = (IndexServer::start(site), Desk::new());
    let [_, author] = ["lead", "author"].map(|name| {
        let made = desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        made.stdout.trim_end().to_owned()
    });
    desk.write("authors.toml", RULE);
    let world = World { index, desk, author };
    for (version, _) in RELEASES {
        world.sign_release(version, "author");
    }
    world
}

impl World {
    fn sign_release(&self, version: &str, key: &str) {
        let wheel = wheel("demo", version);
        let path = self.desk.write(&format!("dist/{}", wheel.filename()), wheel.bytes());
        let arguments = ["release", "sign", path.to_str().unwrap(), "--key", key, "--yes"];
        self.desk.covouch(&arguments).ends(0);
    }

    fn derive(&self, more: &[&str]) -> Ran {
        let index = self.index.url();
        let fixed = ["authors", "derive", "demo", "--key", "lead", "--author", &self.author];
        self.desk.covouch(&[&fixed[..], &["--index", &index], more].concat())
    }

    fn trusted(&self) -> Ran {
        self.desk.covouch(&["trust", "list", "--key", "lead"]).ends(0)
    }
}

#[test]
fn whoever_meets_the_rule_is_an_author_until_the_grant_ends() {
    let world = world();
    world.derive(&[]).ends(1).says("nobody is there to confirm");
    world.derive(&["--dry-run"]).ends(0).says("3 releases counted").says("1 statement to sign, none signed");
    world.trusted().says("trusts nobody");
    world.derive(&["--yes"]).ends(0).says("granted until 2026-08-31T15:00:00Z").says("1 statement signed");
    world.trusted().says("is an author of `demo`, until 2026-08-31T15:00:00Z");
    world.derive(&["--yes"]).ends(0).says("kept").says("1 of 1 are authors, nothing to sign");
    let later = ["--now", "2026-08-01T00:00:00Z", "--yes"];
    world.derive(&later).ends(0).says("renewed until 2026-10-30T00:00:00Z");
}

#[test]
fn a_day_less_is_no_author() {
    let world = world();
    world.desk.write("authors.toml", RULE.replace("days = 100", "days = 101"));
    let ran = world.derive(&["--yes"]).ends(0);
    ran.says("below: released over 100 days of 101d").says("0 of 1 are authors, nothing to sign");
}

#[test]
fn an_author_who_is_none_any_more_is_withdrawn_with_the_reason() {
    let world = world();
    world.derive(&["--yes"]).ends(0);
    let veto = ["veto", "--file", "dist/demo-1.0-py3-none-any.whl", "--reason", "malware"];
    world.desk.covouch(&[&veto[..], &["--key", "lead", "--yes"]].concat()).ends(0);
    let ran = world.derive(&["--yes", "--format", "json"]).ends(0).json();
    assert_eq!(ran["authors"][0]["outcome"], "reset");
    assert_eq!(ran["changes"][0]["change"], "withdrawn");
    let detail = "withdrawn: reset: `demo-1.0-py3-none-any.whl` is vetoed";
    assert_eq!(ran["changes"][0]["detail"], detail);
    assert_ne!(ran["changes"][0]["statement"], Value::Null);
    world.trusted().says("withdrawn");
    world.derive(&["--yes"]).ends(0).says("nothing to sign");
}

#[test]
fn another_keys_release_resets_the_author() {
    let world = world();
    world.derive(&["--yes"]).ends(0);
    let other = world.desk.covouch(&["key", "new", "other", "--no-passphrase"]).ends(0);
    world.index.change(|site| {
        *site = std::mem::take(site).with(wheel("demo", "4.0"), "2026-05-01T10:00:00Z");
    });
    world.sign_release("4.0", "other");
    let later = ["--now", "2026-06-03T15:00:00Z", "--yes", "--author", other.stdout.trim_end()];
    world.derive(&later).ends(0).says("reset: `demo` 4.0 is released by SHA256:").says("- SHA256:");
    world.trusted().says("withdrawn");
}

#[test]
fn a_vote_recognises_a_project_as_a_package_does() {
    let world = world();
    world.desk.write("authors.toml", RULE.replace("packaged-or-voted = 0", "packaged-or-voted = 1"));
    for name in ["ada", "ann", "bob"] {
        world.desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    let voter = |key: &str| format!("[[committee.voter]]\nkey = \"{key}\"\naffiliation = \"of-{key}\"\n");
    world.desk.write(
        "council.toml",
        format!(
            "name = \"council\"\nadmins = [\"ada\"]\nthreshold = 1\nexpires = \"365d\"\n[committee]\napprovals = \
             2\nobjections = 1\n{}{}",
            voter("ann"),
            voter("bob")
        ),
    );
    world.desk.covouch(&["electorate", "new", "council.toml", "--key", "ada", "--yes"]).ends(0);
    let vote = |key: &str| {
        let about =
            ["vote", "approve", "demo==3.0", "--index", &world.index.url().to_string()].map(str::to_owned);
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        let by = ["--electorate", "council", "--key", key, "--yes"];
        world.desk.covouch(&[&about[..], &by].concat()).ends(0);
    };
    let derive = || world.derive(&["--yes", "--electorate", "council"]).ends(0);
    vote("ann");
    derive().says("0 of 1 are authors, nothing to sign");
    vote("bob");
    derive().says("demo: voted for by `council`, version 1").says("1 statement signed");
    // Whoever does not ask for the council's vote does not have it.
    world.derive(&["--yes"]).ends(0).says("1 statement signed");
    world.trusted().says("withdrawn");
}

#[test]
fn what_cannot_be_learnt_changes_nothing() {
    let world = world();
    world.derive(&["--yes"]).ends(0);
    let unreachable = ["--offline", "--now", "2027-06-03T15:00:00Z", "--yes"];
    let ran = world.desk.covouch(
        &[
            &["authors", "derive", "demo", "--key", "lead", "--index", "http://127.0.0.1:1/simple/"],
            &unreachable[..],
        ]
        .concat(),
    );
    ran.ends(1);
    world.trusted().never_says("withdrawn");
}

#[test]
fn mistakes_are_named() {
    let world = world();
    world.desk.write("authors.toml", RULE.replace("releases = 3", "release = 3"));
    world.derive(&["--yes"]).ends(2).says("authors.toml:1:1").says("no `releases`");
    world.desk.write("authors.toml", RULE.replace("demo*", "other"));
    world.derive(&["--yes"]).ends(2).says("the rule does not look at `demo`");
    world.desk.write("authors.toml", RULE);
    world.derive(&["--format", "json"]).ends(2).says("--dry-run");
}
