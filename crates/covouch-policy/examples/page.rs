//! Judges a page of 10,000 files under a policy of a team, and prints what one file costs.

use std::time::Instant;

use covouch_core::{
    digest::Sha256,
    evidence::{Evidence, Known, Listing, ProjectStatus, Stated},
    name::ProjectName,
    party::PartyName,
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};
use covouch_graph::TrustGraph;
use covouch_policy::{Page, Policies, Policy, PolicyTable, Source, Verdict};

const FILES: usize = 10_000;
const WHEELS: usize = 30;
const ROUNDS: u32 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::parse("2026-06-10")?;
    for (admit, uploaded) in [
        ("pypi and age >= 3d", "2026-01-01"),
        ("pypi and age >= 3d", "2026-06-09"),
        ("pypi and (age >= 7d or mirror)", "2026-06-09"),
        ("score >= 1.5", "2026-06-09"),
    ] {
        let text = format!(
            "schema = 1\n[party.pypi]\nindex = 'pypi'\nweight = 1\n[party.mirror]\nindex = 'mirror'\nweight = 1\n\
             [policy]\nadmit = '{admit}'\nrefuse = 'quarantined or yanked or vetoes'\n"
        );
        let policy = Policy::parse(Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole })?;
        let policies = Policies::new(None, policy)?;
        let (evidence, files) = page(Timestamp::parse(uploaded)?)?;
        let graph = TrustGraph::build(&evidence, now);
        let start = Instant::now();
        let mut admitted = 0;
        for _ in 0..ROUNDS {
            let verdicts = policies.judge_page(&graph, &evidence, Page { files: &files }, now);
            admitted = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Admitted(_))).count();
        }
        let page = start.elapsed() / ROUNDS;
        println!("{admit:32} {page:>10.2?} a page of {FILES}, {admitted} admitted");
    }
    Ok(())
}

fn page(uploaded: Timestamp) -> Result<(Evidence, Vec<Subject>), Box<dyn std::error::Error>> {
    let (project, pypi) = (ProjectName::parse("numpy")?, PartyName::parse("pypi")?);
    let mut evidence = Evidence::new();
    evidence.add_project(pypi.clone(), project.clone(), Known::Is(true));
    evidence.add_project(PartyName::parse("mirror")?, project.clone(), Known::Is(false));
    let mut files = Vec::new();
    for number in 0..FILES {
        let (release, file) = (number / WHEELS, number % WHEELS);
        let filename = match file {
            0 => format!("numpy-1.{release}.tar.gz"),
            _ => format!("numpy-1.{release}-cp3{file}-cp3{file}-manylinux_2_17_x86_64.whl"),
        };
        let subject = Subject {
            project: project.clone(),
            version: Version::parse(&format!("1.{release}"))?,
            sha256: Sha256::of(filename.as_bytes()),
            filename: FileName::parse(&filename)?,
        };
        let listing = Listing {
            listed: Known::Is(true),
            uploaded: Known::Is(uploaded),
            yanked: Stated::NotStated,
            status: Stated::Is(ProjectStatus::Active),
        };
        evidence.add_listing(pypi.clone(), subject.clone(), listing);
        files.push(subject);
    }
    Ok((evidence, files))
}
