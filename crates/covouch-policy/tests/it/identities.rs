//! Publishers and electorates that a party names as authors: they speak for it, once, and only where that is known.

use covouch_core::{
    digest::Sha256,
    evidence::{Known, Lookup, Passed, Span},
    publisher::{Publisher, PublisherName},
    statement::{Author, ElectorateId},
    subject::Subject,
    time::Timestamp,
};

use crate::world::{PYPI, World, alone, at, file, gap, policy_text, signer};

const DEMO: &str = "demo-1.0-py3-none-any.whl";

fn github(name: &str) -> Publisher {
    let name = PublisherName::parse(&format!("github:{name}")).unwrap();
    Publisher { name, workflow: None, environment: None, repository_id: None, owner_id: None }
}

fn publisher(name: &str) -> Author {
    Author::Publisher(format!("github:{name}").into())
}

fn council() -> ElectorateId {
    ElectorateId::parse(&Sha256::of(b"council").to_string()).unwrap()
}

/// A file that is listed, and a policy that asks two people for it.
fn listed() -> (World, Subject) {
    let (mut world, demo) = (World::new(), file(DEMO));
    world.lists("pypi", &demo, "2026-01-01").has("pypi", "demo", Known::Is(true));
    (world, demo)
}

fn asking(admit: &str) -> String {
    policy_text(&[PYPI, &signer("ada"), &signer("bob")], admit, "")
}

#[test]
fn a_publisher_that_a_party_names_speaks_for_it_when_it_is_known_to_have_published_the_file() {
    let (mut world, demo) = listed();
    world.names("ada", publisher("demo/demo"), "demo");
    let author = asking("pypi and ada.author");
    assert_eq!(world.code(&author, &demo), "publisher-not-asked", "nobody looked");
    world.evidence.add_publishers(demo.clone(), Known::Unknown(gap("pypi")));
    assert_eq!(world.code(&author, &demo), gap("pypi").code.as_str(), "it could not be learnt");
    world.evidence.add_publishers(demo.clone(), Known::Is(vec![github("demo/other")]));
    assert_eq!(world.code(&author, &demo), "not-enough-vouches", "somebody else did");
    world.evidence.add_publishers(demo.clone(), Known::Is(vec![]));
    assert_eq!(world.code(&author, &demo), "not-enough-vouches", "nobody attested it");
    world.evidence.add_publishers(demo.clone(), Known::Is(vec![github("demo/demo")]));
    assert_eq!(world.code(&author, &demo), "admitted");
    // An attestation says where a file came from: it is no vouch, and nobody's word who named nobody.
    assert_eq!(world.code(&asking("pypi and ada"), &demo), "not-enough-vouches");
    assert_eq!(world.code(&asking("pypi and bob.author"), &demo), "not-enough-vouches");
}

#[test]
fn a_publisher_is_named_for_projects() {
    for (projects, code) in [("demo", "admitted"), ("de*", "admitted"), ("other", "not-enough-vouches")] {
        let (mut world, demo) = listed();
        world.names("ada", publisher("demo/demo"), projects);
        world.evidence.add_publishers(demo.clone(), Known::Is(vec![github("demo/demo")]));
        assert_eq!(world.code(&asking("pypi and ada.author"), &demo), code, "{projects}");
    }
}

#[test]
fn who_published_a_file_is_looked_up_only_where_somebody_named_a_publisher_of_the_project() {
    let (mut world, demo) = listed();
    let policies = alone(&asking("pypi and ada.author"));
    let wanted =
        |world: &World| policies.lookups(&world.graph(), &world.evidence, &|_| true, world.now).lookups;
    world.names("ada", publisher("other/other"), "other");
    assert!(wanted(&world).is_empty());
    world.names("ada", publisher("demo/demo"), "demo");
    assert_eq!(wanted(&world), [Lookup::Publisher(demo.clone())]);
    world.evidence.add_publishers(demo, Known::Is(vec![]));
    assert!(wanted(&world).is_empty(), "it is known now");
}

#[test]
fn an_identity_that_two_parties_name_is_one_voice() {
    let both = asking("pypi and ada.author and bob.author");
    for (bobs, code) in [("demo/demo", "not-enough-vouches"), ("demo/mirror", "admitted")] {
        let (mut world, demo) = listed();
        world.names("ada", publisher("demo/demo"), "demo").names("bob", publisher(bobs), "demo");
        let publishers = vec![github("demo/demo"), github("demo/mirror")];
        world.evidence.add_publishers(demo.clone(), Known::Is(publishers));
        assert_eq!(world.code(&both, &demo), code, "{bobs}");
    }
}

fn passed(subject: &Subject, version: Known<u32>) -> Passed {
    Passed { subject: subject.clone(), version, span: Span::ALWAYS }
}

#[test]
fn a_verdict_holds_until_time_alone_changes_a_vote() {
    let (mut world, demo) = listed();
    world.names("ada", Author::Electorate(council()), "*");
    let voted = asking("pypi and ada.voted");
    let (soon, later) = (at("2026-06-15"), at("2026-06-19"));
    let span = Span { from: Some(soon), until: Some(later) };
    world.evidence.add_votes(council(), [Passed { span, ..passed(&demo, Known::Is(1)) }]);
    let until = |world: &mut World, now: Timestamp| {
        world.now = now;
        let report = world.report(&alone(&voted), std::slice::from_ref(&demo));
        (report.files[0].verdict.lets_in(), report.files[0].until)
    };
    let now = world.now;
    assert_eq!(until(&mut world, now), (false, Some(soon)));
    assert_eq!(until(&mut world, soon), (true, Some(later)));
    assert_eq!(until(&mut world, later), (false, None));
}

#[test]
fn an_electorates_vote_is_voted_and_never_audited() {
    let (mut world, demo) = listed();
    world.names("ada", Author::Electorate(council()), "*");
    let voted = asking("pypi and ada.voted");
    assert_eq!(world.code(&voted, &demo), "electorate-unknown", "nobody counted");
    let unknown = gap("council").code.as_str();
    world.evidence.add_uncountable(council(), gap("council"));
    assert_eq!(world.code(&voted, &demo), unknown, "it could not be counted");
    world.evidence.add_votes(council(), [passed(&demo, Known::Unknown(gap("council")))]);
    assert_eq!(world.code(&voted, &demo), unknown, "ballots are missing");
    world.evidence.add_votes(council(), []);
    assert_eq!(world.code(&voted, &demo), "not-enough-vouches", "it did not pass");
    let other = file("demo-2.0-py3-none-any.whl");
    world.evidence.add_votes(council(), [passed(&other, Known::Is(1))]);
    assert_eq!(world.code(&voted, &demo), "not-enough-vouches", "another file did");
    world.evidence.add_votes(council(), [passed(&demo, Known::Is(1))]);
    assert_eq!(world.code(&voted, &demo), "admitted");
    assert_eq!(world.code(&asking("pypi and ada.audited"), &demo), "not-enough-vouches");
}
