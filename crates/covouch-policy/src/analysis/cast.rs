//! Who and what a requirement can hear from: the parties of one or two policies under one numbering.

use std::collections::BTreeMap;

use covouch_core::{
    key::PublicKey,
    level::Level,
    party::{Owner, PartyName},
};

use crate::{
    ast::{Expression, Form},
    program::{Condition, PartySource, Policy},
};

/// A party of the cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Actor(usize);

impl Actor {
    /// A bit of its own: one policy has at most 64 parties.
    pub(super) fn bit(self) -> u64 {
        u32::try_from(self.0).ok().and_then(|number| 1_u64.checked_shl(number)).unwrap_or(0)
    }
}

/// All parties, each name once.
#[derive(Debug, Default)]
pub(super) struct Cast {
    members: Vec<Member>,
    numbers: BTreeMap<PartyName, Actor>,
}

/// A party.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: PartyName,
    /// It is an index or a distribution; no key of ours has to be stolen for its word.
    pub(super) is_adapter: bool,
    /// The level its bare name asks for, where that can be seen.
    bare: Option<Level>,
    owner: Option<Owner>,
    roots: Vec<PublicKey>,
}

impl Cast {
    /// The parties of these policies. Of a name that stands in several, the last one's settings count.
    pub(super) fn of(policies: &[&Policy]) -> Self {
        let mut cast = Self::default();
        for policy in policies {
            for (index, party) in policy.parties().iter() {
                let source = policy.sources.iter().find(|source| source.party == index);
                let adapter = source.and_then(PartySource::own_level);
                let weighs = Level::ALL.into_iter().find(|level| party.weights.at(*level).millionths() > 0);
                let member = Member {
                    name: party.name.clone(),
                    is_adapter: adapter.is_some(),
                    bare: adapter.or(weighs),
                    owner: party.owner.clone(),
                    roots: party.roots.clone(),
                };
                match cast.numbers.get(&party.name).and_then(|actor| cast.members.get_mut(actor.0)) {
                    Some(known) => *known = member,
                    None => {
                        cast.numbers.insert(party.name.clone(), Actor(cast.members.len()));
                        cast.members.push(member);
                    }
                }
            }
        }
        cast
    }

    /// Learns from all formulas of a policy.
    pub(super) fn read_all(&mut self, policy: &Policy) {
        let rules = policy.rules.iter().filter_map(|rule| rule.admit.as_ref());
        for formula in std::iter::once(&policy.admit).chain(rules) {
            self.read(&formula.expression, &formula.condition);
        }
    }

    /// Learns from a formula which level the bare names in it ask for.
    pub(super) fn read(&mut self, written: &Expression, condition: &Condition) {
        if let (Form::Party(word), Condition::Support { level, .. }) = (&written.form, condition)
            && word.level.is_none()
            && let Some(actor) = self.numbers.get(&word.party)
            && let Some(member) = self.members.get_mut(actor.0)
        {
            member.bare = Some(*level);
        }
        for (written, condition) in written.parts().iter().zip(condition.parts()) {
            self.read(written, condition);
        }
    }

    pub(super) fn actor(&self, name: &PartyName) -> Option<Actor> {
        self.numbers.get(name).copied()
    }

    pub(super) fn member(&self, actor: Actor) -> Option<&Member> {
        self.members.get(actor.0)
    }

    pub(super) fn actors(&self) -> impl Iterator<Item = (Actor, &Member)> {
        self.members.iter().enumerate().map(|(number, member)| (Actor(number), member))
    }

    /// Whether two parties count together as one: they have one owner, or the same single root key.
    pub(super) fn are_one(&self, left: Actor, right: Actor) -> bool {
        let (Some(left), Some(right)) = (self.member(left), self.member(right)) else { return false };
        let owned = left.owner.is_some() && left.owner == right.owner;
        owned || (left.roots.len() == 1 && left.roots == right.roots)
    }

    /// How a policy writes a party's word at a level.
    pub(super) fn label(&self, actor: Actor, level: Level) -> String {
        match self.member(actor) {
            Some(member) if member.bare == Some(level) => member.name.to_string(),
            Some(member) => format!("{}.{level}", member.name),
            None => String::new(),
        }
    }
}
