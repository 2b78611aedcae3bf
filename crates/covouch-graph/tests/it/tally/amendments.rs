//! Electorates that change: who may, and from when on.

use covouch_core::statement::{Choice, Electorate, Member, Recusal, Recused, Rule, Terms, Voter};
use covouch_graph::tally::{Aside, Outcome, Uncountable, loosens};

use super::{Hall, SPRING, amend, committee, community, first, number};
use crate::world::{NOW, at, numpy, public, scope};

const THREE: &[&str] = &["ann@acme", "bob@umbrella", "cat@initech"];
const OWN: &[&str] = &["eve@evil", "eva@worse", "ed@worst"];

#[test]
fn a_roster_replaced_without_its_admins_is_no_roster() {
    let electorate = first(committee(THREE, 2, 1));
    let theirs = Electorate::new(electorate.next(), committee(OWN, 2, 1)).unwrap();
    let mut hall = Hall::of(&electorate);
    // One admin's key was stolen; the others of "their" signers are no admins.
    hall.enact(&theirs, &["ada", "eve", "eva"], SPRING);
    hall.approve(&["eve", "eva"], &theirs, &numpy());
    let tally = hall.tally(&electorate, &numpy());
    assert_eq!((tally.version, tally.outcome), (1, Outcome::Short));
    assert!(tally.ballots.iter().all(|cast| cast.aside == Some(Aside::NotAVoter)));
    hall.with_succession(&electorate, NOW, |succession| {
        assert_eq!((succession.refused[0].signed, succession.refused[0].needed), (1, 2));
    });
    // The twin: a second admin signs, and after a week it is so.
    hall.enact(&theirs, &["ben"], SPRING);
    assert_eq!(hall.outcome(&electorate, &numpy()), Outcome::Passed);
}

#[test]
fn loosening_waits_for_a_week_and_tightening_does_not() {
    let electorate = first(committee(THREE, 2, 1));
    let looser = amend(&electorate, |terms| terms.threshold = number(1));
    let stricter = amend(&electorate, |terms| terms.threshold = number(3));
    for (next, before, from) in
        [(&looser, "2026-03-07T23:59:59Z", "2026-03-08"), (&stricter, "2026-02-28T23:59:59Z", SPRING)]
    {
        let mut hall = Hall::of(&electorate);
        hall.enact(next, &["ada"], "2026-02-01");
        hall.enact(next, &["ben"], SPRING);
        // A third signature is not waited for, and delays nothing.
        hall.enact(next, &["cyd"], "2026-05-01");
        assert_eq!((hall.version(&electorate, before), hall.version(&electorate, from)), (1, 2));
    }
    let mut hall = Hall::of(&electorate);
    hall.enact(&looser, &["ada", "ben"], SPRING);
    hall.with_succession(&electorate, "2026-03-02", |succession| {
        assert_eq!(succession.pending.unwrap().from, at("2026-03-08"));
    });
    let tally = hall.try_tally_at(&electorate, &numpy(), "2026-03-02").unwrap();
    assert_eq!(tally.next_change, Some(at("2026-03-08")));
}

#[test]
fn what_follows_a_waiting_version_waits_with_it() {
    let electorate = first(committee(THREE, 2, 1));
    let looser = amend(&electorate, |terms| terms.threshold = number(1));
    let stricter = amend(&looser, |terms| terms.maturity_days = 5);
    let mut hall = Hall::of(&electorate);
    hall.enact(&looser, &["ada", "ben"], SPRING);
    hall.enact(&stricter, &["cyd"], "2026-03-02");
    assert_eq!(hall.version(&electorate, "2026-03-07"), 1);
    assert_eq!(hall.version(&electorate, "2026-03-08"), 3);
}

#[test]
fn two_next_versions_are_none() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::of(&electorate);
    let second = amend(&electorate, |terms| terms.maturity_days = 1);
    let other = amend(&electorate, |terms| terms.maturity_days = 2);
    hall.enact(&second, &["ada", "ben"], SPRING);
    hall.enact(&other, &["cyd"], SPRING);
    assert_eq!(hall.version(&electorate, NOW), 2, "one admin cannot fork it");
    hall.enact(&other, &["ben"], SPRING);
    let error = hall.try_tally_at(&electorate, &numpy(), NOW).unwrap_err();
    assert!(matches!(error, Uncountable::Forked { version: 1, .. }), "{error}");
}

#[test]
fn an_electorate_nobody_signed_or_that_is_over_counts_nothing() {
    let electorate = first(committee(THREE, 2, 1));
    let mut hall = Hall::default();
    hall.enact(&electorate, &["ada", "eve"], "2026-01-01");
    hall.vote("ann", Choice::Approve, &electorate, &numpy());
    let error = hall.try_tally_at(&electorate, &numpy(), NOW).unwrap_err();
    assert_eq!(error.code().as_str(), "electorate-unknown");
    hall.enact(&electorate, &["ben"], "2026-01-01");
    assert!(hall.try_tally_at(&electorate, &numpy(), NOW).is_ok());
    let error = hall.try_tally_at(&electorate, &numpy(), "2028-01-01").unwrap_err();
    assert_eq!(error.code().as_str(), "electorate-not-in-force");
    assert!(error.hint().is_some());
}

/// Changes a committee's terms in one way.
type Change = fn(&mut Terms);

#[test]
fn what_is_not_plainly_stricter_loosens() {
    fn rule(terms: &mut Terms) -> &mut covouch_core::statement::Committee {
        match &mut terms.rule {
            Rule::Committee(committee) => committee,
            Rule::Community(_) => panic!(),
        }
    }
    fn ann(terms: &mut Terms) -> &mut Member {
        rule(terms).roster.get_mut(&public("ann")).unwrap()
    }
    fn recusal() -> Recusal {
        Recusal { who: Recused::Voter(public("ann")), projects: scope(&["a", "b"]) }
    }
    let pairs: [(Change, Change); 9] = [
        (
            |terms| {
                terms.admins.insert(public("dan"));
            },
            |terms| {
                terms.admins.remove(&public("cyd"));
            },
        ),
        (|terms| terms.threshold = number(1), |terms| terms.threshold = number(3)),
        (|terms| terms.maturity_days = 1, |terms| terms.maturity_days = 3),
        (
            |terms| terms.recusals.clear(),
            |terms| {
                terms.recusals.push(Recusal { who: Recused::Voter(public("bob")), projects: scope(&["*"]) })
            },
        ),
        (|terms| rule(terms).approvals = number(1), |terms| rule(terms).approvals = number(3)),
        (|terms| rule(terms).objections = number(3), |terms| rule(terms).objections = number(1)),
        (
            |terms| ann(terms).affiliation = covouch_core::party::Owner::parse("other").unwrap(),
            |terms| {
                rule(terms).roster.remove(&public("ann"));
            },
        ),
        (|terms| ann(terms).since = at("2025-01-01"), |terms| ann(terms).since = at("2026-02-01")),
        (
            |terms| {
                let member = ann(terms).clone();
                rule(terms).roster.insert(public("dan"), member);
            },
            |terms| ann(terms).voter = Voter::Automated,
        ),
    ];
    let mut terms = committee(&["ann@acme", "abe@acme", "bob@umbrella", "cat@initech"], 2, 2);
    terms.maturity_days = 2;
    terms.recusals = vec![recusal()];
    let electorate = first(terms);
    for (index, (looser, stricter)) in pairs.into_iter().enumerate() {
        assert!(loosens(&electorate, &amend(&electorate, looser)), "{index}");
        assert!(!loosens(&electorate, &amend(&electorate, stricter)), "{index}");
    }
    assert!(!loosens(&electorate, &amend(&electorate, |_| ())));
    assert!(loosens(&electorate, &amend(&electorate, |terms| terms.rule = community(&["s1"], 1, 1).rule)));
}

#[test]
fn a_community_loosens_by_its_own_numbers() {
    fn rule(terms: &mut Terms) -> &mut covouch_core::statement::Community {
        match &mut terms.rule {
            Rule::Community(community) => community,
            Rule::Committee(_) => panic!(),
        }
    }
    let pairs: [(Change, Change); 6] = [
        (|terms| rule(terms).clusters = number(1), |terms| rule(terms).clusters = number(3)),
        (
            |terms| rule(terms).members = 3.try_into().unwrap(),
            |terms| rule(terms).members = 9.try_into().unwrap(),
        ),
        (|terms| rule(terms).per_seed = number(3), |terms| rule(terms).per_seed = number(1)),
        (|terms| rule(terms).depth = 5, |terms| rule(terms).depth = 3),
        (
            |terms| {
                rule(terms).seeds.insert(public("s9"));
            },
            |terms| {
                rule(terms).seeds.remove(&public("s4"));
            },
        ),
        (
            |terms| rule(terms).automated.clear(),
            |terms| {
                rule(terms).automated.insert(public("s2"));
            },
        ),
    ];
    let mut terms = community(&["s1", "s2", "s3", "s4"], 2, 4);
    rule(&mut terms).automated.insert(public("s1"));
    rule(&mut terms).per_seed = number(2);
    let electorate = first(terms);
    for (index, (looser, stricter)) in pairs.into_iter().enumerate() {
        assert!(loosens(&electorate, &amend(&electorate, looser)), "{index}");
        assert!(!loosens(&electorate, &amend(&electorate, stricter)), "{index}");
    }
}
