//! Claims about who may speak: our own payload.

use serde::{Deserialize, Serialize};

use super::{
    PayloadError,
    electorate::Document,
    field::{self, electorate_id, exact, link, moment, note, patterns, public_key, statement_id, validity},
};
use crate::{
    amount::Amount,
    level::Level,
    name::{ProjectName, ProjectPattern},
    statement::{
        Author, AuthorGrant, BallotHead, Claim, Delegation, Head, Severity, Statement, Strike, Withdrawal,
    },
};

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
    Electorate {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        document: Box<Document>,
    },
    Strike {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        electorate: String,
        voter: String,
        reason: String,
    },
    Head {
        issued: String,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
    BallotHead {
        issued: String,
        electorate: String,
        project: String,
        ballot: u64,
        statement: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireAuthor {
    Key(String),
    Publisher(String),
    Electorate(String),
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

/// Reads the head of a chain.
pub(super) fn read_head(payload: &[u8]) -> Result<Head, PayloadError> {
    let Trust::Head { issued, sequence, statement } = field::json(payload)? else {
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

/// Reads the head of one voter's ballots.
pub(super) fn read_ballot_head(payload: &[u8]) -> Result<BallotHead, PayloadError> {
    let Trust::BallotHead { issued, electorate, project, ballot, statement } = field::json(payload)? else {
        return Err(PayloadError::field("kind", "not the head of a voter's ballots"));
    };
    if ballot == 0 {
        return Err(PayloadError::field("ballot", "ballots count from 1"));
    }
    Ok(BallotHead {
        electorate: electorate_id("electorate", &electorate)?,
        project: exact("project", &project, ProjectName::parse(&project))?,
        sequence: ballot,
        ballot: statement_id("statement", &statement)?,
        issued: moment("issued", &issued)?,
    })
}

/// Reads a claim about who.
pub(super) fn read(payload: &[u8]) -> Result<Statement, PayloadError> {
    match field::json(payload)? {
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
                WireAuthor::Electorate(id) => Author::Electorate(electorate_id("electorate", &id)?),
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
        Trust::Electorate { issued, sequence, previous, document } => {
            let claim = Claim::Electorate(Box::new(document.read()?));
            assemble(&issued, sequence, previous.as_deref(), claim)
        }
        Trust::Strike { issued, sequence, previous, electorate, voter, reason } => {
            let strike = Strike {
                electorate: electorate_id("electorate", &electorate)?,
                voter: public_key("voter", &voter)?,
                reason: note("reason", reason)?,
            };
            assemble(&issued, sequence, previous.as_deref(), Claim::Strike(strike))
        }
        Trust::Head { .. } | Trust::BallotHead { .. } => {
            Err(PayloadError::field("kind", "the head of a chain is not a statement"))
        }
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

/// Writes the head of one voter's ballots.
pub(super) fn write_ballot_head(head: &BallotHead) -> Vec<u8> {
    field::write_json(&Trust::BallotHead {
        issued: head.issued.to_string(),
        electorate: head.electorate.to_string(),
        project: head.project.to_string(),
        ballot: head.sequence,
        statement: head.ballot.to_string(),
    })
}

/// Writes the head of a chain.
pub(super) fn write_head(head: &Head) -> Vec<u8> {
    let wire = Trust::Head {
        issued: head.issued.to_string(),
        sequence: head.newest.map_or(0, |(sequence, _)| sequence),
        statement: head.newest.map(|(_, id)| id.to_string()),
    };
    field::write_json(&wire)
}

/// Writes a claim about who; nothing for a claim about files, which nobody would read back.
pub(super) fn write(statement: &Statement) -> Vec<u8> {
    trust(statement).map(|wire| field::write_json(&wire)).unwrap_or_default()
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
                Author::Electorate(id) => WireAuthor::Electorate(id.to_string()),
            },
            projects: texts(&grant.projects),
        },
        Claim::Withdrawal(withdrawal) => {
            Trust::Withdrawal { issued, sequence, previous, of: write_withdrawn(withdrawal) }
        }
        Claim::Electorate(electorate) => {
            let document = Box::new(Document::write(electorate.edition(), electorate.terms()));
            Trust::Electorate { issued, sequence, previous, document }
        }
        Claim::Strike(strike) => Trust::Strike {
            issued,
            sequence,
            previous,
            electorate: strike.electorate.to_string(),
            voter: strike.voter.to_string(),
            reason: strike.reason.to_string(),
        },
        Claim::Vouch(_) | Claim::Veto(_) | Claim::Waiver(_) | Claim::Release(_) | Claim::Ballot(_) => {
            return None;
        }
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
