//! Laws at the level of policies: more yes never loses an admission, more no never wins one.

use covouch_core::{evidence::Known, subject::Subject};
use proptest::prelude::*;

use crate::world::{PYPI, World, alone, file, policy_text, signer_with};

const PEOPLE: [&str; 4] = ["ada", "bob", "cleo", "dora"];

fn subject() -> Subject {
    file("six-1.16.0-py2.py3-none-any.whl")
}

/// Policies of many shapes over four people and an index.
fn policy() -> impl Strategy<Value = String> {
    let admit = proptest::sample::select(vec![
        "at least 2 of (ada, bob, cleo, dora)",
        "pypi and (age >= 7d or at least 3 of (ada, bob, cleo, dora))",
        "ada >= 50% and bob >= 50% or cleo and not yanked and dora",
        "score >= 3.5",
        "pypi and score >= 2 and not at least 2 vetoes",
        "at least 2 of (ada and bob, cleo, dora.audited, age >= 7d)",
        "ada.audited or bob and not veto by cleo and dora",
    ]);
    let refuse =
        proptest::sample::select(vec!["vetoes", "at least 2 vetoes", "yanked or veto by ada", "quarantined"]);
    let owners = proptest::array::uniform4(proptest::option::of(0u8..2));
    (admit, refuse, owners).prop_map(|(admit, refuse, owners)| {
        let mut parties = vec![PYPI.to_owned()];
        for ((person, owner), weight) in PEOPLE.iter().zip(owners).zip([1, 2, 2, 1]) {
            let owner = match owner {
                // Owners that would make every group impossible are not generated: one pair at most.
                Some(0) if *person == "ada" || *person == "dora" => "owner = \"acme\"\n",
                _ => "",
            };
            parties.push(signer_with(person, &format!("weight = {weight}\n{owner}")));
        }
        let parties: Vec<&str> = parties.iter().map(String::as_str).collect();
        policy_text(&parties, admit, &format!("refuse = '{refuse}'"))
    })
}

#[derive(Clone, Debug)]
struct Said {
    vouches: Vec<usize>,
    vetoes: Vec<usize>,
    unread: Vec<usize>,
    listed: bool,
}

fn said() -> impl Strategy<Value = Said> {
    let people = || proptest::collection::vec(0..PEOPLE.len(), 0..5);
    let few = || proptest::collection::vec(0..PEOPLE.len(), 0..2);
    (people(), few(), few(), any::<bool>()).prop_map(|(vouches, vetoes, unread, listed)| Said {
        vouches,
        vetoes,
        unread,
        listed,
    })
}

fn world(said: &Said) -> World {
    let mut world = World::new();
    if said.listed {
        world.lists("pypi", &subject(), "2026-06-01");
    } else {
        world.has("pypi", "six", Known::Is(false));
    }
    for person in &said.vouches {
        world.vouches(PEOPLE[*person], &subject());
    }
    for person in &said.vetoes {
        world.vetoes(PEOPLE[*person], &subject());
    }
    for person in &said.unread {
        world.unread(PEOPLE[*person]);
    }
    world
}

fn admits(text: &str, said: &Said) -> bool {
    world(said).code(text, &subject()) == "admitted"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_vouches_never_lose_an_admission(text in policy(), said in said(), person in 0..PEOPLE.len()) {
        let mut more = said.clone();
        more.vouches.push(person);
        prop_assert!(!admits(&text, &said) || admits(&text, &more));
    }

    #[test]
    fn more_vetoes_never_win_an_admission(text in policy(), said in said(), person in 0..PEOPLE.len()) {
        let mut more = said.clone();
        more.vetoes.push(person);
        prop_assert!(admits(&text, &said) || !admits(&text, &more));
    }

    #[test]
    fn knowing_less_never_wins_an_admission(text in policy(), said in said(), person in 0..PEOPLE.len()) {
        let mut less = said.clone();
        less.unread.push(person);
        prop_assert!(admits(&text, &said) || !admits(&text, &less));
    }

    #[test]
    fn an_unknown_is_undecided_only_where_it_could_change_the_verdict(text in policy(), said in said()) {
        let known = Said { unread: Vec::new(), ..said.clone() };
        let code = world(&said).code(&text, &subject());
        if code == "admitted" {
            prop_assert!(admits(&text, &known));
        }
        if code == "refused-by-policy" {
            prop_assert_eq!(world(&known).code(&text, &subject()), "refused-by-policy");
        }
    }

    #[test]
    fn a_page_and_a_single_file_are_judged_alike(text in policy(), said in said()) {
        let world = world(&said);
        let policies = alone(&text);
        let files = [subject()];
        let page = covouch_policy::Page { files: &files };
        let page = policies.judge_page(&world.graph(), &world.evidence, page, world.now);
        prop_assert_eq!(page[0].code(), world.judge(&policies, &files[0]).code());
    }

    #[test]
    fn the_report_says_what_the_judge_says(text in policy(), said in said()) {
        let world = world(&said);
        let policies = alone(&text);
        let report = world.report(&policies, &[subject()]);
        let verdict = world.judge(&policies, &subject());
        prop_assert_eq!(report.files[0].verdict.code(), verdict.code());
        prop_assert!(!report.files[0].reason.is_empty());
        prop_assert!(!report.files[0].reason.contains('\n'));
    }
}
