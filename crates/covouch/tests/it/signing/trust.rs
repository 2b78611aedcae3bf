//! `covouch trust` and `covouch release sign`: who may speak for whom, and for how long.

use covouch_testkit::index::IndexServer;

use super::{party, pypi};
use crate::{
    desk::Desk,
    shelf::{old, wheel},
};

/// A desk whose policy wants the word of `lead`; `helper` and `author` have keys too.
struct Team {
    _index: IndexServer,
    desk: Desk,
    helper: String,
    author: String,
}

fn team(admit: &str) -> Team {
    let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
    let [lead, helper, author] = ["lead", "helper", "author"].map(|name| desk.new_key(name));
    let policy = format!("[policy]\nadmit = \"{admit}\"\n");
    desk.write("covouch.toml", pypi(&index) + &party("lead", &lead) + &policy);
    desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{}\n", wheel("demo", "1.0").sha256()));
    Team { _index: index, desk, helper, author }
}

#[test]
fn whoever_is_trusted_speaks_for_whoever_trusts() {
    let Team { desk, helper, .. } = &team("pypi and lead");
    desk.sign(&["vouch", "demo==1.0", "--key", "helper"]);
    desk.check().ends(4);
    let id = desk.sign(&["trust", "add", helper, "--key", "lead", "--projects", "demo*"]);
    desk.check().ends(0);
    let listed = desk.covouch(&["trust", "list", "--key", "lead"]).ends(0);
    listed.says("may speak: depth 1, 100%, up to `vouched`, for `demo*`").says(&id[..12]);
    desk.sign(&["trust", "withdraw", &id, "--key", "lead"]);
    desk.check().ends(4);
    desk.covouch(&["trust", "list", "--key", "lead"]).ends(0).says("withdrawn");
}

#[test]
fn trust_ends_where_its_limits_are() {
    for (limit, code) in [
        (&["--projects", "demo*"][..], 0),
        (&["--projects", "other*"], 4),
        (&["--amount", "100%"], 0),
        (&["--amount", "50%"], 4),
        (&["--depth", "0"], 4),
        (&["--expires", "7d"], 0),
    ] {
        let Team { desk, helper, .. } = &team("pypi and lead");
        desk.sign(&["vouch", "demo==1.0", "--key", "helper"]);
        desk.sign(&[&["trust", "add", helper, "--key", "lead"], limit].concat());
        let ran = desk.check();
        assert_eq!(ran.code, Some(code), "{limit:?}: {}", ran.all());
    }
}

#[test]
fn what_was_signed_in_time_outlives_the_trust_and_nothing_later_does() {
    const AFTER: [&str; 2] = ["--now", "2026-06-09T15:00:00Z"];
    for (signed, code) in [("2026-06-09T14:59:59Z", 0), ("2026-06-09T15:00:00Z", 4)] {
        let Team { desk, helper, .. } = &team("pypi and lead");
        desk.sign(&["trust", "add", helper, "--key", "lead", "--expires", "7d"]);
        desk.sign(&["vouch", "demo==1.0", "--key", "helper", "--now", signed]);
        desk.covouch(&[&["check"][..], &AFTER].concat()).ends(code);
        let listed = desk.covouch(&[&["trust", "list", "--key", "lead"][..], &AFTER].concat()).ends(0);
        listed.says("expired");
    }
}

#[test]
fn nobody_gains_by_trusting_themselves() {
    let Team { desk, .. } = &team("pypi and lead");
    desk.covouch(&["trust", "add", "lead", "--key", "lead", "--yes"]).ends(2);
}

#[test]
fn a_stolen_key_counts_no_more() {
    let Team { desk, helper, .. } = &team("pypi and lead");
    desk.sign(&["vouch", "demo==1.0", "--key", "helper"]);
    desk.sign(&["trust", "add", helper, "--key", "lead"]);
    desk.check().ends(0);
    desk.sign(&["trust", "revoke-key", helper, "--key", "helper", "--hard"]);
    desk.check().ends(4);
    desk.covouch(&["trust", "list", "--key", "helper"]).ends(0).says("stolen");
}

#[test]
fn an_author_speaks_for_the_projects_they_were_named_for() {
    let Team { desk, author, .. } = &team("pypi and lead.author");
    let wheel = wheel("demo", "1.0");
    let path = desk.write(&format!("dist/{}", wheel.filename()), wheel.bytes());
    desk.sign(&["release", "sign", path.to_str().unwrap(), "--key", "author"]);
    desk.check().ends(4);
    desk.sign(&["trust", "author", author, "--key", "lead", "--projects", "other"]);
    desk.check().ends(4);
    desk.sign(&["trust", "author", author, "--key", "lead", "--projects", "demo"]);
    desk.check().ends(0);
    desk.covouch(&["trust", "list", "--key", "lead"]).ends(0).says("is an author of `demo`");
}
