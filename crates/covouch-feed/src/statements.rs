//! The narrow profile: statements inline in a repository's lists.
//!
//! ```text
//! targets.json          custom of `feed/statements`: what is about no file: delegations, author grants, withdrawals
//! targets.json, or bin  custom of `requests`: every statement about files of the project `requests`, and the heads of
//!                       voters' ballots on it
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

pub use covouch_core::statement::{Believed, leads_to};
use covouch_core::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    name::ProjectName,
    statement::{self, Envelope, Seen, VerifyError},
};

use crate::{
    code,
    role::{Delegations, Hashes, Signed, Target, Targets},
    update::Trusted,
    value::{Object, Value},
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
    parse(statements_of(target)?)
}

/// The heads of voters' ballots that stand beside a project's statements.
///
/// # Errors
/// [`StatementsError`] when there is something else in their place.
pub fn heads(targets: &Targets, project: &ProjectName) -> Result<Vec<Envelope>, StatementsError> {
    let Some(target) = targets.targets.get(project.as_str()) else { return Ok(Vec::new()) };
    parse(heads_of(target)?)
}

fn parse(values: &[Value<'_>]) -> Result<Vec<Envelope>, StatementsError> {
    let parse = |value: &Value<'_>| Ok(Envelope::parse(&value.to_json()).map_err(VerifyError::from)?);
    values.iter().map(parse).collect()
}

fn statements_of(target: &Target) -> Result<&[Value<'static>], StatementsError> {
    list(target, "statements")?.ok_or(StatementsError::Profile("a target has no `statements`"))
}

/// Most projects have none, and then nothing stands in their place.
fn heads_of(target: &Target) -> Result<&[Value<'static>], StatementsError> {
    Ok(list(target, "heads")?.unwrap_or_default())
}

fn list<'a>(target: &'a Target, name: &str) -> Result<Option<&'a [Value<'static>]>, StatementsError> {
    let Some(Value::Object(entries)) = &target.custom else {
        return Err(StatementsError::Profile("a target has no `custom`"));
    };
    match entries.get(name) {
        Some(Value::List(envelopes)) => Ok(Some(envelopes)),
        Some(_) => Err(StatementsError::Profile("a target has something else than a list of envelopes")),
        None => Ok(None),
    }
}

/// Adds statements and heads to a target's `custom`, those that are not there yet; says how many.
pub(crate) fn add(
    targets: &mut Targets,
    path: &str,
    statements: &[Envelope],
    heads: &[Envelope],
) -> Result<usize, StatementsError> {
    let (mut stated, mut headed) = match targets.targets.remove(path) {
        Some(target) => (statements_of(&target)?.to_vec(), heads_of(&target)?.to_vec()),
        None => (Vec::new(), Vec::new()),
    };
    let added = extend(&mut stated, statements) + extend(&mut headed, heads);
    let mut custom = Object::default();
    custom.insert("statements", Value::List(stated));
    if !headed.is_empty() {
        custom.insert("heads", Value::List(headed));
    }
    // The target itself is an empty file that nobody needs to fetch.
    let target = Target { length: 0, hashes: Hashes::of(b""), custom: Some(Value::Object(custom)) };
    targets.targets.insert(path.to_owned(), target);
    Ok(added)
}

fn extend(values: &mut Vec<Value<'static>>, envelopes: &[Envelope]) -> usize {
    let before = values.len();
    let mut known: BTreeSet<Vec<u8>> = values.iter().map(Value::to_json).collect();
    for envelope in envelopes {
        // What our own envelope writes is JSON.
        let json = envelope.to_json();
        let value = Value::parse(json.as_bytes()).map_or(Value::Null, |value| value.to_static());
        if known.insert(value.to_json()) {
            values.push(value);
        }
    }
    values.len() - before
}

/// What lists have about projects, believed by nobody yet.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Statements about files of the projects.
    pub statements: Vec<Envelope>,
    /// Heads of voters' ballots on them.
    pub heads: Vec<Envelope>,
}

impl About {
    /// Takes what a list has about a project.
    ///
    /// # Errors
    /// [`StatementsError`] when there is something else in its place.
    pub fn add(&mut self, list: &Targets, project: &ProjectName) -> Result<(), StatementsError> {
        self.statements.extend(envelopes(list, project.as_str())?);
        self.heads.extend(heads(list, project)?);
        Ok(())
    }
}

/// What there is about these projects, and the projects whose list could not be had. `lists` are the bins by name.
///
/// # Errors
/// [`StatementsError`] when the repository is none of statements.
pub fn about(
    trusted: &Trusted,
    lists: &BTreeMap<String, Option<Signed<Targets>>>,
    projects: &[ProjectName],
) -> Result<(About, Vec<ProjectName>), StatementsError> {
    let (mut about, mut unknown) = (About::default(), Vec::new());
    for project in projects {
        let list = match place(trusted, project)? {
            Place::Targets => Some(trusted.targets().role()),
            Place::Bin(bin) => lists.get(&bin).and_then(Option::as_ref).map(Signed::role),
        };
        match list {
            Some(list) => about.add(list, project)?,
            None => unknown.push(project.clone()),
        }
    }
    Ok((about, unknown))
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
    let envelopes = feed_wide.into_iter().chain(about_projects);
    Ok(statement::believe(roots, envelopes, &mut Seen::default())?)
}
