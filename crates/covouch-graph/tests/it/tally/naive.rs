//! A second count, written from the definitions and from nothing else: slow, and for small elections only.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    key::PublicKey,
    statement::{
        Ballot, Choice, Claim, Community, Electorate, Rule, Statement, StatementId, Verified, Voter,
    },
    subject::Subject,
};
use covouch_graph::tally::Outcome;

use super::Hall;

/// What a voter says, or that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    This(Choice),
    Unknown,
}

/// How many voices approve, object and take part.
pub(super) type Voices = (u32, u32, u32);

/// How an election ends, and its voices when everybody who is not known objects.
pub(super) fn tally(hall: &Hall, electorate: &Electorate, subject: &Subject) -> (Outcome, Voices) {
    let said = words(hall, subject);
    let count = |unknown| {
        let choices = said.iter().map(|(key, said)| match said {
            Said::This(choice) => (*key, *choice),
            Said::Unknown => (*key, unknown),
        });
        let choices: BTreeMap<PublicKey, Choice> = choices.collect();
        match &electorate.terms().rule {
            Rule::Committee(_) => affiliations(electorate, &choices),
            Rule::Community(community) => clusters(hall, community, &choices),
        }
    };
    let voices = count(Choice::Object);
    let outcome = match judge(electorate, voices) {
        Outcome::Passed => Outcome::Passed,
        other if judge(electorate, count(Choice::Approve)) != Outcome::Passed => other,
        other if said.values().all(|said| *said != Said::Unknown) => other,
        _ => Outcome::Unknown,
    };
    (outcome, voices)
}

fn judge(electorate: &Electorate, (approving, objecting, taking_part): Voices) -> Outcome {
    let (opposed, enough) = match &electorate.terms().rule {
        Rule::Committee(committee) => (
            objecting >= u32::from(committee.objections.get()),
            approving >= u32::from(committee.approvals.get()),
        ),
        Rule::Community(community) => (
            4 * objecting > approving,
            approving >= u32::from(community.clusters.get())
                && taking_part * taking_part >= community.members.get(),
        ),
    };
    match (opposed, enough) {
        (true, _) => Outcome::Opposed,
        (false, true) => Outcome::Passed,
        (false, false) => Outcome::Short,
    }
}

/// Each voter's word; entitlement is not looked at, since nobody without it is in these elections.
fn words(hall: &Hall, subject: &Subject) -> BTreeMap<PublicKey, Said> {
    let mut ballots: BTreeMap<PublicKey, Vec<(StatementId, &Ballot)>> = BTreeMap::new();
    for statement in &hall.statements {
        if let Claim::Ballot(ballot) = &statement.value().claim
            && ballot.files.project() == &subject.project
        {
            ballots.entry(*statement.issuer()).or_default().push((statement.id(), ballot));
        }
    }
    let mut heads: BTreeMap<PublicKey, Vec<(u64, StatementId)>> = BTreeMap::new();
    for head in hall.heads.iter().filter(|head| head.value().project == subject.project) {
        heads.entry(*head.issuer()).or_default().push((head.value().sequence, head.value().ballot));
        ballots.entry(*head.issuer()).or_default();
    }
    let word = |(key, ballots): (PublicKey, Vec<(StatementId, &Ballot)>)| {
        let heads = heads.get(&key).cloned().unwrap_or_default();
        Some((key, word(&ballots, &heads, subject)?))
    };
    ballots.into_iter().filter_map(word).collect()
}

fn word(ballots: &[(StatementId, &Ballot)], heads: &[(u64, StatementId)], subject: &Subject) -> Option<Said> {
    let ids = |number: u64| -> BTreeSet<StatementId> {
        let cast = ballots.iter().filter(|(_, ballot)| ballot.place.sequence == number).map(|(id, _)| *id);
        cast.chain(heads.iter().filter(|(other, _)| *other == number).map(|(_, id)| *id)).collect()
    };
    let numbers: BTreeSet<u64> = ballots.iter().map(|(_, ballot)| ballot.place.sequence).collect();
    let highest = numbers.iter().copied().chain(heads.iter().map(|(number, _)| *number)).max()?;
    let whole = (1..=highest).all(|number| numbers.contains(&number));
    let linked = ballots.iter().all(|(_, ballot)| {
        ballot.place.previous.is_none_or(|previous| ids(ballot.place.sequence - 1).contains(&previous))
    });
    if !whole || !linked {
        return Some(Said::Unknown);
    }
    let on_file = ballots.iter().filter(|(_, ballot)| ballot.files.lists(subject));
    let (_, last) = on_file.max_by_key(|(_, ballot)| ballot.place.sequence)?;
    (ids(last.place.sequence).len() == 1).then_some(Said::This(last.choice))
}

fn affiliations(electorate: &Electorate, choices: &BTreeMap<PublicKey, Choice>) -> Voices {
    let Rule::Committee(committee) = &electorate.terms().rule else { panic!() };
    let mut names: BTreeSet<String> = BTreeSet::new();
    let name = |key: &PublicKey| match &committee.roster[key] {
        member if member.voter == Voter::Automated => "the programs".to_owned(),
        member => member.affiliation.to_string(),
    };
    names.extend(choices.keys().map(name));
    let mut voices = (0, 0, 0);
    for voice in names {
        let has = |wanted| choices.iter().any(|(key, choice)| name(key) == voice && *choice == wanted);
        if has(Choice::Object) {
            voices.1 += 1;
        } else if has(Choice::Approve) {
            voices.0 += 1;
        }
        if has(Choice::Object) || has(Choice::Approve) || has(Choice::Abstain) {
            voices.2 += 1;
        }
    }
    voices
}

fn clusters(hall: &Hall, community: &Community, choices: &BTreeMap<PublicKey, Choice>) -> Voices {
    let voices = |wanted: &dyn Fn(Choice) -> bool| {
        let voters: Vec<PublicKey> =
            choices.iter().filter(|(_, choice)| wanted(**choice)).map(|(key, _)| *key).collect();
        Ways::new(hall, community).most(&voters)
    };
    (
        voices(&|choice| choice == Choice::Approve),
        voices(&|choice| choice == Choice::Object),
        voices(&|choice| choice != Choice::Withdraw),
    )
}

/// Ways that share no key but seeds, as many as there are, by trying all.
struct Ways<'a> {
    community: &'a Community,
    edges: Vec<(PublicKey, PublicKey, u8)>,
    used: BTreeMap<PublicKey, u16>,
}

impl<'a> Ways<'a> {
    fn new(hall: &Hall, community: &'a Community) -> Self {
        let edge = |statement: &Verified<Statement>| match &statement.value().claim {
            Claim::Delegation(delegation) => Some((*statement.issuer(), delegation.to, delegation.depth)),
            _ => None,
        };
        Self { community, edges: hall.statements.iter().filter_map(edge).collect(), used: BTreeMap::new() }
    }

    fn most(&mut self, voters: &[PublicKey]) -> u32 {
        let Some((voter, rest)) = voters.split_first() else { return 0 };
        let mut best = self.most(rest);
        for way in self.back_from(*voter, 1, &mut vec![*voter]) {
            if !way.iter().all(|key| self.is_free(key)) {
                continue;
            }
            for key in &way {
                *self.used.entry(*key).or_default() += 1;
            }
            best = best.max(1 + self.most(rest));
            for key in &way {
                *self.used.get_mut(key).unwrap() -= 1;
            }
        }
        best
    }

    fn is_free(&self, key: &PublicKey) -> bool {
        let carries = if self.community.seeds.contains(key) { self.community.per_seed.get() } else { 1 };
        self.used.get(key).copied().unwrap_or_default() < carries
    }

    /// All ways from a seed to a key after which `after` certifications come.
    fn back_from(&self, key: PublicKey, after: u8, way: &mut Vec<PublicKey>) -> Vec<Vec<PublicKey>> {
        let mut found = Vec::new();
        if after > self.community.depth {
            return found;
        }
        if self.community.seeds.contains(&key) {
            found.push(way.clone());
            return found;
        }
        for (from, to, depth) in self.edges.iter().copied() {
            if to == key && depth >= after && !way.contains(&from) {
                way.push(from);
                found.extend(self.back_from(from, after + 1, way));
                way.pop();
            }
        }
        found
    }
}
