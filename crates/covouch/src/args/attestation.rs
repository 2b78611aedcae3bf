//! `covouch attestation …` and `covouch lock-identities`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, Passphrase};

/// `covouch attestation …`
#[derive(Subcommand)]
pub(crate) enum Attestation {
    /// Verify who published a file; it says where the file came from, not that it is good.
    Verify(AttestationVerify),
}

#[derive(Args)]
pub(crate) struct AttestationVerify {
    /// The file, under the name it has on its index.
    #[arg(value_name = "DIST")]
    pub(crate) file: PathBuf,
    /// What its index serves as the file's provenance (PEP 740), or a single `.attestation`.
    #[arg(long, value_name = "FILE")]
    pub(crate) provenance: PathBuf,
    #[command(flatten)]
    pub(crate) root: TrustedRoot,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct LockIdentities {
    /// The lock file, a `pylock.toml`.
    #[arg(default_value = "pylock.toml", value_name = "LOCKFILE")]
    pub(crate) lock: PathBuf,
    /// The index whose provenance is asked for: a name of the policy, or a URL.
    #[arg(long, default_value = "pypi", value_name = "INDEX")]
    pub(crate) index: String,
    #[command(flatten)]
    pub(crate) root: TrustedRoot,
}

/// Whom attestations are verified against.
#[derive(Args)]
pub(crate) struct TrustedRoot {
    /// Sigstore's `trusted_root.json`; otherwise the one in covouch's state folder, or the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
}

/// Whether a verdict is signed, and with which key.
#[derive(Args)]
pub(crate) struct Attesting {
    /// Sign the verdict on the one lock file, and write it here (SLSA VSA v1 in a DSSE envelope).
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) attest: Option<PathBuf>,
    /// The key: a name of `covouch key list`, a private key file, or a public key your ssh-agent holds.
    #[arg(long, value_name = "KEY", requires = "attest")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Use an ssh-agent although it seems forwarded from another machine.
    #[arg(long, requires = "attest")]
    pub(crate) forwarded_agent: bool,
}
