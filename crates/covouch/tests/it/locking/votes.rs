//! Electorates in a lock: every ballot is counted again, where nobody has the ballots.

use std::fs;

use super::{elsewhere, elsewhere_at, pin};
use crate::{
    shelf::wheel,
    voting::{Council, version_id},
};

fn id(council: &Council) -> String {
    let shown = council.covouch(&["electorate", "show"]).ends(0);
    shown.stdout.lines().find_map(version_id).unwrap()
}

fn locked() -> Council {
    let council = Council::new();
    let party = format!("[party.council]\nelectorate = \"{}\"\nfrom = \"trust/\"\n", id(&council));
    lock(&council, &format!("schema = 1\n{party}[policy]\nadmit = \"council\"\n"));
    council
}

/// The same, where the policy names a person only, who names the council.
fn named() -> Council {
    let council = Council::new();
    let electorate = format!("electorate:{}", id(&council));
    let author = ["trust", "author", &electorate, "--projects", "orphan", "--key", "eve", "--yes"];
    council.covouch(&author).ends(0);
    let key = council.covouch(&["key", "export", "eve"]).ends(0).stdout.trim().to_owned();
    let party = format!("[party.eve]\nkey = \"{key}\"\nfrom = \"trust/\"\n");
    lock(&council, &format!("schema = 1\n{party}[policy]\nadmit = \"eve.voted\"\n"));
    council
}

fn lock(council: &Council, policy: &str) {
    council.desk.write("covouch.toml", policy);
    pin(&council.desk, &[wheel("orphan", "1.0")]);
    for voter in ["ann", "bob"] {
        council.vote("approve", voter);
    }
    council.covouch(&["lock"]).ends(0).says("1 admitted");
}

/// The vote needs `covouch.evidence` and not its folder, and both not for ever.
fn is_counted_again(council: &Council) {
    elsewhere(&council.desk).ends(0).says("1 admitted");
    super::without_folder(&council.desk);
    elsewhere(&council.desk).ends(0).says("1 admitted");
    let evidence = council.desk.project().join("covouch.evidence");
    let bytes = fs::read(&evidence).unwrap();
    fs::remove_file(&evidence).unwrap();
    elsewhere(&council.desk).ends(4).says("neither its folder nor `covouch.evidence` is here");
    fs::write(&evidence, bytes).unwrap();
    elsewhere(&council.desk).ends(0);
    elsewhere_at(&council.desk, super::AFTER).ends(4).says("[evidence-too-old]");
}

/// Somebody objects: who has the folder knows, the lock does not, until it is written anew.
fn knows_no_later_objection(council: &Council) {
    council.vote("object", "cat");
    elsewhere(&council.desk).ends(4);
    super::without_folder(&council.desk);
    elsewhere(&council.desk).ends(0);
    super::with_folder(&council.desk);
    council.covouch(&["lock"]).ends(4);
    super::without_folder(&council.desk);
    elsewhere(&council.desk).ends(4);
}

#[test]
fn a_vote_is_counted_again_without_the_folder_of_ballots() {
    is_counted_again(&locked());
}

#[test]
fn an_objection_that_came_later_counts_where_it_is_known() {
    knows_no_later_objection(&locked());
}

#[test]
fn a_vote_that_somebody_names_is_counted_again_without_the_folder() {
    is_counted_again(&named());
}

#[test]
fn an_objection_to_whom_somebody_names_counts_where_it_is_known() {
    knows_no_later_objection(&named());
}
