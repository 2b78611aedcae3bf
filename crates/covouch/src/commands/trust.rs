//! `covouch trust add | author | list | withdraw | revoke-key`: statements about who may speak.

use std::{path::Path, sync::Arc};

use covouch_core::{
    amount::Amount,
    level::Level,
    name::ProjectPattern,
    statement::{
        Author, AuthorGrant, Claim, Delegation, ElectorateId, Severity, Statement, Verified, Withdrawal,
    },
    time::Standing,
};
use covouch_io::folder;

use super::{impact, sign, withdraw};
use crate::{
    args::{RevokeKey, Trust, TrustAdd, TrustAuthor},
    exit::Exit,
    failure::Failure,
    keys,
    settings::Settings,
    terminal::{FAINT, Terminal, UNSURE, paint},
};

pub(super) fn run(command: &Trust, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Trust::Add(arguments) => add(arguments, settings, terminal),
        Trust::Author(arguments) => author(arguments, settings, terminal),
        Trust::List { key, folder } => list(key, folder, settings, terminal),
        Trust::Withdraw(arguments) => withdraw::run(arguments, settings, terminal),
        Trust::RevokeKey(arguments) => revoke(arguments, settings, terminal),
        Trust::Impact(arguments) => impact::run(arguments, settings, terminal),
    }
}

fn add(arguments: &TrustAdd, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let (to, comment) = keys::public(settings, &arguments.subject)?;
    let (own, _) = keys::public(settings, &arguments.signing.key)?;
    if to == own {
        return Err(Failure::usage("a key that trusts itself adds nothing"));
    }
    let amount = arguments
        .amount
        .strip_suffix('%')
        .and_then(|percent| percent.parse().ok())
        .and_then(Amount::from_percent)
        .ok_or_else(|| {
            Failure::usage(format!("`{}` is not a percentage from 1% to 100%", arguments.amount))
        })?;
    let level = Level::parse(&arguments.level).unwrap_or(Level::Vouched);
    let delegation = Delegation {
        to,
        depth: arguments.depth,
        amount,
        level,
        projects: patterns(&arguments.projects)?,
        validity: sign::validity(settings, &arguments.expiry.expires)?,
    };
    terminal.note(format_args!("{} {}", describe_delegation(&delegation), paint(FAINT, comment)));
    sign::conclude(Claim::Delegation(delegation), &arguments.signing, settings, terminal)
}

fn author(arguments: &TrustAuthor, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let author = if let Some(id) = arguments.author.strip_prefix("electorate:") {
        let id = ElectorateId::parse(id).map_err(|error| {
            Failure::usage(format!("`{id}`: {error}")).hinting("see `covouch electorate show`")
        })?;
        Author::Electorate(id)
    } else if is_publisher(&arguments.author) {
        Author::Publisher(Arc::from(arguments.author.as_str()))
    } else {
        Author::Key(keys::public(settings, &arguments.author)?.0)
    };
    let projects = patterns(&arguments.projects)?;
    let validity = sign::validity(settings, &arguments.expiry.expires)?;
    let grant = AuthorGrant { author, projects, validity };
    terminal.note(describe_author(&grant));
    sign::conclude(Claim::Author(grant), &arguments.signing, settings, terminal)
}

/// `kind:name`, and not a path of a Windows drive.
fn is_publisher(text: &str) -> bool {
    ["github:", "gitlab:", "google:", "activestate:", "circleci:"].iter().any(|kind| text.starts_with(kind))
}

fn revoke(arguments: &RevokeKey, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let (key, _) = keys::public(settings, &arguments.subject)?;
    let from = match &arguments.from {
        Some(text) => settings.moment(text)?,
        None => settings.now(),
    };
    let severity = if arguments.hard { Severity::Hard } else { Severity::Soft };
    let effect = match severity {
        Severity::Hard => "nothing it ever signed counts any more",
        Severity::Soft => "it can sign nothing new",
    };
    terminal.note(format_args!("key {} is revoked from {from} on: {effect}", key.fingerprint()));
    let claim = Claim::Withdrawal(Withdrawal::Key { key, from, severity });
    sign::conclude(claim, &arguments.signing, settings, terminal)
}

fn list(named: &str, folder: &Path, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let (key, _) = keys::public(settings, named)?;
    let chain = folder::read_chain(folder, &key)?;
    let mut shown = 0;
    for statement in chain.statements() {
        let Some(text) = describe(&statement.value().claim) else { continue };
        let standing = standing(statement, chain.statements(), settings);
        let id: String = statement.id().to_string().chars().take(12).collect();
        terminal.answer(format_args!("{} {text}{standing}", paint(FAINT, id)));
        shown += 1;
    }
    if shown == 0 {
        terminal.note(format_args!("{} trusts nobody in `{}`", key.fingerprint(), folder.display()));
    }
    Ok(Exit::Admitted)
}

fn describe(claim: &Claim) -> Option<String> {
    match claim {
        Claim::Delegation(delegation) => Some(describe_delegation(delegation)),
        Claim::Author(grant) => Some(describe_author(grant)),
        Claim::Withdrawal(Withdrawal::Key { key, from, severity }) => {
            let how = match severity {
                Severity::Hard => "stolen",
                Severity::Soft => "retired",
            };
            Some(format!("{} is revoked from {from} on: {how}", key.fingerprint()))
        }
        _ => None,
    }
}

fn describe_delegation(delegation: &Delegation) -> String {
    format!(
        "{} may speak: depth {}, {}, up to `{}`, for {}, until {}",
        delegation.to.fingerprint(),
        delegation.depth,
        delegation.amount,
        delegation.level,
        join(&delegation.projects),
        delegation.validity.not_after()
    )
}

fn describe_author(grant: &AuthorGrant) -> String {
    let who = match &grant.author {
        Author::Key(key) => key.fingerprint(),
        Author::Publisher(name) => name.to_string(),
        Author::Electorate(id) => format!("electorate {id}"),
    };
    format!("{who} is an author of {}, until {}", join(&grant.projects), grant.validity.not_after())
}

fn standing(statement: &Verified<Statement>, all: &[Verified<Statement>], settings: &Settings) -> String {
    let withdrawn = Claim::Withdrawal(Withdrawal::Statement(statement.id()));
    if all.iter().any(|other| other.value().claim == withdrawn) {
        return format!("  {}", paint(UNSURE, "withdrawn"));
    }
    match statement.value().claim.validity().map(|validity| validity.at(settings.now())) {
        Some(Standing::Expired) => format!("  {}", paint(UNSURE, "expired")),
        Some(Standing::NotYet) => format!("  {}", paint(UNSURE, "not yet valid")),
        Some(Standing::Valid) | None => String::new(),
    }
}

fn join(patterns: &[ProjectPattern]) -> String {
    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ")
}

fn patterns(texts: &[String]) -> Result<Vec<ProjectPattern>, Failure> {
    texts
        .iter()
        .map(|text| ProjectPattern::parse(text).map_err(|error| Failure::usage(error.to_string())))
        .collect()
}
