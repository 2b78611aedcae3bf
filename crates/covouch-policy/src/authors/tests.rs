use covouch_core::{
    key::SecretKey,
    name::ProjectPattern,
    time::{Standing, Validity},
};
use zeroize::Zeroizing;

use super::*;

const NOW: &str = "2026-06-02T15:00:00Z";

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn now() -> Timestamp {
    moment(NOW)
}

fn rule() -> AuthorRule {
    AuthorRule {
        releases: 3,
        span: Duration::from_days(100),
        recognised: 1,
        vetoes: 2,
        validity: Duration::from_days(90),
        projects: vec![ProjectPattern::parse("*").unwrap()],
    }
}

fn name(text: &str) -> ProjectName {
    ProjectName::parse(text).unwrap()
}

fn publisher(text: &str, id: &str) -> Publisher {
    let mut publisher = Publisher::named(PublisherName::parse(text).unwrap());
    publisher.repository_id = Some(id.into());
    publisher
}

fn key(seed: u8) -> PublicKey {
    *SecretKey::from_seed(&Zeroizing::new([seed; 32])).unwrap().public_key()
}

fn file(version: &str, uploaded: &str, publisher: Publisher) -> ReleasedFile {
    ReleasedFile {
        project: name("demo"),
        version: Version::parse(version).unwrap(),
        filename: FileName::parse(&format!("demo-{version}.tar.gz")).unwrap(),
        uploaded: Some(moment(uploaded)),
        publishers: vec![publisher],
        keys: Vec::new(),
        recognised: None,
        vetoes: 0,
    }
}

/// Three releases over a hundred days, one of them packaged: just what the rule asks for.
fn facts() -> Facts {
    let own = || publisher("github:org/demo", "1");
    let mut files =
        vec![file("1", "2026-01-01", own()), file("2", "2026-02-01", own()), file("3", "2026-04-11", own())];
    files[1].recognised = Some("python-demo 2-1 in trixie".into());
    Facts { projects: [name("demo")].into(), files, revoked: BTreeSet::new() }
}

fn one(facts: &Facts) -> Derived {
    one_of(&derive(&rule(), facts, &[], now()).unwrap(), "github:org/demo")
}

#[track_caller]
fn one_of(derived: &[Derived], identity: &str) -> Derived {
    derived.iter().find(|derived| derived.identity.to_string() == identity).unwrap().clone()
}

fn grant(author: &str, project: &str, until: &str) -> AuthorGrant {
    AuthorGrant {
        author: Author::Publisher(author.into()),
        projects: vec![ProjectPattern::parse(project).unwrap()],
        validity: Validity::new(moment("2026-01-01"), moment(until)).unwrap(),
    }
}

#[test]
fn whoever_meets_the_rule_is_granted_and_then_kept() {
    let granted = one(&facts());
    assert_eq!(granted.outcome, Outcome::Granted);
    assert_eq!(granted.projects, [name("demo")].into());
    assert_eq!((granted.facts.releases, granted.facts.age()), (3, Duration::from_days(100)));
    assert_eq!(granted.facts.recognised, [(name("demo"), "python-demo 2-1 in trixie".into())]);
    let before = [grant("github:org/demo", "demo", "2026-08-01")];
    assert_eq!(derive(&rule(), &facts(), &before, now()).unwrap()[0].outcome, Outcome::Kept);
}

#[test]
fn a_release_less_is_below() {
    let mut facts = facts();
    facts.files.remove(0);
    facts.files[0].uploaded = Some(moment("2026-01-01"));
    assert_eq!(one(&facts).outcome, Outcome::Below(vec![Missing::Releases { found: 2, needed: 3 }]));
}

#[test]
fn a_second_file_of_a_release_is_no_release() {
    let mut facts = facts();
    facts.files[0].version = facts.files[1].version.clone();
    assert_eq!(one(&facts).outcome, Outcome::Below(vec![Missing::Releases { found: 2, needed: 3 }]));
}

#[test]
fn a_day_less_is_below() {
    let mut facts = facts();
    facts.files[2].uploaded = Some(moment("2026-04-10"));
    let found = Duration::from_days(99);
    assert_eq!(
        one(&facts).outcome,
        Outcome::Below(vec![Missing::Days { found, needed: Duration::from_days(100) }])
    );
}

#[test]
fn an_upload_at_no_known_time_or_in_the_future_counts_for_nothing() {
    for uploaded in [None, Some(moment("2026-06-02T15:00:01Z"))] {
        let mut facts = facts();
        facts.files[2].uploaded = uploaded;
        assert!(
            matches!(&one(&facts).outcome, Outcome::Below(missing) if missing.len() == 2),
            "{uploaded:?}"
        );
    }
    let mut facts = facts();
    facts.files[2].uploaded = Some(now());
    assert_eq!(one(&facts).outcome, Outcome::Granted);
}

#[test]
fn nobody_who_recognises_a_project_is_below() {
    let mut facts = facts();
    facts.files[1].recognised = None;
    assert_eq!(one(&facts).outcome, Outcome::Below(vec![Missing::Recognised { found: 0, needed: 1 }]));
}

#[test]
fn a_packaged_file_of_somebody_else_lends_no_fame() {
    let mut facts = facts();
    facts.files[1].recognised = None;
    let other = ReleasedFile {
        recognised: Some("python-demo 0-1 in trixie".into()),
        ..file("0", "2025-01-01", publisher("github:before/demo", "9"))
    };
    facts.files.push(other);
    assert_eq!(one(&facts).outcome, Outcome::Below(vec![Missing::Recognised { found: 0, needed: 1 }]));
}

#[test]
fn another_publisher_resets_and_the_same_one_does_not() {
    let mut same = facts();
    same.files.push(file("4", "2026-05-01", publisher("github:org/demo", "1")));
    assert_eq!(one(&same).outcome, Outcome::Granted);
    let mut changed = facts();
    changed.files.push(file("4", "2026-05-01", publisher("github:thief/demo", "2")));
    let reset = one(&changed).outcome;
    assert_eq!(reset.to_string(), "reset: `demo` 4 is released by github:thief/demo");
    let derived = derive(&rule(), &changed, &[], now()).unwrap();
    assert!(matches!(one_of(&derived, "github:thief/demo").outcome, Outcome::Below(_)));
    changed.files[3].uploaded = None;
    assert_eq!(one(&changed).outcome, reset, "at no known time is now");
}

#[test]
fn what_came_before_another_publisher_counts_no_more() {
    let mut facts = facts();
    facts.files.push(file("2.5", "2026-02-02", publisher("github:other/demo", "2")));
    let record = one(&facts);
    assert_eq!(record.facts.releases, 1, "only what came after");
    assert!(matches!(record.outcome, Outcome::Below(_)));
}

#[test]
fn a_release_that_two_share_resets_nobody() {
    let mut facts = facts();
    facts.files.push(file("3", "2026-05-01", publisher("github:org/wheels", "7")));
    assert_eq!(one(&facts).outcome, Outcome::Granted);
}

#[test]
fn a_renamed_repository_goes_on_under_its_new_name() {
    let mut facts = facts();
    facts.files[2].publishers = vec![publisher("github:new/demo", "1")];
    let derived = derive(&rule(), &facts, &[], now()).unwrap();
    assert_eq!(derived.len(), 1);
    assert_eq!(one_of(&derived, "github:new/demo").outcome, Outcome::Granted);
    let before = [grant("github:org/demo", "demo", "2026-08-01")];
    let changes = plan(&rule(), &facts, &derived, &before, now());
    assert!(matches!(changes[..], [Change::Grant(_), Change::Withdraw { place: 0, .. }]), "{changes:?}");
}

#[test]
fn a_name_that_two_accounts_had_is_nobodys() {
    let mut facts = facts();
    facts.files[2].publishers = vec![publisher("github:org/demo", "2")];
    for derived in derive(&rule(), &facts, &[], now()).unwrap() {
        assert!(matches!(derived.outcome, Outcome::Reset(ResetReason::NameReused(_))), "{derived:?}");
    }
}

#[test]
fn an_upheld_veto_resets_and_one_key_fewer_does_not() {
    let mut facts = facts();
    facts.files[0].vetoes = 1;
    assert_eq!(one(&facts).outcome, Outcome::Granted);
    facts.files[0].vetoes = 2;
    let file = facts.files[0].filename.clone();
    assert_eq!(one(&facts).outcome, Outcome::Reset(ResetReason::Vetoed(file)));
}

#[test]
fn a_key_is_an_identity_until_it_is_revoked() {
    let mut facts = facts();
    for file in &mut facts.files {
        file.publishers.clear();
        file.keys = vec![key(1)];
    }
    let derived = derive(&rule(), &facts, &[], now()).unwrap();
    assert_eq!((derived.len(), &derived[0].outcome), (1, &Outcome::Granted));
    facts.revoked.insert(key(2));
    assert_eq!(derive(&rule(), &facts, &[], now()).unwrap(), derived);
    facts.revoked.insert(key(1));
    let outcome = &derive(&rule(), &facts, &[], now()).unwrap()[0].outcome;
    assert_eq!(*outcome, Outcome::Reset(ResetReason::Revoked));
}

#[test]
fn a_grant_always_ends_and_is_renewed_when_half_of_it_is_over() {
    let derived = derive(&rule(), &facts(), &[], now()).unwrap();
    let Change::Grant(granted) = &plan(&rule(), &facts(), &derived, &[], now())[0] else { panic!() };
    assert_eq!(granted.validity.not_after(), now().plus(Duration::from_days(90)));
    assert_eq!(granted.validity.at(now()), Standing::Valid);
    for (until, renewed) in [("2026-07-18", false), ("2026-07-17", true)] {
        let before = [grant("github:org/demo", "demo", until)];
        let derived = derive(&rule(), &facts(), &before, now()).unwrap();
        let changes = plan(&rule(), &facts(), &derived, &before, now());
        assert_eq!(matches!(changes[..], [Change::Renew(_)]), renewed, "{changes:?}");
        assert_eq!(changes.is_empty(), !renewed);
    }
}

#[test]
fn a_grant_that_no_longer_derives_is_withdrawn_with_the_reason() {
    let mut below = facts();
    below.files.remove(0);
    let before = [
        grant("github:org/demo", "demo", "2026-08-01"),
        grant("github:org/gone", "demo", "2026-08-01"),
        grant("github:org/demo", "not-looked-at", "2026-08-01"),
        grant("github:org/demo", "de*", "2026-08-01"),
    ];
    let derived = derive(&rule(), &below, &before, now()).unwrap();
    let changes = plan(&rule(), &below, &derived, &before, now());
    let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "withdrawn: below: 2 of 3 releases, released over 69 days of 100d",
            "withdrawn: nobody of this name released any of these files",
        ]
    );
}

#[test]
fn more_identities_than_are_read_are_refused_and_not_cut() {
    let file = |number: usize| {
        let own = publisher(&format!("github:org/demo{number}"), &number.to_string());
        file("1", "2026-01-01", own)
    };
    let mut facts = Facts { files: (0..crate::limits::AUTHORS).map(file).collect(), ..facts() };
    assert_eq!(derive(&rule(), &facts, &[], now()).unwrap().len(), crate::limits::AUTHORS);
    facts.files.push(file(crate::limits::AUTHORS));
    let refused = derive(&rule(), &facts, &[], now()).unwrap_err();
    assert_eq!(refused, TooManyAuthors(crate::limits::AUTHORS + 1));
}
