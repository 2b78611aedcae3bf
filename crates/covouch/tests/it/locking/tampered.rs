//! Whoever changes a byte is found, or changes nothing.

use std::fs;

use super::{VETOES, elsewhere, project, veto, without_folder};
use crate::{desk::Desk, shelf::wheel};

/// A project that is refused for a veto which only the evidence file has.
fn refused() -> Desk {
    let desk = project(VETOES);
    veto(&desk, "bob", &wheel("demo", "1.0"));
    desk.covouch(&["lock"]).ends(3);
    without_folder(&desk);
    elsewhere(&desk).ends(3);
    desk
}

/// A project that lacks a vouch.
fn undecided() -> Desk {
    let desk = project(VETOES);
    desk.write("covouch.toml", desk.read("covouch.toml").replace("ann and bob", "ann.audited and bob"));
    desk.covouch(&["lock"]).ends(4);
    without_folder(&desk);
    desk
}

/// Changes bytes of a file, one at a time, spread over all of it. None of the changed files lets anything in.
fn nothing_gets_in(desk: &Desk, name: &str) {
    let path = desk.project().join(name);
    let whole = fs::read(&path).unwrap();
    let step = (whole.len() / 60).max(1);
    for (place, change) in (0..whole.len()).step_by(step).zip([1_u8, 0x20, 0x80].into_iter().cycle()) {
        let mut changed = whole.clone();
        changed[place] ^= change;
        fs::write(&path, changed).unwrap();
        let ran = elsewhere(desk);
        assert_ne!(ran.code, Some(0), "byte {place} of {name} ^ {change:#x}: {}", ran.all());
    }
    fs::write(&path, whole).unwrap();
}

#[test]
fn no_changed_byte_of_the_evidence_lets_in_what_was_refused() {
    let desk = refused();
    nothing_gets_in(&desk, "covouch.evidence");
    nothing_gets_in(&desk, "covouch.lock");
}

#[test]
fn no_changed_byte_of_the_lock_lets_in_what_was_undecided() {
    let desk = undecided();
    nothing_gets_in(&desk, "covouch.lock");
}

#[test]
fn a_changed_line_is_named() {
    let desk = project("");
    desk.covouch(&["lock"]).ends(0);
    let text = desk.read("covouch.lock");
    desk.write("covouch.lock", text.replace("\"as_of\":\"2026-06-02", "\"as_of\":\"2026-07-02"));
    elsewhere(&desk).ends(1).says("[evidence-lock-changed]").says("line 4");
    desk.write("covouch.lock", text.replacen("\"by\":\"", "\"by\":\"AAAA", 1));
    elsewhere(&desk).ends(1).says("[evidence-lock-malformed]");
    desk.write("covouch.lock", text);
    elsewhere(&desk).ends(0);
    desk.write("covouch.evidence", "not packed");
    elsewhere(&desk).ends(1).says("[evidence-malformed]");
}
