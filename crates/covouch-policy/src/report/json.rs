//! Reports on the wire: JSON that carries a version and is a promise.

use covouch_core::statement::{Author, VetoReason};
use covouch_graph::{Certification, Chain};
use schemars::JsonSchema;
use serde::Serialize;

use super::{FileReport, PartyReport, Totals};
use crate::program::Mode;

/// The version of this form.
pub const SCHEMA: u32 = 1;

/// A report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "covouch report", inline)]
pub struct Report {
    /// The version of this form: 1.
    schema: u32,
    /// The moment for which it holds, RFC 3339 in UTC.
    as_of: String,
    /// The policies that judged, the base policy first.
    policy: Vec<PolicyRef>,
    /// The files, in the order in which they were given.
    files: Vec<File>,
    /// How many files of each verdict.
    totals: Sums,
}

/// A policy that judged.
#[derive(Debug, Serialize, JsonSchema)]
struct PolicyRef {
    /// The path or address it was read from.
    name: String,
    /// `enforce` or `monitor`.
    mode: &'static str,
}

/// The verdict on one file.
#[derive(Debug, Serialize, JsonSchema)]
struct File {
    /// The file.
    subject: Subject,
    /// `admitted`, `waived`, `monitored`, `undecided` or `refused`.
    verdict: &'static str,
    /// The verdict's stable code.
    code: &'static str,
    /// The verdict in one clause; its wording may change.
    reason: String,
    /// What parties say, policy by policy.
    parties: Vec<Party>,
    /// What was found beside what parties say.
    findings: Vec<Finding>,
    /// Who or what could still supply what is missing.
    missing: Vec<String>,
    /// Until when the verdict holds; null when nothing known will change it.
    until: Option<String>,
    /// What to type.
    suggest: Vec<String>,
}

/// A file.
#[derive(Debug, Serialize, JsonSchema)]
struct Subject {
    /// The project's normalised name.
    project: String,
    /// The version.
    version: String,
    /// The file's name.
    filename: String,
    /// The digest of its bytes, 64 hexadecimal digits.
    sha256: String,
}

/// What one party says.
#[derive(Debug, Serialize, JsonSchema)]
struct Party {
    /// The policy that names it.
    policy: String,
    /// Its name there.
    name: String,
    /// The highest level at which it says anything.
    level: Option<&'static str>,
    /// How much, counted alone, in percent.
    amount: String,
    /// How much when nothing is counted twice, in percent.
    independent: String,
    /// How its trust reaches the file.
    chains: Vec<Link>,
    /// Why it says not to install the file; null when it does not say so.
    veto: Option<&'static str>,
}

/// Something found beside what parties say.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    /// Whether it speaks for the file.
    speaks_for: bool,
    /// What was found, such as `derived from six-1.17.0.tar.gz`.
    clause: String,
}

impl From<&crate::reasons::Found> for Finding {
    fn from(found: &crate::reasons::Found) -> Self {
        Self { speaks_for: found.speaks_for, clause: found.clause.clone() }
    }
}

/// One chain of trust.
#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    /// The smallest level on the way.
    level: &'static str,
    /// How much flows, in percent.
    amount: String,
    /// Key ids, the party's root key first; empty for an index.
    keys: Vec<String>,
    /// Ids of the delegations from each key to the next.
    delegations: Vec<String>,
    /// What it ends in: a statement's id, or what an index shows.
    end: End,
}

/// What a chain ends in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum End {
    /// The id of a vouch.
    Vouch(String),
    /// An author's release.
    Author {
        /// A key id, or a publisher.
        author: String,
        /// The id of the statement that names the author.
        grant: String,
        /// The id of the author's release.
        release: String,
    },
    /// Somebody without a key here, whom the last key names and who stands behind the file.
    Identity {
        /// A publisher, or an electorate.
        author: String,
        /// The id of the statement that names them.
        grant: String,
        /// What shows that they stand behind it.
        finding: String,
    },
    /// What an index shows.
    Finding(String),
}

/// How many files of each verdict.
#[derive(Debug, Serialize, JsonSchema)]
struct Sums {
    admitted: usize,
    waived: usize,
    monitored: usize,
    undecided: usize,
    refused: usize,
}

impl From<&super::Report> for Report {
    fn from(report: &super::Report) -> Self {
        let mode = |mode| match mode {
            Mode::Enforce => "enforce",
            Mode::Monitor => "monitor",
        };
        let policy =
            report.policies.iter().map(|(name, of)| PolicyRef { name: name.to_string(), mode: mode(*of) });
        Self {
            schema: SCHEMA,
            as_of: report.as_of.to_string(),
            policy: policy.collect(),
            files: report.files.iter().map(File::from).collect(),
            totals: Sums::from(report.totals()),
        }
    }
}

impl From<&FileReport> for File {
    fn from(file: &FileReport) -> Self {
        Self {
            subject: Subject {
                project: file.subject.project.to_string(),
                version: file.subject.version.to_string(),
                filename: file.subject.filename.to_string(),
                sha256: file.subject.sha256.to_string(),
            },
            verdict: file.verdict.kind().as_str(),
            code: file.verdict.code().as_str(),
            reason: file.reason.clone(),
            parties: file.parties.iter().map(Party::from).collect(),
            findings: file.findings.iter().map(Finding::from).collect(),
            missing: file.missing.clone(),
            until: file.until.map(|moment| moment.to_string()),
            suggest: file.suggest.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&PartyReport> for Party {
    fn from(party: &PartyReport) -> Self {
        Self {
            policy: party.policy.to_string(),
            name: party.name.to_string(),
            level: party.level.map(covouch_core::level::Level::as_str),
            amount: party.amount.to_string(),
            independent: party.independent.to_string(),
            chains: party.chains.iter().map(Link::from).collect(),
            veto: party.veto.map(VetoReason::as_str),
        }
    }
}

impl From<&Chain> for Link {
    fn from(chain: &Chain) -> Self {
        Self {
            level: chain.level.as_str(),
            amount: chain.amount.to_string(),
            keys: chain.keys.iter().map(|key| key.id().to_string()).collect(),
            delegations: chain.delegations.iter().map(ToString::to_string).collect(),
            end: match &chain.end {
                Certification::Vouch(statement) => End::Vouch(statement.to_string()),
                Certification::Author { author, grant, release } => End::Author {
                    author: name(author),
                    grant: grant.to_string(),
                    release: release.to_string(),
                },
                Certification::Identity { author, grant, origin } => End::Identity {
                    author: name(author),
                    grant: grant.to_string(),
                    finding: origin.to_string(),
                },
                Certification::Finding(origin) => End::Finding(origin.to_string()),
            },
        }
    }
}

fn name(author: &Author) -> String {
    match author {
        Author::Key(key) => key.id().to_string(),
        Author::Publisher(publisher) => publisher.to_string(),
        Author::Electorate(id) => format!("electorate:{id}"),
    }
}

impl From<Totals> for Sums {
    fn from(totals: Totals) -> Self {
        let Totals { admitted, waived, monitored, undecided, refused } = totals;
        Self { admitted, waived, monitored, undecided, refused }
    }
}

/// The JSON Schema of [`Report`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
