//! The narrow profile: statements inline in a repository's lists.
//!
//! ```text
//! targets.json          custom of `feed/statements`: what is about no file: delegations, author grants, withdrawals
//! targets.json, or bin  custom of `requests`: every statement about files of the project `requests`
//! ```
//!
//! # Invariants
//! - A project is looked for under its normalised name, and in the one list that may name it.
//! - A statement is believed through `covouch_core::statement::verify` and nothing else; those of keys nobody leads to
//!   are set aside, not believed.
//!
//! # Not here
//! What a statement is worth: `covouch-graph`.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    name::ProjectName,
    statement::{Author, Claim, Envelope, Statement, Verified, VerifyError, verify},
};

use crate::{
    code,
    role::{Delegations, Hashes, Target, Targets},
    update::Trusted,
    value::Value,
};

/// The target that carries what is about no project. No project's name has a slash.
pub const FEED_WIDE: &str = "feed/statements";

/// Why a repository's statements cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementsError {
    /// The repository is none of statements.
    #[error("not a feed of statements: {0}")]
    Profile(&'static str),
    /// A statement in it cannot be believed.
    #[error("a statement in the feed: {0}")]
    Statement(#[from] VerifyError),
}

impl StatementsError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Profile(_) => code::PROFILE,
            Self::Statement(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Profile(_) => {
                Some(Hint::new("is this the address of a feed, and not of another TUF repository?"))
            }
            Self::Statement(error) => error.hint(),
        }
    }
}

/// Where a project's statements stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the top-level targets.
    Targets,
    /// In the bin of this name.
    Bin(String),
}

/// Where the statements about a project stand.
///
/// # Errors
/// [`StatementsError::Profile`] when the repository has roles other than bins.
pub fn place(trusted: &Trusted, project: &ProjectName) -> Result<Place, StatementsError> {
    match &trusted.targets().role().delegations {
        Delegations::None => Ok(Place::Targets),
        Delegations::Bins(bins) => Ok(Place::Bin(bins.role_of(project.as_str()))),
        Delegations::Listed(_) => Err(StatementsError::Profile("it has delegated roles that are no bins")),
    }
}

/// The envelopes in one target's `custom`. No such target is no envelopes: the list proves it.
///
/// # Errors
/// [`StatementsError`] when there is something else in their place.
pub fn envelopes(targets: &Targets, path: &str) -> Result<Vec<Envelope>, StatementsError> {
    let Some(target) = targets.targets.get(path) else { return Ok(Vec::new()) };
    list(target)?
        .iter()
        .map(|value| Ok(Envelope::parse(&value.to_json()).map_err(VerifyError::from)?))
        .collect()
}

fn list(target: &Target) -> Result<&[Value], StatementsError> {
    match &target.custom {
        Some(Value::Object(entries)) => match entries.get("statements") {
            Some(Value::List(statements)) => Ok(statements),
            _ => Err(StatementsError::Profile("a target has no `statements`")),
        },
        _ => Err(StatementsError::Profile("a target has no `custom`")),
    }
}

/// Adds envelopes to a target's `custom`, those that are not there yet; says how many.
pub(crate) fn add(
    targets: &mut Targets,
    path: &str,
    envelopes: &[Envelope],
) -> Result<usize, StatementsError> {
    let mut statements = match targets.targets.remove(path) {
        Some(target) => list(&target)?.to_vec(),
        None => Vec::new(),
    };
    let before = statements.len();
    for envelope in envelopes {
        // What our own envelope writes is JSON.
        let value = Value::parse(envelope.to_json().as_bytes()).unwrap_or(Value::Null);
        if !statements.contains(&value) {
            statements.push(value);
        }
    }
    let added = statements.len() - before;
    let custom = Some(Value::object([("statements", Value::List(statements))]));
    // The target itself is an empty file that nobody needs to fetch.
    let target = Target { length: 0, hashes: Hashes::of(b""), custom };
    targets.targets.insert(path.to_owned(), target);
    Ok(added)
}

/// Statements that are believed, and those of keys nobody led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Believed {
    /// Statements of the party's keys, and of keys these lead to.
    pub statements: Vec<Verified<Statement>>,
    /// Everybody else's. Whoever knows their keys may verify them: voters, for example.
    pub others: Vec<Envelope>,
}

/// Believes the statements of the feed's own keys, and of those that its delegations and author grants lead to.
///
/// # Errors
/// [`StatementsError`] for the first statement of one of these keys that is not what it says: half a feed is never
/// evidence.
pub fn believe(
    roots: &[PublicKey],
    feed_wide: Vec<Envelope>,
    about_projects: Vec<Envelope>,
) -> Result<Believed, StatementsError> {
    let mut by_key: BTreeMap<_, Vec<Envelope>> = BTreeMap::new();
    for envelope in feed_wide.into_iter().chain(about_projects) {
        by_key.entry(envelope.key()).or_default().push(envelope);
    }
    let mut wanted = roots.to_vec();
    let mut seen: BTreeSet<PublicKey> = BTreeSet::new();
    let mut believed = Believed::default();
    while let Some(key) = wanted.pop() {
        if !seen.insert(key) {
            continue;
        }
        for envelope in by_key.remove(&key.id()).unwrap_or_default() {
            let statement = verify(&envelope, &key)?;
            wanted.extend(leads_to(statement.value()));
            believed.statements.push(statement);
        }
    }
    believed.statements.sort_by_key(|statement| (*statement.issuer(), statement.value().link.sequence));
    believed.others = by_key.into_values().flatten().collect();
    Ok(believed)
}

/// The key a statement gives a voice.
#[must_use]
pub fn leads_to(statement: &Statement) -> Option<PublicKey> {
    match &statement.claim {
        Claim::Delegation(delegation) => Some(delegation.to),
        Claim::Author(grant) => match &grant.author {
            Author::Key(key) => Some(*key),
            _ => None,
        },
        _ => None,
    }
}
