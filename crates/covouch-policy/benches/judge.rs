//! How long judging takes: `cargo bench -p covouch-policy`.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use std::{fmt::Write as _, sync::Arc};

use covouch_core::{
    digest::Sha256,
    evidence::{Evidence, Known, Listing, ProjectStatus, Stated},
    key::SecretKey,
    name::ProjectName,
    party::PartyName,
    statement::{Claim, Files, Link, Reviewer, Statement, Vouch, VouchLevel, sign},
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_graph::TrustGraph;
use covouch_policy::{Page, Policies, Policy, PolicyTable, Source, VerdictKind};
use divan::{Bencher, black_box, counter::ItemsCount};
use zeroize::Zeroizing;

/// Files of one project, in releases of ten.
const FILES: usize = 10_000;

/// An index and time.
const WAIT: &str = "pypi and age >= 3d";
/// An index and two people who vouch for the files themselves.
const PEOPLE: &str = "pypi and at least 2 of (ann, bob, cid)";

fn main() {
    divan::main();
}

struct World {
    policies: Policies,
    evidence: Evidence,
    graph: TrustGraph,
    files: Vec<Subject>,
    now: Timestamp,
}

impl World {
    /// Every file is listed, old, and vouched for by two of three.
    fn new(admit: &str) -> Self {
        let now = moment("2026-06-10T12:00:00Z");
        let files: Vec<Subject> = (0..FILES).map(file).collect();
        let mut evidence = Evidence::new();
        let pypi = PartyName::parse("pypi").unwrap();
        for file in &files {
            evidence.add_project(pypi.clone(), file.project.clone(), Known::Is(true));
            evidence.add_listing(pypi.clone(), file.clone(), listing());
        }
        for person in ["ann", "bob"] {
            for release in files.chunk_by(|one, next| one.version == next.version) {
                vouch(&mut evidence, person, release);
            }
        }
        let graph = TrustGraph::build(&evidence, now);
        Self { policies: policies(admit), evidence, graph, files, now }
    }

    fn judge_page(&self) -> usize {
        let page = Page { files: &self.files };
        let verdicts = self.policies.judge_page(&self.graph, &self.evidence, page, self.now);
        verdicts.iter().filter(|verdict| verdict.kind() == VerdictKind::Admitted).count()
    }
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn secret(person: &str) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new(*Sha256::of(person.as_bytes()).as_bytes())).unwrap()
}

fn policies(admit: &str) -> Policies {
    let mut text = "schema = 1\n[party.pypi]\nindex = \"pypi\"\n".to_owned();
    for person in ["ann", "bob", "cid"] {
        let key = *secret(person).public_key();
        let _ = writeln!(text, "[party.{person}]\nkey = \"{key} {person}\"\nfrom = \"trust/\"");
    }
    let _ = writeln!(text, "[policy]\nadmit = \"{admit}\"\nrefuse = \"quarantined or vetoes\"");
    let source = Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole };
    Policies::new(None, Policy::parse(source).unwrap()).unwrap()
}

fn file(number: usize) -> Subject {
    let name = format!("numpy-{}.0-{}-cp312-cp312-manylinux_2_17_x86_64.whl", number / 10, number % 10);
    Subject {
        project: ProjectName::parse("numpy").unwrap(),
        version: Version::parse(&format!("{}.0", number / 10)).unwrap(),
        filename: FileName::parse(&name).unwrap(),
        sha256: Sha256::of(name.as_bytes()),
    }
}

fn listing() -> Listing {
    Listing {
        listed: Known::Is(true),
        uploaded: Known::Is(moment("2025-01-01")),
        yanked: Stated::NotStated,
        status: Stated::Is(ProjectStatus::Active),
    }
}

fn vouch(evidence: &mut Evidence, person: &str, release: &[Subject]) {
    let Some(first) = release.first() else { return };
    let listed = release.iter().map(|file| (file.filename.clone(), file.sha256));
    let claim = Claim::Vouch(Vouch {
        files: Files::new(first.project.clone(), first.version.clone(), listed).unwrap(),
        validity: Validity::new(moment("2026-01-01"), moment("2027-01-01")).unwrap(),
        level: VouchLevel::Vouched,
        read: Vec::new(),
        reviewer: Reviewer::Hand,
        notes: "".into(),
    });
    let statement = Statement { link: Link::FIRST, issued: moment("2026-01-01"), claim };
    let (_, verified) = sign(&statement, &secret(person)).unwrap();
    evidence.add_statement(verified, Arc::from(person));
}

/// One file after the other, each by itself.
#[divan::bench(args = [PEOPLE, WAIT], sample_size = 1000)]
fn one_file(bencher: Bencher<'_, '_>, admit: &str) {
    let world = World::new(admit);
    let mut files = world.files.iter().cycle();
    bencher.bench_local(|| {
        let file = files.next().unwrap();
        world.policies.judge(&world.graph, &world.evidence, black_box(file), world.now)
    });
}

/// All files of a page at once.
#[divan::bench(args = [PEOPLE, WAIT])]
fn page_of_10000_files(bencher: Bencher<'_, '_>, admit: &str) {
    let world = World::new(admit);
    assert_eq!(world.judge_page(), FILES);
    bencher.counter(ItemsCount::new(FILES)).bench_local(|| black_box(&world).judge_page());
}
