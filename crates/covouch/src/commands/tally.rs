//! `covouch tally`: counts the votes on files, for people and for programs.

mod json;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    name::ProjectName,
    statement::{BallotHead, ElectorateId, Envelope, Rule, Verified, verify_ballot_head},
    subject::Subject,
    version::Version,
};
use covouch_graph::tally::{Needs, Outcome, Poll, Succession, Tally, Uncountable, Votes};
use covouch_io::{
    archive,
    electorate::{Records, Register},
    feed::{FeedAnswer, Staleness, sync, sync_whole},
};
use url::Url;

use super::{electorate, feed::named};
use crate::{
    args::{self, Format},
    exit::Exit,
    failure::Failure,
    release,
    settings::Settings,
    terminal::{FAINT, RIGHT, Terminal, UNSURE, WRONG, counted, paint},
    votes::signed,
};

pub(super) fn run(
    arguments: &args::Tally,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let wanted = Wanted::parse(&arguments.what)?;
    let feed = arguments.feed.as_deref().map(|feed| {
        let feed = named(feed, arguments.root.as_deref())?;
        read_feed(&feed, &wanted, settings)
    });
    let feed = feed.transpose()?;
    let folder = arguments.folder.as_deref().or(feed.is_none().then_some(Path::new("trust")));
    let records = Records::new(folder, &feed);
    let place = folder.map(|folder| folder.display().to_string()).or(arguments.feed.clone());
    let id = electorate::pick(&records.electorates()?, &arguments.electorate, &place.unwrap_or_default())?;
    let mut register = records.register(&id)?;
    let heads = read_heads(&arguments.heads, &register.people, terminal)?;
    register.heads.extend(heads);
    let votes = Votes::read(&register.statements, &register.heads);
    let subjects: Vec<Subject> =
        votes.subjects(&id).into_iter().filter(|subject| wanted.is(subject)).collect();
    if subjects.is_empty() {
        let message = format!("nobody voted on `{}`", arguments.what);
        return Err(Failure::new("not-found", message).exiting(Exit::Undecided));
    }
    let tallied = count(&votes, &register, (&id, &subjects), settings)
        .map_err(|error| Failure::from(error).exiting(Exit::Undecided))?;
    match arguments.format {
        Format::Human => print(&tallied, terminal),
        Format::Json => terminal.answer(json::render(&tallied, settings.now())?),
    }
    Ok(tallied.exit())
}

/// What was counted.
struct Tallied<'a> {
    succession: Succession<'a>,
    files: Vec<(&'a Subject, Tally)>,
}

impl Tallied<'_> {
    /// As a check of these files would end if it asked for nothing but the vote.
    fn exit(&self) -> Exit {
        let ended = |outcome| self.files.iter().any(|(_, tally)| tally.outcome == outcome);
        if ended(Outcome::Opposed) {
            Exit::Refused
        } else if ended(Outcome::Short) || ended(Outcome::Unknown) {
            Exit::Undecided
        } else {
            Exit::Admitted
        }
    }
}

fn count<'a>(
    votes: &Votes<'a>,
    register: &Register,
    (id, subjects): (&ElectorateId, &'a [Subject]),
    settings: &Settings,
) -> Result<Tallied<'a>, Uncountable> {
    let now = settings.now();
    let graph = signed(register).graph(now);
    let tally = |subject| Ok((subject, votes.tally(&graph, &Poll { electorate: *id, subject, now })?));
    let files = subjects.iter().map(tally).collect::<Result<_, _>>()?;
    Ok(Tallied { succession: votes.succession(id, now)?, files })
}

/// Which files are asked about.
enum Wanted {
    Release(ProjectName, Version),
    Digest(Sha256),
    Named(String),
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, Failure> {
        if text.contains("==") {
            let (project, version) = release::parse(text)?;
            return Ok(Self::Release(project, version));
        }
        if let Ok(digest) = Sha256::parse(text) {
            return Ok(Self::Digest(digest));
        }
        let path = Path::new(text);
        if path.is_file() {
            return Ok(Self::Digest(archive::read_local(path)?.sha256));
        }
        Ok(Self::Named(text.to_owned()))
    }

    fn is(&self, subject: &Subject) -> bool {
        match self {
            Self::Release(project, version) => (project, version) == (&subject.project, &subject.version),
            Self::Digest(digest) => *digest == subject.sha256,
            Self::Named(name) => name == subject.filename.as_str(),
        }
    }
}

/// What a feed says now of what is asked about. A stale one may hide what was said since.
fn read_feed(
    (address, root): &(Url, Sha256),
    wanted: &Wanted,
    settings: &Settings,
) -> Result<FeedAnswer, Failure> {
    let (network, state, now) = (settings.network(), settings.state(), settings.now());
    let answer = settings.block_on(async {
        match wanted {
            Wanted::Release(project, _) => {
                sync(network, state, address, root, std::slice::from_ref(project), now).await
            }
            Wanted::Digest(_) | Wanted::Named(_) => {
                sync_whole(network, state, address, root, now).await.map(|(answer, _)| answer)
            }
        }
    })??;
    let unknown = |code, message: String| Err(Failure::new(code, message).exiting(Exit::Undecided));
    match (answer.staleness, answer.unknown.first()) {
        (Staleness::Stale(Some(since)), _) => {
            unknown("feed-stale", format!("the feed is stale since {since}"))
        }
        (Staleness::Stale(None), _) => {
            unknown("feed-stale", "the feed could not be brought up to date".to_owned())
        }
        (_, Some(project)) => {
            unknown("feed-incomplete", format!("the feed's list for `{project}` could not be had"))
        }
        (Staleness::Fresh(_), None) => Ok(answer),
    }
}

/// Reads heads that somebody carried here. One of a key that is not known says nothing about this electorate.
fn read_heads(
    files: &[PathBuf],
    keys: &BTreeSet<PublicKey>,
    terminal: &Terminal,
) -> Result<Vec<Verified<BallotHead>>, Failure> {
    let mut heads = Vec::new();
    for path in files {
        let unreadable =
            |reason: String| Failure::new("file-unreadable", format!("`{}`: {reason}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at_line = |error: String| unreadable(format!("line {}: {error}", index + 1));
            let envelope = Envelope::parse(line.as_bytes()).map_err(|error| at_line(error.to_string()))?;
            let Some(key) = keys.iter().find(|key| key.id() == envelope.key()) else {
                let key = envelope.key().short();
                terminal.warn(format_args!("`{}`: key {key} is not of this electorate", path.display()));
                continue;
            };
            heads.push(verify_ballot_head(&envelope, key).map_err(|error| at_line(error.to_string()))?);
        }
    }
    Ok(heads)
}

fn print(tallied: &Tallied<'_>, terminal: &Terminal) {
    for (subject, tally) in &tallied.files {
        terminal.answer(format_args!("{}  {}", subject.filename, paint(FAINT, subject.sha256)));
        for cast in &tally.ballots {
            let voter = voter(&cast.voter, &tallied.succession);
            let said = format!("{} (ballot {}, {})", cast.choice.as_str(), cast.sequence, cast.issued);
            match cast.aside {
                None => terminal.answer(format_args!("  {}    {voter}  {said}", paint(RIGHT, "counted"))),
                Some(aside) => terminal.answer(format_args!(
                    "  {}  {voter}  {said}: {aside} {}",
                    paint(UNSURE, "set aside"),
                    paint(FAINT, format_args!("[{}]", aside.code()))
                )),
            }
        }
        for (key, aside) in &tally.unknown {
            let voter = voter(key, &tallied.succession);
            terminal.answer(format_args!("  {}  {voter}: {aside}", paint(UNSURE, "not known")));
        }
        let style = match tally.outcome {
            Outcome::Passed => RIGHT,
            Outcome::Opposed => WRONG,
            Outcome::Short | Outcome::Unknown => UNSURE,
        };
        let until = tally.next_change.map(|moment| format!("; may change at {moment}")).unwrap_or_default();
        let outcome = paint(style, tally.outcome.as_str());
        terminal.answer(format_args!("  {outcome}: {}{until}", voices(tally)));
    }
    let electorate = tallied.succession.electorate;
    let passed = tallied.files.iter().filter(|(_, tally)| tally.outcome == Outcome::Passed).count();
    terminal.answer(format_args!(
        "{passed} of {} passed, by electorate `{}` version {}",
        counted(tallied.files.len(), "file"),
        electorate.terms().name,
        electorate.version()
    ));
}

/// `2 voices approve of 2 needed, 1 objects`.
fn voices(tally: &Tally) -> String {
    let count = &tally.count;
    match tally.needs {
        Needs::Committee { approvals, objections, of } => format!(
            "{} of {of} voices approve ({approvals} needed), {} object ({objections} keep it out)",
            count.approving, count.objecting
        ),
        Needs::Community { clusters, quorum, members } => format!(
            "{} independent voices approve ({clusters} needed), {} object (four times as many must approve), \
             {} of {members} members take part as voices ({quorum} needed)",
            count.approving, count.objecting, count.taking_part
        ),
    }
}

fn voter(key: &PublicKey, succession: &Succession<'_>) -> String {
    let affiliation = match &succession.electorate.terms().rule {
        Rule::Committee(committee) => committee.roster.get(key).map(|member| member.affiliation.to_string()),
        Rule::Community(_) => None,
    };
    match affiliation {
        Some(affiliation) => format!("{} {affiliation}", key.fingerprint()),
        None => key.fingerprint(),
    }
}
