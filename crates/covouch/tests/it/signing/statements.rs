//! `covouch vouch | veto | waive`: what is shown before it is signed, and what it does afterwards.

use covouch_testkit::{
    index::{Fault, IndexServer, Target},
    sdist::Sdist,
};

use super::{party, pypi};
use crate::{
    desk::Desk,
    shelf::{old, wheel},
};

/// An index with a wheel and an sdist of `demo` 1.0, a key, a lock of the wheel, and a policy that wants the key's word.
fn desk() -> (IndexServer, Desk) {
    let sdist = Sdist::new("demo", "1.0").build();
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0"), sdist])), Desk::new());
    let key = desk.new_key("security");
    let rest = "[policy]\nadmit = \"pypi and security\"\nrefuse = \"vetoes\"\n";
    desk.write("covouch.toml", pypi(&index) + &party("security", &key) + rest);
    desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{}\n", wheel("demo", "1.0").sha256()));
    (index, desk)
}

#[test]
fn what_will_be_signed_is_shown_and_nobody_signs_unasked() {
    let (_index, desk) = desk();
    let ran = desk.covouch(&["vouch", "demo==1.0", "--key", "security"]).ends(1);
    ran.says("a vouch at level `vouched` for demo 1.0, until 2027-06-02")
        .says("demo-1.0-py3-none-any.whl")
        .says("demo-1.0.tar.gz")
        .says(&wheel("demo", "1.0").sha256().to_string())
        .says("[not-confirmed]")
        .says("hint: say `--yes`");
    assert!(!desk.project().join("trust").exists());
    desk.check().ends(1).says("[trust-folder-missing]");
    // The twin: a folder in which nobody has signed anything.
    desk.write("trust/README.md", "");
    desk.check().ends(4);
}

#[test]
fn files_that_are_not_covered_are_named() {
    let (_index, desk) = desk();
    let only = ["vouch", "demo==1.0", "--file", "demo-1.0-py3-none-any.whl", "--key", "security", "--yes"];
    let ran = desk.covouch(&only).ends(0);
    ran.says("not covered of the same release:\n  demo-1.0.tar.gz");
    desk.check().ends(0);
    desk.covouch(&["why", "demo-1.0.tar.gz"]).ends(4).says("security says nothing");
}

#[test]
fn a_file_on_disk_is_signed_as_it_is() {
    let (_index, desk) = desk();
    let wheel = wheel("demo", "1.0");
    let path = desk.write(&format!("dist/{}", wheel.filename()), wheel.bytes());
    let ran =
        desk.covouch(&["vouch", "--file", path.to_str().unwrap(), "--key", "security", "--yes"]).ends(0);
    ran.says("no index was asked for them");
    desk.check().ends(0);
    // Other bytes under the same name are another file.
    desk.write(&format!("other/{}", wheel.filename()), "not a wheel");
    let other = desk.project().join(format!("other/{}", wheel.filename()));
    desk.covouch(&["vouch", "--file", other.to_str().unwrap(), "--key", "security", "--yes"]).ends(0);
    desk.check().ends(0);
}

#[test]
fn bytes_that_are_not_those_the_index_lists_are_not_signed() {
    let (index, desk) = desk();
    index.fail(Target::file("demo-1.0-py3-none-any.whl"), Fault::WrongHash);
    let ran = desk.covouch(&["vouch", "demo==1.0", "--key", "security", "--yes"]).ends(1);
    ran.says("demo-1.0-py3-none-any.whl").never_says("signed ");
    assert!(!desk.project().join("trust").exists());
}

#[test]
fn an_audit_says_what_was_read() {
    let (_index, desk) = desk();
    let audit = ["vouch", "demo==1.0", "--key", "security", "--level", "audited", "--yes"];
    desk.covouch(&audit).ends(2).says("hint: say what was read");
    desk.covouch(&[&audit[..], &["--read", "full-source"]].concat()).ends(0);
    desk.covouch(&["why", "demo==1.0"]).ends(0).says("security says audited");
}

#[test]
fn a_veto_keeps_out_what_was_vouched_for() {
    let (_index, desk) = desk();
    desk.sign(&["vouch", "demo==1.0", "--key", "security"]);
    desk.check().ends(0);
    let veto = ["veto", "demo==1.0", "--key", "security", "--reason", "malware", "--reference", "CVE-2026-1"];
    let id = desk.sign(&veto);
    desk.check().ends(3).says("[refused-by-policy]");
    desk.sign(&["withdraw", &id, "--key", "security"]);
    desk.check().ends(0);
}

#[test]
fn a_vouch_ends_at_its_end() {
    let (_index, desk) = desk();
    desk.sign(&["vouch", "demo==1.0", "--key", "security", "--expires", "7d"]);
    desk.check().ends(0);
    for (now, code) in [("2026-06-09T14:59:59Z", 0), ("2026-06-09T15:00:00Z", 4), ("2026-06-02T14:59:59Z", 4)]
    {
        desk.covouch(&["check", "--now", now]).ends(code);
    }
}

#[test]
fn a_waiver_lets_one_file_in_for_a_while() {
    let (_index, desk) = desk();
    let waive = ["waive", "demo==1.0", "--file", "demo-1.0-py3-none-any.whl", "--key", "security"];
    let arguments =
        [&waive[..], &["--expires", "14d", "--reason", "CVE-2026-1 fix, \"read\" by hand", "--yes"]].concat();
    let ran = desk.covouch(&arguments).ends(0);
    // Signed, but the policy does not name it yet.
    desk.check().ends(4);
    let table = ran
        .stdout
        .split_once("[[waiver]]")
        .unwrap()
        .1
        .replace("approved-by = \"…\"", "approved-by = \"security\"");
    let policy = desk.read("covouch.toml");
    desk.write("covouch.toml", format!("{policy}\n[[waiver]]{table}"));
    desk.check().ends(0).says("1 waived");
    desk.covouch(&["check", "--now", "2026-06-16T15:00:00Z"]).ends(4);
    desk.covouch(&["why", "demo-1.0.tar.gz"]).ends(4);
}

#[test]
fn a_waiver_that_nobody_signed_lets_nothing_in() {
    let (_index, desk) = desk();
    let sha256 = wheel("demo", "1.0").sha256();
    let policy = desk.read("covouch.toml");
    let waiver = format!(
        "\n[[waiver]]\nsha256 = \"{sha256}\"\nreason = \"says who?\"\nexpires = 2026-06-20\napproved-by = \"security\"\n"
    );
    desk.write("covouch.toml", policy + &waiver);
    desk.write("trust/README.md", "");
    desk.check().ends(4);
}

#[test]
fn a_statement_that_disappeared_is_noticed() {
    let (_index, desk) = desk();
    desk.sign(&["vouch", "demo==1.0", "--key", "security"]);
    desk.sign(&["veto", "demo==1.0", "--key", "security", "--reason", "malware"]);
    desk.check().ends(3);
    let chain = crate::desk::files(&desk.project().join("trust"));
    let chain = chain.iter().find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
    let text = std::fs::read_to_string(chain).unwrap();
    let first = text.lines().next().unwrap().to_owned() + "\n";
    std::fs::write(chain, first).unwrap();
    let ran = desk.check();
    assert!(ran.code == Some(1), "the veto was taken out, and nobody said so: {}", ran.all());
}
