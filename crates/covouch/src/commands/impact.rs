//! `covouch trust impact`: what one key decides among the files of a lock file.

use std::{collections::BTreeSet, path::Path};

use covouch_core::{party::PartyName, subject::Subject};
use covouch_io::index::Freshness;
use covouch_policy::analysis::Impact;

use crate::{
    args::TrustImpact,
    assess::{Assessment, Files, Release},
    exit::Exit,
    failure::Failure,
    keys, lockfile,
    policies::Loaded,
    settings::Settings,
    terminal::{FAINT, RIGHT, Terminal, WRONG, counted, paint},
};

pub(super) fn run(
    arguments: &TrustImpact,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let (key, _) = keys::public(settings, &arguments.key)?;
    let files = lockfile::find(arguments.lock.as_slice())?;
    let near = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    let loaded = Loaded::find(near, settings, terminal)?;
    let locks = files.iter().map(|file| lockfile::read(file)).collect::<Result<Vec<_>, _>>()?;
    let locked: Vec<_> = locks.iter().flat_map(|lock| &lock.releases).collect();
    let releases: BTreeSet<Release> = locked.iter().map(|release| Release::from(*release)).collect();
    let assessment = Assessment::collect(&loaded, &releases, Freshness::Recent, settings, terminal)?;
    let mut subjects = BTreeSet::new();
    let mut unlisted = 0;
    for release in locked {
        let (found, unknown) = assessment.subjects(&Release::from(release), &Files::Locked(&release.files));
        subjects.extend(found);
        unlisted += unknown.len();
    }
    let subjects: Vec<Subject> = subjects.into_iter().collect();
    let impact = assessment.impact(&subjects, &key, settings);
    terminal.answer(describe(&impact, &key.fingerprint()));
    if unlisted > 0 {
        terminal.warn(format_args!("{unlisted} pinned files are listed by no index and were not looked at"));
    }
    Ok(Exit::Admitted)
}

fn describe(impact: &Impact, fingerprint: &str) -> String {
    let mut lines = vec![format!("key {fingerprint}")];
    for (what, parties) in [("is a root key of", &impact.root_of), ("may speak for", &impact.speaks_for)] {
        if !parties.is_empty() {
            lines.push(format!("  {what} {}", names(parties)));
        }
    }
    if impact.root_of.is_empty() && impact.speaks_for.is_empty() {
        lines.push("  speaks for nobody the policy names".to_owned());
    }
    let stolen =
        paint(WRONG, format_args!("stolen: {} more could pass", counted(impact.stolen.len(), "file")));
    lines.push(stolen);
    lines.extend(impact.stolen.iter().map(file));
    let lost = if impact.lost.is_empty() { RIGHT } else { WRONG };
    lines.push(paint(lost, format_args!("lost: {} would stop passing", counted(impact.lost.len(), "file"))));
    lines.extend(impact.lost.iter().map(file));
    lines.push(format!("{} stand with the key as without", counted(impact.untouched, "file")));
    lines.join("\n")
}

fn file(subject: &Subject) -> String {
    format!("    {}  {}", subject.filename, paint(FAINT, format_args!("sha256:{}", subject.sha256)))
}

fn names(parties: &[PartyName]) -> String {
    parties.iter().map(PartyName::as_str).collect::<Vec<_>>().join(", ")
}
