//! What adapters know about a file: who packaged it, what it derives from, who published it, and whether it is on
//! record as malware.
//!
//! # Invariants
//! - What was not asked is unknown, never no.
//! - A wheel derives from one sdist, that of its own release on its home index, and only while nothing refuses
//!   that sdist.

use std::{collections::BTreeSet, sync::Arc};

use covouch_core::{
    amount::Amount,
    evidence::{Derivation, Evidence, Gap, Known, MalwareRecord, Stated},
    level::Level,
    publisher::{Continuity, ExpectedPublisher, Publisher, PublisherName},
    statement::Claim,
    subject::{FileName, Subject},
};
use covouch_graph::{Answer, PartyIndex, Question, Requirement, TrustGraph};

use super::{Case, Home, Truth, Word};
use crate::{
    code,
    program::{Condition, Derive, FileKind, PartySource},
};

/// The sdist a wheel may derive from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The sdist.
    pub(crate) sdist: &'a Subject,
    /// What comparing found; `None` when nobody compared.
    pub(crate) comparison: Option<&'a Derivation>,
}

/// How a wheel stands to its release's sdist, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Only pure wheels can be compared.
    NotPure,
    /// The release has no sdist.
    NoSdist,
    /// Nobody compared, or it could not be done.
    NotCompared(FileName),
    /// It derives from this sdist.
    Derives(FileName),
    /// It does not, and these are the differences.
    Differs(FileName, Arc<[Arc<str>]>),
}

impl<'a> Case<'a> {
    /// A distribution's or an electorate's word.
    pub(super) fn looked_up(&self, source: &PartySource) -> Word<'a> {
        for finding in self.evidence.findings(self.subject, self.now) {
            match finding {
                Known::Is(finding) if finding.party == source.name => return Word::Found(finding),
                Known::Unknown(gap) if *gap.source == *source.name.as_str() => {
                    return Word::Unread(gap.clone());
                }
                Known::Is(_) | Known::Unknown(_) => {}
            }
        }
        // Distributions package sdists: of a wheel nothing is said, which is known.
        if source.is_distribution() && !self.is(FileKind::Sdist) {
            return Word::Read;
        }
        match self.evidence.gap(&source.name) {
            Some(gap) => Word::Unread(gap.clone()),
            None if self.evidence.is_consulted(&source.name) => Word::Read,
            None => Word::Unread(not_asked(source)),
        }
    }

    /// The sdist of this wheel's release: of several, the first that it is known to derive from, or else the first
    /// with which it was not compared.
    pub(crate) fn origin(&self) -> Option<Origin<'a>> {
        *self.origin.get_or_init(|| {
            if !self.is(FileKind::Pure) {
                return None;
            }
            let Home::Known(home, _) = &self.home else { return None };
            let release = self.evidence.release(&home.name, self.subject).map(|(file, _)| file);
            let mut sdists: Vec<&Subject> =
                release.filter(|file| self.about(file).is(FileKind::Sdist)).collect();
            sdists.sort();
            let compared = sdists.into_iter().map(|sdist| {
                let mut known = self.evidence.derivations(self.subject);
                Origin { sdist, comparison: known.find(|comparison| comparison.sdist == *sdist) }
            });
            compared.max_by_key(|origin| match origin.derives() {
                Truth::Yes => 2,
                Truth::Unknown => 1,
                Truth::No => 0,
            })
        })
    }

    /// The sdist whose vouches count as this file's own, or may: where the policy lets them, the file derives from
    /// it, and nothing refuses it.
    pub(crate) fn inherited(&self) -> Option<(&'a Subject, Truth)> {
        if self.policy.derive == Derive::Separate {
            return None;
        }
        let origin = self.origin()?;
        let counts = origin.derives().and(self.about(origin.sdist).spared());
        (counts != Truth::No).then_some((origin.sdist, counts))
    }

    /// Whether nothing refuses the file.
    fn spared(&self) -> Truth {
        let refused = self.policy.refuse.as_ref().map_or(Truth::No, |refuse| self.truth(&refuse.condition));
        refused.not().and(self.on_record().not())
    }

    /// Whether the wheel derives from an sdist for which a party vouches, and which nothing refuses.
    pub(super) fn derived(&self, party: PartyIndex, level: Level) -> Truth {
        let Some(origin) = self.origin() else { return Truth::No };
        let vouched = self.about(origin.sdist).vouched(party, level);
        vouched.and(origin.derives())
    }

    /// Whether a party vouches for the sdist of this wheel's release; `None` where there is none.
    pub(crate) fn vouched_origin(&self, party: PartyIndex, level: Level) -> Option<Truth> {
        self.origin().map(|origin| self.about(origin.sdist).vouched(party, level))
    }

    /// Whether a party vouches wholly for this file, and nothing refuses it.
    fn vouched(&self, party: PartyIndex, level: Level) -> Truth {
        let (grants, assumed) = self.granted(&BTreeSet::from([party]));
        let (parties, identities) = (&self.policy.parties, self.identities());
        let known = &identities.known;
        let question =
            Question { subject: self.subject, parties, grants: &grants, identities: known, also: None };
        let possible = Question { identities: &identities.possible, ..question };
        let whole = Requirement::Support { party, level, at_least: Amount::FULL };
        let vouched = match self.graph.admit(&question, whole.clone()) {
            Answer::Met(_) => Truth::Yes,
            _ if self.graph.possible(&possible, &whole, &assumed) => Truth::Unknown,
            _ => Truth::No,
        };
        vouched.and(self.spared())
    }

    /// How the file stands to its release's sdist.
    pub(crate) fn comparison(&self) -> Comparison {
        if !self.is(FileKind::Pure) {
            return Comparison::NotPure;
        }
        let Some(origin) = self.origin() else { return Comparison::NoSdist };
        let sdist = origin.sdist.filename.clone();
        match origin.comparison.map(|comparison| &comparison.differences) {
            None | Some(Known::Unknown(_)) => Comparison::NotCompared(sdist),
            Some(Known::Is(differences)) if differences.is_empty() => Comparison::Derives(sdist),
            Some(Known::Is(differences)) => Comparison::Differs(sdist, Arc::clone(differences)),
        }
    }

    /// Why it is not known whether the wheel derives from an sdist for which a party vouches.
    pub(super) fn derived_gaps(&self, party: PartyIndex, level: Level) -> Vec<Gap> {
        let word = self
            .policy
            .sources
            .iter()
            .find(|source| source.party == party)
            .filter(|_| self.vouched_origin(party, level) == Some(Truth::Unknown));
        let unread =
            word.map(|source| self.evidence.gap(&source.name).cloned().unwrap_or_else(|| not_asked(source)));
        unread.into_iter().chain(self.comparison_gap()).collect()
    }

    /// Why it is not known whether the wheel derives from its sdist.
    pub(super) fn comparison_gap(&self) -> Option<Gap> {
        let origin = self.origin()?;
        match origin.comparison.map(|comparison| &comparison.differences) {
            Some(Known::Unknown(gap)) => Some(gap.clone()),
            Some(Known::Is(_)) => None,
            None => Some(Gap {
                code: code::NOT_COMPARED,
                source: origin.sdist.filename.as_str().into(),
                detail: "was not compared with the wheel".into(),
            }),
        }
    }

    /// Whether the file's publisher was verified, and is this one where one is asked for.
    pub(super) fn attested(&self, wanted: Option<&PublisherName>) -> Truth {
        match self.evidence.publishers(self.subject) {
            Some(Known::Is(publishers)) => Truth::from_bool(match wanted {
                Some(wanted) => publishers.iter().any(|publisher| publisher.name == *wanted),
                None => !publishers.is_empty(),
            }),
            Some(Known::Unknown(_)) | None => Truth::Unknown,
        }
    }

    /// Whether one of the publishers that each lock names for the file published it. A file that nobody attests was
    /// published by none of them: whoever steals a token would only have to leave the attestation away.
    pub(crate) fn as_expected(&self) -> Truth {
        let mut expected = self.evidence.expected(self.subject).peekable();
        match (expected.peek().is_some(), self.evidence.publishers(self.subject)) {
            (false, _) => Truth::Yes,
            (true, Some(Known::Is(publishers))) => {
                Truth::from_bool(expected.all(|expected| is_any_of(publishers, expected)))
            }
            (true, Some(Known::Unknown(_)) | None) => Truth::Unknown,
        }
    }

    /// Whom a lock names as the file's publishers, and who it was instead.
    pub(crate) fn other_publisher(&self) -> Option<(Arc<str>, Arc<str>)> {
        let Some(Known::Is(publishers)) = self.evidence.publishers(self.subject) else { return None };
        let mut expected = self.evidence.expected(self.subject);
        let expected = expected.find(|expected| !is_any_of(publishers, expected))?;
        let found: Vec<ExpectedPublisher> = publishers.iter().map(ExpectedPublisher::from).collect();
        Some((listed(expected, " or "), listed(&found, " and ")))
    }

    /// Whether the file came from the publisher of the release before.
    pub(super) fn same_publisher(&self) -> Truth {
        match self.evidence.continuity(self.subject) {
            Some(Known::Is(Continuity::Same)) => Truth::Yes,
            Some(Known::Is(Continuity::Changed | Continuity::Lost | Continuity::NeverHad)) => Truth::No,
            Some(Known::Is(Continuity::Unknown) | Known::Unknown(_)) | None => Truth::Unknown,
        }
    }

    /// Why it is not known who published the file.
    pub(super) fn publisher_gap(&self, condition: &Condition) -> Option<Gap> {
        let gap = match condition {
            Condition::SamePublisher => self.evidence.continuity(self.subject).map(Known::gap),
            _ => self.evidence.publishers(self.subject).map(Known::gap),
        };
        match gap {
            Some(gap) => gap.cloned(),
            None => Some(Gap {
                code: code::PUBLISHER_NOT_ASKED,
                source: self.subject.filename.as_str().into(),
                detail: "who published it was not looked at".into(),
            }),
        }
    }

    /// What the automated sources have on record about the release, as one voice against it; `Unknown` when one of
    /// them could not be read, `NotStated` when there is nothing or two parties override it.
    pub(crate) fn malware(&self) -> &Stated<&'a MalwareRecord> {
        self.malware.get_or_init(|| {
            let mut gap = None;
            for source in self.policy.automated() {
                let subject = self.subject;
                let records = self.evidence.records(&source.name, &subject.project, &subject.version);
                if let Some(record) = records.filter(|record| !self.is_overridden(record)).min() {
                    return Stated::Is(record);
                }
                if let Some(unread) = self.evidence.gap(&source.name) {
                    gap = Some(unread.clone());
                } else if !self.evidence.is_consulted(&source.name) {
                    gap = Some(not_asked(source));
                }
            }
            gap.map_or(Stated::NotStated, Stated::Unknown)
        })
    }

    /// Whether the file is on record as malware.
    pub(crate) fn on_record(&self) -> Truth {
        match self.malware() {
            Stated::Is(_) => Truth::Yes,
            Stated::NotStated => Truth::No,
            Stated::Unknown(_) => Truth::Unknown,
        }
    }

    /// Whether this automated source has the release on record, and nobody overrode it.
    pub(super) fn has_recorded(&self, source: &PartySource) -> bool {
        let subject = self.subject;
        let mut records = self.evidence.records(&source.name, &subject.project, &subject.version);
        records.any(|record| !self.is_overridden(record))
    }

    /// Whether two independent parties vouched for exactly this file after the record was last changed: before,
    /// they may have been fooled as everybody was.
    fn is_overridden(&self, record: &MalwareRecord) -> bool {
        let mut later = Evidence::new();
        for sourced in self.evidence.statements() {
            let statement = sourced.statement.value();
            let counts = match &statement.claim {
                Claim::Vouch(vouch) => statement.issued > record.modified && vouch.files.lists(self.subject),
                Claim::Delegation(_) | Claim::Withdrawal(_) => true,
                _ => false,
            };
            if counts {
                later.add_statement(sourced.statement.clone(), Arc::clone(&sourced.origin));
            }
        }
        let voices = self.policy.signers().map(|source| Requirement::Support {
            party: source.party,
            level: Level::Vouched,
            at_least: Amount::FULL,
        });
        let two = Requirement::AtLeast(OVERRIDING, voices.collect());
        let graph = TrustGraph::build(&later, self.now);
        let parties = &self.policy.parties;
        let question = Question { subject: self.subject, parties, grants: &[], identities: &[], also: None };
        matches!(graph.admit(&question, two), Answer::Met(_))
    }
}

/// How many independent parties override a record of malware.
const OVERRIDING: std::num::NonZeroUsize = std::num::NonZeroUsize::MIN.saturating_add(1);

impl Origin<'_> {
    /// Whether the wheel derives from the sdist.
    pub(crate) fn derives(&self) -> Truth {
        match self.comparison.map(Derivation::derives) {
            Some(Known::Is(derives)) => Truth::from_bool(derives),
            Some(Known::Unknown(_)) | None => Truth::Unknown,
        }
    }
}

fn is_any_of(publishers: &[Publisher], expected: &[ExpectedPublisher]) -> bool {
    publishers.iter().any(|proven| expected.iter().any(|one| one.difference(proven).is_none()))
}

fn listed(publishers: &[ExpectedPublisher], between: &str) -> Arc<str> {
    publishers.iter().map(ToString::to_string).collect::<Vec<_>>().join(between).into()
}

fn not_asked(source: &PartySource) -> Gap {
    Gap { code: code::NOT_ASKED, source: source.name.as_str().into(), detail: "was not asked".into() }
}
