//! What whoever carries ballots can hide, and what shows it.

use std::fs;

use super::Council;

#[test]
fn a_hidden_withdrawal_shows_by_a_head_that_somebody_else_carried() {
    let council = Council::new();
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    let before = council.chain("bob").map(|path| (path.clone(), fs::read(path).unwrap()));
    council.says_yes(&["vote", "withdraw", "orphan==1.0", "--electorate", "council", "--key", "bob"]);
    let head = council.says_yes(&["vote", "head", "orphan", "--electorate", "council", "--key", "bob"]);
    assert!(head.said("ballot 2 is your newest on orphan"), "{}", head.all());
    council.tally().ends(4);
    // The curator puts back what was there before, with its own good head.
    for (path, bytes) in before {
        fs::write(path, bytes).unwrap();
    }
    council.tally().ends(0);
    let heads = council.desk.write("heads.jsonl", &head.stdout);
    let tally = [
        "tally",
        "orphan==1.0",
        "--electorate",
        "council",
        "--heads",
        heads.to_str().unwrap(),
        "--format",
        "json",
    ];
    let json = council.covouch(&tally).ends(4).json();
    assert_eq!(json["files"][0]["outcome"], "unknown");
    assert_eq!(json["files"][0]["unknown"][0]["code"], "ballot-withheld");
}

#[test]
fn a_ballot_that_was_taken_out_of_the_folder_is_noticed() {
    let council = Council::new();
    council.vote("approve", "ann");
    council.vote("object", "bob");
    council.vote("approve", "bob");
    let [chain, ..] = council.chain("bob");
    let text = fs::read_to_string(&chain).unwrap();
    let last = text.lines().last().unwrap().to_owned() + "\n";
    fs::write(&chain, last).unwrap();
    council.tally().ends(1).says("[chain-broken]");
    fs::write(&chain, text).unwrap();
    council.tally().ends(0);
}

#[test]
fn two_votes_at_once_get_two_numbers() {
    let council = Council::new();
    let vote = |choice: &'static str| {
        let arguments = [
            "vote",
            choice,
            "orphan==1.0",
            "--electorate",
            "council",
            "--key",
            "ann",
            "--index",
            &council.url,
            "--yes",
        ];
        council.desk.start(council.desk.command(&arguments))
    };
    let started = [vote("approve"), vote("abstain"), vote("approve")];
    for command in started {
        command.wait().ends(0);
    }
    council.tally().ends(4).says("(ballot 3").never_says("ballot-doubled").never_says("not known");
}
