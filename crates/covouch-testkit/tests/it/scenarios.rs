//! The stories of this workspace, read and turned into worlds. Judging them is the command's tests' work.

use std::collections::BTreeSet;

use covouch_core::{
    evidence::{Known, Stated},
    key::PublicKey,
    party::PartyName,
    statement::chain::Chain,
    time::Timestamp,
};
use covouch_testkit::{
    index::IndexServer,
    keys,
    scenario::{Addresses, Scenario, ScenarioError},
};

use crate::client::ask;

fn story(name: &str) -> Scenario {
    let mut stories = Scenario::all().into_iter();
    stories.find(|(other, _)| other == name).unwrap().1
}

fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn party(name: &str) -> PartyName {
    PartyName::parse(name).unwrap()
}

#[test]
fn every_story_is_read_and_has_a_name_of_its_own() {
    let stories = Scenario::all();
    assert!(stories.len() >= 7);
    let titles: BTreeSet<_> = stories.iter().map(|(_, story)| &story.title).collect();
    assert_eq!(titles.len(), stories.len());
    for (name, story) in &stories {
        let policy = story.world.policy(&Addresses::example());
        assert!(!policy.contains("{key.") && !policy.contains("{index."), "{name}: {policy}");
        for world in [&story.world, &story.twin.world] {
            assert!(
                !world.locked().is_empty()
                    && !world.evidence(world.now()).statements().iter().any(|sourced| sourced
                        .statement
                        .value()
                        .issued
                        > world.now()),
                "{name}"
            );
        }
    }
}

#[test]
fn one_vouch_more_is_the_only_difference_of_the_urgent_fix() {
    let story = story("urgent-fix-two-vouches");
    let issuers = |evidence: &covouch_core::evidence::Evidence| -> Vec<PublicKey> {
        evidence.statements().iter().map(|sourced| *sourced.statement.issuer()).collect()
    };
    let (world, twin) = (&story.world, &story.twin.world);
    assert_eq!(issuers(&world.evidence(world.now())), [*keys::secret("security").public_key()]);
    assert_eq!(issuers(&twin.evidence(twin.now())).len(), 2);
    let before = Timestamp::parse("2026-06-02T12:59:59Z").unwrap();
    assert!(world.evidence(before).statements().is_empty(), "nobody had said anything yet");
}

#[test]
fn evidence_says_what_an_index_says_and_no_more() {
    let story = story("mirror-without-upload-times");
    let listing = |world: &covouch_testkit::scenario::World| {
        let subject = world.subject("widget-1.4.1-py3-none-any.whl");
        world.evidence(world.now()).listing(&party("mirror"), subject).unwrap().clone()
    };
    let weak = listing(&story.world);
    assert_eq!(weak.listed, Known::Is(true));
    assert!(matches!(weak.uploaded, Known::Unknown(ref gap) if &*gap.source == "mirror"), "{weak:?}");
    assert_eq!(weak.status, Stated::NotStated);
    assert!(matches!(listing(&story.twin.world).uploaded, Known::Is(_)));
}

#[test]
fn a_file_that_is_not_there_yet_is_not_listed() {
    let story = story("litellm-stolen-token");
    let before = Timestamp::parse("2026-03-24T09:59:59Z").unwrap();
    let evidence = story.world.evidence(before);
    let listed = |label| evidence.listing(&party("pypi"), story.world.subject(label)).is_some();
    assert!(listed("litellm-1.82.6-py3-none-any.whl") && !listed("litellm-1.82.7-py3-none-any.whl"));
}

#[test]
fn an_unreachable_index_is_unknown_and_answers_503() {
    let text = text("torchtriton-dependency-confusion")
        .replace("[index.internal]", "[index.internal]\nreachable = false");
    let story = Scenario::parse(&text).unwrap();
    let evidence = story.world.evidence(story.world.now());
    let subject = story.world.subject("torchtriton-3.0.0-py3-none-any.whl");
    assert!(matches!(evidence.project(&party("internal"), &subject.project), Some(Known::Unknown(_))));
    assert!(matches!(evidence.project(&party("pypi"), &subject.project), Some(Known::Is(true))));
    let served = story.world.serve();
    assert_eq!(ask(served.server("internal"), "GET", "/simple/torchtriton/", &[]).status, 503);
}

#[test]
fn a_served_world_says_the_same_as_its_evidence() {
    let served = story("mistralai-quarantined-project").world.serve();
    let json = [("Accept", "application/vnd.pypi.simple.v1+json")];
    let page = ask(served.server("pypi"), "GET", "/simple/mistralai/", &json).json();
    assert_eq!(page["project-status"]["status"], "quarantined");
    assert_eq!(page["files"].as_array().unwrap().len(), 2);
    let weak = story("mirror-without-upload-times").world.serve();
    let page = ask(weak.server("mirror"), "GET", "/simple/widget/", &json).json();
    assert_eq!(page["meta"]["api-version"], "1.0");
}

#[test]
fn a_project_on_disk_is_complete() {
    let story = story("urgent-fix-two-vouches");
    let (world, folder) = (&story.twin.world, tempfile::tempdir().unwrap());
    let served = world.serve();
    let project = world.write_project(folder.path(), &served.addresses()).unwrap();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let policy = read(&project.policy);
    assert!(
        policy.contains(&served.server("pypi").url()) && policy.contains(&keys::line("platform")),
        "{policy}"
    );
    for name in ["security", "platform"] {
        let key = *keys::secret(name).public_key();
        let lines = read(&project.trust.join(format!("{}.jsonl", key.id())));
        let head = read(&project.trust.join(format!("{}.head", key.id())));
        let chain = Chain::parse(&key, lines.as_bytes(), Some(head.as_bytes())).unwrap();
        assert_eq!(chain.statements().len(), 1);
    }
    let sha256 = world.subject("widget-1.4.2-py3-none-any.whl").sha256;
    assert_eq!(read(&project.requirements), format!("widget==1.4.2 \\\n    --hash=sha256:{sha256}\n"));
    assert_eq!(read(&project.required), "widget\n");
    let pylock: toml::Table = read(&project.pylock).parse().unwrap();
    let url = pylock["packages"][0]["wheels"][0]["url"].as_str().unwrap();
    let server: &IndexServer = served.server("pypi");
    assert_eq!(covouch_core::digest::Sha256::of(&ask(server, "GET", url, &[]).body), sha256);
}

#[test]
fn a_withdrawal_names_what_its_key_said() {
    let base = text("urgent-fix-two-vouches");
    let withdrawn = "[withdrawal.regret]\nby = [\"security\"]\nissued = 2026-06-02T14:00:00Z\nof = \"vouch.fix\"\n[[expect]]";
    let story = Scenario::parse(&base.replacen("[[expect]]", withdrawn, 1)).unwrap();
    assert_eq!(story.world.evidence(story.world.now()).statements().len(), 2);
    let by_other = withdrawn.replace("security", "data");
    let error = Scenario::parse(&base.replacen("[[expect]]", &by_other, 1)).unwrap_err();
    assert!(error.to_string().contains("none of its keys said `vouch.fix` before"), "{error}");
}

#[test]
fn a_crowd_is_as_many_keys_as_it_says_and_each_was_let_in() {
    let story = story("trust-aged-accounts");
    let evidence = story.world.evidence(story.world.now());
    let said = |kind: &str| {
        let claims = evidence.statements().iter().map(|sourced| sourced.statement.value().claim.kind());
        claims.filter(|claim| *claim == kind).count()
    };
    assert_eq!((said("vouch"), said("delegation")), (40, 42));
    let before = story.world.evidence(Timestamp::parse("2026-06-02T09:59:59Z").unwrap());
    assert_eq!(before.statements().len(), 42, "they were let in long before they vouched");
}

#[test]
fn an_author_is_a_key_or_a_publisher_and_a_revocation_is_hard_or_soft() {
    let base = text("trust-author-named-twice");
    for (author, good) in [("github:psf/requests", true), ("mia", true)] {
        let changed = base.replacen("author = \"mia\"", &format!("author = \"{author}\""), 1);
        assert_eq!(Scenario::parse(&changed).is_ok(), good, "{author}");
    }
    let base = text("trust-backdated-after-revocation");
    let error = Scenario::parse(&base.replace("\"hard\"", "\"harsh\"")).unwrap_err();
    assert!(error.to_string().contains("`hard` or `soft`"), "{error}");
}

#[test]
fn what_is_no_story_is_refused_with_its_place() {
    let base = text("urgent-fix-two-vouches");
    for (from, to, clause) in [
        ("facts = \"synthetic\"", "facts = \"rumour\"", "rumour"),
        ("[index.pypi]", "[index.pypi]\nnice = true", "nice"),
        ("on = [\"pypi\"]", "on = [\"pipy\"]", "no index `pipy`"),
        ("lock = [\"widget-1.4.2", "lock = [\"widget-1.4.3", "no file `widget-1.4.3"),
        ("change = \"vouch.fix.by\"", "change = \"policy\"", "not a fact"),
        ("to = [\"security\", \"platform\"]", "to = [\"security\"]", "the same as in the story"),
        ("now = 2026-06-02T15:00:00Z", "now = 2026-06-02T15:00:00", "not a time"),
    ] {
        assert!(base.contains(from), "{from}");
        let error = Scenario::parse(&base.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(clause), "{from}: {error}");
    }
    let never_admitted = base.replace("verdict = \"admitted\"", "verdict = \"refused\"");
    assert!(matches!(Scenario::parse(&never_admitted), Err(ScenarioError::Twin(_))));
}
