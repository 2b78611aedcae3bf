//! `covouch attestation verify`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use covouch_core::publisher::Publisher;
use covouch_io::{
    archive,
    attestation::{self, AttestationError, Proof, TrustRoot, TrustRootError},
};
use covouch_python::{
    attestation::{DistributionFile, ProvenanceError},
    limits,
};
use serde::Serialize;

use crate::{
    args::{
        Format,
        attestation::{Attestation, AttestationVerify, TrustedRoot},
    },
    exit::Exit,
    failure::Failure,
    settings::Settings,
    terminal::{FAINT, RIGHT, Terminal, paint},
};

pub(super) fn run(command: &Attestation, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Attestation::Verify(arguments) => verify(arguments, settings, terminal),
    }
}

/// The root a command was given, else the one that is kept, else the built-in one.
pub(super) fn root(given: &TrustedRoot, settings: &Settings) -> Result<TrustRoot, TrustRootError> {
    match &given.trusted_root {
        Some(path) => TrustRoot::read(path)?.ok_or_else(|| TrustRootError::missing(path)),
        None => TrustRoot::of_state(settings.state()),
    }
}

fn verify(arguments: &AttestationVerify, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let root = root(&arguments.root, settings)?;
    let local = archive::read_local(&arguments.file)?;
    let file = DistributionFile { name: local.filename, sha256: local.sha256 };
    let provenance = read(&arguments.provenance)?;
    let result = attestation::verify(&file, &provenance, &root);
    match (arguments.format, result) {
        (Format::Json, result) => {
            terminal.answer(json(&file, &result)?);
            Ok(result.as_ref().map_or_else(exit, |_| Exit::Admitted))
        }
        (Format::Human, Ok(proofs)) => {
            print(&file, &proofs, terminal);
            Ok(Exit::Admitted)
        }
        (Format::Human, Err(error)) => {
            let exit = exit(&error);
            Err(Failure::from(error).exiting(exit))
        }
    }
}

/// Reads no more than could be a provenance object.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(limits::PROVENANCE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes)).map_err(
        |error: io::Error| Failure::new("file-unreadable", format!("`{}`: {error}", path.display())),
    )?;
    Ok(bytes)
}

/// What a newer covouch might understand is not known; everything else is a no.
fn exit(error: &AttestationError) -> Exit {
    match error {
        AttestationError::Provenance(ProvenanceError::Version { .. } | ProvenanceError::Publisher { .. }) => {
            Exit::Undecided
        }
        _ => Exit::Refused,
    }
}

fn print(file: &DistributionFile, proofs: &[Proof], terminal: &Terminal) {
    terminal.answer(format_args!("{} {}", file.name, paint(FAINT, format_args!("sha256:{}", file.sha256))));
    for proof in proofs {
        let Publisher { workflow, repository_id, owner_id, .. } = proof.publisher();
        let workflow = workflow.as_deref().map(|workflow| format!(" by {workflow}")).unwrap_or_default();
        let ids = match (repository_id, owner_id) {
            (Some(repository), Some(owner)) => format!(", repository {repository} of owner {owner}"),
            _ => String::new(),
        };
        terminal.answer(format_args!(
            "  {:<8} {}{workflow}, logged {}{}",
            proof.predicate().as_str(),
            proof.publisher(),
            proof.logged(),
            paint(FAINT, ids)
        ));
    }
    let publishers: Vec<_> = attestation::publishers(proofs).iter().map(ToString::to_string).collect();
    terminal.answer(format_args!("{} {}", paint(RIGHT, "published by"), publishers.join(", ")));
}

/// The answer for programs; a promise, see docs/reference/attestations.md.
#[derive(Serialize)]
struct Wire {
    schema: u32,
    filename: String,
    sha256: String,
    /// `verified`, `refused` or `undecided`.
    verdict: &'static str,
    /// Why not, where it is not verified.
    error: Option<WireError>,
    attestations: Vec<WireProof>,
}

#[derive(Serialize)]
struct WireError {
    code: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct WireProof {
    predicate: &'static str,
    publisher: String,
    workflow: Option<String>,
    environment: Option<String>,
    repository_id: Option<String>,
    owner_id: Option<String>,
    logged: String,
}

impl From<&Proof> for WireProof {
    fn from(proof: &Proof) -> Self {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let publisher = proof.publisher();
        Self {
            predicate: proof.predicate().as_str(),
            publisher: publisher.to_string(),
            workflow: text(&publisher.workflow),
            environment: text(&publisher.environment),
            repository_id: text(&publisher.repository_id),
            owner_id: text(&publisher.owner_id),
            logged: proof.logged().to_string(),
        }
    }
}

fn json(file: &DistributionFile, result: &Result<Vec<Proof>, AttestationError>) -> Result<String, Failure> {
    let wire = Wire {
        schema: 1,
        filename: file.name.to_string(),
        sha256: file.sha256.to_string(),
        verdict: match result.as_ref().map_err(exit) {
            Ok(_) => "verified",
            Err(Exit::Undecided) => "undecided",
            Err(_) => "refused",
        },
        error: result
            .as_ref()
            .err()
            .map(|error| WireError { code: error.code().as_str(), detail: error.to_string() }),
        attestations: result.iter().flatten().map(WireProof::from).collect(),
    };
    serde_json::to_string_pretty(&wire).map_err(|error| Failure::new("internal", error.to_string()))
}
