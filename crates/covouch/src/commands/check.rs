//! `covouch check`: judges every file of lock files.

mod attest;

use std::collections::BTreeSet;

use covouch_core::{shown::Shown, time::Timestamp};
use covouch_io::index::Freshness;
use covouch_policy::{Downgrade, verdict};

use self::attest::Attestor;
use crate::{
    args::Check,
    assess::{Assessment, Files, Manner, PassedOver, Release},
    exit::Exit,
    failure::Failure,
    locked::{Life, Locked},
    lockfile,
    policies::Loaded,
    report::{Answer, Detail},
    settings::Settings,
    terminal::{Terminal, counted},
};

pub(super) fn run(arguments: &Check, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let files = lockfile::find(&arguments.files)?;
    let mut locks = files.iter().map(|file| lockfile::open(file)).collect::<Result<Vec<_>, _>>()?;
    let attestor = Attestor::prepare(&arguments.attesting, (&files, &locks), settings, terminal)?;
    let near = files.first().and_then(|file| file.parent()).unwrap_or(std::path::Path::new("."));
    let loaded = Loaded::find(near, settings, terminal)?;
    let evidence = arguments.locked.then(|| Locked::read(near)).transpose()?;
    if let Some(evidence) = &evidence {
        locks.iter_mut().flat_map(|lock| &mut lock.locked.releases).for_each(|of| evidence.name_files(of));
    }
    let locked: Vec<_> = locks.iter().flat_map(|lock| &lock.locked.releases).collect();
    let releases: BTreeSet<Release> = locked.iter().map(|release| Release::from(*release)).collect();
    let freshness = if arguments.refresh { Freshness::Demand } else { Freshness::Recent };
    let manner = match &evidence {
        Some(evidence) => Manner::locked(evidence),
        None => Manner::and_newer(freshness),
    };
    let manner = manner.expecting(&locked);
    let assessment = Assessment::collect_in(&manner, (&loaded, &releases), settings, terminal)?;

    let elsewhere: BTreeSet<_> = locked.iter().filter_map(|release| release.index.as_deref()).collect();
    for address in elsewhere.into_iter().filter(|address| !assessment.names(address)) {
        terminal.warn(format_args!(
            "the lock names the index `{}`, and the policy does not",
            Shown::new(address)
        ));
    }

    let mut subjects = BTreeSet::new();
    let mut unlisted = Vec::new();
    for release in locked {
        let (found, unknown) = assessment.subjects(&Release::from(release), &Files::Locked(&release.files));
        subjects.extend(found);
        unlisted.extend(unknown);
    }
    let subjects: Vec<_> = subjects.into_iter().collect();
    let report = assessment.report(&subjects, settings);
    let problems = locks.into_iter().flat_map(|lock| lock.locked.problems).collect();
    let passed_over = assessment.passed_over(&releases, settings.now());
    let answer = Answer { report, problems, unlisted, detail: Detail::KeptOut };
    let exit = answer.print_with(&passed_over, arguments.format, terminal)?;
    if let Some(evidence) = &evidence {
        told(evidence, &answer, assessment.life(), (settings, terminal));
    }
    let exit = exit.and(refused(&loaded, &passed_over, settings.now()));
    if let Some(attestor) = attestor {
        attestor.attest((&answer, passed_over.len()), exit, &loaded, terminal)?;
    }
    Ok(exit)
}

/// What the lock lacks, what of it ended, and what ends next.
fn told(locked: &Locked, answer: &Answer, life: Life, (settings, terminal): (&Settings, &Terminal)) {
    let entries: BTreeSet<_> = locked.lock.entries.iter().map(|entry| &entry.subject).collect();
    let without = answer.report.files.iter().filter(|file| !entries.contains(&file.subject)).count();
    if without > 0 {
        terminal.warn(format_args!("{} without an entry in the evidence lock", counted(without, "file")));
        terminal.hint("write it anew with `covouch lock`");
    }
    if life.expired > 0 {
        terminal
            .warn(format_args!("{} of the lock's {} statements have ended", life.expired, life.statements));
    }
    if let Some(next) = life.next {
        let left = settings.now().until(next).rounded();
        terminal.note(format_args!("the lock's next statement ends {next} (in {left})"));
    }
}

/// How a downgrade ends, where a policy does not only want it said.
fn refused(loaded: &Loaded, passed_over: &[PassedOver], now: Timestamp) -> Exit {
    let policies = loaded.base.iter().chain([&loaded.project]).map(|found| found.policy.gateway());
    let limits: Vec<_> = policies.map(|gateway| (gateway.downgrade, gateway.max_fallback_age)).collect();
    let counts = |passed: &&PassedOver| {
        limits.iter().any(|(downgrade, most)| {
            // Not knowing its age is not young enough.
            let is_old = |most| passed.fallback.is_none_or(|uploaded| uploaded.until(now) > most);
            *downgrade == Downgrade::Refuse || most.is_some_and(is_old)
        })
    };
    let exits = passed_over
        .iter()
        .filter(counts)
        .map(|passed| if verdict::refuses(passed.code) { Exit::Refused } else { Exit::Undecided });
    exits.fold(Exit::Admitted, Exit::and)
}
