//! Reports: what each party's word amounts to alone and together, and what explains the difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{
    amount::{Amount, Decimal, Score},
    key::PublicKey,
    level::Level,
    party::Owner,
    subject::Subject,
    time::Timestamp,
};

use crate::{
    build::TrustGraph,
    check::{self, packing},
    demand::greatest_common_divisor,
    instance::{Instance, Member},
    pack,
    parties::{Parties, PartyIndex, Weights},
    question::{Question, Undecidable},
    search::Located,
    support::{Certification, Chain, PartySupport, SharedKey, Support},
    witness::Witness,
};

impl TrustGraph {
    /// What everybody's word for the file amounts to, for reports.
    #[must_use]
    pub fn support(&self, question: &Question<'_>) -> Support {
        let located = match self.locate(question) {
            Ok(located) => located,
            Err(reason) => return Support { incomplete: Some(reason), ..Support::default() },
        };
        let mut report = Report { graph: self, question, located: &located, incomplete: None };
        let (together, independent) = report.together();
        let mut raw = Vec::new();
        let mut parties = Vec::new();
        let mut lone_chains: Vec<Chain> = Vec::new();
        for member in located.instance.members() {
            let (alone, score) = report.pack(&only(&located.instance, *member));
            raw.push(score);
            let share: Vec<Chain> =
                together.iter().filter(|chain| chain.party == member.party).cloned().collect();
            let support = PartySupport {
                party: member.party,
                alone: report.levels(*member),
                independent: sum(&share),
                chains: if share.is_empty() { alone.clone() } else { share },
            };
            if support.alone.first().is_some_and(|(_, amount)| *amount > support.independent) {
                lone_chains.extend(alone);
            }
            parties.push(support);
        }
        let owners = owners(question.parties, &parties);
        let incomplete = report.incomplete;
        let shared = shared_keys(&lone_chains, &together);
        Support { parties, raw: raw.into_iter().sum(), independent, shared, owners, incomplete }
    }

    /// The later moments at which something about this file changes, earliest first.
    pub fn events(&self, subject: &Subject) -> impl Iterator<Item = Timestamp> + use<> {
        let mut moments: Vec<Timestamp> = self.moments(subject).collect();
        moments.sort_unstable();
        moments.dedup();
        moments.into_iter()
    }

    /// The first of these moments.
    #[must_use]
    pub fn next_event(&self, subject: &Subject) -> Option<Timestamp> {
        self.moments(subject).min()
    }

    fn moments(&self, subject: &Subject) -> impl Iterator<Item = Timestamp> {
        let about = self.moments.files.get(&subject.sha256).into_iter().flatten();
        let trust = self.moments.trust.iter();
        let covering =
            trust.filter(|(projects, _)| projects.iter().any(|pattern| pattern.matches(&subject.project)));
        about.chain(covering.map(|(_, moment)| moment)).copied()
    }
}

struct Report<'a> {
    graph: &'a TrustGraph,
    question: &'a Question<'a>,
    located: &'a Located,
    incomplete: Option<Undecidable>,
}

impl Report<'_> {
    /// The chains of the packing with the largest score, with as much support beside it as can be told.
    fn together(&mut self) -> (Vec<Chain>, Score) {
        let preferred = self.pack(&preferring_score(&self.located.instance));
        if self.incomplete.take().is_none() {
            return preferred;
        }
        // The larger weights of the preference left the rounding margin too wide.
        self.pack(&self.located.instance)
    }

    /// The chains of the largest packing of an instance that differs from the file's in parties and weights only,
    /// and its score by the file's own weights.
    fn pack(&mut self, instance: &Instance) -> (Vec<Chain>, Score) {
        let witness = self.largest(instance);
        let score = packing::check(&self.located.instance, &witness).map(|packing| packing.score());
        let chains = check::chains(self.graph, self.question, self.located, &witness);
        (chains.unwrap_or_default(), score.unwrap_or_default())
    }

    fn largest(&mut self, instance: &Instance) -> Witness {
        match pack::largest(instance) {
            Ok(largest) => {
                if !largest.is_certain {
                    self.incomplete = Some(Undecidable::Margin);
                }
                largest.witness
            }
            Err(reason) => {
                self.incomplete = Some(reason);
                Witness::default()
            }
        }
    }

    /// A party's support at each level it reaches, with no other party present.
    fn levels(&mut self, member: Member) -> Vec<(Level, Amount)> {
        let mut levels = Vec::new();
        for level in Level::ALL {
            let instance = only(
                &self.located.instance,
                Member { weights: Weights::flat(level, Decimal::ONE), ..member },
            );
            let witness = self.largest(&instance);
            let support = packing::check(&self.located.instance, &witness)
                .map_or(Amount::NONE, |packing| packing.support(member.party, level));
            if support == Amount::NONE {
                break;
            }
            levels.push((level, support));
        }
        levels
    }
}

fn sum(chains: &[Chain]) -> Amount {
    let units = chains.iter().map(|chain| chain.amount.units()).sum();
    Amount::from_units(units).unwrap_or(Amount::FULL)
}

/// The instance with only one party, weighing as given, or 1 where it weighs nothing: its chains are wanted too.
fn only(instance: &Instance, member: Member) -> Instance {
    let weightless = member.weights == Weights::NONE;
    let weights = if weightless { Weights::flat(Level::Listed, Decimal::ONE) } else { member.weights };
    let mut lone = instance.clone();
    for other in Arc::make_mut(&mut lone.members) {
        other.weights = if other.party == member.party { weights } else { Weights::NONE };
    }
    lone
}

/// The instance with weights under which the largest packing has the largest score, and among those the largest
/// support, also of parties that weigh nothing.
fn preferring_score(instance: &Instance) -> Instance {
    /// More than all support there can be, in 600ths: 64 parties of 600 each.
    const MORE_THAN_ALL: u64 = 40_000;
    /// Above this, the sum of all weights would be too large to count; then support is not preferred.
    const HEAVIEST: u64 = 100_000_000;
    let mut preferring = instance.clone();
    let weights = || {
        instance
            .members
            .iter()
            .flat_map(|member| Level::ALL.map(|level| member.weights.at(level).millionths()))
    };
    let unit = weights().fold(0, greatest_common_divisor).max(1);
    if weights().any(|weight| weight / unit > HEAVIEST) {
        return preferring;
    }
    for member in Arc::make_mut(&mut preferring.members) {
        let raise = |level| {
            let scaled = member.weights.at(level).millionths() / unit;
            (level, Decimal::from_millionths(scaled * MORE_THAN_ALL + 1))
        };
        member.weights = Weights::by_level(Level::ALL.map(raise));
    }
    preferring
}

/// Keys on the chains of parties that got less together than alone, where somebody else's trust passes too: the
/// full ones where there are any.
fn shared_keys(lone: &[Chain], together: &[Chain]) -> Vec<SharedKey> {
    let mut carried: BTreeMap<PublicKey, (u32, Vec<PartyIndex>)> = BTreeMap::new();
    for chain in together {
        for key in counted(chain) {
            let (units, parties) = carried.entry(*key).or_default();
            *units += u32::from(chain.amount.units());
            parties.push(chain.party);
        }
    }
    let mut shared: BTreeMap<PublicKey, (bool, Vec<PartyIndex>)> = BTreeMap::new();
    for chain in lone {
        for key in counted(chain) {
            let Some((units, parties)) = carried.get(key) else { continue };
            if parties.iter().any(|party| *party != chain.party) {
                let full = *units >= u32::from(Amount::FULL.units());
                let entry = shared.entry(*key).or_insert_with(|| (full, parties.clone()));
                entry.1.push(chain.party);
            }
        }
    }
    let any_full = shared.values().any(|(full, _)| *full);
    let named = shared.into_iter().filter(|(_, (full, _))| *full || !any_full);
    named
        .map(|(key, (_, mut parties))| {
            parties.sort_unstable();
            parties.dedup();
            SharedKey { key, parties }
        })
        .collect()
}

/// The keys that a chain passes, an author's with them.
fn counted(chain: &Chain) -> impl Iterator<Item = &PublicKey> {
    let author = match &chain.end {
        Certification::Author { author, .. } => author.key(),
        Certification::Vouch(_) | Certification::Identity { .. } | Certification::Finding(_) => None,
    };
    chain.keys.iter().chain(author)
}

/// Owners whose parties together would have more than 100 %.
fn owners(parties: &Parties, supports: &[PartySupport]) -> Vec<Owner> {
    let mut alone: BTreeMap<&Owner, u32> = BTreeMap::new();
    let voices: BTreeSet<PartyIndex> = parties
        .members()
        .iter()
        .filter(|member| member.voice != member.party)
        .map(|member| member.voice)
        .collect();
    let counts = |party: PartyIndex| {
        parties.members().iter().any(|member| member.party == party && voices.contains(&member.voice))
    };
    for support in supports.iter().filter(|support| counts(support.party)) {
        let owner = parties.get(support.party).and_then(|party| party.owner.as_ref());
        if let (Some(owner), Some((_, amount))) = (owner, support.alone.first()) {
            *alone.entry(owner).or_default() += u32::from(amount.units());
        }
    }
    let counted_once = alone.into_iter().filter(|(_, units)| *units > u32::from(Amount::FULL.units()));
    counted_once.map(|(owner, _)| owner.clone()).collect()
}
