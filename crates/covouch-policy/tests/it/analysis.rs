//! What policies mean before anybody says anything.

use covouch_policy::{
    PolicyTable, Source,
    analysis::{Analysis, Claim, ClaimAnswer, NewWeights, RequirementAnalysis, Shares, Widening},
};

use crate::world::{PYPI, policy, policy_text, secret, signer, signer_with};

const CLAIM: &str = "pypi and curator and at least 2 of (security, platform, data)";

/// The original proposal with a third internal curator.
fn proposal() -> String {
    policy_text(
        &[
            "[party.pypi]\nindex = \"pypi\"\nweight = 0.5\n",
            &signer_with("curator", "weight = 1.0"),
            &signer_with("security", "weight = 2.0"),
            &signer_with("platform", "weight = 2.0"),
            &signer_with("data", "weight = 2.0"),
        ],
        "score >= 5.5",
        "refuse = \"quarantined or at least 2 vetoes or veto by security\"",
    )
}

fn four(admit: &str) -> String {
    let parties = [PYPI, &signer("a"), &signer("b"), &signer("c")];
    policy_text(&parties, admit, "")
}

fn analysed(text: &str, claim: Option<&str>) -> RequirementAnalysis {
    let claim = claim.map(|claim| parse(claim, text));
    Analysis::of(&policy(text), claim.as_ref()).unwrap().requirements.remove(0)
}

fn parse(claim: &str, text: &str) -> Claim {
    Claim::parse(claim, source(text)).unwrap()
}

fn source(text: &str) -> Source<'_> {
    Source { name: "covouch.toml", text, table: PolicyTable::Whole }
}

fn sets(analysis: &RequirementAnalysis) -> Vec<String> {
    analysis.coalitions.sets.iter().map(ToString::to_string).collect()
}

fn names(parties: &[covouch_core::party::PartyName]) -> Vec<&str> {
    parties.iter().map(covouch_core::party::PartyName::as_str).collect()
}

#[test]
fn three_internal_voices_reach_six_without_pypi() {
    let analysis = analysed(&proposal(), Some(CLAIM));
    assert_eq!(
        sets(&analysis),
        ["security, platform and data", "any 2 of (security, platform, data), curator and pypi"]
    );
    assert_eq!(analysis.coalitions.total, 4);
    assert_eq!(analysis.theft.as_ref().unwrap().to_string(), "3 keys (security, platform and data)");
    assert_eq!(names(&analysis.vetoing), ["security"]);
    assert!(analysis.needed.is_empty());
    let Some(ClaimAnswer::Broken { without, requirement, weights }) = &analysis.claim else {
        panic!("the claim holds")
    };
    assert_eq!(without.sets.len(), 1);
    assert_eq!(without.sets[0].to_string(), "security, platform and data");
    assert_eq!(without.sets[0].score.unwrap().to_string(), "6.0");
    assert_eq!(
        requirement.to_string(),
        "pypi and curator and at least 2 of (security, platform, data) and score >= 5.5"
    );
    let NewWeights::Found { weights, minimum } = weights else { panic!("{weights:?}") };
    let weights: Vec<_> = weights.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
    assert_eq!(weights, [("security", 1), ("platform", 1), ("data", 1), ("curator", 2), ("pypi", 2)]);
    assert_eq!(*minimum, 6);
}

#[test]
fn with_either_repair_the_claim_holds() {
    let explicit = proposal().replace("score >= 5.5", &format!("{CLAIM} and score >= 5.5"));
    let claim = analysed(&explicit, Some(CLAIM)).claim;
    assert_eq!(claim, Some(ClaimAnswer::Holds { shares: Shares::Hold }));
    // Three who say so by a little less than all of it reach the score, and are no two who say so.
    let shorter = proposal().replace("score >= 5.5", "pypi and curator and score >= 5.5");
    let Some(ClaimAnswer::Holds { shares: Shares::Broken(_) }) = analysed(&shorter, Some(CLAIM)).claim else {
        panic!("it does not hold for shares")
    };
    let weighed = proposal()
        .replace("weight = 2.0", "weight = 1")
        .replace("weight = 1.0", "weight = 2")
        .replace("weight = 0.5", "weight = 2")
        .replace("5.5", "6");
    assert!(matches!(analysed(&weighed, Some(CLAIM)).claim, Some(ClaimAnswer::Holds { .. })));
    let said = analysed(&proposal().replace("score >= 5.5", CLAIM), Some(CLAIM));
    assert_eq!(said.claim, Some(ClaimAnswer::Holds { shares: Shares::Hold }));
}

#[test]
fn a_claim_that_shares_get_round_says_so() {
    let text = |admit: &str| policy_text(&[&signer_with("a", "weight = 3"), &signer("b")], admit, "");
    let Some(ClaimAnswer::Holds { shares: Shares::Broken(set) }) =
        analysed(&text("score >= 2"), Some("a")).claim
    else {
        panic!("two thirds of `a` are enough")
    };
    assert_eq!(set.to_string(), "a >= 99.8%");
    let whole = analysed(&text("score >= 3"), Some("a")).claim;
    assert_eq!(whole, Some(ClaimAnswer::Holds { shares: Shares::Hold }), "its twin needs all of it");
    assert!(widening(&text("a and score >= 2"), &text("score >= 2")).widens());
    assert!(!widening(&text("a and score >= 3"), &text("score >= 3")).widens());
    assert!(widening(&text("score >= 2"), &text("score >= 1.9")).scores);
}

#[test]
fn some_claims_no_weights_can_say() {
    let parties = ["a", "b", "c", "d"].map(|name| signer_with(name, "weight = 1"));
    let parties = [parties[0].as_str(), &parties[1], &parties[2], &parties[3]];
    let text = policy_text(&parties, "score >= 2", "");
    let analysis = analysed(&text, Some("(a and b) or (c and d)"));
    let Some(ClaimAnswer::Broken { weights, requirement, .. }) = analysis.claim else { panic!("it holds") };
    assert_eq!(weights, NewWeights::None);
    assert_eq!(requirement.to_string(), "(a and b or c and d) and score >= 2.0");
}

#[test]
fn a_claim_is_read_in_the_policys_names_and_errors_point_into_it() {
    let errors = Claim::parse("pypi and curater", source(&proposal())).unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!(error.code().as_str(), "policy-unknown-party");
    assert_eq!(error.place.to_string(), "--claim:1:10");
    assert!(error.hint().unwrap().as_str().contains("curator"));
    let errors = Claim::parse("pypi or", source(&proposal())).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().code().as_str(), "policy-expression");
}

#[test]
fn interchangeable_parties_are_told_by_class() {
    let analysis = analysed(&four("pypi and at least 2 of (a, b, c)"), None);
    assert_eq!(sets(&analysis), ["pypi and any 2 of (a, b, c)"]);
    assert_eq!((analysis.coalitions.total, analysis.coalitions.complete), (3, true));
    assert_eq!(names(&analysis.needed), ["pypi"]);
    let theft = analysis.theft.unwrap();
    assert_eq!((theft.keys, theft.besides), (2, vec!["pypi".to_owned()]));
}

#[test]
fn one_key_meets_two_halves() {
    let analysis = analysed(&four("a >= 50% and b >= 50%"), None);
    let theft = analysis.theft.unwrap();
    assert_eq!(theft.keys, 1);
    assert!(theft.shares_a_key());
    let analysis = analysed(&four("a >= 51% and b >= 50%"), None);
    assert_eq!(analysis.theft.unwrap().keys, 2, "its twin asks for one percent more than a key has");
}

#[test]
fn what_a_share_leaves_of_a_key_goes_to_the_heaviest() {
    let parties = [&signer("a"), &signer_with("b", "weight = 2.0")];
    let text =
        |minimum| policy_text(&[parties[0], parties[1]], &format!("a >= 50% and score >= {minimum}"), "");
    assert_eq!(analysed(&text("1.0"), None).theft.unwrap().keys, 1);
    assert_eq!(analysed(&text("1.000001"), None).theft.unwrap().keys, 2);
}

#[test]
fn who_can_wait_needs_fewer_keys() {
    let analysis = analysed(&four("pypi and (age >= 7d or a and b)"), None);
    assert_eq!(analysis.theft.unwrap().keys, 2);
    let patient = analysis.patient_theft.unwrap();
    assert_eq!(patient.to_string(), "no key at all, with pypi and age >= 7d");
}

#[test]
fn parties_of_one_owner_are_one_voice() {
    let owned = ["a", "b"].map(|name| signer_with(name, "owner = \"acme\""));
    let text = policy_text(&[&owned[0], &owned[1], &signer("c")], "at least 2 of (a, b, c)", "");
    let analysis = analysed(&text, None);
    assert_eq!(names(&analysis.needed), ["c"]);
    assert_eq!(analysis.coalitions.total, 2);
}

#[test]
fn parties_of_one_key_are_one_voice() {
    let text = four("at least 2 of (a, b, c)");
    let shared = text.replace(&secret("b").public_key().to_string(), &secret("a").public_key().to_string());
    assert_eq!(names(&analysed(&shared, None).needed), ["c"]);
    assert!(analysed(&text, None).needed.is_empty());
}

#[test]
fn a_veto_in_the_requirement_blocks_too() {
    assert_eq!(names(&analysed(&four("a and not veto by b"), None).vetoing), ["b"]);
    assert_eq!(names(&analysed(&four("a and not vetoes"), None).vetoing), ["a", "b", "c"]);
    assert!(analysed(&four("a or b and not vetoes"), None).vetoing.is_empty());
}

#[test]
fn a_rule_behind_a_wider_one_never_fires() {
    let rules = "[[rule]]\nprojects = [\"acme-*\"]\nadmit = \"a\"\n\
                 [[rule]]\nprojects = [\"acme-web\", \"other\"]\nadmit = \"b\"\n\
                 [[rule]]\nprojects = [\"acme-db-*\"]\nadmit = \"c\"\n";
    let shadowed = Analysis::of(
        &policy(&policy_text(&[PYPI, &signer("a"), &signer("b"), &signer("c")], "pypi", rules)),
        None,
    )
    .unwrap()
    .shadowed;
    let told: Vec<_> =
        shadowed.iter().map(|rule| (rule.rule, rule.pattern.as_str(), rule.by, rule.never_fires)).collect();
    assert_eq!(told, [(2, "acme-web", 1, false), (3, "acme-db-*", 1, true)]);
}

fn widening(old: &str, new: &str) -> Widening {
    Analysis::widening(&policy(old), &policy(new)).unwrap()
}

#[test]
fn an_edit_says_what_it_newly_admits() {
    let old = four("pypi and at least 2 of (a, b, c)");
    let found = widening(&old, &four("pypi and (age >= 7d or at least 2 of (a, b, c))"));
    assert!(found.widens());
    assert_eq!(found.changes[0].admits.sets[0].to_string(), "pypi and age >= 7d");
    assert_eq!(found.changes[0].refuses.total, 0);
    let found = widening(&old, &four("pypi and at least 1 of (a, b, c)"));
    assert_eq!(found.changes[0].admits.sets[0].to_string(), "pypi and any 1 of (a, b, c)");
}

#[test]
fn an_edit_that_says_the_same_changes_nothing() {
    let old = four("pypi and at least 2 of (a, b, c)");
    let found = widening(&old, &four("(a and b or c and (a or b)) and pypi"));
    assert!(!found.widens() && found.changes.is_empty());
}

#[test]
fn a_narrower_edit_does_not_widen() {
    let found = widening(&four("pypi"), &four("pypi and a"));
    assert!(!found.widens());
    assert_eq!(found.changes[0].refuses.sets[0].to_string(), "pypi");
}

#[test]
fn a_pin_that_goes_a_refusal_that_goes_and_a_new_key_widen() {
    let text = |more: &str| policy_text(&[PYPI, &signer("a")], "pypi", more);
    let pinned = text("refuse = \"vetoes\"\n[[rule]]\nprojects = [\"acme-*\"]\nindex = \"pypi\"\n");
    let found = widening(&pinned, &text("refuse = \"vetoes\"\n"));
    let projects: Vec<_> =
        found.changes.iter().map(|change| change.projects.as_ref().unwrap().as_str()).collect();
    assert_eq!(projects, ["acme-*"]);
    assert!(widening(&text("refuse = \"vetoes\"\n"), &text("")).widens());
    assert!(!widening(&text(""), &text("refuse = \"vetoes\"\n")).widens());
    let keys = text("").replace(&secret("a").public_key().to_string(), &secret("b").public_key().to_string());
    assert_eq!(widening(&text(""), &keys).parties, ["a"]);
    let monitored = text("").replace("schema = 1", "schema = 1\nmode = \"monitor\"");
    assert!(widening(&text(""), &monitored).monitors);
}

#[test]
fn thirty_parties_of_thirty_weights_are_analysed() {
    let parties: Vec<String> = (0..30)
        .map(|number| signer_with(&format!("p{number}"), &format!("weight = {}", 100 - 3 * number)))
        .collect();
    let parties: Vec<&str> = parties.iter().map(String::as_str).collect();
    let analysis = analysed(&policy_text(&parties, "score >= 850", ""), None);
    assert!(analysis.coalitions.total > 1_000_000 && !analysis.coalitions.complete);
    assert_eq!(analysis.theft.unwrap().keys, 10, "the ten heaviest weigh 865, nine of them 792");
}
