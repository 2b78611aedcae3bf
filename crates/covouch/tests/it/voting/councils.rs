//! A council votes, changes, and is shown.

use super::{Council, VOTERS, draft};

#[test]
fn an_orphan_is_adopted_when_two_of_three_approve() {
    let council = Council::new();
    council.tally().ends(4).says("nobody voted");
    council
        .vote("approve", "ann")
        .says("a ballot to `approve` for orphan 1.0")
        .says("orphan-1.0.tar.gz")
        .says("signed ");
    council.tally().ends(4).says("1 of 3 voices approve (2 needed)").says("0 of 2 files passed");
    council.vote("approve", "bob");
    let tally = council.tally().ends(0);
    tally
        .says("counted")
        .says("acme  approve (ballot 1")
        .says("2 of 3 voices approve (2 needed)")
        .says("2 of 2 files passed, by electorate `council` version 1");
    let json = council
        .covouch(&["tally", "orphan-1.0.tar.gz", "--electorate", "council", "--format", "json"])
        .ends(0)
        .json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["files"].as_array().unwrap().len(), 1);
    let file = &json["files"][0];
    assert_eq!((file["outcome"].as_str(), file["level"].as_str()), (Some("passed"), Some("voted")));
    assert_eq!((&file["voices"]["approving"], &file["needs"]["rule"]), (&1200.into(), &"committee".into()));
    assert_eq!(file["ballots"][0]["counted"], true);
    assert_eq!(file["may_change_at"], "2027-06-02T15:00:00Z");
    // One objection is too many, and can be taken back.
    council.vote("object", "cat");
    council.tally().ends(3).says("opposed").says("1 object (1 keep it out)");
    let withdraw = ["vote", "withdraw", "orphan==1.0", "--electorate", "council", "--key", "cat"];
    council.says_yes(&withdraw).says("no longer on orphan-1.0.tar.gz");
    council.tally().ends(0).says("the voter said something else later [ballot-superseded]");
}

#[test]
fn nobody_votes_unasked_or_on_bytes_that_were_not_there() {
    let council = Council::new();
    let vote = [
        "vote",
        "approve",
        "orphan==1.0",
        "--electorate",
        "council",
        "--key",
        "ann",
        "--index",
        &council.url,
    ];
    council.covouch(&vote).ends(1).says("[not-confirmed]").says("orphan-1.0-py3-none-any.whl");
    council.tally().ends(4).says("nobody voted");
    let missing = [&vote[..], &["--file", "orphan-2.0.tar.gz", "--yes"]].concat();
    council.covouch(&missing).ends(1).says("neither on disk nor a file of orphan 1.0");
    let withdraw = ["vote", "withdraw", "orphan==1.0", "--electorate", "council", "--key", "ann", "--yes"];
    council.covouch(&withdraw).ends(1).says("[nothing-to-sign]");
    let nowhere = ["vote", "approve", "orphan==1.0", "--electorate", "guild", "--key", "ann", "--yes"];
    council.covouch(&nowhere).ends(1).says("[not-found]").says("covouch electorate show");
}

#[test]
fn a_maintainer_does_not_vote_on_the_own_project() {
    let council = Council::new();
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    council.tally().ends(0);
    let sdist = covouch_testkit::sdist::Sdist::new("orphan", "1.1").build();
    let path = council.desk.write(&format!("dist/{}", sdist.filename()), sdist.bytes());
    council.says_yes(&["release", "sign", path.to_str().unwrap(), "--key", "bob"]);
    council.tally().ends(4).says("[ballot-recused]");
    council.vote("approve", "cat");
    council.tally().ends(0);
}

#[test]
fn somebody_who_is_no_voter_is_told() {
    let council = Council::new();
    council.vote("approve", "eve").says("no voter");
    council.tally().ends(4);
}

#[test]
fn an_electorate_takes_as_many_admins_as_it_says() {
    let council = Council::new();
    let shown = council.covouch(&["electorate", "show", "council"]).ends(0);
    shown.says("2 of 3 voices approve, fewer than 1 object").says("umbrella").says("admin");
    // The first version of another one, which one of two signed.
    council.desk.write("guild.toml", draft(&VOTERS, 2, 1).replace("\"council\"", "\"guild\""));
    let new = ["electorate", "new", "guild.toml", "--key", "ada"];
    council.says_yes(&new).says("it takes 2 admins").says("covouch electorate sign");
    council.covouch(&["electorate", "show", "guild"]).ends(4).says("not signed by enough");
    let vote = ["vote", "approve", "orphan==1.0", "--electorate", "guild", "--key", "ann", "--yes"];
    council.covouch(&vote).ends(1).says("[electorate-unknown]");
    // Whoever is no admin begins none; numbers nobody can reach make none.
    council.covouch(&["electorate", "new", "guild.toml", "--key", "eve", "--yes"]).ends(2).says("no admin");
    council.desk.write("guild.toml", draft(&VOTERS, 4, 1));
    council.covouch(&new).ends(2).says("4 approving voices are asked for, and there can be 3");
    council.desk.write("guild.toml", draft(&VOTERS, 2, 1) + "quorum = 3\n");
    council.covouch(&new).ends(2).says("quorum");
}

#[test]
fn a_roster_replaced_without_its_admins_is_no_roster() {
    let council = Council::new();
    council.vote("approve", "ann");
    let own = [("eve", "evil"), ("ada", "worse")];
    council.desk.write("coup.toml", draft(&own, 2, 1));
    let amend = ["electorate", "amend", "council", "coup.toml", "--key", "ada"];
    council.says_yes(&amend).says("it waits for 7 days");
    let shown = council.covouch(&["electorate", "show", "council"]).ends(0);
    shown.says("version 1").says("not signed version 2: 1 of 2 signatures");
    council.tally().ends(4).says("version 1");
    // A second admin signs: after a week it is so, and not a moment before.
    council.co_sign("ben");
    council.covouch(&["electorate", "show", "council"]).ends(0).says("waits until 2026-06-09T15:00:00Z");
    let show = |now: &str| council.covouch(&["electorate", "show", "council", "--now", now]).ends(0);
    show("2026-06-09T14:59:59Z").says("initech");
    show("2026-06-09T15:00:00Z").says("evil").never_says("initech");
}

#[test]
fn what_tightens_holds_at_once_and_keeps_who_was_there() {
    let council = Council::new();
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    council.tally().ends(0);
    let draft = council.covouch(&["electorate", "show", "council", "--draft"]).ends(0).stdout;
    council.desk.write("next.toml", draft.replace("approvals = 2", "approvals = 3"));
    let amend = ["electorate", "amend", "council", "next.toml", "--key", "ada"];
    council.says_yes(&amend).says("it holds from the last signature");
    council.co_sign("ben");
    council.tally().ends(4).says("2 of 3 voices approve (3 needed)").says("version 2");
    council.vote("approve", "cat");
    council.tally().ends(0).says("3 of 3 voices approve");
}

#[test]
fn a_struck_voter_has_no_voice() {
    let council = Council::new();
    council.vote("approve", "ann");
    council.vote("approve", "bob");
    let strike = |admin| {
        council.says_yes(&[
            "electorate",
            "strike",
            "council",
            "bob",
            "--reason",
            "sold the key",
            "--key",
            admin,
        ]);
    };
    strike("ada");
    council.tally().ends(0);
    strike("ben");
    council.tally().ends(4).says("the voter was struck by the admins [ballot-struck]");
}

#[test]
fn a_community_counts_independent_ways() {
    let council = Council::new();
    let town = "name = \"town\"\nadmins = [\"ada\"]\nthreshold = 1\nexpires = \"365d\"\n\n[community]\nclusters = 2\n\
                members = 4\nper-seed = 1\ndepth = 3\nseeds = [\"ada\", \"ben\"]\n";
    council.desk.write("town.toml", town);
    council.says_yes(&["electorate", "new", "town.toml", "--key", "ada"]);
    let vote = |voter| {
        let vote = [
            "vote",
            "approve",
            "orphan==1.0",
            "--electorate",
            "town",
            "--key",
            voter,
            "--index",
            &council.url,
        ];
        council.says_yes(&vote)
    };
    let trust = |by, to| {
        let line = council.covouch(&["key", "export", to]).ends(0).stdout;
        council.says_yes(&["trust", "add", line.trim_end(), "--depth", "1", "--key", by]);
    };
    // Three accounts behind one seed are one voice.
    for account in ["ann", "bob", "cat"] {
        trust("ada", account);
        vote(account).never_says("no voter");
    }
    let tally = || council.covouch(&["tally", "orphan==1.0", "--electorate", "town"]);
    tally().ends(4).says("1 independent voices approve (2 needed)");
    trust("ben", "eve");
    vote("eve");
    tally().ends(0).says("2 independent voices approve (2 needed)");
}
