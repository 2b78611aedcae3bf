//! `covouch lock`: writes what proves the verdicts on a lock file's files beside it.
//!
//! # Invariants
//! - What is written was read back first, and lets in what was let in without it.
//! - The evidence file is written before the lock, each whole: a lock never asks for evidence that is not there yet.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use covouch_core::{
    evidence_lock::{EVIDENCE_NAME, EvidenceFile, EvidenceLock, LOCK_NAME},
    name::ProjectName,
    statement::{Signer, StatementId},
    subject::Subject,
};
use covouch_io::{evidence_file, index::Freshness, state::write_project_file};
use covouch_policy::{FileReport, report::Report};

use crate::{
    args::Lock,
    assess::{Assessment, Files, Manner, Release},
    exit::Exit,
    failure::Failure,
    keys::{self, NamedKey},
    locked::{
        Life, Locked, Terms,
        draft::{self, Draft},
    },
    lockfile,
    policies::Loaded,
    report::{Answer, Detail},
    settings::Settings,
    terminal::{Terminal, counted},
};

pub(super) fn run(arguments: &Lock, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let files = lockfile::find(&arguments.files)?;
    let folder = folder(&files)?;
    let locks = files.iter().map(|file| lockfile::read(file)).collect::<Result<Vec<_>, _>>()?;
    let signer = signer(arguments, settings, terminal)?;
    let loaded = Loaded::find(&folder, settings, terminal)?;
    let freshness = if arguments.refresh { Freshness::Demand } else { Freshness::Recent };
    let locked = || locks.iter().flat_map(|lock| &lock.releases);
    let releases: BTreeSet<Release> = locked().map(Release::from).collect();
    let assessment =
        Assessment::collect_in(&Manner::live(freshness), (&loaded, &releases), settings, terminal)?;
    let mut subjects = BTreeSet::new();
    let mut unlisted = Vec::new();
    for release in locked() {
        let (found, unknown) = assessment.subjects(&Release::from(release), &Files::Locked(&release.files));
        subjects.extend(found);
        unlisted.extend(unknown);
    }
    let subjects: Vec<Subject> = subjects.into_iter().collect();
    let report = assessment.report(&subjects, settings);
    let writing = Writing { folder, loaded: &loaded, releases: &releases, settings, terminal };
    let written = writing.write((&assessment, &report), &subjects, signer.as_deref())?;

    let problems = locks.into_iter().flat_map(|lock| lock.problems).collect();
    let answer = Answer { report, problems, unlisted, detail: Detail::KeptOut };
    let exit = answer.print(arguments.format, terminal)?;
    terminal.note(written);
    Ok(exit)
}

/// The one folder in which the lock files are.
fn folder(files: &[PathBuf]) -> Result<PathBuf, Failure> {
    let folders: BTreeSet<&Path> = files.iter().map(|file| file.parent().unwrap_or(Path::new(""))).collect();
    let mut folders = folders.into_iter();
    match (folders.next(), folders.next()) {
        (Some(folder), None) => Ok(folder.to_owned()),
        _ => Err(Failure::usage("the lock files are in several folders")
            .hinting("lock each folder by itself: its evidence lies beside its lock file")),
    }
}

/// Who takes responsibility for what is observed, if anybody does.
fn signer(
    arguments: &Lock,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Option<Box<dyn Signer>>, Failure> {
    let Some(key) = &arguments.key else { return Ok(None) };
    let (passphrase, forwarded_agent) = (&arguments.passphrase, arguments.forwarded_agent);
    keys::signer(settings, terminal, NamedKey { key, passphrase, forwarded_agent }).map(Some)
}

/// Where and for what a lock is written.
struct Writing<'a> {
    folder: PathBuf,
    loaded: &'a Loaded,
    releases: &'a BTreeSet<Release>,
    settings: &'a Settings,
    terminal: &'a Terminal,
}

impl Writing<'_> {
    fn write(
        &self,
        (assessment, report): (&Assessment, &Report),
        subjects: &[Subject],
        signer: Option<&dyn Signer>,
    ) -> Result<String, Failure> {
        let now = self.settings.now();
        let policies = assessment.policies();
        let projects: BTreeSet<&ProjectName> = self.releases.iter().map(|release| &release.project).collect();
        let projects: Vec<ProjectName> = projects.into_iter().cloned().collect();
        let draft = Draft::gather((self.loaded, policies), &projects, self.settings, self.terminal)?;
        let old = Locked::read_old(&self.folder);
        let entries = report.files.iter().map(|file| {
            let known = (assessment.evidence(), policies);
            draft::entry(file, known, (old.as_ref(), signer), now)
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let evidence = draft.evidence(old.as_ref(), (&Terms::of(policies), signer), now)?;
        // A wheel that is let in beside an sdist is part of what lets the sdist in.
        let beside = assessment.report(&assessment.beside(subjects), self.settings);
        let carrying = report.files.iter().chain(&beside.files);
        let proof: BTreeSet<StatementId> = carrying.flat_map(|file| draft::proof(&file.verdict)).collect();
        let (lock, life) = self.complete((&draft, report), (entries, proof), &evidence)?;
        self.put(&lock, &evidence, old.as_ref())?;
        Ok(told(&lock, &evidence, life, self))
    }

    /// The lock that lets in what is let in. What a proof does not name is found by trying without it.
    fn complete(
        &self,
        (draft, report): (&Draft, &Report),
        (entries, mut proof): (Vec<covouch_core::evidence_lock::Entry>, BTreeSet<StatementId>),
        evidence: &EvidenceFile,
    ) -> Result<(EvidenceLock, Life), Failure> {
        let subjects: Vec<Subject> = report.files.iter().map(|file| file.subject.clone()).collect();
        let judge = |lock: &EvidenceLock| {
            let locked = Locked::own(lock.clone(), evidence.clone());
            let manner = Manner::locked(&locked);
            let proven =
                Assessment::collect_in(&manner, (self.loaded, self.releases), self.settings, self.terminal)?;
            Ok::<_, Failure>((proven.report(&subjects, self.settings), proven.life()))
        };
        let lock = draft.lock(entries.clone(), &proof);
        let (judged, life) = judge(&lock)?;
        let lost =
            |(live, proven): &(&FileReport, &FileReport)| live.verdict.lets_in() && !proven.verdict.lets_in();
        let missing: Vec<_> = report.files.iter().zip(&judged.files).filter(lost).collect();
        if missing.is_empty() {
            return Ok((lock, life));
        }
        proof.extend(missing.into_iter().flat_map(|(live, _)| draft.around(live)));
        let lock = draft.lock(entries, &proof);
        let (judged, life) = judge(&lock)?;
        for (live, proven) in report.files.iter().zip(&judged.files).filter(lost) {
            self.terminal.warn(format_args!(
                "`{}` is let in, and the lock does not prove it: {}",
                live.subject.filename, proven.reason
            ));
        }
        Ok((lock, life))
    }

    fn put(&self, lock: &EvidenceLock, evidence: &EvidenceFile, old: Option<&Locked>) -> Result<(), Failure> {
        if old.and_then(|old| old.evidence.as_ref()) != Some(evidence) {
            write_project_file(&self.folder.join(EVIDENCE_NAME), &evidence_file::pack(evidence))?;
        }
        let text = lock.render();
        if old.is_none_or(|old| old.lock.render() != text) {
            write_project_file(&self.folder.join(LOCK_NAME), text.as_bytes())?;
        }
        Ok(())
    }
}

/// What was written, and when it ends.
fn told(lock: &EvidenceLock, evidence: &EvidenceFile, life: Life, writing: &Writing<'_>) -> String {
    let sealed = lock.entries.iter().filter(|entry| entry.seal.is_some()).count();
    let mut text = format!(
        "`{}` proves {} by {}, {sealed} of them sealed; `{EVIDENCE_NAME}` has {}",
        writing.folder.join(LOCK_NAME).display(),
        counted(lock.entries.len(), "file"),
        counted(lock.statements.len(), "statement"),
        counted(evidence.parts.len(), "part"),
    );
    if let Some(next) = life.next {
        text += &format!(
            "; the next statement ends {next} (in {})",
            writing.settings.now().until(next).rounded()
        );
    }
    text
}
