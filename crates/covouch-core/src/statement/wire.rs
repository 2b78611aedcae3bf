//! The JSON inside envelopes: in-toto Statement v1 for claims about files, our own payload for claims about who.
//!
//! Unknown fields are errors: a reader that skips what it does not know would act on half a statement.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Author, AuthorGrant, Claim, Delegation, Files, FilesError, Head, Link, Reading, Release, Reviewer,
    Severity, Statement, StatementId, Veto, VetoReason, Vouch, VouchLevel, Waiver, Withdrawal,
    envelope::{IN_TOTO, TRUST},
};
use crate::{
    amount::Amount,
    digest::Sha256,
    json,
    key::PublicKey,
    level::Level,
    limits,
    name::{ProjectName, ProjectPattern},
    shown::Shown,
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};

/// The in-toto attestation framework's type identifier of Statement v1.
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const VOUCH: &str = "urn:covouch:vouch:v1";
const VETO: &str = "urn:covouch:veto:v1";
const WAIVER: &str = "urn:covouch:waiver:v1";
const RELEASE: &str = "urn:covouch:release:v1";

/// Why a payload is not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// A payload of a type we do not read.
    #[error("payload type `{0}` is not one we read")]
    Type(String),
    /// Not the JSON of such a payload.
    #[error("not a statement: {0}")]
    Json(String),
    /// A field whose value is not what it should be.
    #[error("`{field}`: {reason}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The list of files.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl PayloadError {
    pub(super) const fn is_too_many_files(&self) -> bool {
        matches!(self, Self::Files(FilesError::TooMany(_)))
    }

    fn field(field: &'static str, reason: impl ToString) -> Self {
        Self::Field { field, reason: Shown::new(&reason.to_string()).to_string() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InToto<P> {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<ResourceDescriptor>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: P,
}

/// Just enough to know which predicate to read.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceDescriptor {
    name: String,
    digest: DigestSet,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestSet {
    sha256: String,
}

/// What every predicate about files says.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    project: String,
    version: String,
    issued: String,
    expires: String,
    sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

// serde cannot combine `flatten` with `deny_unknown_fields`, so what every predicate says is nested.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VouchPredicate {
    statement: Common,
    level: String,
    read: Vec<WireReading>,
    reviewer: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    notes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
enum WireReading {
    // With braces: serde skips unknown fields beside a tag that stands alone, whatever it is told.
    Metadata {},
    Diff { from: String },
    FullSource {},
    Built {},
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VetoPredicate {
    statement: Common,
    reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverPredicate {
    statement: Common,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleasePredicate {
    statement: Common,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
enum Trust {
    Delegation {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        not_before: String,
        expires: String,
        to: String,
        depth: u8,
        amount: u8,
        level: String,
        projects: Vec<String>,
    },
    Author {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        not_before: String,
        expires: String,
        author: WireAuthor,
        projects: Vec<String>,
    },
    Withdrawal {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        of: WireWithdrawn,
    },
    Head {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireAuthor {
    Key(String),
    Publisher(String),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
enum WireWithdrawn {
    Statement { id: String },
    Key { key: String, from: String, severity: WireSeverity },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireSeverity {
    Hard,
    Soft,
}

/// Reads a statement of either payload type.
pub(super) fn statement(payload_type: &str, payload: &[u8]) -> Result<Statement, PayloadError> {
    match payload_type {
        IN_TOTO => about_files(payload),
        TRUST => about_who(payload),
        other => Err(PayloadError::Type(Shown::new(other).to_string())),
    }
}

/// Reads the head of a chain.
pub(super) fn head(payload_type: &str, payload: &[u8]) -> Result<Head, PayloadError> {
    if payload_type != TRUST {
        return Err(PayloadError::Type(Shown::new(payload_type).to_string()));
    }
    let Trust::Head { issued, sequence, statement } = read(payload)? else {
        return Err(PayloadError::field("kind", "not the head of a chain"));
    };
    let newest = match (sequence, statement) {
        (0, None) => None,
        (1.., Some(id)) => Some((sequence, statement_id("statement", &id)?)),
        _ => {
            return Err(PayloadError::field(
                "statement",
                "only the head before the first statement has none",
            ));
        }
    };
    Ok(Head { newest, issued: moment("issued", &issued)? })
}

fn read<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, PayloadError> {
    json::read(payload).map_err(|error| PayloadError::Json(Shown::new(&error.to_string()).to_string()))
}

fn about_files(payload: &[u8]) -> Result<Statement, PayloadError> {
    let kind: Kind = read(payload)?;
    match kind.predicate_type.as_str() {
        VOUCH => {
            let wire: InToto<VouchPredicate> = read(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            let claim = Claim::Vouch(Vouch {
                files,
                validity,
                level: vouch_level(&wire.predicate.level)?,
                read: wire.predicate.read.iter().map(reading).collect::<Result<_, _>>()?,
                reviewer: reviewer(&wire.predicate.reviewer)?,
                notes: note("notes", wire.predicate.notes)?,
            });
            Ok(Statement { link, issued, claim })
        }
        VETO => {
            let wire: InToto<VetoPredicate> = read(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            let reason = VetoReason::parse(&wire.predicate.reason)
                .ok_or_else(|| PayloadError::field("reason", "not a reason of the list"))?;
            let reference = note("reference", wire.predicate.reference)?;
            Ok(Statement { link, issued, claim: Claim::Veto(Veto { files, validity, reason, reference }) })
        }
        WAIVER => {
            let wire: InToto<WaiverPredicate> = read(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            let reason = note("reason", wire.predicate.reason)?;
            Ok(Statement { link, issued, claim: Claim::Waiver(Waiver { files, validity, reason }) })
        }
        RELEASE => {
            let wire: InToto<ReleasePredicate> = read(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            Ok(Statement { link, issued, claim: Claim::Release(Release { files, validity }) })
        }
        other => Err(PayloadError::field("predicateType", format_args!("`{other}` is not one we read"))),
    }
}

impl<P> InToto<P> {
    fn parts(&self, common: &Common) -> Result<(Link, Timestamp, Files, Validity), PayloadError> {
        if self.statement_type != STATEMENT_TYPE {
            return Err(PayloadError::field("_type", "not an in-toto Statement v1"));
        }
        if self.subject.len() > limits::SUBJECTS {
            return Err(FilesError::TooMany(self.subject.len()).into());
        }
        let project = exact("project", &common.project, ProjectName::parse(&common.project))?;
        let version = exact("version", &common.version, Version::parse(&common.version))?;
        let mut files = Vec::with_capacity(self.subject.len());
        for descriptor in &self.subject {
            let filename =
                FileName::parse(&descriptor.name).map_err(|error| PayloadError::field("subject", error))?;
            files.push((filename, digest("sha256", &descriptor.digest.sha256)?));
        }
        let issued = moment("issued", &common.issued)?;
        let validity = validity(&common.issued, &common.expires)?;
        let link = link(common.sequence, common.previous.as_deref())?;
        Ok((link, issued, Files::new(project, version, files)?, validity))
    }
}

fn about_who(payload: &[u8]) -> Result<Statement, PayloadError> {
    match read(payload)? {
        Trust::Delegation {
            issued,
            sequence,
            previous,
            not_before,
            expires,
            to,
            depth,
            amount,
            level,
            projects,
        } => {
            let delegation = Delegation {
                to: public_key("to", &to)?,
                depth,
                amount: Amount::from_percent(amount)
                    .ok_or_else(|| PayloadError::field("amount", "not a percentage from 1 to 100"))?,
                level: Level::parse(&level).ok_or_else(|| PayloadError::field("level", "not a level"))?,
                projects: patterns(&projects)?,
                validity: validity(&not_before, &expires)?,
            };
            assemble(&issued, sequence, previous.as_deref(), Claim::Delegation(delegation))
        }
        Trust::Author { issued, sequence, previous, not_before, expires, author, projects } => {
            let author = match author {
                WireAuthor::Key(key) => Author::Key(public_key("key", &key)?),
                WireAuthor::Publisher(name) => Author::Publisher(note("publisher", name)?),
            };
            let projects = patterns(&projects)?;
            let grant = AuthorGrant { author, projects, validity: validity(&not_before, &expires)? };
            assemble(&issued, sequence, previous.as_deref(), Claim::Author(grant))
        }
        Trust::Withdrawal { issued, sequence, previous, of } => {
            let withdrawal = match of {
                WireWithdrawn::Statement { id } => Withdrawal::Statement(statement_id("id", &id)?),
                WireWithdrawn::Key { key, from, severity } => Withdrawal::Key {
                    key: public_key("key", &key)?,
                    from: moment("from", &from)?,
                    severity: match severity {
                        WireSeverity::Hard => Severity::Hard,
                        WireSeverity::Soft => Severity::Soft,
                    },
                },
            };
            assemble(&issued, sequence, previous.as_deref(), Claim::Withdrawal(withdrawal))
        }
        Trust::Head { .. } => Err(PayloadError::field("kind", "the head of a chain is not a statement")),
    }
}

fn assemble(
    issued: &str,
    sequence: u64,
    previous: Option<&str>,
    claim: Claim,
) -> Result<Statement, PayloadError> {
    Ok(Statement { link: link(sequence, previous)?, issued: moment("issued", issued)?, claim })
}

/// One value has one spelling inside a signature: what prints differently from what was written is refused.
fn exact<T: ToString, E: ToString>(
    field: &'static str,
    written: &str,
    parsed: Result<T, E>,
) -> Result<T, PayloadError> {
    let value = parsed.map_err(|error| PayloadError::field(field, error))?;
    if value.to_string() == written {
        Ok(value)
    } else {
        Err(PayloadError::field(field, format_args!("write it as `{}`", value.to_string())))
    }
}

fn moment(field: &'static str, text: &str) -> Result<Timestamp, PayloadError> {
    exact(field, text, Timestamp::parse(text))
}

fn digest(field: &'static str, text: &str) -> Result<Sha256, PayloadError> {
    exact(field, text, Sha256::parse(text))
}

fn statement_id(field: &'static str, text: &str) -> Result<StatementId, PayloadError> {
    digest(field, text).map(StatementId)
}

fn public_key(field: &'static str, text: &str) -> Result<PublicKey, PayloadError> {
    exact(field, text, PublicKey::parse(text).map(|(key, _)| key))
}

fn validity(from: &str, expires: &str) -> Result<Validity, PayloadError> {
    let (from, expires) = (moment("issued", from)?, moment("expires", expires)?);
    let validity = Validity::new(from, expires)
        .ok_or_else(|| PayloadError::field("expires", "it is not after the start"))?;
    if from.until(expires) > Duration::from_seconds(limits::VALIDITY_SECONDS.unsigned_abs()) {
        return Err(PayloadError::field("expires", "more than five years after the start"));
    }
    Ok(validity)
}

fn link(sequence: u64, previous: Option<&str>) -> Result<Link, PayloadError> {
    let previous = previous.map(|id| statement_id("previous", id)).transpose()?;
    match (sequence, previous) {
        (0, _) => Err(PayloadError::field("sequence", "a chain starts at 1")),
        (1, Some(_)) => Err(PayloadError::field("previous", "the first statement has none before it")),
        (2.., None) => Err(PayloadError::field("previous", "only the first statement has none before it")),
        (sequence, previous) => Ok(Link { sequence, previous }),
    }
}

fn patterns(texts: &[String]) -> Result<Vec<ProjectPattern>, PayloadError> {
    if texts.is_empty() || texts.len() > limits::SUBJECTS {
        return Err(PayloadError::field("projects", "between 1 and 4096 patterns are needed"));
    }
    texts.iter().map(|text| exact("projects", text, ProjectPattern::parse(text))).collect()
}

fn note(field: &'static str, text: String) -> Result<Arc<str>, PayloadError> {
    if text.len() > limits::NOTE_BYTES {
        return Err(PayloadError::field(field, format_args!("longer than {} bytes", limits::NOTE_BYTES)));
    }
    Ok(text.into())
}

fn vouch_level(text: &str) -> Result<VouchLevel, PayloadError> {
    match text {
        "vouched" => Ok(VouchLevel::Vouched),
        "audited" => Ok(VouchLevel::Audited),
        _ => Err(PayloadError::field("level", "a signed vouch says `vouched` or `audited`")),
    }
}

fn reviewer(text: &str) -> Result<Reviewer, PayloadError> {
    match text {
        "hand" => Ok(Reviewer::Hand),
        "machine" => Ok(Reviewer::Machine),
        _ => Err(PayloadError::field("reviewer", "it is `hand` or `machine`")),
    }
}

fn reading(wire: &WireReading) -> Result<Reading, PayloadError> {
    Ok(match wire {
        WireReading::Metadata {} => Reading::Metadata,
        WireReading::Diff { from } => Reading::Diff(digest("from", from)?),
        WireReading::FullSource {} => Reading::FullSource,
        WireReading::Built {} => Reading::Built,
    })
}

/// Writes a statement: its payload type and payload.
pub(super) fn write_statement(statement: &Statement) -> (&'static str, Vec<u8>) {
    match &statement.claim {
        Claim::Vouch(vouch) => {
            let predicate = VouchPredicate {
                statement: common(statement, &vouch.files, vouch.validity),
                level: Level::from(vouch.level).to_string(),
                read: vouch.read.iter().map(write_reading).collect(),
                reviewer: match vouch.reviewer {
                    Reviewer::Hand => "hand".into(),
                    Reviewer::Machine => "machine".into(),
                },
                notes: vouch.notes.to_string(),
            };
            write_files(VOUCH, &vouch.files, predicate)
        }
        Claim::Veto(veto) => {
            let predicate = VetoPredicate {
                statement: common(statement, &veto.files, veto.validity),
                reason: veto.reason.as_str().into(),
                reference: veto.reference.to_string(),
            };
            write_files(VETO, &veto.files, predicate)
        }
        Claim::Waiver(waiver) => {
            let statement = common(statement, &waiver.files, waiver.validity);
            let predicate = WaiverPredicate { statement, reason: waiver.reason.to_string() };
            write_files(WAIVER, &waiver.files, predicate)
        }
        Claim::Release(release) => {
            let statement = common(statement, &release.files, release.validity);
            write_files(RELEASE, &release.files, ReleasePredicate { statement })
        }
        Claim::Delegation(_) | Claim::Author(_) | Claim::Withdrawal(_) => (TRUST, write(&trust(statement))),
    }
}

/// Writes the head of a chain: its payload type and payload.
pub(super) fn write_head(head: &Head) -> (&'static str, Vec<u8>) {
    let wire = Trust::Head {
        issued: head.issued.to_string(),
        sequence: head.newest.map_or(0, |(sequence, _)| sequence),
        statement: head.newest.map(|(_, id)| id.to_string()),
    };
    (TRUST, write(&wire))
}

fn write<T: Serialize>(wire: &T) -> Vec<u8> {
    // Our wire types are plain structs of text and numbers: serialising them into memory cannot fail, and an
    // empty payload would not get past `verify`.
    serde_json::to_vec(wire).unwrap_or_default()
}

fn common(statement: &Statement, files: &Files, validity: Validity) -> Common {
    Common {
        project: files.project().to_string(),
        version: files.version().to_string(),
        issued: statement.issued.to_string(),
        expires: validity.not_after().to_string(),
        sequence: statement.link.sequence,
        previous: statement.link.previous.map(|id| id.to_string()),
    }
}

fn write_files<P: Serialize>(kind: &str, files: &Files, predicate: P) -> (&'static str, Vec<u8>) {
    let subject = files.iter().iter().map(|(filename, sha256)| ResourceDescriptor {
        name: filename.to_string(),
        digest: DigestSet { sha256: sha256.to_string() },
    });
    let wire = InToto {
        statement_type: STATEMENT_TYPE.into(),
        subject: subject.collect(),
        predicate_type: kind.into(),
        predicate,
    };
    (IN_TOTO, write(&wire))
}

fn write_reading(reading: &Reading) -> WireReading {
    match reading {
        Reading::Metadata => WireReading::Metadata {},
        Reading::Diff(from) => WireReading::Diff { from: from.to_string() },
        Reading::FullSource => WireReading::FullSource {},
        Reading::Built => WireReading::Built {},
    }
}

fn trust(statement: &Statement) -> Option<Trust> {
    let issued = statement.issued.to_string();
    let sequence = statement.link.sequence;
    let previous = statement.link.previous.map(|id| id.to_string());
    let texts = |patterns: &[ProjectPattern]| patterns.iter().map(ToString::to_string).collect();
    Some(match &statement.claim {
        Claim::Delegation(delegation) => Trust::Delegation {
            issued,
            sequence,
            previous,
            not_before: delegation.validity.not_before().to_string(),
            expires: delegation.validity.not_after().to_string(),
            to: delegation.to.to_string(),
            depth: delegation.depth,
            amount: u8::try_from(delegation.amount.units() / 6).unwrap_or_default(),
            level: delegation.level.to_string(),
            projects: texts(&delegation.projects),
        },
        Claim::Author(grant) => Trust::Author {
            issued,
            sequence,
            previous,
            not_before: grant.validity.not_before().to_string(),
            expires: grant.validity.not_after().to_string(),
            author: match &grant.author {
                Author::Key(key) => WireAuthor::Key(key.to_string()),
                Author::Publisher(name) => WireAuthor::Publisher(name.to_string()),
            },
            projects: texts(&grant.projects),
        },
        Claim::Withdrawal(withdrawal) => {
            Trust::Withdrawal { issued, sequence, previous, of: write_withdrawn(withdrawal) }
        }
        Claim::Vouch(_) | Claim::Veto(_) | Claim::Waiver(_) | Claim::Release(_) => return None,
    })
}

fn write_withdrawn(withdrawal: &Withdrawal) -> WireWithdrawn {
    match withdrawal {
        Withdrawal::Statement(id) => WireWithdrawn::Statement { id: id.to_string() },
        Withdrawal::Key { key, from, severity } => WireWithdrawn::Key {
            key: key.to_string(),
            from: from.to_string(),
            severity: match severity {
                Severity::Hard => WireSeverity::Hard,
                Severity::Soft => WireSeverity::Soft,
            },
        },
    }
}
