//! The command line of `covouch debian`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use url::Url;

/// `covouch debian …`
#[derive(Subcommand)]
pub(crate) enum Debian {
    /// Say what is known of Debian's indexes.
    Status(Suites),
    /// Read the newest indexes from a mirror.
    Refresh {
        #[command(flatten)]
        suites: Suites,
        /// The mirror, such as `https://mirror.example/debian`; apt's own otherwise.
        #[arg(long, value_name = "URL")]
        mirror: Option<Url>,
        /// The keys that sign its archive; Debian's own otherwise.
        #[arg(long, value_name = "FILE")]
        keyring: Option<PathBuf>,
    },
}

#[derive(Args)]
pub(crate) struct Suites {
    /// The suites.
    #[arg(long = "suite", value_name = "SUITE", default_values = ["stable", "testing"])]
    pub(crate) suites: Vec<String>,
}
