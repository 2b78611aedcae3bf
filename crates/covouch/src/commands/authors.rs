//! `covouch authors derive`: signs who is an author by a published rule, and withdraws who is none any more.

mod evidence;
mod report;

use std::{collections::BTreeSet, fs, path::Path};

use covouch_core::{
    key::PublicKey,
    name::ProjectName,
    statement::{AuthorGrant, Claim, Statement, StatementId, Withdrawal},
    time::Timestamp,
};
use covouch_io::folder;
use covouch_policy::{
    PolicyErrors,
    authors::{self, AuthorRule, Change, Derived},
};

use self::evidence::Spoken;
use super::sign;
use crate::{
    args::{
        Format,
        authors::{Authors, AuthorsDerive},
    },
    exit::Exit,
    failure::Failure,
    keys,
    settings::Settings,
    terminal::Terminal,
};

pub(super) fn run(command: &Authors, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Authors::Derive(arguments) => derive(arguments, settings, terminal),
    }
}

/// What a run found out, and what it makes of it.
struct Run {
    derived: Vec<Derived>,
    previous: Vec<(StatementId, AuthorGrant)>,
    changes: Vec<Change>,
    signed: Vec<StatementId>,
}

fn derive(arguments: &AuthorsDerive, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    if arguments.format == Format::Json && !arguments.dry_run && !arguments.signing.yes {
        return Err(Failure::usage("`--format json` shows nobody what they are asked to sign")
            .hinting("say `--yes` or `--dry-run`"));
    }
    let rule = read(&arguments.rule)?;
    let projects = projects(&arguments.projects, &rule)?;
    let (signer, _) = keys::public(settings, &arguments.signing.key)?;
    let authors = arguments.authors.iter().map(|named| Ok(keys::public(settings, named)?.0));
    let authors: Vec<PublicKey> = authors.collect::<Result<_, Failure>>()?;
    let now = settings.now();
    let spoken = Spoken::read(&arguments.signing.to, signer, &authors, now)?;
    let facts = evidence::facts(&projects, &spoken, arguments, (settings, terminal))?;
    let previous = spoken.grants();
    let held: Vec<AuthorGrant> = previous.iter().map(|(_, grant)| grant.clone()).collect();
    let derived = authors::derive(&rule, &facts, &held, now)
        .map_err(|error| Failure::usage(error.to_string()).hinting("name fewer projects"))?;
    let changes = authors::plan(&rule, &facts, &derived, &held, now);
    let mut run = Run { derived, previous, changes, signed: Vec::new() };
    if arguments.format == Format::Human {
        report::show(&run, terminal);
    }
    if !arguments.dry_run && !run.changes.is_empty() {
        sign_all(&mut run, arguments, settings, terminal)?;
    }
    match arguments.format {
        Format::Human => report::show_end(&run, arguments.dry_run, terminal),
        Format::Json => terminal.answer(report::json(&run, arguments.dry_run)?),
    }
    Ok(Exit::Admitted)
}

fn read(path: &Path) -> Result<AuthorRule, Failure> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new("file-unreadable", format!("`{name}`: {error}")))?;
    AuthorRule::parse(&name, &text).map_err(|errors| first(&errors))
}

/// The first mistake; with it mended the next one shows.
fn first(errors: &PolicyErrors) -> Failure {
    errors.iter().next().map_or_else(
        || Failure::new("internal", "errors without an error"),
        |error| Failure::from(error.clone()).exiting(Exit::Usage),
    )
}

fn projects(named: &[String], rule: &AuthorRule) -> Result<BTreeSet<ProjectName>, Failure> {
    named
        .iter()
        .map(|text| {
            let project = ProjectName::parse(text).map_err(|error| Failure::usage(error.to_string()))?;
            if rule.covers(&project) {
                return Ok(project);
            }
            Err(Failure::usage(format!("the rule does not look at `{project}`"))
                .hinting("add it to `projects` of the rule, or leave it out"))
        })
        .collect()
}

/// Signs every change with one question and one use of the passphrase.
fn sign_all(
    run: &mut Run,
    arguments: &AuthorsDerive,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<(), Failure> {
    sign::confirm(&arguments.signing, terminal)?;
    let signer = keys::signer(settings, terminal, (&arguments.signing).into())?;
    for change in &run.changes {
        let (claim, issued) = claim(change, &run.previous, settings.now())?;
        let compose = |link| Statement { link, issued, claim };
        let statement = folder::append(&arguments.signing.to, signer.as_ref(), issued, compose)?;
        run.signed.push(statement.id());
    }
    Ok(())
}

fn claim(
    change: &Change,
    previous: &[(StatementId, AuthorGrant)],
    now: Timestamp,
) -> Result<(Claim, Timestamp), Failure> {
    match change {
        Change::Grant(grant) | Change::Renew(grant) => {
            Ok((Claim::Author(grant.clone()), grant.validity.not_before()))
        }
        Change::Withdraw { place, .. } => {
            let (id, _) =
                previous.get(*place).ok_or_else(|| Failure::new("internal", "no grant to withdraw"))?;
            Ok((Claim::Withdrawal(Withdrawal::Statement(*id)), now))
        }
    }
}
