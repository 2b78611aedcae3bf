//! Claims about files: in-toto Statement v1.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{
    PayloadError,
    field::{self, digest, electorate_id, exact, link, moment, note, statement_id, validity},
};
use crate::{
    digest::Sha256,
    level::Level,
    limits,
    name::ProjectName,
    statement::{
        Ballot, BallotPlace, Choice, Claim, Files, FilesError, Link, Reading, Release, Reviewer, Statement,
        Veto, VetoReason, Vouch, VouchLevel, Waiver,
    },
    subject::FileName,
    time::{Timestamp, Validity},
    version::Version,
};

/// The in-toto attestation framework's type identifier of Statement v1.
pub(super) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const VOUCH: &str = "urn:covouch:vouch:v1";
const VETO: &str = "urn:covouch:veto:v1";
const WAIVER: &str = "urn:covouch:waiver:v1";
const RELEASE: &str = "urn:covouch:release:v1";
const BALLOT: &str = "urn:covouch:ballot:v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InToto<P> {
    #[serde(rename = "_type")]
    pub(super) statement_type: String,
    pub(super) subject: Vec<ResourceDescriptor>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: String,
    pub(super) predicate: P,
}

/// Just enough to know which predicate to read.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceDescriptor {
    pub(super) name: String,
    pub(super) digest: DigestSet,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigestSet {
    pub(super) sha256: String,
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
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BallotPredicate {
    statement: Common,
    choice: String,
    electorate: String,
    electorate_version: u32,
    ballot: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_ballot: Option<String>,
}

/// Reads a claim about files.
pub(super) fn read(payload: &[u8]) -> Result<Statement, PayloadError> {
    let kind: Kind = field::json(payload)?;
    match kind.predicate_type.as_str() {
        VOUCH => {
            let wire: InToto<VouchPredicate> = field::json(payload)?;
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
            let wire: InToto<VetoPredicate> = field::json(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            let reason = VetoReason::parse(&wire.predicate.reason)
                .ok_or_else(|| PayloadError::field("reason", "not a reason of the list"))?;
            let reference = note("reference", wire.predicate.reference)?;
            Ok(Statement { link, issued, claim: Claim::Veto(Veto { files, validity, reason, reference }) })
        }
        WAIVER => {
            let wire: InToto<WaiverPredicate> = field::json(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            let reason = note("reason", wire.predicate.reason)?;
            Ok(Statement { link, issued, claim: Claim::Waiver(Waiver { files, validity, reason }) })
        }
        RELEASE => {
            let wire: InToto<ReleasePredicate> = field::json(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            Ok(Statement { link, issued, claim: Claim::Release(Release { files, validity }) })
        }
        BALLOT => {
            let wire: InToto<BallotPredicate> = field::json(payload)?;
            let (link, issued, files, validity) = wire.parts(&wire.predicate.statement)?;
            Ok(Statement { link, issued, claim: Claim::Ballot(ballot(&wire.predicate, files, validity)?) })
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

fn ballot(wire: &BallotPredicate, files: Files, validity: Validity) -> Result<Ballot, PayloadError> {
    Ok(Ballot {
        files,
        validity,
        choice: Choice::parse(&wire.choice)
            .ok_or_else(|| PayloadError::field("choice", "not a choice of the list"))?,
        electorate: electorate_id("electorate", &wire.electorate)?,
        version: NonZeroU32::new(wire.electorate_version)
            .ok_or_else(|| PayloadError::field("electorate-version", "versions count from 1"))?
            .get(),
        place: ballot_place(wire.ballot, wire.previous_ballot.as_deref())?,
    })
}

fn ballot_place(sequence: u64, previous: Option<&str>) -> Result<BallotPlace, PayloadError> {
    let previous = previous.map(|id| statement_id("previous-ballot", id)).transpose()?;
    match (sequence, previous) {
        (0, _) => Err(PayloadError::field("ballot", "ballots count from 1")),
        (1, Some(_)) | (2.., None) => Err(PayloadError::field(
            "previous-ballot",
            "the first ballot, and only the first, has none before it",
        )),
        (sequence, previous) => Ok(BallotPlace { sequence, previous }),
    }
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

/// Writes a claim about files; nothing for a claim about who, which nobody would read back.
pub(super) fn write(statement: &Statement) -> Vec<u8> {
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
        Claim::Ballot(ballot) => {
            let predicate = BallotPredicate {
                statement: common(statement, &ballot.files, ballot.validity),
                choice: ballot.choice.as_str().into(),
                electorate: ballot.electorate.to_string(),
                electorate_version: ballot.version,
                ballot: ballot.place.sequence,
                previous_ballot: ballot.place.previous.map(|id| id.to_string()),
            };
            write_files(BALLOT, &ballot.files, predicate)
        }
        Claim::Delegation(_)
        | Claim::Author(_)
        | Claim::Withdrawal(_)
        | Claim::Electorate(_)
        | Claim::Strike(_) => Vec::new(),
    }
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

fn write_files<P: Serialize>(kind: &str, files: &Files, predicate: P) -> Vec<u8> {
    field::write_json(&in_toto(kind, files.iter(), predicate))
}

/// How a payload begins, up to its predicate.
pub(super) fn opening(kind: &str, files: &[(FileName, Sha256)]) -> String {
    let without = field::write_json(&in_toto(kind, files, ()));
    // The predicate stands last, and nothing is `null` in JSON.
    String::from_utf8_lossy(&without).trim_end_matches("null}").to_owned()
}

fn in_toto<P>(kind: &str, files: &[(FileName, Sha256)], predicate: P) -> InToto<P> {
    let subject = files.iter().map(|(filename, sha256)| ResourceDescriptor {
        name: filename.to_string(),
        digest: DigestSet { sha256: sha256.to_string() },
    });
    InToto {
        statement_type: STATEMENT_TYPE.into(),
        subject: subject.collect(),
        predicate_type: kind.into(),
        predicate,
    }
}

fn write_reading(reading: &Reading) -> WireReading {
    match reading {
        Reading::Metadata => WireReading::Metadata {},
        Reading::Diff(from) => WireReading::Diff { from: from.to_string() },
        Reading::FullSource => WireReading::FullSource {},
        Reading::Built => WireReading::Built {},
    }
}
