//! What a vote is worth to a policy: the ballots are counted where it is asked.

use super::{Council, lock, version_id};

/// A council whose vote the policy asks for, and a lock with both files of the release.
fn council(admit: &str) -> Council {
    let council = Council::new();
    let shown = council.covouch(&["electorate", "show"]).ends(0);
    let id = shown.stdout.lines().find_map(version_id).unwrap();
    let url = &council.url;
    council.desk.write(
        "covouch.toml",
        format!(
            "schema = 1\n[party.pypi]\nindex = \"{url}\"\n\n[party.council]\nelectorate = \"{id}\"\nfrom = \
             \"trust/\"\n\n[policy]\nadmit = \"{admit}\"\n"
        ),
    );
    council.desk.write("requirements.txt", lock());
    council
}

#[test]
fn a_vote_that_passed_lets_a_file_in_and_one_voice_less_does_not() {
    let council = council("pypi and council");
    council.covouch(&["check"]).ends(4).says("council has not voted for it");
    council.vote("approve", "ann");
    council.covouch(&["check"]).ends(4);
    council.vote("approve", "bob");
    council.covouch(&["check"]).ends(0).says("2 admitted");
    let why = council.covouch(&["why", "orphan==1.0"]).ends(0);
    why.says("council says voted (100%)");
}

#[test]
fn a_verdict_says_until_when_the_vote_holds() {
    let council = council("pypi and council");
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    let report = council.covouch(&["check", "--format", "json"]).ends(0).json();
    assert_eq!(report["files"][0]["until"], "2027-06-02T15:00:00Z");
    council.covouch(&["why", "orphan==1.0"]).ends(0).says("until 2027-06-02T15:00:00Z");
    let at = |now| council.covouch(&["check", "--now", now]);
    at("2027-06-02T14:59:59Z").ends(0);
    at("2027-06-02T15:00:00Z").ends(4);
}

#[test]
fn one_objection_too_many_takes_it_back() {
    let council = council("pypi and council");
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    council.covouch(&["check"]).ends(0);
    council.vote("object", "cat");
    council.covouch(&["check"]).ends(4).says("council has not voted for it");
}

#[test]
fn nobody_audits_by_vote() {
    let council = council("pypi and council.audited");
    council.covouch(&["check"]).ends(1).says("never speaks at level `audited`: nobody audits by vote");
}
