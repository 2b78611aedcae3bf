//! The command line.

pub(crate) mod attestation;
pub(crate) mod authors;
pub(crate) mod bundle;
mod debian;
mod feed;
mod lock;
mod party;
mod vote;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::debian::{Debian, Suites};
pub(crate) use self::feed::{Feed, FeedInit, FeedPublish, FeedVerify, RotateRoot, SignRoot};
pub(crate) use self::lock::Lock;
pub(crate) use self::party::{Party, PartyAdd};
pub(crate) use self::vote::{Ballot, Cast, Electorate, Tally, Vote};

/// Let in only the Python packages that enough independent parties vouch for.
#[derive(Parser)]
#[command(name = "covouch", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Args)]
pub(crate) struct Global {
    /// The policy: a `covouch.toml`, or a `pyproject.toml` with `[tool.covouch]`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Where covouch keeps its state; the platform's state folder otherwise.
    #[arg(long, global = true, env = "COVOUCH_HOME", value_name = "FOLDER", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,
    /// Use what is cached, ask nobody.
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Print the answer and errors only.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Judge as of this time (RFC 3339) instead of now.
    #[arg(long, global = true, env = "COVOUCH_NOW", value_name = "TIME", hide = true)]
    pub(crate) now: Option<String>,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run an installer behind the gate: `covouch run -- pip install requests`.
    Run(Run),
    /// Judge every file of a lock file.
    Check(Check),
    /// Write what proves the verdicts on a lock file beside it.
    Lock(Lock),
    /// Explain the verdict on one release or file.
    Why(Why),
    /// Write a policy for this project.
    Init(Init),
    /// Serve the gate as an index for others.
    Gateway(Gateway),
    /// Make and show signing keys.
    #[command(subcommand)]
    Key(Key),
    /// Sign that files of a release are safe to install.
    Vouch(Vouch),
    /// Sign that files of a release must not be installed.
    Veto(Veto),
    /// Sign that files are let in for a while although the requirement is not met.
    Waive(Waive),
    /// Sign your own releases.
    #[command(subcommand)]
    Release(Release),
    /// Say who may speak for you, and who no more.
    #[command(subcommand)]
    Trust(Trust),
    /// Say who may vote on files, and who may change that.
    #[command(subcommand)]
    Electorate(Electorate),
    /// Vote on files.
    #[command(subcommand)]
    Vote(Vote),
    /// Count the votes on files, and say what becomes of every ballot.
    Tally(Tally),
    /// Take back a statement of your own.
    Withdraw(Withdraw),
    /// Publish your statements for others to read.
    #[command(subcommand)]
    Feed(Feed),
    /// Name somebody whose word can count.
    #[command(subcommand)]
    Party(Party),
    /// Read what Debian packages, and say what is known of it.
    #[command(subcommand)]
    Debian(Debian),
    /// Carry what is known to machines without a network.
    #[command(subcommand)]
    Bundle(bundle::Bundle),
    /// Look at the policy.
    #[command(subcommand)]
    Policy(Policy),
    /// Name authors by a published rule.
    #[command(subcommand)]
    Authors(authors::Authors),
    /// Look at attestations: who published a file.
    #[command(subcommand)]
    Attestation(attestation::Attestation),
    /// Write the publishers of a lock's files into it (PEP 751, `attestation-identities`).
    LockIdentities(attestation::LockIdentities),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub(crate) struct Run {
    /// Where to write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The command to run, after `--`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<std::ffi::OsString>,
}

#[derive(Args)]
pub(crate) struct Check {
    /// Lock files: requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock. Found here when none is named.
    #[arg(value_name = "LOCKFILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Ask every index again, however fresh the cache is.
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Take what was signed from the evidence lock beside the lock file, as `covouch lock` wrote it.
    #[arg(long)]
    pub(crate) locked: bool,
    #[command(flatten)]
    pub(crate) attesting: attestation::Attesting,
}

#[derive(Args)]
pub(crate) struct Why {
    /// `requests==2.32.3`, a file name, or a sha256.
    pub(crate) what: String,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Draw the chains of trust instead.
    #[arg(long, value_enum, conflicts_with = "format", value_name = "PICTURE")]
    pub(crate) graph: Option<Picture>,
}

/// How a picture is drawn.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// A picture by itself.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// How an answer is printed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs; versioned, see docs/reference/report.md.
    Json,
}

#[derive(Args)]
pub(crate) struct Init {
    /// Which preset to begin with.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) preset: Preset,
    /// The lock file whose files are waived as installed today; found here when not named.
    #[arg(long, value_name = "LOCKFILE")]
    pub(crate) lock: Option<PathBuf>,
    /// Public keys of your own people, as `NAME=ssh-ed25519 AAAA…` or `NAME=KEYFILE.pub`.
    #[arg(long = "member", value_name = "NAME=KEY")]
    pub(crate) members: Vec<String>,
    /// Replace a policy that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// A policy to begin with.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// PyPI, and three days of age or Debian.
    #[default]
    Starter,
    /// PyPI, and two of your own people, seven days of age or Debian.
    Team,
    /// Two of your own people, always.
    Strict,
}

#[derive(Args)]
pub(crate) struct Gateway {
    /// Address and port to serve on. Keep it stable: clients cache by it.
    #[arg(long, default_value = "127.0.0.1:8642", value_name = "HOST:PORT")]
    pub(crate) listen: std::net::SocketAddr,
}

/// `covouch key …`
#[derive(Subcommand)]
pub(crate) enum Key {
    /// Make a key, protected by a passphrase.
    New {
        /// What to call it.
        name: String,
        /// A comment for the public key, such as `security@acme`; the name otherwise.
        #[arg(long)]
        comment: Option<String>,
        #[command(flatten)]
        passphrase: Passphrase,
        /// Leave the key file unprotected.
        #[arg(long, conflicts_with = "passphrase_file")]
        no_passphrase: bool,
    },
    /// List your keys and those your ssh-agent holds.
    List,
    /// Show one public key, its fingerprint and its key id.
    Show {
        /// A key's name, file, or line.
        key: String,
    },
    /// Print a public key for other tools.
    Export {
        /// A key's name, file, or line.
        key: String,
        /// SubjectPublicKeyInfo in PEM instead of the OpenSSH line.
        #[arg(long)]
        pem: bool,
    },
}

/// Where a passphrase comes from.
#[derive(Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase from this file's first line (`-`: standard input) instead of asking.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Who signs, and where the statement goes.
#[derive(Args)]
pub(crate) struct Signing {
    /// The key: a name of `covouch key list`, a private key file, or a public key your ssh-agent holds.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The folder of statements to append to.
    #[arg(long, default_value = "trust", value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Sign without asking.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Use an ssh-agent although it seems forwarded from another machine.
    #[arg(long)]
    pub(crate) forwarded_agent: bool,
}

/// Which files a statement is about.
#[derive(Args)]
pub(crate) struct Subjects {
    /// The release, as in `requests==2.32.3`. Its files are downloaded and hashed.
    #[arg(value_name = "RELEASE", required_unless_present = "file")]
    pub(crate) release: Option<String>,
    /// Only these files: a file on disk, or the name of a file of the release.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Vec<String>,
    /// The index the release is taken from: a name of the policy, or a URL.
    #[arg(long, default_value = "pypi", value_name = "INDEX")]
    pub(crate) index: String,
}

/// Until when a statement holds.
#[derive(Args)]
pub(crate) struct Expiry {
    /// When it expires: a date, a time, or a duration such as `26w`.
    #[arg(long, default_value = "365d", value_name = "WHEN")]
    pub(crate) expires: String,
}

#[derive(Args)]
pub(crate) struct Vouch {
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    #[command(flatten)]
    pub(crate) signing: Signing,
    #[command(flatten)]
    pub(crate) expiry: Expiry,
    /// `vouched` takes responsibility; `audited` says the code was read.
    #[arg(long, default_value = "vouched", value_parser = ["vouched", "audited"])]
    pub(crate) level: String,
    /// What was read: `metadata`, `full-source`, `built`, or `diff:SHA256` of the file compared with.
    #[arg(long, value_name = "WHAT")]
    pub(crate) read: Vec<String>,
    /// The review was made by a program.
    #[arg(long)]
    pub(crate) machine: bool,
    /// Anything to add.
    #[arg(long, default_value = "")]
    pub(crate) notes: String,
}

#[derive(Args)]
pub(crate) struct Veto {
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    #[command(flatten)]
    pub(crate) signing: Signing,
    #[command(flatten)]
    pub(crate) expiry: Expiry,
    /// Why.
    #[arg(long, value_parser = ["malware", "compromised", "impersonation", "vulnerable", "unfit"])]
    pub(crate) reason: String,
    /// Where to read more.
    #[arg(long, default_value = "")]
    pub(crate) reference: String,
}

#[derive(Args)]
pub(crate) struct Waive {
    #[command(flatten)]
    pub(crate) subjects: Subjects,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// When the waiver ends: a date, a time, or a duration such as `14d`.
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: String,
    /// Why.
    #[arg(long)]
    pub(crate) reason: String,
}

/// `covouch release …`
#[derive(Subcommand)]
pub(crate) enum Release {
    /// Sign that files on disk are your own release of a project.
    Sign {
        /// The files, as in `dist/*`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        signing: Signing,
        #[command(flatten)]
        expiry: Expiry,
    },
}

/// `covouch trust …`
#[derive(Subcommand)]
pub(crate) enum Trust {
    /// Let another key speak for you, within limits.
    Add(TrustAdd),
    /// Name somebody as an author of projects: files they release count at level `author`.
    Author(TrustAuthor),
    /// List whom a key trusts.
    List {
        /// The key: its name, file, or line.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// The folder of statements.
        #[arg(long = "in", default_value = "trust", value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Take back a statement of your own.
    Withdraw(Withdraw),
    /// Declare a key of yours, or your own party's, lost.
    RevokeKey(RevokeKey),
    /// Say what would pass if a key were stolen, and what would not if it were lost.
    Impact(TrustImpact),
}

#[derive(Args)]
pub(crate) struct TrustImpact {
    /// The key: its name, file, or line.
    pub(crate) key: String,
    /// The lock file whose files are looked at; found here when not named.
    #[arg(value_name = "LOCKFILE")]
    pub(crate) lock: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct TrustAdd {
    /// The key that may speak: its name, file, or OpenSSH line.
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// Certifications that may still follow: 0 identity only, 1 may vouch, n may appoint with n−1.
    #[arg(long, default_value_t = 1)]
    pub(crate) depth: u8,
    /// How much of your trust it carries, 1% to 100%.
    #[arg(long, default_value = "100%", value_name = "PERCENT")]
    pub(crate) amount: String,
    /// The highest level that passes.
    #[arg(long, default_value = "vouched", value_parser = ["author", "vouched", "voted", "audited"])]
    pub(crate) level: String,
    /// Only for these projects, as in `numpy*`.
    #[arg(long, default_value = "*", value_name = "PATTERN", num_args = 1..)]
    pub(crate) projects: Vec<String>,
    #[command(flatten)]
    pub(crate) expiry: Expiry,
}

#[derive(Args)]
pub(crate) struct TrustAuthor {
    /// The author's key (name, file, or OpenSSH line), a publisher identity such as `github:psf/requests`, or an
    /// electorate whose votes count, as `electorate:ID`.
    pub(crate) author: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// For these projects, as in `numpy*`.
    #[arg(long, required = true, value_name = "PATTERN", num_args = 1..)]
    pub(crate) projects: Vec<String>,
    #[command(flatten)]
    pub(crate) expiry: Expiry,
}

#[derive(Args)]
pub(crate) struct RevokeKey {
    /// The key that is lost: its name, file, or OpenSSH line.
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// Stolen: nothing it ever signed counts.
    #[arg(long, conflicts_with = "soft", required_unless_present = "soft")]
    pub(crate) hard: bool,
    /// Retired: what it signed before, and was seen in time, still counts.
    #[arg(long)]
    pub(crate) soft: bool,
    /// Since when it is not to be trusted; now otherwise.
    #[arg(long, value_name = "WHEN")]
    pub(crate) from: Option<String>,
}

#[derive(Args)]
pub(crate) struct Withdraw {
    /// The statement's id, or enough of its first digits.
    pub(crate) statement: String,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// `covouch policy …`
#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Print the policy that would be used, and where it comes from.
    Show,
    /// Check a policy for errors and for what looks unintended.
    Check,
    /// Print the JSON Schema of `covouch.toml`.
    Schema,
    /// Say which sets of parties admit, how the policy would fall, and whether a claim about it holds.
    Analyze(Analyze),
    /// Say what an edit of a policy newly admits.
    Diff(PolicyDiff),
}

#[derive(Args)]
pub(crate) struct Analyze {
    /// What should always hold, as in `pypi and at least 2 of (a, b, c)`; exits with 3 when it does not.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) claim: Option<String>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct PolicyDiff {
    /// The policy before.
    pub(crate) old: PathBuf,
    /// The policy after.
    pub(crate) new: PathBuf,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
