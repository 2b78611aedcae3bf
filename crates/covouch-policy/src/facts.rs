//! What is known about one file under one policy: three-valued facts, and the requirement they make.
//!
//! # Invariants
//! - A fact that is not known is never yes in [`View::Pessimistic`].
//! - Absent, unreachable and never asked are told apart ([`IndexWord`], [`Home`]).

mod adapters;
mod home;
mod identities;

use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

use covouch_core::{
    amount::Amount,
    evidence::{Evidence, Finding, Gap, Known, Listing, MalwareRecord, ProjectStatus, Stated},
    subject::Subject,
    time::Timestamp,
};
use covouch_graph::{Grant, PartyIndex, Requirement, TrustGraph, VetoFound, independent_vetoes};
use covouch_python::filename::DistFilename;

pub use self::adapters::Comparison;
pub(crate) use self::adapters::Origin;
use self::home::home;
pub(crate) use self::home::{Home, IndexWord, index_word};
use self::identities::Identities;
use crate::program::{Applicable, Condition, Derive, FileKind, PartySource, Policy};

/// Yes, no, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Both hold.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    fn from_bool(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }

    /// Yes when the known suffice, no when not even the unknown would.
    pub(crate) fn at_least(needed: usize, parts: impl Iterator<Item = Self>) -> Self {
        let (mut yes, mut unknown) = (0, 0);
        for part in parts {
            match part {
                Self::Yes => yes += 1,
                Self::Unknown => unknown += 1,
                Self::No => {}
            }
        }
        if yes >= needed {
            Self::Yes
        } else if yes + unknown >= needed {
            Self::Unknown
        } else {
            Self::No
        }
    }
}

/// From where the facts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Unknown grants absent, unknown negatives present.
    Pessimistic,
    /// Pessimistic, and `derived from P` is P's word: what one key says about a wheel and about its sdist must not
    /// count twice.
    Together,
    /// The reverse.
    Optimistic,
    /// Optimistic, and without the negatives that are known: is it they that keep the file out?
    WithoutNegatives,
    /// Optimistic, and after all waiting: is it time that keeps the file out?
    InTime,
}

/// One file under one policy.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) graph: &'a TrustGraph,
    pub(crate) evidence: &'a Evidence,
    pub(crate) subject: &'a Subject,
    pub(crate) now: Timestamp,
    pub(crate) applicable: Applicable<'a>,
    pub(crate) home: Home<'a>,
    vetoes: OnceCell<Vec<VetoFound>>,
    filename: OnceCell<Option<DistFilename>>,
    origin: OnceCell<Option<Origin<'a>>>,
    malware: OnceCell<Stated<&'a MalwareRecord>>,
    identities: OnceCell<Identities>,
}

/// The evidence and the moment of a judgement.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) graph: &'a TrustGraph,
    pub(crate) evidence: &'a Evidence,
    pub(crate) now: Timestamp,
}

impl<'a> Case<'a> {
    pub(crate) fn new(policy: &'a Policy, world: World<'a>, subject: &'a Subject) -> Self {
        let applicable = policy.applicable(&subject.project);
        Self {
            policy,
            graph: world.graph,
            evidence: world.evidence,
            subject,
            now: world.now,
            applicable,
            home: home(policy, applicable, world.evidence, subject),
            vetoes: OnceCell::new(),
            filename: OnceCell::new(),
            origin: OnceCell::new(),
            malware: OnceCell::new(),
            identities: OnceCell::new(),
        }
    }

    /// The same policy and moment, another file.
    pub(crate) fn about(&self, subject: &'a Subject) -> Self {
        let world = World { graph: self.graph, evidence: self.evidence, now: self.now };
        Self::new(self.policy, world, subject)
    }

    /// What the indexes are known to say, and whose words could still come.
    pub(crate) fn grants(&self) -> (Vec<Grant>, Vec<PartyIndex>) {
        self.granted(&self.applicable.admit.asks)
    }

    /// The same, of these parties.
    fn granted(&self, asks: &BTreeSet<PartyIndex>) -> (Vec<Grant>, Vec<PartyIndex>) {
        let (mut grants, mut assumed) = (Vec::new(), Vec::new());
        for source in self.policy.sources.iter().filter(|source| asks.contains(&source.party)) {
            match self.word(source) {
                Word::Index(IndexWord::Lists(_)) => grants.push(Grant {
                    party: source.party,
                    level: covouch_core::level::Level::Listed,
                    origin: Arc::clone(&source.origin),
                }),
                Word::Found(finding) => grants.push(Grant {
                    party: source.party,
                    level: finding.level,
                    origin: Arc::clone(&finding.origin),
                }),
                Word::Index(IndexWord::Unknown(_)) | Word::Unread(_) => assumed.push(source.party),
                Word::Index(IndexWord::DoesNot) | Word::Read => {}
            }
        }
        (grants, assumed)
    }

    /// The parties the requirement asks.
    fn asked(&self) -> impl Iterator<Item = &'a PartySource> {
        let asks = &self.applicable.admit.asks;
        self.policy.sources.iter().filter(move |source| asks.contains(&source.party))
    }

    fn word(&self, source: &PartySource) -> Word<'a> {
        if let Home::Known(home, listing) = &self.home
            && home.party == source.party
        {
            return Word::Index(listing.map_or(IndexWord::DoesNot, IndexWord::Lists));
        }
        if source.is_index() {
            return Word::Index(index_word(self.evidence, &source.name, self.subject));
        }
        if source.is_distribution() || source.is_electorate() {
            return self.looked_up(source);
        }
        self.evidence.gap(&source.name).map_or(Word::Read, |gap| Word::Unread(gap.clone()))
    }

    /// The requirement with the facts of this file, seen in one way.
    pub(crate) fn requirement(&self, condition: &Condition, view: View) -> Requirement {
        let all = |parts: &[Condition]| parts.iter().map(|part| self.requirement(part, view)).collect();
        match condition {
            Condition::All(parts) => Requirement::All(all(parts)),
            Condition::Any(parts) => Requirement::Any(self.either(parts, view)),
            Condition::AtLeast(needed, parts) => Requirement::AtLeast(*needed, all(parts)),
            Condition::Support { party, level, at_least } => {
                Requirement::Support { party: *party, level: *level, at_least: *at_least }
            }
            Condition::Score(minimum) => Requirement::Score(*minimum),
            Condition::Not(_) if view == View::WithoutNegatives => Requirement::Fact(true),
            Condition::Age(_) if view == View::InTime => Requirement::Fact(true),
            Condition::Derived { party, level } if view == View::Together => match self
                .derived(*party, *level)
            {
                Truth::Yes => Requirement::Support { party: *party, level: *level, at_least: Amount::FULL },
                Truth::No | Truth::Unknown => Requirement::Fact(false),
            },
            fact => Requirement::Fact(match self.truth(fact) {
                Truth::Yes => true,
                Truth::No => false,
                Truth::Unknown => !matches!(view, View::Pessimistic | View::Together),
            }),
        }
    }

    /// Parts of which one suffices. What a wheel derives from is looked at only where no plainer fact does: pages have
    /// thousands of files, and most of them are old enough.
    fn either(&self, parts: &[Condition], view: View) -> Vec<Requirement> {
        let plain = |part: &Condition| {
            matches!(part, Condition::Age(_) | Condition::Kind(_) | Condition::AllowBuild)
                && self.truth(part) == Truth::Yes
        };
        let suffices = parts.iter().any(plain);
        let parts = parts.iter().map(|part| match part {
            Condition::Derived { .. } if suffices => Requirement::Fact(false),
            part => self.requirement(part, view),
        });
        parts.collect()
    }

    /// Whether a condition holds; of one that asks for supports, the graph must be asked instead.
    pub(crate) fn truth(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(parts) => self.count(parts.len(), parts),
            Condition::Any(parts) => self.count(1, parts),
            Condition::AtLeast(needed, parts) => self.count(needed.get(), parts),
            Condition::Not(inner) => self.truth(inner).not(),
            Condition::Age(age) => self.uploaded().map_or(Truth::No, |uploaded| match uploaded {
                Known::Is(uploaded) => Truth::from_bool(uploaded.plus(*age) <= self.now),
                Known::Unknown(_) => Truth::Unknown,
            }),
            Condition::Derived { party, level } => self.derived(*party, *level),
            Condition::Attested(publisher) => self.attested(publisher.as_ref()),
            Condition::SamePublisher => self.same_publisher(),
            Condition::Kind(kind) => Truth::from_bool(self.is(*kind)),
            Condition::Yanked => self.stated(|listing| match &listing.yanked {
                Stated::Is(_) => Truth::Yes,
                Stated::NotStated => Truth::No,
                Stated::Unknown(_) => Truth::Unknown,
            }),
            Condition::Quarantined => self.stated(|listing| match &listing.status {
                Stated::Is(status) => Truth::from_bool(*status == ProjectStatus::Quarantined),
                Stated::NotStated => Truth::No,
                Stated::Unknown(_) => Truth::Unknown,
            }),
            Condition::Vetoes(needed) => self.veto_count(needed.get()),
            Condition::VetoBy(parties) => self.veto_by(parties),
            Condition::AllowBuild => Truth::Yes,
            Condition::Support { .. } | Condition::Score(_) => Truth::Unknown,
        }
    }

    fn count(&self, needed: usize, parts: &[Condition]) -> Truth {
        Truth::at_least(needed, parts.iter().map(|part| self.truth(part)))
    }

    /// When the file was uploaded to its home; `None` where no index has it.
    pub(crate) fn uploaded(&self) -> Option<Known<Timestamp>> {
        match &self.home {
            Home::Known(_, listing) => listing.map(|listing| match (&listing.uploaded, self.enriched()) {
                (Known::Unknown(_), Some(enriched)) => enriched.uploaded.clone(),
                (known, _) => known.clone(),
            }),
            Home::None => None,
            Home::Unknown(gap) => Some(Known::Unknown(gap.clone())),
        }
    }

    /// What the index that enriches the file's home says of the very same file.
    pub(crate) fn enriched(&self) -> Option<&'a Listing> {
        let Home::Known(home, _) = &self.home else { return None };
        let by = self.policy.enriching(home)?;
        self.evidence.listing(&by.name, self.subject)
    }

    /// Whether the file's home says so, or the index that enriches it.
    fn stated(&self, read: impl Fn(&Listing) -> Truth) -> Truth {
        match &self.home {
            Home::Known(_, listing) => {
                let either = [*listing, self.enriched()].into_iter().flatten();
                either.map(read).fold(Truth::No, |left, right| left.not().and(right.not()).not())
            }
            Home::None => Truth::No,
            Home::Unknown(_) => Truth::Unknown,
        }
    }

    pub(crate) fn is(&self, kind: FileKind) -> bool {
        let parse = || DistFilename::parse(&self.subject.filename, Some(&self.subject.project)).ok();
        let Some(filename) = self.filename.get_or_init(parse) else { return false };
        match kind {
            FileKind::Wheel => filename.is_wheel(),
            FileKind::Sdist => filename.is_sdist(),
            FileKind::Pure => filename.is_pure(),
        }
    }

    /// The known vetoes.
    pub(crate) fn vetoes(&self) -> &[VetoFound] {
        self.vetoes.get_or_init(|| self.graph.vetoes(self.subject, &self.policy.parties))
    }

    /// A party whose folder could not be read may have vetoed, with a key nobody else uses.
    fn veto_count(&self, needed: usize) -> Truth {
        let known = self.vetoes();
        let parties = &self.policy.parties;
        // Automated sources together are one voice.
        let recorded = usize::from(self.on_record() == Truth::Yes);
        if independent_vetoes(known, parties) + recorded >= needed {
            return Truth::Yes;
        }
        let unread: Vec<PartyIndex> = self.unread().map(|(source, _)| source.party).collect();
        if unread.is_empty() {
            return Truth::No;
        }
        let owner = |party: PartyIndex| parties.get(party).and_then(|party| party.owner.as_ref());
        let mut voices: Vec<PartyIndex> = Vec::new();
        for party in unread {
            if owner(party).is_none() || voices.iter().all(|voice| owner(*voice) != owner(party)) {
                voices.push(party);
            }
        }
        // Those that may have spoken speak for themselves; the rest of the known vetoes count without them.
        let silent = |party: &PartyIndex| {
            voices
                .iter()
                .all(|voice| voice != party && (owner(*party).is_none() || owner(*voice) != owner(*party)))
        };
        let others: Vec<VetoFound> = known
            .iter()
            .map(|veto| {
                let parties = veto.parties.iter().copied().filter(silent).collect();
                VetoFound { parties, ..veto.clone() }
            })
            .filter(|veto| !veto.parties.is_empty())
            .collect();
        let possible = voices.len() + independent_vetoes(&others, parties) + recorded;
        if possible >= needed { Truth::Unknown } else { Truth::No }
    }

    fn veto_by(&self, parties: &[PartyIndex]) -> Truth {
        let speaks = |veto: &VetoFound| veto.parties.iter().any(|party| parties.contains(party));
        let recorded = |source: &PartySource| parties.contains(&source.party) && self.has_recorded(source);
        if self.vetoes().iter().any(speaks) || self.policy.automated().any(recorded) {
            return Truth::Yes;
        }
        let unread = self.unread().any(|(source, _)| parties.contains(&source.party));
        if unread { Truth::Unknown } else { Truth::No }
    }

    /// The signers and automated sources that could not be read.
    fn unread(&self) -> impl Iterator<Item = (&'a PartySource, &'a Gap)> {
        let evidence = self.evidence;
        let speaking = self.policy.signers().chain(self.policy.automated());
        speaking.filter_map(move |source| evidence.gap(&source.name).map(|gap| (source, gap)))
    }

    /// The unknowns that stand in the requirement and in what refuses, each once.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = Vec::new();
        for source in self.asked() {
            match self.word(source) {
                Word::Index(IndexWord::Unknown(gap)) => gaps.push(gap),
                Word::Unread(gap) => gaps.push(gap),
                Word::Index(_) | Word::Found(_) | Word::Read => {}
            }
        }
        let formulas = std::iter::once(self.applicable.admit).chain(&self.policy.refuse);
        for formula in formulas {
            formula.condition.walk(&mut |part| self.gap_of(part, &mut gaps));
        }
        if self.policy.derive == Derive::Inherit {
            gaps.extend(self.comparison_gap());
        }
        if self.asked().any(PartySource::is_signer) {
            gaps.extend(self.identities().gaps.iter().cloned());
        }
        if let Stated::Unknown(gap) = self.malware() {
            gaps.push(gap.clone());
        }
        if self.as_expected() == Truth::Unknown {
            gaps.extend(self.publisher_gap(&Condition::Attested(None)));
        }
        gaps.sort();
        gaps.dedup();
        gaps
    }

    fn gap_of(&self, condition: &Condition, gaps: &mut Vec<Gap>) {
        let listing = match &self.home {
            Home::Known(_, listing) => *listing,
            Home::None | Home::Unknown(_) => None,
        };
        match (condition, listing) {
            (Condition::Age(_), Some(Listing { uploaded: Known::Unknown(gap), .. }))
            | (Condition::Yanked, Some(Listing { yanked: Stated::Unknown(gap), .. }))
            | (Condition::Quarantined, Some(Listing { status: Stated::Unknown(gap), .. })) => {
                gaps.push(gap.clone());
            }
            (Condition::Derived { party, level }, _) if self.truth(condition) == Truth::Unknown => {
                gaps.extend(self.derived_gaps(*party, *level));
            }
            (Condition::Attested(_) | Condition::SamePublisher, _)
                if self.truth(condition) == Truth::Unknown =>
            {
                gaps.extend(self.publisher_gap(condition));
            }
            (Condition::Vetoes(_) | Condition::VetoBy(_), _) if self.truth(condition) == Truth::Unknown => {
                let matters = |party: &PartyIndex| match condition {
                    Condition::VetoBy(parties) => parties.contains(party),
                    _ => true,
                };
                gaps.extend(
                    self.unread().filter(|(source, _)| matters(&source.party)).map(|(_, gap)| gap.clone()),
                );
            }
            _ => {}
        }
    }
}

enum Word<'a> {
    Index(IndexWord<'a>),
    /// A folder that was read: the graph knows what it says.
    Read,
    /// A distribution packaged the file, or a vote passed.
    Found(&'a Finding),
    Unread(Gap),
}
