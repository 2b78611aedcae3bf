//! How long a page takes from what the index says to what clients see: `cargo bench -p covouch-gateway --features
//! measure`.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use std::{fmt::Write as _, sync::Arc};

use covouch_core::{
    digest::Sha256,
    evidence::Evidence,
    name::ProjectName,
    party::PartyName,
    statement::{Claim, Files, Link, Reviewer, Statement, Vouch, VouchLevel, sign},
    subject::Subject,
    time::{Timestamp, Validity},
};
use covouch_gateway::{Basis, measure::Enforcing};
use covouch_policy::{Policies, Policy, PolicyTable, Source};
use covouch_python::simple::{File, Page, json, render};
use covouch_testkit::keys;
use divan::Bencher;
use url::Url;

/// Files on the page, in releases of ten.
const FILES: usize = 10_000;

/// An index and time, and an index and two people who vouch for the files themselves.
const RULES: [&str; 2] = ["pypi and age >= 3d", "pypi and at least 2 of (ann, bob, cid)"];

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    Timestamp::parse("2026-06-10T12:00:00Z").unwrap()
}

fn numpy() -> ProjectName {
    ProjectName::parse("numpy").unwrap()
}

fn page() -> Page {
    let files = (0..FILES).map(|number| {
        let name = format!("numpy-{}.0-{}-cp312-cp312-manylinux_2_17_x86_64.whl", number / 10, number % 10);
        let sha256 = Sha256::of(name.as_bytes());
        format!(
            r#"{{"filename": "{name}", "url": "https://files.index.example/packages/aa/bb/{}/{name}",
                "hashes": {{"sha256": "{sha256}"}}, "size": 12345678, "requires-python": ">=3.9",
                "upload-time": "2025-01-01T00:00:00Z", "core-metadata": {{"sha256": "{sha256}"}}}}"#,
            "c".repeat(60)
        )
    });
    let files: Vec<String> = files.collect();
    let text =
        format!(r#"{{"meta": {{"api-version": "1.1"}}, "name": "numpy", "files": [{}]}}"#, files.join(","));
    json::parse(text.as_bytes(), &Url::parse("https://index.example/simple/numpy/").unwrap(), &numpy())
        .unwrap()
}

fn policies(admit: &str) -> Policies {
    let mut text = "schema = 1\n[party.pypi]\nindex = \"pypi\"\n".to_owned();
    for person in ["ann", "bob", "cid"] {
        let _ = writeln!(text, "[party.{person}]\nkey = \"{}\"\nfrom = \"trust/\"", keys::line(person));
    }
    let _ = writeln!(text, "[policy]\nadmit = \"{admit}\"\nrefuse = \"quarantined or vetoes\"");
    let source = Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole };
    Policies::new(None, Policy::parse(source).unwrap()).unwrap()
}

/// Two people vouch for every release.
fn vouches(page: &Page) -> Evidence {
    let subjects: Vec<Subject> = page.files().iter().filter_map(File::subject).collect();
    let from = Timestamp::parse("2026-01-01").unwrap();
    let validity = Validity::new(from, Timestamp::parse("2027-01-01").unwrap()).unwrap();
    let mut evidence = Evidence::new();
    for release in subjects.chunk_by(|one, next| one.version == next.version) {
        let Some(first) = release.first() else { continue };
        for person in ["ann", "bob"] {
            let listed = release.iter().map(|file| (file.filename.clone(), file.sha256));
            let claim = Claim::Vouch(Vouch {
                files: Files::new(first.project.clone(), first.version.clone(), listed).unwrap(),
                validity,
                level: VouchLevel::Vouched,
                read: Vec::new(),
                reviewer: Reviewer::Hand,
                notes: "".into(),
            });
            let statement = Statement { link: Link::FIRST, issued: from, claim };
            let (_, verified) = sign(&statement, &keys::secret(person)).unwrap();
            evidence.add_statement(verified, Arc::from(person));
        }
    }
    evidence
}

/// Judging all files of a page and editing it.
#[divan::bench(args = RULES)]
fn enforcing_10000_files(bencher: Bencher<'_, '_>, admit: &str) {
    let page = page();
    let basis = Basis { policies: policies(admit), indexes: Vec::new(), evidence: vouches(&page) };
    let enforcing = Enforcing::new(basis, PartyName::parse("pypi").unwrap(), &page, now());
    assert!(enforcing.enforce(page.clone()).1);
    bencher.with_inputs(|| page.clone()).bench_local_values(|page| enforcing.enforce(page));
}

/// Reading such a page, beside it.
#[divan::bench]
fn reading_10000_files(bencher: Bencher<'_, '_>) {
    let text = render::json(&page());
    let base = Url::parse("https://index.example/simple/numpy/").unwrap();
    bencher.bench_local(|| json::parse(&text, &base, &numpy()).unwrap());
}

/// Writing such a page, beside it.
#[divan::bench]
fn writing_10000_files(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.bench_local(|| render::json(&page));
}
