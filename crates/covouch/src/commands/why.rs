//! `covouch why`: explains the verdict on one release or file.

use std::{collections::BTreeSet, path::Path};

use covouch_core::{digest::Sha256, party::PartyName, subject::FileName};
use covouch_gateway::picture::{self, Used, Way};
use covouch_io::index::Freshness;
use covouch_python::{filename::DistFilename, lock::Locked};

use crate::{
    args::{Picture, Why},
    assess::{Assessment, Files, Release},
    exit::Exit,
    failure::Failure,
    lockfile,
    policies::Loaded,
    release,
    report::{Answer, Detail},
    settings::Settings,
    terminal::Terminal,
};

/// What was asked about.
enum Asked {
    Release,
    File(FileName),
    Digest(Sha256),
}

pub(super) fn run(arguments: &Why, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let (release, asked) = parse(&arguments.what)?;
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    let releases = BTreeSet::from([release.clone()]);
    let assessment = Assessment::collect(&loaded, &releases, Freshness::Recent, settings, terminal)?;
    let files = match &asked {
        Asked::Release => Files::All,
        Asked::File(name) => Files::Named(name),
        Asked::Digest(digest) => Files::Digest(*digest),
    };
    let (subjects, _) = assessment.subjects(&release, &files);
    if subjects.is_empty() {
        return Err(nothing(&assessment, &release, &arguments.what));
    }
    let report = assessment.report(&subjects, settings);
    let answer = Answer { report, problems: Vec::new(), unlisted: Vec::new(), detail: Detail::Everything };
    let Some(format) = arguments.graph else { return answer.print(arguments.format, terminal) };
    draw(&answer, &assessment, format, settings, terminal);
    Ok(answer.exit())
}

/// Draws the chains to the first file: those that carry the verdict, and thinly what else is there. Amounts of
/// several files cannot stand in one picture.
fn draw(answer: &Answer, assessment: &Assessment, format: Picture, settings: &Settings, terminal: &Terminal) {
    let Some(file) = answer.report.files.first() else { return };
    if answer.report.files.len() > 1 {
        let name = &file.subject.filename;
        terminal.note(format_args!("drawing `{name}`; name another file of the release to draw that one"));
    }
    let explanation = assessment.explain(&file.subject, settings);
    let told = |name: &PartyName| file.parties.iter().any(|party| party.name == *name);
    let words =
        explanation.policies.iter().flat_map(|policy| &policy.words).filter(|word| !told(&word.party));
    let others = words.map(|word| Way { party: word.party.as_str(), chains: &word.chains, used: Used::No });
    let ways: Vec<Way<'_>> = picture::ways(file).chain(others).collect();
    let format = match format {
        Picture::Svg => picture::Format::Svg,
        Picture::Dot => picture::Format::Dot,
        Picture::Mermaid => picture::Format::Mermaid,
    };
    terminal.answer(picture::render(&file.subject, &ways, format));
}

fn nothing(assessment: &Assessment, release: &Release, what: &str) -> Failure {
    if let Some(gap) = assessment.gap(&release.project) {
        return Failure::new(gap.code.as_str(), gap.to_string()).exiting(Exit::Undecided);
    }
    if assessment.is_absent(&release.project) {
        return Failure::new("not-found", format!("no index knows a project `{}`", release.project));
    }
    Failure::new("not-found", format!("no index lists `{what}`"))
}

fn parse(what: &str) -> Result<(Release, Asked), Failure> {
    let digest = what.strip_prefix("sha256:").unwrap_or(what);
    if let Ok(digest) = Sha256::parse(digest) {
        return Ok((locked_as(digest)?, Asked::Digest(digest)));
    }
    if what.contains("==") {
        let (project, version) = release::parse(what)?;
        return Ok((Release { project, version }, Asked::Release));
    }
    let unclear = || {
        Failure::usage(format!("`{what}` is neither a release, a file name nor a sha256"))
            .hinting("write it as `requests==2.32.3` or `requests-2.32.3.tar.gz`")
    };
    let name = Path::new(what).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = FileName::parse(&name).map_err(|_| unclear())?;
    let dist = DistFilename::parse(&name, None).map_err(|_| unclear())?;
    match (dist.project(), dist.version()) {
        (Some(project), Some(version)) => {
            Ok((Release { project: project.clone(), version: version.clone() }, Asked::File(name)))
        }
        _ => Err(unclear()),
    }
}

/// A digest alone does not say which release it belongs to; the lock file that lies here may.
fn locked_as(digest: Sha256) -> Result<Release, Failure> {
    let lock = lockfile::here().map(|path| lockfile::read(&path)).transpose()?;
    let pins = |lock: &Locked| {
        let release =
            lock.releases.iter().find(|release| release.files.iter().any(|file| file.sha256 == digest));
        release.map(Release::from)
    };
    lock.as_ref().and_then(pins).ok_or_else(|| {
        Failure::new("not-found", format!("no lock file here pins sha256:{digest}"))
            .hinting("name the release or the file instead, as in `requests==2.32.3`")
    })
}
