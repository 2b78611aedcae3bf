//! `covouch lock`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, Passphrase};

#[derive(Args)]
pub(crate) struct Lock {
    /// Lock files of one folder: uv.lock, pylock.toml, poetry.lock, pdm.lock, requirements.txt. Found here when none is
    /// named.
    #[arg(value_name = "LOCKFILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print the verdicts.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Ask every index again, however fresh the cache is.
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Seal what is observed with this key, which the policy names under `[gateway] lock-keys`.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Use an ssh-agent although it seems forwarded from another machine.
    #[arg(long, requires = "key")]
    pub(crate) forwarded_agent: bool,
}
