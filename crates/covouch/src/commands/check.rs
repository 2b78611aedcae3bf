//! `covouch check`: judges every file of lock files.

use std::collections::BTreeSet;

use covouch_io::index::Freshness;

use crate::{
    args::Check,
    assess::{Assessment, Files, Release},
    exit::Exit,
    failure::Failure,
    lockfile,
    policies::Loaded,
    report::{Answer, Detail},
    settings::Settings,
    terminal::Terminal,
};

pub(super) fn run(arguments: &Check, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let files = lockfile::find(&arguments.files)?;
    let locks = files.iter().map(|file| lockfile::read(file)).collect::<Result<Vec<_>, _>>()?;
    let near = files.first().and_then(|file| file.parent()).unwrap_or(std::path::Path::new("."));
    let loaded = Loaded::find(near, settings, terminal)?;
    let locked: Vec<_> = locks.iter().flat_map(|lock| &lock.releases).collect();
    let releases: BTreeSet<Release> = locked.iter().map(|release| Release::from(*release)).collect();
    let freshness = if arguments.refresh { Freshness::Demand } else { Freshness::Recent };
    let assessment = Assessment::collect(&loaded, &releases, freshness, settings, terminal)?;

    let mut subjects = BTreeSet::new();
    let mut unlisted = Vec::new();
    for release in locked {
        let (found, unknown) = assessment.subjects(&Release::from(release), &Files::Locked(&release.files));
        subjects.extend(found);
        unlisted.extend(unknown);
    }
    let subjects: Vec<_> = subjects.into_iter().collect();
    let report = assessment.report(&subjects, settings);
    let problems = locks.into_iter().flat_map(|lock| lock.problems).collect();
    Answer { report, problems, unlisted, detail: Detail::KeptOut }.print(arguments.format, terminal)
}
