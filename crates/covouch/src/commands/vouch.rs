//! `covouch vouch | veto | waive | release sign`: the statements about files, each composed from its arguments.

use covouch_core::{
    digest::Sha256,
    limits,
    statement::{Claim, Reading, Release, Reviewer, Veto, VetoReason, Vouch, VouchLevel, Waiver},
};

use super::sign::{self, Gathered};
use crate::{
    args::{self, Subjects},
    exit::Exit,
    failure::Failure,
    settings::Settings,
    terminal::{TYPE, Terminal, paint},
};

/// `covouch vouch`.
pub(super) fn vouch(
    arguments: &args::Vouch,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let level = match arguments.level.as_str() {
        "audited" => VouchLevel::Audited,
        _ => VouchLevel::Vouched,
    };
    let read = arguments.read.iter().map(|text| reading(text)).collect::<Result<Vec<_>, _>>()?;
    if level == VouchLevel::Audited
        && !read.iter().any(|what| matches!(what, Reading::FullSource | Reading::Diff(_)))
    {
        return Err(Failure::usage("`audited` says the code was read")
            .hinting("say what was read: `--read full-source`, or `--read diff:SHA256`"));
    }
    let reviewer = if arguments.machine { Reviewer::Machine } else { Reviewer::Hand };
    let notes = text("--notes", &arguments.notes)?;
    let gathered = sign::gather(&arguments.subjects, settings, terminal)?;
    let validity = sign::validity(settings, &arguments.expiry.expires)?;
    let claim = Claim::Vouch(Vouch { files: gathered.files.clone(), validity, level, read, reviewer, notes });
    finish(&gathered, claim, &arguments.signing, settings, terminal)
}

/// `covouch veto`.
pub(super) fn veto(
    arguments: &args::Veto,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let reason = VetoReason::parse(&arguments.reason)
        .ok_or_else(|| Failure::usage(format!("`{}` is no reason for a veto", arguments.reason)))?;
    let reference = text("--reference", &arguments.reference)?;
    let gathered = sign::gather(&arguments.subjects, settings, terminal)?;
    let validity = sign::validity(settings, &arguments.expiry.expires)?;
    let claim = Claim::Veto(Veto { files: gathered.files.clone(), validity, reason, reference });
    finish(&gathered, claim, &arguments.signing, settings, terminal)
}

/// `covouch waive`: signs, and prints what belongs into the policy.
pub(super) fn waive(
    arguments: &args::Waive,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let reason = text("--reason", &arguments.reason)?;
    let gathered = sign::gather(&arguments.subjects, settings, terminal)?;
    let validity = sign::validity(settings, &arguments.expires)?;
    let claim = Claim::Waiver(Waiver { files: gathered.files.clone(), validity, reason });
    let exit = finish(&gathered, claim, &arguments.signing, settings, terminal)?;
    terminal.note("put this into the policy, with the name of the signer's party:");
    for (filename, sha256) in gathered.files.iter() {
        let reason = toml::Value::from(arguments.reason.as_str());
        terminal.answer(format_args!(
            "\n[[waiver]]  # {filename}\nsha256 = \"{sha256}\"\nreason = {reason}\nexpires = {}\napproved-by = \"…\"",
            validity.not_after()
        ));
    }
    Ok(exit)
}

/// `covouch release sign`: an author's own files, from disk.
pub(super) fn release(
    arguments: &args::Release,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let args::Release::Sign { files, signing, expiry } = arguments;
    let file = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let subjects = Subjects { release: None, file, index: String::new() };
    let gathered = sign::gather(&subjects, settings, terminal)?;
    let validity = sign::validity(settings, &expiry.expires)?;
    let claim = Claim::Release(Release { files: gathered.files.clone(), validity });
    finish(&gathered, claim, signing, settings, terminal)
}

fn finish(
    gathered: &Gathered,
    claim: Claim,
    signing: &args::Signing,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    sign::show(gathered, &claim, terminal);
    let exit = sign::conclude(claim, signing, settings, terminal)?;
    let folder = signing.to.display();
    terminal
        .note(format_args!("in `{folder}`; commit it: {}", paint(TYPE, format_args!("git add {folder}"))));
    Ok(exit)
}

fn reading(text: &str) -> Result<Reading, Failure> {
    match text {
        "metadata" => Ok(Reading::Metadata),
        "full-source" => Ok(Reading::FullSource),
        "built" => Ok(Reading::Built),
        other => other
            .strip_prefix("diff:")
            .and_then(|digest| Sha256::parse(digest).ok())
            .map(Reading::Diff)
            .ok_or_else(|| {
                Failure::usage(format!("`{other}` is not something that can be read"))
                    .hinting("say `metadata`, `full-source`, `built`, or `diff:SHA256`")
            }),
    }
}

fn text(option: &str, text: &str) -> Result<std::sync::Arc<str>, Failure> {
    if text.len() > limits::NOTE_BYTES {
        return Err(Failure::usage(format!("`{option}` is longer than {} bytes", limits::NOTE_BYTES)));
    }
    Ok(text.into())
}
