//! Where a project comes from: pins, order, and the same name on two indexes.

use covouch_core::evidence::Known;

use crate::world::{PYPI, World, file, file_of, gap, policy_text, signer};

const WHEEL: &str = "acme_auth-1.0-py3-none-any.whl";
const INTERNAL: &str = "[party.internal]\nindex = \"https://packages.index.example/simple/\"\n";
const PIN: &str = "[[rule]]\nprojects = ['acme-*']\nindex = 'internal'\nadmit = 'internal'";

fn pinned() -> String {
    policy_text(&[PYPI, INTERNAL], "pypi", PIN)
}

fn unpinned(admit: &str) -> String {
    policy_text(&[INTERNAL, PYPI, &signer("ada"), &signer("bob")], admit, "refuse = 'vetoes'")
}

#[test]
fn a_pinned_project_comes_from_its_index_only() {
    let mut world = World::new();
    world.lists("internal", &file(WHEEL), "2026-06-01");
    assert_eq!(world.code(&pinned(), &file(WHEEL)), "admitted");
    let stranger = file_of("acme_auth-99.0-py3-none-any.whl", "from the public index");
    world.lists("pypi", &stranger, "2020-01-01");
    assert_eq!(world.code(&pinned(), &stranger), "wrong-index", "whatever the public index says");
}

#[test]
fn a_pin_on_an_index_that_cannot_be_asked_is_not_known() {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2020-01-01").has(
        "internal",
        "acme-auth",
        Known::Unknown(gap("internal")),
    );
    assert_eq!(world.code(&pinned(), &file(WHEEL)), "home-unknown");
    world.has("internal", "acme-auth", Known::Is(false));
    assert_eq!(world.code(&pinned(), &file(WHEEL)), "wrong-index");
}

#[test]
fn without_a_pin_the_first_index_that_knows_the_project_is_its_home() {
    let mut world = World::new();
    world.has("internal", "acme-auth", Known::Is(false)).lists("pypi", &file(WHEEL), "2026-06-01");
    assert_eq!(world.code(&unpinned("pypi or internal"), &file(WHEEL)), "admitted");
    world.has("internal", "acme-auth", Known::Unknown(gap("internal")));
    assert_eq!(
        world.code(&unpinned("pypi or internal"), &file(WHEEL)),
        "home-unknown",
        "unreachable is not absent"
    );
    world.lists("internal", &file("acme_auth-0.9-py3-none-any.whl"), "2026-06-01");
    assert_eq!(world.code(&unpinned("pypi or internal"), &file(WHEEL)), "wrong-index");
}

#[test]
fn other_bytes_under_a_listed_name_are_refused() {
    let mut world = World::new();
    world.lists("internal", &file(WHEEL), "2026-06-01");
    let rebuilt = file_of(WHEEL, "built again");
    world.vouches("ada", &rebuilt).vouches("bob", &rebuilt);
    assert_eq!(world.code(&unpinned("ada and bob"), &rebuilt), "hash-mismatch");
    assert_eq!(world.code(&pinned(), &rebuilt), "hash-mismatch");
}

#[test]
fn a_file_no_index_lists_needs_only_what_the_policy_asks() {
    let mut world = World::new();
    world.has("internal", "acme-auth", Known::Is(false)).has("pypi", "acme-auth", Known::Is(false));
    world.vouches("ada", &file(WHEEL)).vouches("bob", &file(WHEEL));
    assert_eq!(world.code(&unpinned("ada and bob"), &file(WHEEL)), "admitted");
}

#[test]
fn the_age_is_the_homes_and_not_an_older_namesakes() {
    let mut world = World::new();
    world.lists("internal", &file(WHEEL), "2026-06-10T11:00:00Z").lists("pypi", &file(WHEEL), "2020-01-01");
    assert_eq!(world.code(&unpinned("pypi and age >= 7d"), &file(WHEEL)), "too-new");
}
