//! Loads a table of Debian's size and looks 300 files up in it, as a check of a large lock does.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use std::fmt::Write as _;

use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};
use covouch_io::{
    debian::{Debian, Suite, fuzzing},
    state::{State, write_atomically},
};

/// Upstream tarballs of stable and testing together.
const TARBALLS: usize = 77_000;

fn main() {
    divan::main();
}

fn suite() -> Suite {
    Suite::parse("stable").unwrap()
}

fn digest(place: usize) -> Sha256 {
    Sha256::of(&place.to_le_bytes())
}

/// A state folder with a table of that many packages.
fn state(folder: &tempfile::TempDir) -> State {
    let mut list = String::new();
    for place in 0..TARBALLS {
        let (name, digest) = (format!("python-project-{place}"), digest(place));
        let lines = format!("Package: {name}\nVersion: 1.{}-1\nChecksums-Sha256:\n {digest} 9 ", place % 500);
        writeln!(list, "{lines}{name}_1.{}.orig.tar.gz\n", place % 500).unwrap();
    }
    let date = Timestamp::parse("2026-05-01").unwrap();
    let table = fuzzing::table_of(list.as_bytes(), &suite(), date).unwrap();
    let state = State::open(folder.path()).unwrap();
    write_atomically(&folder.path().join("verified/debian"), &table).unwrap();
    state
}

/// 300 sdists, half of them packaged.
fn subjects() -> Vec<Subject> {
    let subject = |place: usize| Subject {
        project: ProjectName::parse(&format!("project-{place}")).unwrap(),
        version: Version::parse(&format!("1.{}", place % 500)).unwrap(),
        filename: FileName::parse(&format!("project_{place}-1.{}.tar.gz", place % 500)).unwrap(),
        sha256: digest(place),
    };
    (0..300).map(|place| subject(TARBALLS - 150 + place)).collect()
}

#[divan::bench]
fn load_and_look_up_300_files(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let (state, subjects) = (state(&folder), subjects());
    bencher.bench(|| {
        let debian = Debian::load(&state, &[suite()]).unwrap();
        let found = subjects.iter().filter(|subject| debian.sighting(subject).is_some()).count();
        assert_eq!(found, 150);
    });
}
