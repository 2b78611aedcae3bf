//! Who said what in a story: claims read from its tables, signed for real, in one chain per key.

use std::{collections::BTreeMap, fmt::Write as _};

use covouch_core::{
    amount::Amount,
    key::PublicKey,
    level::Level,
    name::ProjectPattern,
    statement::{
        Author, AuthorGrant, Ballot, BallotHead, BallotPlace, Choice, Claim, Delegation, Electorate, Files,
        Head, Link, Release, Reviewer, Severity, Statement, StatementId, Verified, Veto, VetoReason, Vouch,
        VouchLevel, Waiver, Withdrawal, sign, sign_ballot_head, sign_head,
    },
    time::{Duration, Timestamp, Validity},
};
use toml::value::Datetime;

use super::{
    ScenarioError, World,
    voting::Ballots,
    wire::{WireAuthor, WireCrowd, WireDelegation, WireRevocation, WireWorld, moment},
    world::FileFacts,
};
use crate::keys;

/// How long a statement holds when the story does not say.
const DEFAULT_VALIDITY: Duration = Duration::from_days(365);

/// Something that keys said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    label: String,
    by: Vec<String>,
    issued: Timestamp,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Claims(Box<Claim>),
    /// Withdraws what this label said; which statement that is depends on the key.
    Withdraws(String),
    /// Casts a ballot, whose place depends on the key; of a hidden one only the head is there.
    Votes {
        ballot: Box<Ballot>,
        hidden: bool,
    },
}

/// All that one key said, as a folder of statements keeps it.
#[derive(Clone, Debug)]
pub struct SignedChain {
    /// The key's name in the story.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// JSON Lines, one envelope a line.
    pub lines: String,
    /// The envelope of the chain's head.
    pub head: String,
    /// The statements, verified.
    pub statements: Vec<Verified<Statement>>,
    /// The heads of its ballots, one envelope a line; empty where it cast none.
    pub heads: String,
    /// The same, verified.
    pub ballot_heads: Vec<Verified<BallotHead>>,
}

impl World {
    /// Everything that was said by this moment, signed.
    ///
    /// # Panics
    /// When a withdrawal is about something its key had not said by then.
    #[must_use]
    pub fn chains(&self, now: Timestamp) -> Vec<SignedChain> {
        let mut by_key: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
        for said in self.said.iter().filter(|said| said.issued <= now) {
            for name in &said.by {
                by_key.entry(name).or_default().push(said);
            }
        }
        by_key.into_iter().map(|(name, said)| chain(name, said)).collect()
    }
}

fn chain(name: &str, mut said: Vec<&Said>) -> SignedChain {
    said.sort_by_key(|said| (said.issued, &said.label));
    let secret = keys::secret(name);
    let mut ids: BTreeMap<&str, StatementId> = BTreeMap::new();
    let (mut link, mut head) = (Link::FIRST, None);
    let mut chain = SignedChain {
        name: name.to_owned(),
        key: *secret.public_key(),
        lines: String::new(),
        head: String::new(),
        statements: Vec::new(),
        heads: String::new(),
        ballot_heads: Vec::new(),
    };
    let mut ballots = Ballots::default();
    for said in said {
        let claim = match &said.what {
            What::Claims(claim) => Claim::clone(claim),
            What::Votes { ballot, .. } => ballots.place(ballot),
            What::Withdraws(label) => {
                let id = ids.get(label.as_str()).expect("a key withdraws what it said before");
                Claim::Withdrawal(Withdrawal::Statement(*id))
            }
        };
        let statement = Statement { link, issued: said.issued, claim };
        let (envelope, verified) = sign(&statement, &secret).expect("a statement of a story can be signed");
        ballots.cast(&verified);
        if matches!(said.what, What::Votes { hidden: true, .. }) {
            // A folder that lacks a statement between others is broken, which anybody sees.
            break;
        }
        let _ = writeln!(chain.lines, "{}", envelope.to_json());
        head = Some(Head { newest: Some((link.sequence, verified.id())), issued: said.issued });
        ids.insert(&said.label, verified.id());
        link = Link { sequence: link.sequence + 1, previous: Some(verified.id()) };
        chain.statements.push(verified);
    }
    if let Some(head) = head {
        chain.head = sign_head(&head, &secret).expect("a head can be signed").to_json() + "\n";
    }
    for head in ballots.heads.into_values() {
        let (envelope, verified) = sign_ballot_head(&head, &secret).expect("a head can be signed");
        let _ = writeln!(chain.heads, "{}", envelope.to_json());
        chain.ballot_heads.push(verified);
    }
    chain
}

/// Reads all tables of things said.
pub(super) fn read(
    wire: &WireWorld,
    files: &BTreeMap<String, FileFacts>,
    electorates: &BTreeMap<String, Electorate>,
) -> Result<Vec<Said>, ScenarioError> {
    let mut said = read_about_files(wire, files)?;
    said.extend(read_about_keys(wire, (files, electorates))?);
    said.extend(read_ballots(wire, (files, electorates))?);
    for (name, withdrawal) in &wire.withdrawal {
        let label = format!("withdrawal.{name}");
        let issued = moment(&label, &withdrawal.issued)?;
        let what = What::Withdraws(withdrawal.of.clone());
        said.push(Said { label, by: withdrawal.by.clone(), issued, what });
    }
    check_withdrawals(&said)?;
    Ok(said)
}

/// Vouches, vetoes, waivers, releases.
fn read_about_files(
    wire: &WireWorld,
    files: &BTreeMap<String, FileFacts>,
) -> Result<Vec<Said>, ScenarioError> {
    let mut said = Vec::new();
    for (name, vouch) in &wire.vouch {
        let reader = Reader { label: format!("vouch.{name}"), files };
        let validity = reader.validity(&vouch.issued, vouch.expires.as_ref())?;
        let level = match vouch.level.as_deref() {
            None | Some("vouched") => VouchLevel::Vouched,
            Some("audited") => VouchLevel::Audited,
            Some(_) => return Err(reader.wrong("a vouch says `vouched` or `audited`")),
        };
        let files = reader.files(&vouch.files)?;
        let vouch_claim =
            Vouch { files, validity, level, read: Vec::new(), reviewer: Reviewer::Hand, notes: "".into() };
        said.push(reader.said(&vouch.by, validity, Claim::Vouch(vouch_claim)));
    }
    for (name, veto) in &wire.veto {
        let reader = Reader { label: format!("veto.{name}"), files };
        let validity = reader.validity(&veto.issued, veto.expires.as_ref())?;
        let reason = VetoReason::parse(&veto.reason).ok_or_else(|| reader.wrong("not a reason of a veto"))?;
        let claim = Veto {
            files: reader.files(&veto.files)?,
            validity,
            reason,
            reference: veto.reference.as_str().into(),
        };
        said.push(reader.said(&veto.by, validity, Claim::Veto(claim)));
    }
    for (name, waiver) in &wire.waiver {
        let reader = Reader { label: format!("waiver.{name}"), files };
        let validity = reader.validity(&waiver.issued, waiver.expires.as_ref())?;
        let claim =
            Waiver { files: reader.files(&waiver.files)?, validity, reason: waiver.reason.as_str().into() };
        said.push(reader.said(&waiver.by, validity, Claim::Waiver(claim)));
    }
    for (name, release) in &wire.release {
        let reader = Reader { label: format!("release.{name}"), files };
        let validity = reader.validity(&release.issued, release.expires.as_ref())?;
        let claim = Release { files: reader.files(&release.files)?, validity };
        said.push(reader.said(&release.by, validity, Claim::Release(claim)));
    }
    Ok(said)
}

/// Electorates, and ballots.
fn read_ballots(
    wire: &WireWorld,
    (files, electorates): (&BTreeMap<String, FileFacts>, &BTreeMap<String, Electorate>),
) -> Result<Vec<Said>, ScenarioError> {
    let mut said = Vec::new();
    for (name, electorate) in &wire.electorate {
        let label = format!("electorate.{name}");
        let issued = moment(&label, &electorate.issued)?;
        let Some(document) = electorates.get(name) else { continue };
        let what = What::Claims(Box::new(Claim::Electorate(Box::new(document.clone()))));
        said.push(Said { label, by: electorate.by.clone(), issued, what });
    }
    for (name, ballot) in &wire.ballot {
        let reader = Reader { label: format!("ballot.{name}"), files };
        let choice = ballot.choice.as_deref().map_or(Some(Choice::Approve), Choice::parse);
        let choice = choice.ok_or_else(|| reader.wrong("not a choice"))?;
        let validity = reader.validity(&ballot.issued, None)?;
        let under = electorates.get(&ballot.electorate);
        let what = reader.votes((&ballot.files, validity), (choice, ballot.hidden), under)?;
        said.push(Said { label: reader.label, by: ballot.by.clone(), issued: validity.not_before(), what });
    }
    Ok(said)
}

/// Delegations, authors, crowds, revocations.
fn read_about_keys(
    wire: &WireWorld,
    (files, electorates): (&BTreeMap<String, FileFacts>, &BTreeMap<String, Electorate>),
) -> Result<Vec<Said>, ScenarioError> {
    let mut said = Vec::new();
    for (name, delegation) in &wire.delegation {
        let reader = Reader { label: format!("delegation.{name}"), files };
        let claim = reader.delegation(delegation)?;
        said.push(reader.said(&delegation.by, claim.validity, Claim::Delegation(claim)));
    }
    for (name, author) in &wire.author {
        let reader = Reader { label: format!("author.{name}"), files };
        let claim = reader.author(author)?;
        said.push(reader.said(&author.by, claim.validity, Claim::Author(claim)));
    }
    for (name, crowd) in &wire.crowd {
        said.extend(Reader { label: format!("crowd.{name}"), files }.crowd(name, crowd, electorates)?);
    }
    for (name, revocation) in &wire.revocation {
        let reader = Reader { label: format!("revocation.{name}"), files };
        let (issued, claim) = reader.revocation(revocation)?;
        let what = What::Claims(Box::new(claim));
        said.push(Said { label: reader.label, by: revocation.by.clone(), issued, what });
    }
    Ok(said)
}

/// A key can only withdraw what it said before.
fn check_withdrawals(said: &[Said]) -> Result<(), ScenarioError> {
    for withdrawal in said {
        let What::Withdraws(of) = &withdrawal.what else { continue };
        let by_all = |earlier: &&Said| withdrawal.by.iter().all(|name| earlier.by.contains(name));
        let earlier =
            said.iter().filter(|earlier| earlier.label == *of && earlier.issued < withdrawal.issued);
        if earlier.filter(by_all).count() == 0 {
            let reason = format!("none of its keys said `{of}` before");
            return Err(ScenarioError::value(&withdrawal.label, reason));
        }
    }
    Ok(())
}

/// Reads one table of something said.
struct Reader<'a> {
    label: String,
    files: &'a BTreeMap<String, FileFacts>,
}

impl Reader<'_> {
    fn wrong(&self, reason: impl ToString) -> ScenarioError {
        ScenarioError::value(&self.label, reason)
    }

    fn said(self, by: &[String], validity: Validity, claim: Claim) -> Said {
        Said {
            label: self.label,
            by: by.to_vec(),
            issued: validity.not_before(),
            what: What::Claims(Box::new(claim)),
        }
    }

    fn validity(&self, issued: &Datetime, expires: Option<&Datetime>) -> Result<Validity, ScenarioError> {
        let issued = moment(&self.label, issued)?;
        let expires = match expires {
            None => issued.plus(DEFAULT_VALIDITY),
            Some(expires) => moment(&self.label, expires)?,
        };
        Validity::new(issued, expires).ok_or_else(|| self.wrong("it expires before it is issued"))
    }

    fn files(&self, labels: &[String]) -> Result<Files, ScenarioError> {
        let mut subjects = Vec::new();
        for label in labels {
            let file = self.files.get(label).ok_or_else(|| self.wrong(format_args!("no file `{label}`")))?;
            subjects.push(file.listed.distribution.subject());
        }
        let first = subjects.first().ok_or_else(|| self.wrong("it lists no file"))?;
        let (project, version) = (first.project.clone(), first.version.clone());
        if subjects.iter().any(|subject| subject.project != project || subject.version != version) {
            return Err(self.wrong("its files belong to several releases"));
        }
        let files = subjects.iter().map(|subject| (subject.filename.clone(), subject.sha256));
        Files::new(project, version, files).map_err(|error| self.wrong(error))
    }

    fn delegation(&self, wire: &WireDelegation) -> Result<Delegation, ScenarioError> {
        Ok(Delegation {
            to: *keys::secret(&wire.to).public_key(),
            depth: wire.depth,
            amount: Amount::from_percent(wire.amount).ok_or_else(|| self.wrong("an amount is 1 to 100"))?,
            level: Level::parse(&wire.level).ok_or_else(|| self.wrong("not a level"))?,
            projects: self.projects(&wire.projects)?,
            validity: self.validity(&wire.issued, wire.expires.as_ref())?,
        })
    }

    fn author(&self, wire: &WireAuthor) -> Result<AuthorGrant, ScenarioError> {
        let author = if wire.author.contains(':') {
            Author::Publisher(wire.author.as_str().into())
        } else {
            Author::Key(*keys::secret(&wire.author).public_key())
        };
        let projects = self.projects(&wire.projects)?;
        Ok(AuthorGrant { author, projects, validity: self.validity(&wire.issued, wire.expires.as_ref())? })
    }

    fn votes(
        &self,
        (files, validity): (&[String], Validity),
        (choice, hidden): (Choice, bool),
        electorate: Option<&Electorate>,
    ) -> Result<What, ScenarioError> {
        let electorate = electorate.ok_or_else(|| self.wrong("no such electorate"))?;
        let ballot = Ballot {
            files: self.files(files)?,
            validity,
            choice,
            electorate: electorate.electorate(),
            version: electorate.version(),
            place: BallotPlace::FIRST,
        };
        Ok(What::Votes { ballot: Box::new(ballot), hidden })
    }

    /// The delegations to every key of a crowd, and the vouch or the ballot that all of them sign.
    fn crowd(
        &self,
        name: &str,
        wire: &WireCrowd,
        electorates: &BTreeMap<String, Electorate>,
    ) -> Result<Vec<Said>, ScenarioError> {
        let members: Vec<String> = (1..=wire.count).map(|number| format!("{name}-{number}")).collect();
        let appoint = |member: &String| {
            let delegation = Delegation {
                to: *keys::secret(member).public_key(),
                depth: 1,
                amount: Amount::FULL,
                level: Level::Audited,
                projects: self.projects(&["*".to_owned()])?,
                validity: self.validity(&wire.since, None)?,
            };
            let reader = Reader { label: format!("{}.{member}", self.label), files: self.files };
            let by = std::slice::from_ref(&wire.behind);
            Ok(reader.said(by, delegation.validity, Claim::Delegation(delegation)))
        };
        let mut said = members.iter().map(appoint).collect::<Result<Vec<_>, ScenarioError>>()?;
        let validity = self.validity(&wire.issued, None)?;
        if let Some(label) = &wire.electorate {
            let under = electorates.get(label);
            let what = self.votes((&wire.files, validity), (Choice::Approve, false), under)?;
            let (label, issued) = (self.label.clone(), validity.not_before());
            said.push(Said { label, by: members, issued, what });
            return Ok(said);
        }
        let vouch = Vouch {
            files: self.files(&wire.files)?,
            validity,
            level: VouchLevel::Vouched,
            read: Vec::new(),
            reviewer: Reviewer::Hand,
            notes: "".into(),
        };
        let reader = Reader { label: self.label.clone(), files: self.files };
        said.push(reader.said(&members, validity, Claim::Vouch(vouch)));
        Ok(said)
    }

    fn revocation(&self, wire: &WireRevocation) -> Result<(Timestamp, Claim), ScenarioError> {
        let issued = moment(&self.label, &wire.issued)?;
        let from = wire.from.as_ref().map_or(Ok(issued), |from| moment(&self.label, from))?;
        let severity = match wire.severity.as_str() {
            "hard" => Severity::Hard,
            "soft" => Severity::Soft,
            _ => return Err(self.wrong("a revocation is `hard` or `soft`")),
        };
        let key = *keys::secret(&wire.key).public_key();
        Ok((issued, Claim::Withdrawal(Withdrawal::Key { key, from, severity })))
    }

    fn projects(&self, patterns: &[String]) -> Result<Vec<ProjectPattern>, ScenarioError> {
        let patterns = patterns.iter().map(|text| ProjectPattern::parse(text));
        patterns.collect::<Result<_, _>>().map_err(|error| self.wrong(error))
    }
}
