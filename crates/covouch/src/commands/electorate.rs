//! `covouch electorate new | amend | sign | strike | show`: who may vote, and who may change that.

mod draft;

use std::{fs, path::Path};

use covouch_core::{
    limits,
    statement::{
        Claim, Edition, Electorate, ElectorateError, ElectorateId, Rule, Strike, Voter, chain::Chain,
    },
    time::Timestamp,
};
use covouch_graph::tally::{Succession, Votes, loosens};
use covouch_io::electorate as folder;

use self::draft::Draft;
use super::sign;
use crate::{
    args::{Electorate as Arguments, Signing},
    exit::Exit,
    failure::Failure,
    keys,
    settings::Settings,
    terminal::{FAINT, Terminal, UNSURE, paint},
};

pub(super) fn run(command: &Arguments, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Arguments::New { draft, signing } => {
            let terms = read_draft(draft)?.terms(None, settings)?;
            let electorate = Electorate::new(Edition::First, terms);
            enact(electorate.map_err(wrong)?, signing, settings, terminal)
        }
        Arguments::Amend { electorate, draft, signing } => {
            let id = find(&signing.to, electorate)?;
            let chains = folder::read(&signing.to, &id)?;
            amend(&read_draft(draft)?, (&id, &chains), signing, (settings, terminal))
        }
        Arguments::Sign { edition, signing } => {
            enact(find_version(&signing.to, edition)?, signing, settings, terminal)
        }
        Arguments::Strike { electorate, voter, reason, signing } => {
            let electorate = find(&signing.to, electorate)?;
            let (voter, _) = keys::public(settings, voter)?;
            if reason.len() > limits::NOTE_BYTES {
                return Err(Failure::usage(format!(
                    "`--reason` is longer than {} bytes",
                    limits::NOTE_BYTES
                )));
            }
            terminal.note(format_args!("{} loses its voice in electorate {electorate}", voter.fingerprint()));
            let strike = Strike { electorate, voter, reason: reason.as_str().into() };
            sign::conclude(Claim::Strike(strike), signing, settings, terminal)
        }
        Arguments::Show { electorate: Some(named), folder, draft } => {
            let id = find(folder, named)?;
            show(&id, folder, *draft, (settings, terminal))
        }
        Arguments::Show { electorate: None, folder, .. } => list(folder, settings, terminal),
    }
}

fn amend(
    draft: &Draft,
    (id, chains): (&ElectorateId, &[Chain]),
    signing: &Signing,
    (settings, terminal): (&Settings, &Terminal),
) -> Result<Exit, Failure> {
    let votes = votes(chains);
    let succession = votes.succession(id, settings.now())?;
    // What waits holds before what is signed now does.
    let before = succession.pending.as_ref().map_or(succession.electorate, |pending| pending.electorate);
    let next = Electorate::new(before.next(), draft.terms(Some(before), settings)?).map_err(wrong)?;
    if loosens(before, &next) {
        terminal
            .note("this could let in more than before: it waits for 7 days from the last signature it needs");
    } else {
        terminal.note("this lets in no more than before: it holds from the last signature it needs");
    }
    enact(next, signing, settings, terminal)
}

fn enact(
    electorate: Electorate,
    signing: &Signing,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    terminal.note(describe(&electorate));
    let (key, _) = keys::public(settings, &signing.key)?;
    let first = electorate.version() == 1;
    if first && !electorate.terms().admins.contains(&key) {
        return Err(Failure::usage(format!("{} is no admin of this electorate", key.fingerprint())));
    }
    let (id, version, threshold) = (electorate.electorate(), electorate.id(), electorate.terms().threshold);
    let exit = sign::conclude(Claim::Electorate(Box::new(electorate)), signing, settings, terminal)?;
    terminal.answer(format_args!("electorate {id}"));
    let short: String = version.to_string().chars().take(12).collect();
    match (first, threshold.get()) {
        (true, 1) => {}
        (true, threshold) => terminal.note(format_args!(
            "it takes {threshold} admins; the others run `covouch electorate sign {short}`"
        )),
        // How many it takes, the version before says.
        (false, _) => {
            terminal.note(format_args!("other admins sign the same with `covouch electorate sign {short}`"))
        }
    }
    Ok(exit)
}

fn read_draft(path: &Path) -> Result<Draft, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new("file-unreadable", format!("`{}`: {error}", path.display())))?;
    Draft::parse(&text)
}

fn wrong(error: ElectorateError) -> Failure {
    Failure::usage(error.to_string())
}

/// The electorate that somebody named, in a folder.
pub(super) fn find(folder: &Path, named: &str) -> Result<ElectorateId, Failure> {
    pick(&folder::list(folder)?, named, &folder.display().to_string())
}

/// The electorate that somebody named, among these versions. A name is no proof of anything, so it must be the only one
/// of that name.
pub(super) fn pick(versions: &[Electorate], named: &str, place: &str) -> Result<ElectorateId, Failure> {
    let is_it = |version: &&Electorate| {
        version.terms().name.as_str() == named
            || (named.len() >= 8 && version.electorate().to_string().starts_with(&named.to_ascii_lowercase()))
    };
    let mut found: Vec<ElectorateId> = versions.iter().filter(is_it).map(Electorate::electorate).collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(not_found(format!("no electorate `{named}` in `{place}`"))),
        several => Err(Failure::usage(format!("`{named}` names {} electorates", several.len()))
            .hinting("give the first digits of its id, at least eight; see `covouch electorate show`")),
    }
}

fn find_version(folder: &Path, digits: &str) -> Result<Electorate, Failure> {
    let digits = digits.to_ascii_lowercase();
    let mut found =
        folder::list(folder)?.into_iter().filter(|version| version.id().to_string().starts_with(&digits));
    match (found.next(), found.next()) {
        (Some(version), None) if digits.len() >= 8 => Ok(version),
        (Some(_), _) => Err(Failure::usage(format!("`{digits}` does not name one version"))
            .hinting("give more digits of its id, at least eight")),
        (None, _) => Err(not_found(format!("no version `{digits}` in `{}`", folder.display()))),
    }
}

fn not_found(message: String) -> Failure {
    Failure::new("not-found", message).hinting("see `covouch electorate show`")
}

/// What chains say about votes.
pub(super) fn votes(chains: &[Chain]) -> Votes<'_> {
    Votes::read(chains.iter().flat_map(Chain::statements), [])
}

fn list(folder: &Path, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut ids: Vec<ElectorateId> = folder::list(folder)?.iter().map(Electorate::electorate).collect();
    ids.sort();
    ids.dedup();
    for id in &ids {
        show(id, folder, false, (settings, terminal))?;
    }
    if ids.is_empty() {
        terminal.note(format_args!("no electorate in `{}`", folder.display()));
    }
    Ok(Exit::Admitted)
}

fn show(
    id: &ElectorateId,
    folder: &Path,
    draft: bool,
    (settings, terminal): (&Settings, &Terminal),
) -> Result<Exit, Failure> {
    let chains = folder::read(folder, id)?;
    let votes = votes(&chains);
    let succession = match votes.succession(id, settings.now()) {
        Ok(succession) => succession,
        // Nothing holds yet, or any more: what there is, is shown all the same.
        Err(error) if !draft => {
            terminal.warn(&error);
            for version in folder::list(folder)?.iter().filter(|version| version.electorate() == *id) {
                terminal.answer(format_args!("{}\n  id {}", describe(version), version.id()));
            }
            return Ok(Exit::Undecided);
        }
        Err(error) => return Err(error.into()),
    };
    if draft {
        terminal.answer(Draft::of(succession.electorate).render()?.trim_end());
    } else {
        print(&succession, terminal);
    }
    Ok(Exit::Admitted)
}

fn print(succession: &Succession<'_>, terminal: &Terminal) {
    let electorate = succession.electorate;
    terminal.answer(format_args!("{}, since {}", describe(electorate), succession.since));
    terminal.answer(format_args!("  id {}", electorate.electorate()));
    let terms = electorate.terms();
    for admin in &terms.admins {
        terminal.answer(format_args!("  admin  {}", admin.fingerprint()));
    }
    match &terms.rule {
        Rule::Committee(committee) => {
            for (key, member) in &committee.roster {
                let automated = if member.voter == Voter::Automated { ", automated" } else { "" };
                let since = paint(FAINT, format_args!("since {}", member.since));
                terminal.answer(format_args!(
                    "  voter  {}  {}{automated}  {since}",
                    key.fingerprint(),
                    member.affiliation
                ));
            }
        }
        Rule::Community(community) => {
            for seed in &community.seeds {
                terminal.answer(format_args!("  seed   {}", seed.fingerprint()));
            }
        }
    }
    if let Some(pending) = &succession.pending {
        waiting(pending.electorate, pending.from, terminal);
    }
    for refused in &succession.refused {
        terminal.answer(format_args!(
            "  {} version {}: {} of {} signatures  {}",
            paint(UNSURE, "not signed"),
            refused.electorate.version(),
            refused.signed,
            refused.needed,
            refused.electorate.id()
        ));
    }
}

fn waiting(electorate: &Electorate, from: Timestamp, terminal: &Terminal) {
    terminal.answer(format_args!("  {} until {from}: {}", paint(UNSURE, "waits"), describe(electorate)));
}

/// One line for people: `council` version 2, a committee: 2 of 3 voices, until …
fn describe(electorate: &Electorate) -> String {
    let terms = electorate.terms();
    let rule = match &terms.rule {
        Rule::Committee(committee) => format!(
            "a committee: {} of {} voices approve, fewer than {} object",
            committee.approvals,
            committee.voices(),
            committee.objections
        ),
        Rule::Community(community) => format!(
            "a community: {} independent voices approve and at least 4 times as many as object, {} take part",
            community.clusters,
            community.quorum()
        ),
    };
    let until = terms.validity.not_after();
    format!(
        "`{}` version {}, {rule}; {} admins sign; until {until}",
        terms.name,
        electorate.version(),
        terms.threshold
    )
}
