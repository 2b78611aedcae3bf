//! Evidence locks: what was proven with everything at hand is proven again with nothing but the lock.

mod feeds;
mod sealed;
mod tampered;
mod votes;

use std::fs;

use covouch_testkit::distribution::Distribution;

use crate::{
    desk::{Desk, Ran},
    shelf::wheel,
};

/// An hour before the lock's statements count no more for what `refuse` asks.
const WITHIN: &str = "2026-06-09T14:00:00Z";
/// When seven days are over.
const AFTER: &str = "2026-06-09T15:00:00Z";

/// A project whose files `ann` and `bob` vouch for, and which no index is asked about.
fn project(refuse: &str) -> Desk {
    let desk = Desk::new();
    let keys = ["ann", "bob"].map(|name| {
        let made = desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        made.stdout.trim_end().to_owned()
    });
    let parties = ["ann", "bob"].iter().zip(&keys);
    let parties: String =
        parties.map(|(name, key)| format!("[party.{name}]\nkey = \"{key}\"\nfrom = \"trust/\"\n")).collect();
    let policy = format!("schema = 1\n{parties}[policy]\nadmit = \"ann and bob\"\n{refuse}");
    desk.write("covouch.toml", policy);
    pin(&desk, &[wheel("demo", "1.0")]);
    for name in ["ann", "bob"] {
        vouch(&desk, name, &wheel("demo", "1.0"), "365d");
    }
    desk
}

/// Writes a lock file of these files.
pub(crate) fn pin(desk: &Desk, files: &[Distribution]) {
    let line = |file: &Distribution| {
        format!(
            "[[packages]]\nname = \"{}\"\nversion = \"{}\"\nwheels = [{{name = \"{}\", url = \
             \"https://index.example/{}\", hashes = {{sha256 = \"{}\"}}}}]\n",
            file.project(),
            file.version(),
            file.filename(),
            file.filename(),
            file.sha256()
        )
    };
    let packages: String = files.iter().map(line).collect();
    desk.write("pylock.toml", format!("lock-version = \"1.0\"\ncreated-by = \"somebody\"\n{packages}"));
}

fn vouch(desk: &Desk, key: &str, file: &Distribution, expires: &str) -> String {
    desk.write(file.filename(), file.bytes());
    let said = ["vouch", "--file", file.filename(), "--key", key, "--expires", expires, "--yes"];
    desk.covouch(&said).ends(0).stdout.trim_end().trim_start_matches("signed ").to_owned()
}

fn veto(desk: &Desk, key: &str, file: &Distribution) {
    desk.write(file.filename(), file.bytes());
    let said = ["veto", "--file", file.filename(), "--key", key, "--reason", "malware", "--yes"];
    desk.covouch(&said).ends(0);
}

/// Checks with nothing but the project: another machine, with an empty home, that asks nobody.
fn elsewhere(desk: &Desk) -> Ran {
    elsewhere_at(desk, crate::desk::NOW)
}

fn elsewhere_at(desk: &Desk, now: &str) -> Ran {
    let home = tempfile::tempdir_in(desk.root()).unwrap();
    let home = home.path().to_str().unwrap();
    desk.covouch(&["check", "--locked", "--offline", "--home", home, "--now", now])
}

/// The deployment has the policy and the locks, and nobody's folder of statements.
fn without_folder(desk: &Desk) {
    fs::rename(desk.project().join("trust"), desk.root().join("elsewhere")).unwrap();
}

fn with_folder(desk: &Desk) {
    fs::rename(desk.root().join("elsewhere"), desk.project().join("trust")).unwrap();
}

fn remove(desk: &Desk, name: &str) {
    fs::remove_file(desk.project().join(name)).unwrap();
}

const VETOES: &str = "refuse = \"vetoes\"\n";

#[test]
fn a_lock_proves_what_folders_say_where_no_folder_is() {
    let desk = project(VETOES);
    desk.covouch(&["check", "--locked", "--offline"]).ends(1).says("[not-found]").says("covouch lock");
    desk.covouch(&["lock"]).ends(0).says("1 admitted").says("proves 1 file by 2 statements");
    elsewhere(&desk).ends(0).says("1 admitted").says("next statement ends 2027-06-02T15:00:00Z");
    without_folder(&desk);
    elsewhere(&desk).ends(0).says("1 admitted");
}

#[test]
fn a_statement_that_was_taken_out_of_the_lock_is_missed() {
    let desk = project("");
    desk.covouch(&["lock"]).ends(0);
    let text = desk.read("covouch.lock");
    let mut lines: Vec<&str> = text.lines().collect();
    let statement = lines.iter().position(|line| line.starts_with("{\"signed\"")).unwrap();
    lines.remove(statement);
    desk.write("covouch.lock", lines.join("\n") + "\n");
    elsewhere(&desk).ends(4).says("[not-enough-vouches]");
    desk.write("covouch.lock", text);
    elsewhere(&desk).ends(0);
}

#[test]
fn a_statement_that_ended_counts_no_more_and_it_is_said() {
    let desk = project("");
    vouch(&desk, "ann", &wheel("other", "1.0"), "30d");
    vouch(&desk, "bob", &wheel("other", "1.0"), "365d");
    pin(&desk, &[wheel("demo", "1.0"), wheel("other", "1.0")]);
    desk.covouch(&["lock"]).ends(0).says("the next statement ends 2026-07-02T15:00:00Z");
    elsewhere_at(&desk, "2026-07-02T14:59:59Z").ends(0).says("2 admitted");
    let ran = elsewhere_at(&desk, "2026-07-02T15:00:00Z").ends(4).says("1 admitted, 1 undecided");
    ran.says("1 of the lock's 4 statements have ended");
}

#[test]
fn without_the_evidence_file_only_what_refuse_asks_is_unknown() {
    let desk = project(VETOES);
    desk.covouch(&["lock"]).ends(0);
    without_folder(&desk);
    let evidence = fs::read(desk.project().join("covouch.evidence")).unwrap();
    remove(&desk, "covouch.evidence");
    elsewhere(&desk).ends(4).says("neither its folder nor `covouch.evidence` is here");
    desk.write("covouch.evidence", evidence);
    elsewhere(&desk).ends(0);

    let twin = project("");
    twin.covouch(&["lock"]).ends(0);
    without_folder(&twin);
    remove(&twin, "covouch.evidence");
    elsewhere(&twin).ends(0);
}

#[test]
fn a_lock_that_is_too_old_does_not_say_that_nobody_objected_since() {
    let desk = project(VETOES);
    desk.covouch(&["lock"]).ends(0);
    without_folder(&desk);
    elsewhere_at(&desk, WITHIN).ends(0);
    elsewhere_at(&desk, AFTER).ends(4).says("[evidence-too-old]");
    // Where the folder itself is, it says so by itself.
    with_folder(&desk);
    elsewhere_at(&desk, AFTER).ends(0);
    // And where the policy allows more, the lock may be older.
    without_folder(&desk);
    let policy = desk.read("covouch.toml");
    desk.write("covouch.toml", policy + "[gateway]\nmax-lock-age = \"30d\"\n");
    elsewhere_at(&desk, AFTER).ends(0);
}

#[test]
fn what_this_machine_knows_against_a_file_counts_whatever_the_lock_says() {
    let desk = project(VETOES);
    desk.covouch(&["lock"]).ends(0);
    veto(&desk, "bob", &wheel("demo", "1.0"));
    elsewhere(&desk).ends(3).says("[refused-by-policy]");
    without_folder(&desk);
    elsewhere(&desk).ends(0);
    // Locked again, the veto travels with the project.
    with_folder(&desk);
    desk.covouch(&["lock"]).ends(3);
    without_folder(&desk);
    elsewhere(&desk).ends(3).says("[refused-by-policy]");
}

#[test]
fn a_vouch_that_was_taken_back_counts_no_more() {
    let desk = project("");
    let id = vouch(&desk, "ann", &wheel("other", "1.0"), "365d");
    vouch(&desk, "bob", &wheel("other", "1.0"), "365d");
    pin(&desk, &[wheel("other", "1.0")]);
    desk.covouch(&["lock"]).ends(0);
    desk.covouch(&["withdraw", &id, "--key", "ann", "--yes"]).ends(0);
    elsewhere(&desk).ends(4).says("[not-enough-vouches]");
    without_folder(&desk);
    elsewhere(&desk).ends(0);
}

#[test]
fn the_policy_that_counts_is_the_one_that_is_here() {
    let desk = project("");
    desk.covouch(&["lock"]).ends(0);
    let policy = desk.read("covouch.toml");
    let made = desk.covouch(&["key", "new", "cat", "--no-passphrase"]).ends(0);
    let cat = format!("[party.cat]\nkey = \"{}\"\nfrom = \"trust/\"\n", made.stdout.trim_end());
    desk.write(
        "covouch.toml",
        policy.replace("[policy]", &(cat + "[policy]")).replace("ann and bob", "ann and cat"),
    );
    elsewhere(&desk).ends(4).says("[not-enough-vouches]");
    desk.write("covouch.toml", policy);
    elsewhere(&desk).ends(0);
}

#[test]
fn what_is_on_record_as_malware_is_refused_although_it_is_locked() {
    let desk = project("");
    desk.covouch(&["lock"]).ends(0);
    let policy = desk.read("covouch.toml");
    desk.write("covouch.toml", policy.replace("[policy]", "[party.malware]\nosv = \"records/\"\n[policy]"));
    elsewhere(&desk).ends(4).says("[osv-");
    let record = |project: &str, modified: &str| {
        format!(
            r#"{{"id": "MAL-2026-7", "summary": "it steals", "modified": "{modified}",
                "published": "2026-05-01T00:00:00Z", "affected": [{{"package": {{"ecosystem": "PyPI",
                "name": "{project}"}}, "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}]}}]}}]}}"#
        )
    };
    desk.write("records/MAL-2026-7.json", record("other", crate::desk::NOW));
    elsewhere(&desk).ends(0);
    desk.write("records/MAL-2026-7.json", record("demo", crate::desk::NOW));
    elsewhere(&desk).ends(3).says("[malware-recorded]");
    // Two people who vouched when the record had long been there knew better.
    desk.write("records/MAL-2026-7.json", record("demo", "2026-05-01T00:00:00Z"));
    elsewhere(&desk).ends(0);
}

#[test]
fn what_still_holds_stays_as_it_is_byte_for_byte() {
    let desk = project(VETOES);
    desk.covouch(&["lock"]).ends(0);
    let first = desk.read("covouch.lock");
    let later = "2026-06-03T15:00:00Z";
    desk.covouch(&["lock", "--now", later]).ends(0);
    assert_eq!(desk.read("covouch.lock"), first);
    // Another package adds lines in one place, and changes none.
    for name in ["ann", "bob"] {
        vouch(&desk, name, &wheel("zeta", "1.0"), "365d");
    }
    pin(&desk, &[wheel("demo", "1.0"), wheel("zeta", "1.0")]);
    desk.covouch(&["lock", "--now", later]).ends(0);
    let second = desk.read("covouch.lock");
    assert_eq!(second.strip_prefix(&first).unwrap().lines().count(), 3, "two statements and an entry");
    // What is half as old as it may be is written anew.
    desk.covouch(&["lock", "--now", "2026-06-08T00:00:00Z"]).ends(0);
    assert!(desk.read("covouch.lock").contains("\"as_of\":\"2026-06-08T00:00:00Z\""));
}

#[test]
fn what_two_branches_added_is_read_when_both_are_merged() {
    let desk = project(VETOES);
    for file in [wheel("alpha", "1.0"), wheel("zeta", "1.0")] {
        for name in ["ann", "bob"] {
            vouch(&desk, name, &file, "365d");
        }
    }
    let both = [wheel("alpha", "1.0"), wheel("demo", "1.0"), wheel("zeta", "1.0")];
    let [alpha, demo, zeta] = &both;
    let branch = |files: &[Distribution]| {
        pin(&desk, files);
        desk.covouch(&["lock"]).ends(0);
        desk.read("covouch.lock")
    };
    let base = desk.write("base", branch(std::slice::from_ref(demo)));
    let left = desk.write("left", branch(&[alpha.clone(), demo.clone()]));
    let right = desk.write("right", branch(&[demo.clone(), zeta.clone()]));
    let mut merge = desk.program("git");
    merge.args(["merge-file", "-p"]).args([&left, &base, &right]);
    let merged = desk.start(merge).wait().ends(0).stdout;
    pin(&desk, &both);
    desk.write("covouch.lock", &merged);
    elsewhere(&desk).ends(0).says("3 admitted");
    desk.covouch(&["lock"]).ends(0);
    assert_eq!(desk.read("covouch.lock"), merged, "the merge is what would have been written");
}
