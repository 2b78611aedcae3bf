//! What adapters find: packaged by a distribution, derived from an sdist, on record as malware, published by whom.

use std::sync::Arc;

use covouch_core::{
    evidence::{Derivation, Finding, Known, Listing, Lookup, MalwareRecord, ProjectStatus, Stated},
    level::Level,
    publisher::{Continuity, Publisher, PublisherName},
    subject::Subject,
};
use covouch_policy::{Policies, Policy, PolicyTable, Source};

use crate::world::{PYPI, World, alone, at, file, gap, listing, name, policy, policy_text, signer};

const DEBIAN: &str = "[party.debian]\ndebian = { suites = [\"stable\"] }\n";
const MALWARE: &str = "[party.malware]\nosv = \"records/\"\n";
const SDIST: &str = "six-1.17.0.tar.gz";
const WHEEL: &str = "six-1.17.0-py2.py3-none-any.whl";

/// Debian packaged the sdist, and was asked.
fn packaged(world: &mut World) {
    let origin: Arc<str> = "six 1.17.0-1 in trixie, 2026-06-01".into();
    let finding = Finding { party: name("debian"), level: Level::Packaged, origin };
    world.evidence.add_finding(file(SDIST), Known::Is(finding));
    world.evidence.add_consulted(name("debian"));
}

fn compared(world: &mut World, differences: &[&str]) {
    let differences: Arc<[Arc<str>]> = differences.iter().map(|text| Arc::from(*text)).collect();
    let derivation = Derivation { sdist: file(SDIST), differences: Known::Is(differences) };
    world.evidence.add_derivation(file(WHEEL), derivation);
}

/// Both files, uploaded an hour ago.
fn fresh() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(SDIST), "2026-06-10T11:00:00Z");
    world.lists("pypi", &file(WHEEL), "2026-06-10T11:00:00Z");
    world
}

fn starter() -> Policies {
    alone(&policy_text(&[PYPI, DEBIAN], "pypi and (age >= 3d or debian or derived from debian)", ""))
}

fn code(world: &World, policies: &Policies, subject: &Subject) -> String {
    world.judge(policies, subject).code().to_string()
}

fn lookups(world: &World, policies: &Policies) -> Vec<Lookup> {
    policies.lookups(&world.graph(), &world.evidence, &|_| true, world.now).lookups
}

#[test]
fn what_debian_packaged_need_not_wait() {
    let mut world = fresh();
    assert_eq!(code(&world, &starter(), &file(SDIST)), "not-asked");
    packaged(&mut world);
    // The wheel is not compared yet, and an sdist does not come in past a wheel that is kept out.
    assert_eq!(code(&world, &starter(), &file(SDIST)), "sibling-unknown");
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "not-compared");
    compared(&mut world, &[]);
    assert_eq!(code(&world, &starter(), &file(SDIST)), "admitted");
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "admitted");
}

#[test]
fn its_twin_that_debian_was_asked_about_and_does_not_know_waits() {
    let mut world = fresh();
    compared(&mut world, &[]);
    world.evidence.add_consulted(name("debian"));
    assert_eq!(code(&world, &starter(), &file(SDIST)), "too-new");
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "too-new");
}

#[test]
fn a_wheel_that_differs_from_its_sdist_waits_and_says_where() {
    let mut world = fresh();
    packaged(&mut world);
    compared(&mut world, &["`six.py` has other bytes"]);
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "too-new");
    let reason = world.reason(&starter(), &file(WHEEL));
    assert!(reason.contains("differs from `six-1.17.0.tar.gz`: `six.py` has other bytes"), "{reason}");
}

#[test]
fn an_archive_that_cannot_be_read_is_unknown() {
    let mut world = fresh();
    packaged(&mut world);
    let derivation = Derivation { sdist: file(SDIST), differences: Known::Unknown(gap("pypi")) };
    world.evidence.add_derivation(file(WHEEL), derivation);
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "index-unreachable");
}

#[test]
fn an_old_file_asks_nobody_and_a_young_one_asks_the_cheapest_first() {
    let mut old = World::new();
    old.lists("pypi", &file(SDIST), "2026-06-01").lists("pypi", &file(WHEEL), "2026-06-01");
    assert_eq!(lookups(&old, &starter()), []);
    let mut young = fresh();
    assert_eq!(lookups(&young, &starter()), [Lookup::Distribution(name("debian"))]);
    packaged(&mut young);
    let compare = Lookup::Comparison { wheel: file(WHEEL), sdist: file(SDIST) };
    assert_eq!(lookups(&young, &starter()), [compare]);
    compared(&mut young, &[]);
    assert_eq!(lookups(&young, &starter()), []);
}

/// What a second round rests on: it asks about no file that was not open in the first.
#[test]
fn fewer_and_fewer_files_are_open_as_more_is_learned() {
    let mut world = fresh();
    world.lists("pypi", &file("six-1.16.0.tar.gz"), "2026-06-01");
    let open = |world: &World| {
        let wanted = starter().lookups(&world.graph(), &world.evidence, &|_| true, world.now);
        let mut open: Vec<String> = wanted.open.iter().map(|file| file.filename.to_string()).collect();
        open.sort();
        open
    };
    assert_eq!(open(&world), [WHEEL, SDIST]);
    packaged(&mut world);
    assert_eq!(open(&world), [WHEEL]);
    compared(&mut world, &["`six.py` has other bytes"]);
    assert!(open(&world).is_empty());
}

#[test]
fn nothing_is_compared_with_an_sdist_nobody_packaged() {
    let mut world = fresh();
    world.evidence.add_consulted(name("debian"));
    assert_eq!(lookups(&world, &starter()), []);
}

#[test]
fn a_veto_on_the_sdist_keeps_out_what_derives_from_it() {
    let admit = "pypi and (age >= 3d or debian or derived from debian)";
    let policies = alone(&policy_text(&[PYPI, DEBIAN, &signer("ada")], admit, "refuse = 'vetoes'"));
    let mut world = fresh();
    packaged(&mut world);
    compared(&mut world, &[]);
    assert_eq!(code(&world, &policies, &file(WHEEL)), "admitted");
    world.vetoes("ada", &file(SDIST));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "too-new");
}

#[test]
fn one_key_behind_two_parties_does_not_vouch_for_the_sdist_as_one_and_for_the_wheel_as_the_other() {
    let twin = signer("ada").replace("[party.ada]", "[party.twin]");
    let admit = "pypi and derived from ada and twin";
    let policies = alone(&policy_text(&[PYPI, &signer("ada"), &twin], admit, ""));
    let mut world = fresh();
    compared(&mut world, &[]);
    world.vouches("ada", &file(SDIST)).vouches("ada", &file(WHEEL));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "not-enough-vouches");
    // One fact differs: the second party has a key of its own.
    let policies = alone(&policy_text(&[PYPI, &signer("ada"), &signer("twin")], admit, ""));
    world.vouches("twin", &file(WHEEL));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "admitted");
}

#[test]
fn a_policy_may_let_a_vouch_for_the_sdist_count_for_the_wheel() {
    let parties = [PYPI, &signer("ada"), &signer("bob")];
    let mut world = fresh();
    compared(&mut world, &[]);
    world.vouches("ada", &file(SDIST)).vouches("bob", &file(WHEEL));
    let admit = "pypi and ada and bob";
    let inherits = alone(&policy_text(&parties, admit, "derive = 'inherit'"));
    assert_eq!(code(&world, &inherits, &file(WHEEL)), "admitted");
    let separate = alone(&policy_text(&parties, admit, ""));
    assert_eq!(code(&world, &separate, &file(WHEEL)), "not-enough-vouches");
}

#[test]
fn an_inherited_vouch_waits_for_the_comparison() {
    let inherits = alone(&policy_text(&[PYPI, &signer("ada")], "pypi and ada", "derive = 'inherit'"));
    let mut world = fresh();
    world.vouches("ada", &file(SDIST));
    assert_eq!(code(&world, &inherits, &file(WHEEL)), "not-compared");
    let compare = Lookup::Comparison { wheel: file(WHEEL), sdist: file(SDIST) };
    assert_eq!(lookups(&world, &inherits), [compare]);
    compared(&mut world, &["`six.py` has other bytes"]);
    assert_eq!(code(&world, &inherits, &file(WHEEL)), "not-enough-vouches");
}

/// Statements of this world are signed on the first of June.
fn recorded(world: &mut World) {
    recorded_on(world, "2026-06-05");
}

fn recorded_on(world: &mut World, modified: &str) {
    let record = MalwareRecord {
        id: "MAL-2026-1".into(),
        summary: "Malicious code in six".into(),
        modified: at(modified),
    };
    let subject = file(WHEEL);
    world.evidence.add_record(name("malware"), subject.project, subject.version, record);
    world.evidence.add_consulted(name("malware"));
}

fn old() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-05-01");
    world
}

#[test]
fn what_is_on_record_as_malware_is_kept_out_whatever_the_policy_refuses() {
    let policies = alone(&policy_text(&[PYPI, MALWARE], "pypi", ""));
    let mut world = old();
    assert_eq!(code(&world, &policies, &file(WHEEL)), "not-asked");
    world.evidence.add_consulted(name("malware"));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "admitted");
    recorded(&mut world);
    assert_eq!(code(&world, &policies, &file(WHEEL)), "malware-recorded");
    let reason = world.reason(&policies, &file(WHEEL));
    assert_eq!(reason, "on record as malware: Malicious code in six (MAL-2026-1)");
}

#[test]
fn two_parties_that_have_seen_the_record_override_it() {
    let policies = alone(&policy_text(&[PYPI, MALWARE, &signer("ada"), &signer("bob")], "pypi", ""));
    let mut world = old();
    recorded(&mut world);
    world.vouches("ada", &file(WHEEL));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "malware-recorded", "one is not two");
    world.vouches("bob", &file(WHEEL));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "malware-recorded", "they vouched before the record");
    let mut later = old();
    recorded_on(&mut later, "2026-05-20");
    later.vouches("ada", &file(WHEEL)).vouches("bob", &file(WHEEL));
    assert_eq!(code(&later, &policies, &file(WHEEL)), "admitted");
}

#[test]
fn a_record_is_a_veto_and_all_automated_sources_are_one_voice() {
    let other = "[party.other]\nosv = \"other/\"\n";
    let parties = [PYPI, MALWARE, other, &signer("ada"), &signer("bob")];
    let policies = alone(&policy_text(&parties, "pypi", "refuse = 'veto by malware or at least 2 vetoes'"));
    let mut world = old();
    world.evidence.add_consulted(name("other"));
    recorded(&mut world);
    assert_eq!(code(&world, &policies, &file(WHEEL)), "malware-recorded");
}

#[test]
fn an_automated_source_cannot_speak_for_a_file() {
    let text = policy_text(&[PYPI, MALWARE], "pypi or malware", "");
    let errors =
        Policy::parse(Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole }).unwrap_err();
    assert!(errors.to_string().contains("party `malware` only speaks against files"), "{errors}");
}

fn publisher(text: &str) -> Publisher {
    Publisher::named(PublisherName::parse(text).unwrap())
}

#[test]
fn attested_says_where_a_file_came_from() {
    let policies = alone(&policy_text(&[PYPI], "pypi and attested by \"github:benjaminp/six\"", ""));
    let mut world = old();
    assert_eq!(code(&world, &policies, &file(WHEEL)), "publisher-not-asked");
    assert_eq!(lookups(&world, &policies), [Lookup::Publisher(file(WHEEL))]);
    world.evidence.add_publishers(file(WHEEL), Known::Is(vec![publisher("github:someone/six")]));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "not-enough-vouches");
    world.evidence.add_publishers(file(WHEEL), Known::Is(vec![publisher("github:benjaminp/six")]));
    assert_eq!(code(&world, &policies, &file(WHEEL)), "admitted");
}

#[test]
fn a_publisher_that_changed_is_not_the_same() {
    let policies = alone(&policy_text(&[PYPI], "pypi and same-publisher", ""));
    let mut world = old();
    assert_eq!(lookups(&world, &policies), [Lookup::Continuity(file(WHEEL))]);
    for (continuity, expected) in [
        (Continuity::Changed, "not-enough-vouches"),
        (Continuity::Lost, "not-enough-vouches"),
        (Continuity::NeverHad, "not-enough-vouches"),
        (Continuity::Same, "admitted"),
    ] {
        world.evidence.add_continuity(file(WHEEL), Known::Is(continuity));
        assert_eq!(code(&world, &policies, &file(WHEEL)), expected, "{continuity:?}");
    }
}

#[test]
fn a_project_cannot_answer_for_a_source_of_the_base_policy() {
    let with = |source: &str| policy(&policy_text(&[PYPI, source], "pypi", ""));
    let testing = DEBIAN.replace("stable", "testing");
    assert!(Policies::new(Some(with(DEBIAN)), with(DEBIAN)).is_ok());
    for (base, project) in [(DEBIAN, testing.as_str()), (MALWARE, MALWARE)] {
        let errors = Policies::new(Some(with(base)), with(project)).unwrap_err();
        assert!(errors.to_string().contains("is another one in the base policy"), "{errors}");
    }
}

#[test]
fn a_distribution_that_could_not_be_read_is_named_for_the_wheel_too() {
    let mut world = fresh();
    world.unread("debian");
    assert_eq!(code(&world, &starter(), &file(SDIST)), "index-unreachable");
    assert_eq!(code(&world, &starter(), &file(WHEEL)), "not-known");
    let reason = world.reason(&starter(), &file(WHEEL));
    assert!(reason.contains("`debian`: it did not answer"), "{reason}");
    assert_eq!(lookups(&world, &starter()), [], "what the wheel derives from would not be enough");
}

#[test]
fn a_report_says_what_a_wheel_derives_from_and_where_it_differs() {
    let mut world = fresh();
    packaged(&mut world);
    compared(&mut world, &[]);
    let told = |world: &World| {
        let report = world.report(&starter(), &[file(WHEEL)]);
        report.files[0].findings.iter().map(|found| found.clause.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&world),
        ["derived from `six-1.17.0.tar.gz`, packaged as six 1.17.0-1 in trixie, 2026-06-01"]
    );
    let mut world = fresh();
    packaged(&mut world);
    compared(&mut world, &["`six.py` has other bytes", "`x.pth` is only in the wheel"]);
    assert_eq!(told(&world).len(), 2);
}

#[test]
fn parties_of_one_owner_are_one_voice_unless_the_policy_counts_keys_alone() {
    let owned = |person| crate::world::signer_with(person, "owner = \"acme\"\nweight = 1.0");
    let parties = [PYPI, &owned("ada"), &owned("bob")];
    let mut world = old();
    world.vouches("ada", &file(WHEEL)).vouches("bob", &file(WHEEL));
    let by_keys = alone(&policy_text(&parties, "score >= 2", "independence = 'keys'"));
    assert_eq!(code(&world, &by_keys, &file(WHEEL)), "admitted");
    let text = policy_text(&parties, "score >= 2", "independence = 'groups'");
    let errors = Policy::parse(Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole });
    assert!(errors.unwrap_err().to_string().contains("more than all parties can give"));
}

#[test]
fn a_poor_mirror_is_enriched_by_another_index_of_the_same_bytes() {
    let mirror = "[party.mirror]\nindex = \"https://mirror.example/simple/\"\nenriched-by = \"pypi\"\n";
    let parties = [mirror, PYPI];
    let policies = alone(&policy_text(&parties, "mirror and age >= 3d", "refuse = 'quarantined'"));
    let poor = || Listing {
        uploaded: Known::Unknown(gap("mirror")),
        status: Stated::NotStated,
        ..listing("2026-05-01")
    };
    let mut world = World::new();
    world.says("mirror", &file(WHEEL), poor());
    assert_eq!(code(&world, &policies, &file(WHEEL)), "index-unreachable");
    let wanted = policies.wants(&world.evidence, &file(WHEEL).project);
    assert_eq!(wanted.iter().map(|index| index.name.as_str()).collect::<Vec<_>>(), ["pypi"]);
    world.lists("pypi", &file(WHEEL), "2026-05-01");
    assert_eq!(code(&world, &policies, &file(WHEEL)), "admitted");
    let report = world.report(&policies, &[file(WHEEL)]);
    assert_eq!(report.files[0].findings[0].clause, "uploaded when pypi says it was");

    // Another file of the same name says nothing about this one.
    let mut other = World::new();
    other.says("mirror", &file(WHEEL), poor());
    other.lists("pypi", &crate::world::file_of(WHEEL, "other bytes"), "2026-05-01");
    assert_eq!(code(&other, &policies, &file(WHEEL)), "index-unreachable");

    // What the other index says against the file counts.
    let status = Stated::Is(ProjectStatus::Quarantined);
    world.says("pypi", &file(WHEEL), Listing { status, ..listing("2026-05-01") });
    assert_eq!(code(&world, &policies, &file(WHEEL)), "refused-by-policy");
}
