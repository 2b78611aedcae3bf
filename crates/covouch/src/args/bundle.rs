//! `covouch bundle …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// `covouch bundle …`
#[derive(Subcommand)]
pub(crate) enum Bundle {
    /// Ask the network for all that the policy wants to know about lock files, and write it into one file.
    Make(BundleMake),
    /// Say what of a bundle holds here; nothing is taken over.
    Verify(BundleOpen),
    /// Take over what of a bundle holds here.
    Import(BundleOpen),
}

#[derive(Args)]
pub(crate) struct BundleMake {
    /// Lock files whose releases the bundle is about. Found here when none is named.
    #[arg(value_name = "LOCKFILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where to write the bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Carry the locked files too.
    #[arg(long)]
    pub(crate) with_files: bool,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct BundleOpen {
    /// The bundle.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// Its digest as `covouch bundle make` printed it, learnt on another way than the bundle's: then what nobody signed
    /// (pages of indexes, records of malware) is believed as its maker heard it.
    #[arg(long, value_name = "DIGEST")]
    pub(crate) sha256: Option<String>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
