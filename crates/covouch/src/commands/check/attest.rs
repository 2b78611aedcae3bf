//! `covouch check --attest`: signs the verdict on one lock file.
//!
//! # Invariants
//! - What is signed names the very bytes that were judged, and nothing is signed about bytes it cannot name.
//! - `PASSED` is written only where the command ends with 0 and no file is let in by watching alone.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use covouch_core::{
    digest::Sha256,
    statement::{Document, Outcome, Signer, Summary, sign_summary},
};
use covouch_io::{folder::FolderError, state::write_project_file};
use covouch_policy::verdict::VerdictKind;

use crate::{
    args::attestation::Attesting,
    exit::Exit,
    failure::Failure,
    keys::{self, NamedKey},
    lockfile::Opened,
    policies::{Found, Loaded},
    report::Answer,
    settings::Settings,
    terminal::Terminal,
};

/// Signs the verdict on one lock file, once there is one.
pub(super) struct Attestor {
    to: PathBuf,
    signer: Box<dyn Signer>,
    /// The lock file, relative to here where it lies below.
    lock: PathBuf,
    sha256: Sha256,
}

impl Attestor {
    /// Finds the key before anybody waits for a verdict that could not be signed.
    pub(super) fn prepare(
        arguments: &Attesting,
        (files, locks): (&[PathBuf], &[Opened]),
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Option<Self>, Failure> {
        let (Some(to), Some(key)) = (&arguments.attest, &arguments.key) else { return Ok(None) };
        let ([file], [lock]) = (files, locks) else {
            return Err(Failure::usage(format!(
                "an attestation is about one lock file, and {} are named",
                files.len()
            ))
            .hinting("check and attest each by itself"));
        };
        if let Some(included) = lock.included.first() {
            // Whoever changes only what is included would leave the digest that is signed as it was.
            return Err(Failure::usage(format!(
                "`{}` includes `{included}`, and an attestation is about the bytes of one file",
                file.display()
            ))
            .hinting("attest a lock file that includes nothing, as `uv pip compile` writes it"));
        }
        if to.canonicalize().is_ok_and(|to| file.canonicalize().is_ok_and(|file| to == file)) {
            return Err(Failure::usage(format!("`{}` is the lock file itself", to.display()))
                .hinting("name another file for the attestation"));
        }
        let (passphrase, forwarded_agent) = (&arguments.passphrase, arguments.forwarded_agent);
        let signer = keys::signer(settings, terminal, NamedKey { key, passphrase, forwarded_agent })?;
        Ok(Some(Self { to: to.clone(), signer, lock: from_here(file), sha256: lock.sha256 }))
    }

    /// Signs and writes what was found, whatever it is.
    pub(super) fn attest(
        self,
        (answer, passed_over): (&Answer, usize),
        exit: Exit,
        loaded: &Loaded,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let counts = counts(answer, passed_over);
        let is_watched = counts.get(VerdictKind::Monitored.as_str()).is_none_or(|count| *count > 0);
        let outcome = if exit == Exit::Admitted && !is_watched { Outcome::Passed } else { Outcome::Failed };
        let summary = Summary {
            name: self.lock.display().to_string(),
            judged: Document { uri: reference(&self.lock), sha256: self.sha256 },
            at: answer.report.as_of,
            version: env!("CARGO_PKG_VERSION"),
            policy: document(&loaded.project),
            base_policy: loaded.base.as_ref().map(document),
            outcome,
            counts,
        };
        let envelope = sign_summary(&summary, self.signer.as_ref()).map_err(FolderError::from)?;
        write_project_file(&self.to, format!("{}\n", envelope.to_json()).as_bytes())?;
        let said = match outcome {
            Outcome::Passed => "PASSED",
            Outcome::Failed => "FAILED",
        };
        terminal.note(format_args!("signed {said} for {} into {}", summary.name, self.to.display()));
        Ok(())
    }
}

/// How many files ended how, what nobody could judge, and newer releases that are kept out.
fn counts(answer: &Answer, passed_over: usize) -> BTreeMap<&'static str, usize> {
    let kinds = [
        VerdictKind::Admitted,
        VerdictKind::Waived,
        VerdictKind::Monitored,
        VerdictKind::Undecided,
        VerdictKind::Refused,
    ];
    let ended = |kind| answer.report.files.iter().filter(|file| file.verdict.kind() == kind).count();
    let others = [
        ("problems", answer.problems.len()),
        ("unlisted", answer.unlisted.len()),
        ("passed_over", passed_over),
    ];
    kinds.into_iter().map(|kind| (kind.as_str(), ended(kind))).chain(others).collect()
}

fn document(found: &Found) -> Document {
    let name = found.policy.name();
    let uri = if found.is_built_in {
        "urn:covouch:preset:starter".to_owned()
    } else if name.starts_with("https://") || name.starts_with("http://") {
        name.to_owned()
    } else {
        reference(Path::new(name))
    };
    Document { uri, sha256: Sha256::of(found.text.as_bytes()) }
}

fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let below = path.strip_prefix(&here).unwrap_or(path);
    below.components().filter(|part| *part != Component::CurDir).collect()
}

/// A path as a URI reference (RFC 3986 §4.1): relative where the path is.
fn reference(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::RootDir | Component::CurDir => None,
        Component::Prefix(_) | Component::ParentDir | Component::Normal(_) => Some(escape(part.as_os_str())),
    });
    let joined = parts.collect::<Vec<_>>().join("/");
    if path.is_absolute() { format!("file:///{joined}") } else { joined }
}

/// Everything but the unreserved characters of RFC 3986 §2.3 as `%XX`, so that no name reads as a scheme or a query.
fn escape(name: &std::ffi::OsStr) -> String {
    let mut escaped = String::new();
    for &byte in name.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_reference_whatever_stands_in_it() {
        for (path, expected) in [
            ("uv.lock", "uv.lock"),
            ("./ci/uv.lock", "ci/uv.lock"),
            ("../uv.lock", "../uv.lock"),
            ("https:x?y#z.lock", "https%3Ax%3Fy%23z.lock"),
            ("a b/%41.lock", "a%20b/%2541.lock"),
            ("ü.lock", "%C3%BC.lock"),
        ] {
            assert_eq!(reference(Path::new(path)), expected);
        }
        if cfg!(unix) {
            assert_eq!(reference(Path::new("/etc/covouch/base.toml")), "file:///etc/covouch/base.toml");
        }
    }
}
