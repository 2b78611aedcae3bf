//! The command line of votes: `covouch electorate`, `covouch vote`, `covouch tally`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Expiry, Format, Signing, Subjects};

/// `covouch electorate …`
#[derive(Subcommand)]
pub(crate) enum Electorate {
    /// Sign the first version of an electorate, as written in a file.
    New {
        /// The electorate as TOML; see docs/concepts/voting.md.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        #[command(flatten)]
        signing: Signing,
    },
    /// Sign the next version, as written in a file.
    Amend {
        /// The electorate: its name, or the first digits of its id.
        electorate: String,
        /// The next version as TOML; begin with `covouch electorate show ELECTORATE --draft`.
        #[arg(value_name = "FILE")]
        draft: PathBuf,
        #[command(flatten)]
        signing: Signing,
    },
    /// Sign a version that another admin wrote.
    Sign {
        /// The version's own id, or enough of its first digits.
        #[arg(value_name = "VERSION")]
        edition: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Take a voter's voice away, in public.
    Strike {
        /// The electorate: its name, or the first digits of its id.
        electorate: String,
        /// The voter's key: its name, file, or OpenSSH line.
        voter: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        signing: Signing,
    },
    /// Show which version holds, who may vote and how it is counted.
    Show {
        /// The electorate: its name, or the first digits of its id. All in the folder when not named.
        electorate: Option<String>,
        /// The folder of statements.
        #[arg(long = "in", default_value = "trust", value_name = "FOLDER")]
        folder: PathBuf,
        /// Print the version that holds as TOML, to be edited for `covouch electorate amend`.
        #[arg(long, requires = "electorate")]
        draft: bool,
    },
}

/// `covouch vote …`
#[derive(Subcommand)]
pub(crate) enum Vote {
    /// Say that files are safe to install.
    Approve(Cast),
    /// Say that files are not safe to install.
    Object(Cast),
    /// Say that you looked, and say neither.
    Abstain(Cast),
    /// Take your earlier ballot on files back.
    Withdraw(Cast),
    /// Print the signed head of your ballots on a project, for anybody to carry.
    Head {
        /// The project.
        project: String,
        #[command(flatten)]
        ballot: Ballot,
    },
}

#[derive(Args)]
pub(crate) struct Cast {
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    #[command(flatten)]
    pub(crate) ballot: Ballot,
    #[command(flatten)]
    pub(crate) expiry: Expiry,
}

/// Whose vote, and to whom.
#[derive(Args)]
pub(crate) struct Ballot {
    /// The electorate: its name, or the first digits of its id.
    #[arg(long, value_name = "ELECTORATE")]
    pub(crate) electorate: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

#[derive(Args)]
pub(crate) struct Tally {
    /// `requests==2.32.3`, a file name, a sha256, or a file on disk.
    pub(crate) what: String,
    /// The electorate: its name, or the first digits of its id.
    #[arg(long, value_name = "ELECTORATE")]
    pub(crate) electorate: String,
    /// The folder of statements; `trust` when no feed is named.
    #[arg(long = "in", value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// A feed that carries the ballots: a feed's folder, or an address.
    #[arg(long, value_name = "FEED")]
    pub(crate) feed: Option<String>,
    /// The sha256 of the feed's first root; that of its folder otherwise.
    #[arg(long, value_name = "SHA256", requires = "feed")]
    pub(crate) root: Option<String>,
    /// Heads of voters' ballots that you have from elsewhere, one a line, as `covouch vote head` prints them.
    #[arg(long, value_name = "FILE")]
    pub(crate) heads: Vec<PathBuf>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
