//! `covouch init`: a policy to begin with, and waivers for what is installed today.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use covouch_core::{digest::Sha256, key::PublicKey, party::PartyName, time::Duration};
use covouch_io::{index::Freshness, state};
use covouch_policy::{
    Policy, PolicyTable, Source,
    preset::{Filling, Installed, Preset, Signer},
    verdict::VerdictKind,
};
use covouch_python::lock::Locked;

use crate::{
    args::{self, Init},
    assess::{Assessment, Files, Release},
    exit::Exit,
    failure::Failure,
    keys, lockfile,
    policies::Loaded,
    settings::Settings,
    terminal::{TYPE, Terminal, paint},
};

/// Where statements are read from and written to.
const TRUST: &str = "trust/";
/// How long what is installed today may stay without meeting the policy.
const GRACE_DAYS: u32 = 90;

pub(super) fn run(arguments: &Init, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let path = PathBuf::from("covouch.toml");
    if path.exists() && !arguments.force {
        return Err(Failure::new("policy-exists", "there is a `covouch.toml` here already")
            .hinting("edit it, or say `--force` to replace it"));
    }
    let preset = match arguments.preset {
        args::Preset::Starter => Preset::Starter,
        args::Preset::Team => Preset::Team,
        args::Preset::Strict => Preset::Strict,
    };
    let signers =
        arguments.members.iter().map(|member| signer(member, settings)).collect::<Result<Vec<_>, _>>()?;
    let lock_path = arguments.lock.clone().or_else(lockfile::here);
    let lock = lock_path.as_deref().map(lockfile::read).transpose()?;
    let render = |installed: &[Installed]| {
        let today = settings.now();
        let expires = today.plus(Duration::from_days(GRACE_DAYS));
        preset.render(&Filling { signers: &signers, installed, today, expires })
    };
    // Judged by the policy that is being written, so that only what it would keep out is waived.
    let bare = parse(&render(&[])?)?;
    if !signers.is_empty() {
        make_trust_folder()?;
    }
    let installed = match &lock {
        Some(lock) => kept_out(lock, Loaded::of(bare, Path::new(".")), settings, terminal)?,
        None => Vec::new(),
    };
    let text = render(&installed)?;
    parse(&text)?;
    state::write_project_file(&path, text.as_bytes())?;
    terminal.answer(format_args!("wrote {} with the preset `{}`", path.display(), preset.as_str()));
    match &lock_path {
        Some(lock) => terminal.note(format_args!(
            "{} of the files in {} are waived until they meet the policy, for {GRACE_DAYS} days at most",
            installed.len(),
            lock.display()
        )),
        None => terminal.note("no lock file here, so nothing is waived as installed"),
    }
    terminal.note(format_args!("next: {}", paint(TYPE, "covouch check")));
    Ok(Exit::Admitted)
}

/// Makes the folder for statements: a policy whose folder is missing knows nobody's vetoes, and judges nothing.
fn make_trust_folder() -> Result<(), Failure> {
    const ABOUT: &str = "\
# Statements

Who says what about which files, signed. Each key has a file `<key-id>.jsonl` that is only ever added to, and a signed
head beside it. `covouch vouch`, `veto`, `waive` and `withdraw` write here. Review changes like code.
";
    let path = Path::new(TRUST).join("README.md");
    if path.exists() { Ok(()) } else { Ok(state::write_project_file(&path, ABOUT.as_bytes())?) }
}

/// The files of a lock that the policy keeps out, as waivers name them.
fn kept_out(
    lock: &Locked,
    loaded: Loaded,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Vec<Installed>, Failure> {
    let releases = lock.releases.iter().map(Release::from).collect();
    let assessment = Assessment::collect(&loaded, &releases, Freshness::Recent, settings, terminal)?;
    let mut installed: BTreeMap<Sha256, String> = BTreeMap::new();
    for release in &lock.releases {
        let (subjects, unlisted) =
            assessment.subjects(&Release::from(release), &Files::Locked(&release.files));
        for file in assessment.report(&subjects, settings).files {
            match file.verdict.kind() {
                VerdictKind::Admitted | VerdictKind::Waived | VerdictKind::Monitored => {}
                VerdictKind::Undecided => {
                    installed.insert(file.subject.sha256, file.subject.filename.to_string());
                }
                // A waiver never overrides a refusal; `check` will say what is refused and why.
                VerdictKind::Refused => {
                    terminal.warn(format_args!("{} is refused: {}", file.subject.filename, file.reason))
                }
            }
        }
        for file in unlisted {
            installed.insert(file.sha256, format!("{} {}", file.release.project, file.release.version));
        }
    }
    Ok(installed.into_iter().map(|(sha256, label)| Installed { label, sha256 }).collect())
}

fn parse(text: &str) -> Result<Policy, Failure> {
    let source = Source { name: "covouch.toml", text, table: PolicyTable::Whole };
    // What `init` writes parses; if it does not, writing it would only move the error to the next command.
    Policy::parse(source).map_err(|errors| match errors.iter().next() {
        Some(error) => error.clone().into(),
        None => Failure::new("internal", "the preset does not parse"),
    })
}

/// `NAME=ssh-ed25519 AAAA…`, or `NAME=` and anything else that names a key.
fn signer(text: &str, settings: &Settings) -> Result<Signer, Failure> {
    let (name, key) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format!("`{text}` does not name a member and a key"))
            .hinting("write it as `security=ssh-ed25519 AAAA…`, or `security=path/to/key.pub`")
    })?;
    let name = PartyName::parse(name.trim()).map_err(|error| Failure::usage(error.to_string()))?;
    let (key, _): (PublicKey, String) = keys::public(settings, key.trim())?;
    Ok(Signer { name, key, from: TRUST.to_owned() })
}
