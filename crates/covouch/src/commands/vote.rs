//! `covouch vote approve | object | abstain | withdraw | head`: one voter's word on some files.

use std::{collections::BTreeMap, path::Path};

use covouch_core::{
    key::PublicKey,
    name::ProjectName,
    statement::{
        Ballot, BallotPlace, Choice, Claim, ElectorateId, Files, Rule, Signer, Statement, chain::Chain,
        sign_ballot_head,
    },
};
use covouch_io::{
    electorate as votes,
    folder::{self, FolderError},
};

use super::{electorate, sign};
use crate::{
    args::{self, Cast, Vote},
    exit::Exit,
    failure::Failure,
    keys, release,
    settings::Settings,
    terminal::{Terminal, UNSURE, paint},
};

pub(super) fn run(command: &Vote, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Vote::Approve(arguments) => cast(Choice::Approve, arguments, settings, terminal),
        Vote::Object(arguments) => cast(Choice::Object, arguments, settings, terminal),
        Vote::Abstain(arguments) => cast(Choice::Abstain, arguments, settings, terminal),
        Vote::Withdraw(arguments) => cast(Choice::Withdraw, arguments, settings, terminal),
        Vote::Head { project, ballot } => head(project, ballot, settings, terminal),
    }
}

fn cast(choice: Choice, arguments: &Cast, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let signing = &arguments.ballot.signing;
    let (voter, _) = keys::public(settings, &signing.key)?;
    let id = electorate::find(&signing.to, &arguments.ballot.electorate)?;
    let version = version(&id, &voter, arguments, (settings, terminal))?;
    let validity = sign::validity(settings, &arguments.expiry.expires)?;
    let ballot =
        |files| Ballot { files, validity, choice, electorate: id, version, place: BallotPlace::FIRST };
    let ballot = if choice == Choice::Withdraw {
        // The files may be gone from every index: what is taken back is what was said.
        let ballot = ballot(voted_on(arguments, &id, &voter)?);
        for (filename, sha256) in ballot.files.iter() {
            terminal.note(format_args!("no longer on {filename} ({sha256})"));
        }
        ballot
    } else {
        let gathered = sign::gather(&arguments.subjects, settings, terminal)?;
        let ballot = ballot(gathered.files.clone());
        sign::show(&gathered, &Claim::Ballot(ballot.clone()), terminal);
        ballot
    };
    sign::confirm(signing, terminal)?;
    let signer = keys::signer(settings, terminal, signing.into())?;
    let issued = validity.not_before();
    let statement = folder::append(&signing.to, signer.as_ref(), issued, |link| {
        // The folder is locked by now: two ballots at once get two numbers. With one number they would void each other.
        let chain = folder::read_chain(&signing.to, &voter);
        let next = |chain: Chain| chain.next_ballot(&id, ballot.files.project());
        let place = chain.map_or(BallotPlace::FIRST, next);
        Statement { link, issued, claim: Claim::Ballot(Ballot { place, ..ballot.clone() }) }
    })?;
    terminal.answer(format_args!("signed {}", statement.id()));
    keep_head((&id, ballot.files.project()), signer.as_ref(), &signing.to, settings)?;
    Ok(Exit::Admitted)
}

/// Signs the head of these ballots and puts it beside them: it goes where the ballots go, and further.
fn keep_head(
    (id, project): (&ElectorateId, &ProjectName),
    signer: &dyn Signer,
    to: &Path,
    settings: &Settings,
) -> Result<(), Failure> {
    let voter = signer.public_key();
    let chain = folder::read_chain(to, voter)?;
    if let Some(head) = chain.ballot_head(id, project, settings.now()) {
        let (envelope, _) = sign_ballot_head(&head, signer).map_err(FolderError::from)?;
        folder::keep_head(to, voter, &envelope)?;
    }
    Ok(())
}

/// The version of the electorate that holds, under which a ballot is cast.
fn version(
    id: &ElectorateId,
    voter: &PublicKey,
    arguments: &Cast,
    (settings, terminal): (&Settings, &Terminal),
) -> Result<u32, Failure> {
    let chains = votes::read(&arguments.ballot.signing.to, id)?;
    let votes = electorate::votes(&chains);
    let electorate = votes.succession(id, settings.now())?.electorate;
    let is_voter = match &electorate.terms().rule {
        Rule::Committee(committee) => committee.roster.contains_key(voter),
        // A chain was read, so somebody leads to the key; how old and deep that is, the tally says.
        Rule::Community(_) => chains.iter().any(|chain| chain.issuer() == voter),
    };
    if !is_voter {
        terminal.warn(format_args!(
            "{} is {} of electorate `{}`: the ballot will be set aside",
            voter.fingerprint(),
            paint(UNSURE, "no voter"),
            electorate.terms().name
        ));
    }
    Ok(electorate.version())
}

/// The files of a release that the voter voted on before.
fn voted_on(arguments: &Cast, id: &ElectorateId, voter: &PublicKey) -> Result<Files, Failure> {
    let named = arguments.subjects.release.as_deref().unwrap_or_default();
    let (project, version) = release::parse(named)?;
    let chain = folder::read_chain(&arguments.ballot.signing.to, voter)?;
    let only = &arguments.subjects.file;
    let mut files = BTreeMap::new();
    for statement in chain.statements() {
        let Claim::Ballot(ballot) = &statement.value().claim else { continue };
        let about = ballot.files.project() == &project && ballot.files.version() == &version;
        if about && ballot.electorate == *id {
            let wanted = |name: &str| only.is_empty() || only.iter().any(|file| file == name);
            let listed = ballot.files.iter().iter().filter(|(filename, _)| wanted(filename.as_str()));
            files.extend(listed.cloned());
        }
    }
    Files::new(project, version, files)
        .map_err(|_| Failure::new("nothing-to-sign", format!("no ballot of this key on `{named}`")))
}

fn head(
    project: &str,
    arguments: &args::Ballot,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let project = ProjectName::parse(project).map_err(|error| Failure::usage(error.to_string()))?;
    let signing = &arguments.signing;
    let id = electorate::find(&signing.to, &arguments.electorate)?;
    let (voter, _) = keys::public(settings, &signing.key)?;
    let chain = folder::read_chain(&signing.to, &voter)?;
    let head = chain.ballot_head(&id, &project, settings.now()).ok_or_else(|| {
        Failure::new("nothing-to-sign", format!("no ballot of this key on project `{project}`"))
    })?;
    terminal.note(format_args!("ballot {} is your newest on {project}", head.sequence));
    sign::confirm(signing, terminal)?;
    let signer = keys::signer(settings, terminal, signing.into())?;
    let (envelope, _) = sign_ballot_head(&head, signer.as_ref()).map_err(FolderError::from)?;
    terminal.answer(envelope.to_json());
    Ok(Exit::Admitted)
}
