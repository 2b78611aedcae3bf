//! Elections somebody tries to win, each with a twin that differs by one fact.

use covouch_core::{
    evidence::{Known, Passed},
    level::Level,
    statement::{
        BallotPlace, Choice, Claim, Delegation, Electorate, Recusal, Recused, Rule, Severity, Withdrawal,
    },
    time::Timestamp,
};
use covouch_graph::tally::{Aside, Outcome, Signed, Voices};

use super::{Hall, SPRING, amend, ballot, committee, community, first, number};
use crate::world::{
    NOW, at, author, may_vouch, numpy, percent, public, release, revocation, scope, subject_of,
};

/// Three affiliations, of which two must approve and one that objects is too many.
const THREE: &[&str] = &["ann@acme", "bob@umbrella", "cat@initech"];

#[test]
fn an_adopted_orphan_passes_when_two_affiliations_approve_these_very_bytes() {
    let electorate = first(committee(THREE, 2, 1));
    let (orphan, mut hall) = (subject_of("orphan"), Hall::of(&electorate));
    hall.approve(&["ann"], &electorate, &orphan);
    assert_eq!(hall.outcome(&electorate, &orphan), Outcome::Short);
    hall.approve(&["bob"], &electorate, &orphan);
    let tally = hall.tally(&electorate, &orphan);
    assert_eq!((tally.outcome, tally.level()), (Outcome::Passed, Some(Level::Voted)));
    assert_eq!(tally.count.approving, Voices::whole(2));
    // What whoever adopted it releases next is another file.
    let mut next = orphan.clone();
    next.sha256 = covouch_core::digest::Sha256::of(b"with a gift");
    assert_eq!(hall.outcome(&electorate, &next), Outcome::Short);
}

#[test]
fn an_affiliation_is_one_voice_and_objects_when_it_is_split() {
    let electorate = first(committee(&["ann@acme", "abe@acme", "bob@umbrella"], 2, 2));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "abe"], &electorate, &numpy());
    assert_eq!(hall.tally(&electorate, &numpy()).count.approving, Voices::whole(1));
    hall.approve(&["bob"], &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    hall.vote("abe", Choice::Object, &electorate, &numpy());
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.count.approving, tally.count.objecting), (Voices::whole(1), Voices::whole(1)));
    assert_eq!(tally.outcome, Outcome::Short);
}

#[test]
fn a_hidden_withdrawal_shows_by_the_head_that_somebody_else_carried() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    let withdrawal = hall.vote("bob", Choice::Withdraw, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
    // The curator leaves it out. Of the last ballot of a voter, that cannot be seen …
    hall.hide(withdrawal);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    // … until somebody brings the voter's head.
    hall.publish_head("bob", &electorate, &numpy());
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.outcome, tally.level()), (Outcome::Unknown, None));
    assert_eq!(tally.unknown.get(&public("bob")), Some(&Aside::Withheld));
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Withheld));
    // Where one objection is not enough, others can make up for whatever the missing ballot says.
    let patient = first(committee(THREE, 2, 2));
    let mut hall = Hall::of(&patient);
    hall.approve(&["ann", "bob"], &patient, &numpy());
    let withdrawal = hall.vote("bob", Choice::Withdraw, &patient, &numpy());
    hall.hide(withdrawal);
    hall.publish_head("bob", &patient, &numpy());
    assert_eq!(hall.outcome(&patient, &numpy()), Outcome::Unknown);
    hall.approve(&["cat"], &patient, &numpy());
    assert_eq!(hall.outcome(&patient, &numpy()), Outcome::Passed);
}

#[test]
fn a_dropped_ballot_shows_by_its_number() {
    let electorate = first(committee(THREE, 2, 2));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    let objection = hall.vote("bob", Choice::Object, &electorate, &numpy());
    let mut other = numpy();
    other.filename = covouch_core::subject::FileName::parse("numpy-1.0-py3-none-any.whl").unwrap();
    hall.approve(&["bob"], &electorate, &other);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
    hall.hide(objection);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Unknown);
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Dropped));
    // What is said on other projects has numbers of its own.
    assert_eq!(hall.outcome(&electorate, &subject_of("six")), Outcome::Short);
    assert!(hall.tally(&electorate, &subject_of("six")).unknown.is_empty());
}

#[test]
fn a_ballot_that_names_another_one_before_it_shows() {
    let electorate = first(committee(THREE, 2, 2));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    let previous = Some(hall.say("bob", "2026-01-01", release(&subject_of("other"))));
    let place = BallotPlace { sequence: 2, previous };
    hall.say("bob", SPRING, ballot(Choice::Approve, SPRING, place, (&electorate, &numpy())));
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Unknown);
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Broken));
}

#[test]
fn two_ballots_with_one_number_void_each_other() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    let other = ballot(Choice::Object, SPRING, BallotPlace::FIRST, (&electorate, &numpy()));
    let twin = hall.say("bob", SPRING, other);
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.outcome, tally.count.objecting), (Outcome::Short, Voices::default()));
    assert!(
        tally
            .ballots
            .iter()
            .filter(|cast| cast.voter == public("bob"))
            .all(|cast| cast.aside == Some(Aside::Doubled))
    );
    // One of them is hidden, and its head is carried.
    hall.hide(twin);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    hall.newest.insert(("bob".into(), numpy().project), BallotPlace { sequence: 2, previous: Some(twin) });
    hall.publish_head("bob", &electorate, &numpy());
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Doubled));
}

#[test]
fn a_maintainer_does_not_vote_on_the_own_project() {
    let electorate = first(committee(&["ann@acme", "abe@acme", "bob@umbrella"], 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    // A colleague who publishes it is the same interest.
    for maintainer in ["ann", "abe"] {
        let mut hall = hall.clone();
        hall.say(maintainer, "2026-01-01", release(&numpy()));
        assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
        assert_eq!(hall.aside("ann", &electorate, &numpy()), Some(Aside::Recused));
        hall.approve(&["ann", "bob"], &electorate, &subject_of("six"));
        assert_eq!(hall.outcome(&electorate, &subject_of("six")), Outcome::Passed);
    }
    // Admins may name an author; a stranger, or one of them alone, silences nobody.
    for by in ["stranger", "ada"] {
        hall.say(by, SPRING, author("bob", &["num*"]));
        assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    }
    hall.say("ben", SPRING, author("bob", &["num*"]));
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Recused));
}

#[test]
fn whom_the_electorate_recuses_is_recused() {
    let mut terms = committee(THREE, 2, 1);
    let recusal = |who| Recusal { who, projects: scope(&["num*"]) };
    terms.recusals = vec![recusal(Recused::Voter(public("ann")))];
    let electorate = first(terms);
    let mut hall = Hall::of(&electorate);
    for subject in [numpy(), subject_of("six")] {
        hall.approve(&["ann", "bob"], &electorate, &subject);
    }
    assert_eq!(hall.aside("ann", &electorate, &numpy()), Some(Aside::Recused));
    assert_eq!(hall.outcome(&electorate, &subject_of("six")), Outcome::Passed);
}

#[test]
fn an_automated_false_alarm_is_one_voice_however_many_repeat_it() {
    let mut voters = THREE.to_vec();
    voters.extend(["!scan1@acme", "!scan2@umbrella", "!scan3@initech"]);
    let electorate = first(committee(&voters, 2, 2));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    for program in ["scan1", "scan2", "scan3"] {
        hall.vote(program, Choice::Object, &electorate, &numpy());
    }
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.outcome, tally.count.objecting), (Outcome::Passed, Voices::whole(1)));
    // A person who looked and agrees is another voice.
    hall.vote("cat", Choice::Object, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Opposed);
}

#[test]
fn a_struck_voter_has_no_voice_and_it_takes_the_admins() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    hall.strike(&electorate, "bob", &["ada", "stranger", "bob"]);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed, "one admin is not enough");
    hall.strike(&electorate, "bob", &["cyd"]);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Struck));
    // It stays so when the admins who did it are admins no more.
    let next = amend(&electorate, |terms| {
        terms.admins = ["ben"].map(public).into();
        terms.threshold = number(1);
    });
    hall.enact(&next, &["ada", "cyd"], SPRING);
    assert_eq!(hall.tally(&electorate, &numpy()).version, 2);
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Struck));
}

#[test]
fn a_lost_key_has_no_voice() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    for by in ["stranger", "ada"] {
        hall.say(by, SPRING, revocation("bob", SPRING, Severity::Hard));
        assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    }
    for revoker in ["bob", "cyd"] {
        let mut hall = hall.clone();
        hall.say(revoker, SPRING, revocation("bob", SPRING, Severity::Soft));
        assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::KeyLost));
    }
}

#[test]
fn only_the_last_ballot_counts_and_it_replaces_for_ever() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    hall.vote("bob", Choice::Object, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Opposed);
    let last = hall.vote("bob", Choice::Approve, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    let asides: Vec<_> = hall
        .tally(&electorate, &numpy())
        .ballots
        .iter()
        .filter(|cast| cast.voter == public("bob"))
        .map(|cast| cast.aside)
        .collect();
    assert_eq!(asides, [Some(Aside::Superseded), Some(Aside::Superseded), None]);
    // Withdrawn as a statement: nothing before it comes back.
    hall.say("bob", SPRING, Claim::Withdrawal(Withdrawal::Statement(last)));
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
    // What is signed later than now has not been said, and what has expired is said no more.
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann"], &electorate, &numpy());
    hall.vote_at("bob", "2026-07-01", Choice::Approve, (&electorate, &numpy()));
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::Future));
    let count = |now| hall.try_tally_at(&electorate, &numpy(), now).unwrap();
    assert_eq!((count("2026-07-01").outcome, count("2027-01-01").outcome), (Outcome::Passed, Outcome::Short));
    assert_eq!(count(NOW).next_change.unwrap().to_string(), "2026-07-01T00:00:00Z");
    assert_eq!(count("2026-07-01").next_change.unwrap().to_string(), "2027-01-01T00:00:00Z");
}

#[test]
fn somebody_who_joined_yesterday_waits() {
    let mut terms = committee(THREE, 2, 1);
    terms.maturity_days = 151;
    let electorate = first(terms.clone());
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    // 151 days after New Year is the first of June.
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    let yesterday = hall.try_tally_at(&electorate, &numpy(), "2026-05-31T23:59:59Z").unwrap();
    assert_eq!(yesterday.outcome, Outcome::Short);
    assert!(yesterday.ballots.iter().all(|cast| cast.aside == Some(Aside::NotMature)));
    assert_eq!(yesterday.next_change.unwrap().to_string(), "2026-06-01T00:00:00Z");
}

/// What is said now of everything that was voted on, and when that will change.
fn passed(hall: &Hall, electorate: &Electorate, now: &str) -> Vec<(bool, Option<String>, Option<String>)> {
    let signed = Signed { statements: &hall.statements, heads: &hall.heads };
    let passed = signed.passed(&electorate.electorate(), at(now)).unwrap();
    let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let shown = |one: &Passed| (one.version == Known::Is(1), text(one.span.from), text(one.span.until));
    passed.iter().map(shown).collect()
}

#[test]
fn a_vote_says_from_when_it_will_pass_and_until_when_it_does() {
    let mut terms = committee(THREE, 2, 1);
    terms.maturity_days = 151;
    let electorate = first(terms);
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann", "bob"], &electorate, &numpy());
    let (mature, ended) = ("2026-06-01T00:00:00Z".to_owned(), Some("2027-01-01T00:00:00Z".to_owned()));
    assert_eq!(passed(&hall, &electorate, "2026-05-31"), [(true, Some(mature), None)]);
    assert_eq!(passed(&hall, &electorate, "2026-06-01"), [(true, None, ended)]);
    // Nobody can say what holds when the electorate ends.
    let end = Some("2028-01-01T00:00:00Z".to_owned());
    assert_eq!(passed(&hall, &electorate, "2027-01-01"), [(false, end, None)]);
}

/// A seed appoints introducers, who let others vote.
fn introduce(hall: &mut Hall, by: &str, to: &str, depth: u8) {
    hall.say(by, "2026-02-01", Claim::Delegation(Delegation { depth, ..may_vouch(to) }));
}

#[test]
fn fifteen_hundred_bought_accounts_behind_one_introducer_are_one_voice() {
    let electorate = first(community(&["s1", "s2", "s3"], 3, 9));
    let mut hall = Hall::of(&electorate);
    for seed in ["s1", "s2", "s3"] {
        introduce(&mut hall, seed, &format!("{seed} friend"), 2);
    }
    let crowd: Vec<String> = (0..1_500).map(|index| format!("puppet {index}")).collect();
    for puppet in &crowd {
        introduce(&mut hall, "s1 friend", puppet, 1);
        hall.vote(puppet, Choice::Approve, &electorate, &numpy());
    }
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.outcome, tally.count.approving), (Outcome::Short, Voices::whole(1)));
    assert!(tally.ballots.iter().all(|cast| cast.aside.is_none()));
    // Two people whom others know.
    for (friend, voter) in [("s2 friend", "ann"), ("s3 friend", "bob")] {
        introduce(&mut hall, friend, voter, 1);
        hall.vote(voter, Choice::Approve, &electorate, &numpy());
    }
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.outcome, tally.count.approving), (Outcome::Passed, Voices::whole(3)));
    assert_eq!(tally.level(), Some(Level::Voted));
}

#[test]
fn a_community_needs_its_quorum_and_four_times_its_objections() {
    let seeds = ["s1", "s2", "s3", "s4", "s5", "s6"];
    let electorate = first(community(&seeds, 2, 25));
    let mut hall = Hall::of(&electorate);
    hall.approve(&seeds[..4], &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short, "four of five voices take part");
    // Somebody who says neither yes nor no makes the quorum.
    let mut abstained = hall.clone();
    abstained.vote("s5", Choice::Abstain, &electorate, &numpy());
    assert_eq!(abstained.outcome(&electorate, &numpy()), Outcome::Passed);
    hall.vote("s5", Choice::Object, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed, "four times one");
    hall.vote("s4", Choice::Withdraw, &electorate, &numpy());
    hall.vote("s6", Choice::Abstain, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Opposed, "three are not");
}

#[test]
fn programs_of_a_community_share_one_voice() {
    let mut terms = community(&["s1", "s2", "s3"], 2, 4);
    let Rule::Community(rule) = &mut terms.rule else { panic!() };
    rule.automated = ["scan1", "scan2", "s3"].map(public).into();
    let electorate = first(terms);
    let mut hall = Hall::of(&electorate);
    introduce(&mut hall, "s1", "scan1", 1);
    introduce(&mut hall, "s2", "scan2", 1);
    hall.approve(&["scan1", "scan2", "s3"], &electorate, &numpy());
    assert_eq!(hall.tally(&electorate, &numpy()).count.approving, Voices::whole(1));
    hall.approve(&["s2"], &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
}

#[test]
fn depth_amount_scope_and_age_of_a_delegation_are_kept() {
    let mut terms = community(&["s1", "s2"], 2, 4);
    terms.maturity_days = 30;
    let electorate = first(terms);
    let outcome = |change: &dyn Fn(&mut Delegation), issued: &str| {
        let mut hall = Hall::of(&electorate);
        hall.approve(&["s2"], &electorate, &numpy());
        introduce(&mut hall, "s1", "friend", 2);
        let mut delegation = Delegation { depth: 1, ..may_vouch("ann") };
        change(&mut delegation);
        hall.say("friend", issued, Claim::Delegation(delegation));
        hall.vote("ann", Choice::Approve, &electorate, &numpy());
        let aside = hall.aside("ann", &electorate, &numpy());
        (hall.tally(&electorate, &numpy()).count.approving.units(), aside)
    };
    assert_eq!(outcome(&|_| (), SPRING), (1_200, None));
    assert_eq!(outcome(&|delegation| delegation.amount = percent(50), SPRING), (900, None));
    let nobody = (600, Some(Aside::NotAVoter));
    assert_eq!(outcome(&|delegation| delegation.depth = 0, SPRING), nobody);
    assert_eq!(outcome(&|delegation| delegation.projects = scope(&["six"]), SPRING), nobody);
    assert_eq!(outcome(&|_| (), "2026-05-15"), (600, Some(Aside::NotMature)));
    // The friend may let people vote, and not appoint friends.
    let mut hall = Hall::of(&electorate);
    introduce(&mut hall, "s1", "friend", 2);
    introduce(&mut hall, "friend", "deputy", 5);
    introduce(&mut hall, "deputy", "ann", 1);
    hall.vote("ann", Choice::Approve, &electorate, &numpy());
    assert_eq!(hall.aside("ann", &electorate, &numpy()), Some(Aside::NotAVoter));
    hall.vote("deputy", Choice::Approve, &electorate, &numpy());
    assert_eq!(hall.aside("deputy", &electorate, &numpy()), None);
}

#[test]
fn a_struck_introducer_leads_to_nobody() {
    let electorate = first(community(&["s1", "s2"], 2, 4));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["s2"], &electorate, &numpy());
    introduce(&mut hall, "s1", "friend", 2);
    introduce(&mut hall, "friend", "ann", 1);
    hall.vote("ann", Choice::Approve, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    hall.strike(&electorate, "friend", &["ada", "ben"]);
    assert_eq!(hall.aside("ann", &electorate, &numpy()), Some(Aside::NotAVoter));
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Short);
}

#[test]
fn a_ballot_under_rules_that_are_kept_from_us_is_not_known() {
    let electorate = first(committee(THREE, 2, 2));
    let mut hall = Hall::of(&electorate);
    hall.approve(&["ann"], &electorate, &numpy());
    let second = amend(&electorate, |terms| terms.maturity_days = 1);
    hall.approve(&["bob"], &second, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Unknown);
    assert_eq!(hall.aside("bob", &electorate, &numpy()), Some(Aside::NewerVersion));
    hall.enact(&second, &["ada", "cyd"], SPRING);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    // Rules that ask for new ballots have none of the old ones.
    let third = amend(&second, |terms| terms.ballots_since = 2);
    hall.enact(&third, &["ada", "cyd"], SPRING);
    assert_eq!(hall.aside("ann", &electorate, &numpy()), Some(Aside::OlderVersion));
    assert_eq!(number(1).get(), 1);
}

#[test]
fn a_deep_delegation_of_next_to_nothing_takes_nobodys_way() {
    let mut terms = community(&["s1", "s2"], 2, 4);
    let Rule::Community(rule) = &mut terms.rule else { panic!() };
    rule.depth = 5;
    let electorate = first(terms);
    let mut hall = Hall::of(&electorate);
    hall.approve(&["s2"], &electorate, &numpy());
    introduce(&mut hall, "s1", "friend", 2);
    introduce(&mut hall, "friend", "ann", 1);
    hall.vote("ann", Choice::Approve, &electorate, &numpy());
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
    introduce(&mut hall, "s2", "meddler", 4);
    let meddling = Delegation { depth: 3, amount: percent(1), ..may_vouch("friend") };
    hall.say("meddler", "2026-02-01", Claim::Delegation(meddling));
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
}

#[test]
fn a_crowd_that_the_same_seeds_know_is_as_many_voices_as_they_carry() {
    let mut terms = community(&["s1", "s2", "s3"], 2, 4);
    let Rule::Community(rule) = &mut terms.rule else { panic!() };
    rule.per_seed = number(100);
    let electorate = first(terms);
    let mut hall = Hall::of(&electorate);
    for voter in 0..130 {
        let voter = format!("voter {voter}");
        for seed in ["s1", "s2", "s3"] {
            introduce(&mut hall, seed, &voter, 1);
        }
        hall.vote(&voter, Choice::Object, &electorate, &numpy());
    }
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.count.objecting, tally.count.taking_part), (Voices::whole(130), Voices::whole(130)));
}
