//! The command line of parties: `covouch party`.

use clap::{Args, Subcommand};

/// `covouch party …`
#[derive(Subcommand)]
pub(crate) enum Party {
    /// Add a curator's feed to the policy, after showing whose it is.
    Add(PartyAdd),
}

#[derive(Args)]
pub(crate) struct PartyAdd {
    /// The feed: `https://…` or `file://…`.
    pub(crate) feed: String,
    /// The digest of the feed's first `root.json`, as its curator publishes it elsewhere.
    #[arg(long, value_name = "SHA256")]
    pub(crate) root: String,
    /// What the policy shall call the party.
    #[arg(long)]
    pub(crate) name: String,
    /// Add it without asking.
    #[arg(long, short)]
    pub(crate) yes: bool,
}
