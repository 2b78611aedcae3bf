//! A feed as an evidence lock has it: what is there proves itself, and what is missing is missed.

use std::collections::BTreeMap;

use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    statement::{Seen, believe},
};
use covouch_feed::{
    path::role_file,
    role::Delegations,
    statements::{self, Place},
    stored::{self, Said, StoredError},
};

use crate::world::{Feed, Names, Reader, USUAL, days, start};

/// What was stored of a feed about some projects: its roots, and its roles under the names of kept ones.
fn stored(feed: &Feed, projects: &[ProjectName]) -> (Vec<Vec<u8>>, BTreeMap<String, Vec<u8>>) {
    let trusted = Reader::of(feed).refresh(feed, start()).unwrap();
    let roots =
        (1..=trusted.root().version()).map(|version| feed.files[&format!("{version}.root.json")].clone());
    let mut files = BTreeMap::from([
        ("timestamp.json".to_owned(), trusted.timestamp().bytes().to_vec()),
        ("snapshot.json".to_owned(), trusted.snapshot().bytes().to_vec()),
        ("targets.json".to_owned(), trusted.targets().bytes().to_vec()),
    ]);
    if matches!(trusted.targets().role().delegations, Delegations::Bins(_)) {
        for project in projects {
            let Ok(Place::Bin(bin)) = statements::place(&trusted, project) else { panic!("it is in a bin") };
            files.insert(role_file(&bin), feed.files[&format!("1.{}", role_file(&bin))].clone());
        }
    }
    (roots.collect(), files)
}

fn said(
    (roots, files): &(Vec<Vec<u8>>, BTreeMap<String, Vec<u8>>),
    projects: &[ProjectName],
    day: u32,
) -> Result<Said, StoredError> {
    let root = stored::newest_root(&Sha256::of(&roots[0]), roots, days(day))?;
    stored::said(&root, days(day), projects, &|file| files.get(file).map(Vec::as_slice))
}

fn project(name: &str) -> ProjectName {
    ProjectName::parse(name).unwrap()
}

#[test]
fn a_list_that_was_stored_proves_what_is_said_and_what_is_not() {
    let names: Vec<String> = (0..501).map(|number| format!("project-{number}")).collect();
    let feed = Feed::new(&names);
    let asked = [project("project-1"), project("nobodys")];
    let kept = stored(&feed, &asked);
    let found = said(&kept, &asked, 1).unwrap();
    assert_eq!((found.statements.len(), found.unknown.len()), (1, 0));
    assert_eq!(found.fresh_until, Some(days(7)));
    let keys: Vec<_> = stored::root_keys(&feed.root).collect();
    assert_eq!(believe(&keys, found.statements, &mut Seen::default()).unwrap().statements.len(), 1);

    // Without its list nothing is known of a project, and that is said.
    let trusted = Reader::of(&feed).refresh(&feed, start()).unwrap();
    let Ok(Place::Bin(bin)) = statements::place(&trusted, &asked[0]) else { panic!("it is in a bin") };
    let mut without = kept.clone();
    without.1.remove(&role_file(&bin)).unwrap();
    let found = said(&without, &asked[..1], 1).unwrap();
    assert_eq!((found.statements.len(), found.unknown), (0, asked[..1].to_vec()));

    // Another list in its place is an error.
    let mut other = kept.clone();
    other.1.insert(role_file(&bin), b"{}".to_vec());
    assert_eq!(said(&other, &asked, 1).unwrap_err().code().as_str(), "feed-digest");
}

#[test]
fn a_role_that_is_missing_or_another_is_an_error() {
    let feed = Feed::new(&["six"]);
    let asked = [project("six")];
    let kept = stored(&feed, &asked);
    assert!(said(&kept, &asked, 1).is_ok());
    for role in ["timestamp.json", "snapshot.json", "targets.json"] {
        let mut without = kept.clone();
        without.1.remove(role).unwrap();
        assert_eq!(said(&without, &asked, 1).unwrap_err().code().as_str(), "feed-missing", "{role}");
        let mut changed = kept.clone();
        let bytes = changed.1.get_mut(role).unwrap();
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        assert!(said(&changed, &asked, 1).is_err(), "{role}");
    }
}

#[test]
fn the_roots_are_a_chain_from_the_one_that_is_named() {
    const NEW: Names = Names { root: &["new-root"], threshold: 1, curator: "curator", online: "new-online" };
    let mut feed = Feed::with(USUAL, &crate::world::additions(&["six"]));
    feed.rotate(NEW, start());
    let kept = stored(&feed, &[project("six")]);
    let first = Sha256::of(&kept.0[0]);
    assert_eq!(stored::newest_root(&first, &kept.0, start()).unwrap().version(), 2);
    let code =
        |roots: &[Vec<u8>], day| stored::newest_root(&first, roots, days(day)).unwrap_err().code().as_str();
    assert_eq!(code(&kept.0[1..], 1), "feed-digest");
    assert_eq!(code(&[kept.0[0].clone(), kept.0[0].clone()], 1), "feed-version");
    assert_eq!(code(&[], 1), "feed-missing");
    assert_eq!(code(&kept.0, 3650), "feed-expired");
    // Without the newest root its keys are not known, and what they signed is nobody's.
    let old = (kept.0[..1].to_vec(), kept.1.clone());
    assert_eq!(said(&old, &[project("six")], 1).unwrap_err().code().as_str(), "feed-missing");
}
