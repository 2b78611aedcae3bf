//! The count for programs; versioned.

use covouch_core::{key::PublicKey, level::Level, subject::Subject, time::Timestamp};
use covouch_graph::tally::{Aside, Cast, Needs, Tally, Voices};
use serde::Serialize;

use super::Tallied;
use crate::failure::Failure;

#[derive(Serialize)]
struct Answer {
    schema: u8,
    as_of: String,
    electorate: Electorate,
    files: Vec<File>,
}

#[derive(Serialize)]
struct Electorate {
    id: String,
    name: String,
    version: u32,
}

#[derive(Serialize)]
struct File {
    project: String,
    version: String,
    filename: String,
    sha256: String,
    outcome: &'static str,
    code: Option<&'static str>,
    level: Option<String>,
    /// In 600ths of a voice.
    voices: Count,
    needs: Rule,
    ballots: Vec<Ballot>,
    unknown: Vec<Unknown>,
    may_change_at: Option<String>,
}

#[derive(Serialize)]
struct Count {
    approving: u32,
    objecting: u32,
    taking_part: u32,
}

/// All but `members` in 600ths of a voice.
#[derive(Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
enum Rule {
    Committee { approvals: u32, objections: u32, of: u32 },
    Community { clusters: u32, quorum: u32, members: u32 },
}

#[derive(Serialize)]
struct Ballot {
    id: String,
    voter: String,
    sequence: u64,
    choice: &'static str,
    issued: String,
    counted: bool,
    code: Option<&'static str>,
    detail: Option<String>,
}

#[derive(Serialize)]
struct Unknown {
    voter: String,
    code: &'static str,
    detail: String,
}

pub(super) fn render(tallied: &Tallied<'_>, as_of: Timestamp) -> Result<String, Failure> {
    let electorate = tallied.succession.electorate;
    let answer = Answer {
        schema: 1,
        as_of: as_of.to_string(),
        electorate: Electorate {
            id: electorate.electorate().to_string(),
            name: electorate.terms().name.to_string(),
            version: electorate.version(),
        },
        files: tallied.files.iter().map(|(subject, tally)| File::of(subject, tally)).collect(),
    };
    serde_json::to_string_pretty(&answer).map_err(|error| Failure::new("internal", error.to_string()))
}

impl File {
    fn of(subject: &Subject, tally: &Tally) -> Self {
        Self {
            project: subject.project.to_string(),
            version: subject.version.to_string(),
            filename: subject.filename.to_string(),
            sha256: subject.sha256.to_string(),
            outcome: tally.outcome.as_str(),
            code: tally.outcome.code().map(covouch_core::code::Code::as_str),
            level: tally.level().as_ref().map(Level::to_string),
            voices: Count {
                approving: tally.count.approving.units(),
                objecting: tally.count.objecting.units(),
                taking_part: tally.count.taking_part.units(),
            },
            needs: Rule::of(tally.needs),
            ballots: tally.ballots.iter().map(Ballot::of).collect(),
            unknown: tally.unknown.iter().map(Unknown::of).collect(),
            may_change_at: tally.next_change.as_ref().map(Timestamp::to_string),
        }
    }
}

impl Rule {
    fn of(needs: Needs) -> Self {
        let units = Voices::units;
        match needs {
            Needs::Committee { approvals, objections, of } => {
                Self::Committee { approvals: units(approvals), objections: units(objections), of: units(of) }
            }
            Needs::Community { clusters, quorum, members } => {
                Self::Community { clusters: units(clusters), quorum: units(quorum), members }
            }
        }
    }
}

impl Ballot {
    fn of(cast: &Cast) -> Self {
        Self {
            id: cast.ballot.to_string(),
            voter: cast.voter.to_string(),
            sequence: cast.sequence,
            choice: cast.choice.as_str(),
            issued: cast.issued.to_string(),
            counted: cast.aside.is_none(),
            code: cast.aside.map(|aside| aside.code().as_str()),
            detail: cast.aside.as_ref().map(Aside::to_string),
        }
    }
}

impl Unknown {
    fn of((voter, aside): (&PublicKey, &Aside)) -> Self {
        Self { voter: voter.to_string(), code: aside.code().as_str(), detail: aside.to_string() }
    }
}
