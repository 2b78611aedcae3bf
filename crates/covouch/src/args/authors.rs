//! `covouch authors …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, Signing, attestation::TrustedRoot};

/// `covouch authors …`
#[derive(Subcommand)]
pub(crate) enum Authors {
    /// Name as authors whoever meets a rule, and nobody else any more.
    Derive(AuthorsDerive),
}

#[derive(Args)]
pub(crate) struct AuthorsDerive {
    /// The projects whose files are looked at.
    #[arg(required = true, value_name = "PROJECT")]
    pub(crate) projects: Vec<String>,
    /// The rule.
    #[arg(long, default_value = "authors.toml", value_name = "FILE")]
    pub(crate) rule: PathBuf,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// A key whose signed releases count (name, file, or OpenSSH line): one whose owner you know to be the projects'.
    #[arg(long = "author", value_name = "KEY")]
    pub(crate) authors: Vec<String>,
    /// The index the files are on: a name of the policy, or a URL.
    #[arg(long, default_value = "pypi", value_name = "INDEX")]
    pub(crate) index: String,
    /// A suite of Debian whose packages count; read with `covouch debian refresh`.
    #[arg(long = "suite", value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// An electorate whose vote on a file counts as a package would: its name, or the first digits of its id. Its ballots
    /// are in the folder of statements.
    #[arg(long = "electorate", value_name = "ELECTORATE")]
    pub(crate) electorates: Vec<String>,
    #[command(flatten)]
    pub(crate) root: TrustedRoot,
    /// Say what would be signed, and sign nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
