//! Who votes in a story: its electorates, and what their votes let pass.

use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
};

use covouch_core::{
    evidence::{Evidence, Finding, Gap, Known, Passed},
    key::PublicKey,
    level::Level,
    name::ProjectName,
    party::{Owner, PartyName},
    statement::{
        Ballot, BallotHead, BallotPlace, Claim, Committee, Community, Edition, Electorate, ElectorateId,
        Member, Rule, Statement, Terms, Verified, Voter,
    },
    time::{Duration, Timestamp, Validity},
};
use covouch_graph::tally::Signed;

use super::{
    ScenarioError, World,
    wire::{WireElectorate, WireWorld, moment},
};
use crate::keys;

/// How long an electorate of a story holds.
const TERM: Duration = Duration::from_days(2 * 365);

/// How many certifications may lead from a seed to a ballot, the ballot included.
const DEPTH: u8 = 4;

/// All versions of a story's electorates, by label.
pub(super) fn read(wire: &WireWorld) -> Result<BTreeMap<String, Electorate>, ScenarioError> {
    let mut read = BTreeMap::new();
    let (later, first): (Vec<_>, Vec<_>) =
        wire.electorate.iter().partition(|(_, electorate)| electorate.amends.is_some());
    for (label, electorate) in first.into_iter().chain(later) {
        let at = format!("electorate.{label}");
        let unknown = |amended| ScenarioError::value(&at, format_args!("no first version `{amended}`"));
        let edition = match &electorate.amends {
            None => Edition::First,
            Some(amended) => read.get(amended).map(Electorate::next).ok_or_else(|| unknown(amended))?,
        };
        let terms = terms(&at, electorate)?;
        let version = Electorate::new(edition, terms).map_err(|error| ScenarioError::value(&at, error))?;
        read.insert(label.clone(), version);
    }
    Ok(read)
}

fn terms(at: &str, wire: &WireElectorate) -> Result<Terms, ScenarioError> {
    let wrong = |reason: &str| ScenarioError::value(at, reason);
    let few = |number: u16| NonZeroU16::new(number).ok_or_else(|| wrong("a number is not 0"));
    let since = moment(at, &wire.issued)?;
    let validity = Validity::new(since, since.plus(TERM)).ok_or_else(|| wrong("it ends before it begins"))?;
    let rule = if wire.seeds.is_empty() {
        let member =
            |text: &String| member(text, since).ok_or_else(|| wrong("a voter is `name@affiliation`"));
        Rule::Committee(Committee {
            approvals: few(wire.approvals)?,
            objections: few(wire.objections)?,
            roster: wire.voters.iter().map(member).collect::<Result<_, _>>()?,
        })
    } else {
        Rule::Community(Community {
            clusters: few(wire.approvals)?,
            members: NonZeroU32::from(few(wire.members)?),
            per_seed: NonZeroU16::MIN,
            depth: DEPTH,
            seeds: wire.seeds.iter().map(|name| public(name)).collect(),
            automated: Default::default(),
        })
    };
    Ok(Terms {
        name: PartyName::parse("council").map_err(|error| ScenarioError::value(at, error))?,
        admins: wire.admins.iter().map(|name| public(name)).collect(),
        threshold: few(wire.threshold)?,
        ballots_since: 1,
        maturity_days: 0,
        recusals: Vec::new(),
        validity,
        rule,
    })
}

/// `name@affiliation`, a program with `!` before it.
fn member(text: &str, since: Timestamp) -> Option<(PublicKey, Member)> {
    let (name, affiliation) = text.trim_start_matches('!').split_once('@')?;
    let voter = if text.starts_with('!') { Voter::Automated } else { Voter::Person };
    Some((public(name), Member { affiliation: Owner::parse(affiliation).ok()?, since, voter }))
}

fn public(name: &str) -> PublicKey {
    *keys::secret(name).public_key()
}

/// The newest ballots of one key, by electorate and project.
#[derive(Default)]
pub(super) struct Ballots {
    pub(super) heads: BTreeMap<(ElectorateId, ProjectName), BallotHead>,
}

impl Ballots {
    /// The ballot in the key's next place.
    pub(super) fn place(&self, ballot: &Ballot) -> Claim {
        let newest = self.heads.get(&(ballot.electorate, ballot.files.project().clone()));
        let after =
            |head: &BallotHead| BallotPlace { sequence: head.sequence + 1, previous: Some(head.ballot) };
        Claim::Ballot(Ballot { place: newest.map_or(BallotPlace::FIRST, after), ..ballot.clone() })
    }

    pub(super) fn cast(&mut self, statement: &Verified<Statement>) {
        let Claim::Ballot(ballot) = &statement.value().claim else { return };
        let (electorate, project) = (ballot.electorate, ballot.files.project().clone());
        let (sequence, issued) = (ballot.place.sequence, statement.value().issued);
        let place = (electorate, project.clone());
        self.heads
            .insert(place, BallotHead { electorate, project, sequence, ballot: statement.id(), issued });
    }
}

impl World {
    /// What the votes of this world say at a moment: of each first version, for the party that is called as it is.
    pub(super) fn add_votes(&self, evidence: &mut Evidence, now: Timestamp) {
        let chains = self.chains(now);
        let statements: Vec<_> = chains.iter().flat_map(|chain| chain.statements.iter().cloned()).collect();
        let heads: Vec<_> = chains.iter().flat_map(|chain| chain.ballot_heads.iter().cloned()).collect();
        for (label, electorate) in &self.electorates {
            let Ok(party) = PartyName::parse(label) else { continue };
            if electorate.version() > 1 {
                continue;
            }
            let signed = Signed { statements: &statements, heads: &heads };
            match signed.passed(&electorate.id(), now) {
                Ok(passed) => {
                    for Passed { subject, version, span } in passed {
                        evidence.add_finding_in(subject, finding(&party, version), span);
                    }
                    evidence.add_consulted(party);
                }
                Err(error) => {
                    let (source, detail) = (label.as_str().into(), error.to_string().into());
                    evidence.add_gap(party, Gap { code: error.code(), source, detail });
                }
            }
        }
    }
}

fn finding(party: &PartyName, version: Known<u32>) -> Known<Finding> {
    match version {
        Known::Is(version) => {
            let origin = format!("voted for by `{party}`, version {version}").into();
            Known::Is(Finding { party: party.clone(), level: Level::Voted, origin })
        }
        Known::Unknown(gap) => Known::Unknown(Gap { source: party.as_str().into(), ..gap }),
    }
}
