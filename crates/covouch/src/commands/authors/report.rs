//! What a run found out, for people and for programs.

use covouch_core::{
    name::ProjectName,
    statement::{Author, AuthorGrant},
};
use covouch_policy::authors::{Change, Derived, Outcome, Record};
use serde::Serialize;

use super::Run;
use crate::{
    failure::Failure,
    terminal::{FAINT, RIGHT, Terminal, UNSURE, WRONG, counted, paint},
};

/// Every identity with what it rests on, then what changes.
pub(super) fn show(run: &Run, terminal: &Terminal) {
    for author in &run.derived {
        let style = match author.outcome {
            Outcome::Granted | Outcome::Kept => RIGHT,
            Outcome::Reset(_) => WRONG,
            Outcome::Below(_) => UNSURE,
        };
        terminal.answer(format_args!("{}  {}", author.identity, paint(style, &author.outcome)));
        terminal.answer(format_args!("  {}", paint(FAINT, facts(author))));
    }
    for change in &run.changes {
        let (sign, grant) = match change {
            Change::Grant(grant) => ("+", Some(grant)),
            Change::Renew(grant) => ("=", Some(grant)),
            Change::Withdraw { place, .. } => ("-", run.previous.get(*place).map(|(_, grant)| grant)),
        };
        let grant = grant.map(name).unwrap_or_default();
        terminal.answer(format_args!("{sign} {grant}  {change}"));
    }
}

/// How it ended.
pub(super) fn show_end(run: &Run, dry_run: bool, terminal: &Terminal) {
    for id in &run.signed {
        terminal.answer(format_args!("signed {id}"));
    }
    let authors = run.derived.iter().filter(|author| author.outcome.is_author()).count();
    let end = match (run.changes.len(), dry_run) {
        (0, _) => "nothing to sign".to_owned(),
        (changes, true) => format!("{} to sign, none signed", counted(changes, "statement")),
        (_, false) => format!("{} signed", counted(run.signed.len(), "statement")),
    };
    terminal.answer(format_args!("{authors} of {} are authors, {end}", run.derived.len()));
}

fn name(grant: &AuthorGrant) -> String {
    let projects: Vec<_> = grant.projects.iter().map(ToString::to_string).collect();
    format!("{} for {}", author(&grant.author), projects.join(", "))
}

fn author(author: &Author) -> String {
    match author {
        Author::Key(key) => key.fingerprint(),
        Author::Publisher(name) => name.to_string(),
        Author::Electorate(id) => format!("electorate:{id}"),
    }
}

/// `5 releases of demo, 2025-01-01 to 2026-01-01, python-demo 1.0-1 in trixie`
fn facts(derived: &Derived) -> String {
    let Record { releases, span, recognised } = &derived.facts;
    let projects: Vec<_> = derived.projects.iter().map(ProjectName::as_str).collect();
    let span = span.map(|(first, last)| format!("{first} to {last}"));
    let recognised = recognised.iter().map(|(project, by)| format!("{project}: {by}"));
    let head = format!("{} counted, of {}", counted(*releases, "release"), projects.join(", "));
    [head].into_iter().chain(span).chain(recognised).collect::<Vec<_>>().join("; ")
}

#[derive(Serialize)]
struct Wire {
    schema: u32,
    dry_run: bool,
    authors: Vec<WireAuthor>,
    changes: Vec<WireChange>,
}

#[derive(Serialize)]
struct WireAuthor {
    identity: String,
    projects: Vec<String>,
    releases: usize,
    first: Option<String>,
    last: Option<String>,
    recognised: Vec<WireRecognised>,
    outcome: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct WireRecognised {
    project: String,
    by: String,
}

#[derive(Serialize)]
struct WireChange {
    change: &'static str,
    author: String,
    projects: Vec<String>,
    detail: String,
    /// The statement that was signed; nothing in a dry run.
    statement: Option<String>,
}

pub(super) fn json(run: &Run, dry_run: bool) -> Result<String, Failure> {
    let changes = run.changes.iter().enumerate().filter_map(|(place, change)| {
        let (kind, grant) = match change {
            Change::Grant(grant) => ("granted", grant),
            Change::Renew(grant) => ("renewed", grant),
            Change::Withdraw { place, .. } => ("withdrawn", &run.previous.get(*place)?.1),
        };
        Some(WireChange {
            change: kind,
            author: author(&grant.author),
            projects: grant.projects.iter().map(ToString::to_string).collect(),
            detail: change.to_string(),
            statement: run.signed.get(place).map(ToString::to_string),
        })
    });
    let authors = run.derived.iter().map(wire).collect();
    let wire = Wire { schema: 1, dry_run, authors, changes: changes.collect() };
    serde_json::to_string_pretty(&wire).map_err(|error| Failure::new("internal", error.to_string()))
}

fn wire(derived: &Derived) -> WireAuthor {
    let Record { releases, span, recognised } = &derived.facts;
    let recognised = recognised
        .iter()
        .map(|(project, by)| WireRecognised { project: project.to_string(), by: by.to_string() });
    WireAuthor {
        identity: derived.identity.to_string(),
        projects: derived.projects.iter().map(ToString::to_string).collect(),
        releases: *releases,
        first: span.map(|(first, _)| first.to_string()),
        last: span.map(|(_, last)| last.to_string()),
        recognised: recognised.collect(),
        outcome: derived.outcome.as_str(),
        detail: derived.outcome.to_string(),
    }
}
