//! Expressions to conditions: what each name means, and which side of the policy a term may stand on.

use std::collections::BTreeSet;

use covouch_core::{amount::Amount, level::Level, party::PartyName, publisher::PublisherName};
use covouch_graph::PartyIndex;

use super::{
    Faults,
    parties::{Declaration, Declared},
};
use crate::{
    ast::{Expression, Form, Word},
    error::{Fault, shown},
    file::Placed,
    program::{Condition, FileKind, Formula},
};

/// Where a term stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// In `admit`: it must speak for the file.
    Admit,
    /// In `refuse`, or after `not`: it must speak against it.
    Against,
}

/// What lets a file in.
pub(super) fn admit(written: &Expression, declared: &Declared, faults: &mut Faults<'_>) -> Option<Formula> {
    let condition = Compiler { declared, faults }.condition(written, Side::Admit)?;
    Some(Formula::new(written, condition, declared))
}

/// What keeps a file out.
pub(super) fn refuse(written: &Expression, declared: &Declared, faults: &mut Faults<'_>) -> Option<Formula> {
    let condition = Compiler { declared, faults }.condition(written, Side::Against)?;
    Some(Formula::new(written, condition, declared))
}

struct Compiler<'c, 'd> {
    declared: &'c Declared,
    faults: &'c mut Faults<'d>,
}

impl Compiler<'_, '_> {
    fn condition(&mut self, written: &Expression, side: Side) -> Option<Condition> {
        match &written.form {
            Form::And(parts) => self.parts(parts, side).map(Condition::All),
            Form::Or(parts) => self.parts(parts, side).map(Condition::Any),
            Form::AllOf(parts) => self.group(parts, side).map(Condition::All),
            Form::AnyOf(parts) => self.group(parts, side).map(Condition::Any),
            Form::AtLeast(needed, parts) => {
                if needed.get() > parts.len() {
                    let fault = Fault::ThresholdAboveGroup { needed: needed.get(), there: parts.len() };
                    self.faults.error(written.at, fault);
                }
                self.group(parts, side).map(|parts| Condition::AtLeast(*needed, parts))
            }
            Form::Not(inner) => self.not(written, inner, side),
            _ => self.term(written, side),
        }
    }

    /// All parts are looked at, so that all that is wrong is said.
    fn parts(&mut self, parts: &[Expression], side: Side) -> Option<Vec<Condition>> {
        let conditions: Vec<_> = parts.iter().map(|part| self.condition(part, side)).collect();
        conditions.into_iter().collect()
    }

    fn group(&mut self, parts: &[Expression], side: Side) -> Option<Vec<Condition>> {
        let mut names = BTreeSet::new();
        for part in parts {
            let name = part.party().map_or_else(|| part.to_string(), ToString::to_string);
            if !names.insert(name.clone()) {
                self.faults.error(part.at, Fault::NameTwice(shown(name)));
            }
        }
        self.parts(parts, side)
    }

    fn not(&mut self, written: &Expression, inner: &Expression, side: Side) -> Option<Condition> {
        if side == Side::Against {
            self.faults.error(written.at, Fault::PositiveRefuses(shown(written)));
            return None;
        }
        if !speaks_against(inner) {
            self.faults.error(written.at, Fault::NotBeforePositive(shown(inner)));
            return None;
        }
        self.condition(inner, Side::Against).map(|inner| Condition::Not(Box::new(inner)))
    }

    fn term(&mut self, written: &Expression, side: Side) -> Option<Condition> {
        if speaks_against(written) && side == Side::Admit {
            self.faults.error(written.at, Fault::NegativeAdmits(shown(written)));
            return None;
        }
        let is_kind = matches!(written.form, Form::Wheel | Form::Sdist | Form::Pure);
        if !speaks_against(written) && !is_kind && side == Side::Against {
            self.faults.error(written.at, Fault::PositiveRefuses(shown(written)));
            return None;
        }
        match &written.form {
            Form::Party(word) => self.word(word, written.at),
            Form::Score(minimum) => {
                if !self.any_weight() {
                    self.faults.error(written.at, Fault::ScoreWithoutWeights(shown(minimum)));
                }
                Some(Condition::Score(*minimum))
            }
            Form::VetoBy(name) => self.veto_by(name, written.at),
            Form::DerivedFrom(party, level) => self.derived(party, *level, written.at),
            Form::Attested(publisher) => self.attested(publisher.as_deref(), written.at),
            other => plain(other),
        }
    }

    /// Whether anybody's word adds to a score.
    fn any_weight(&self) -> bool {
        self.declared.weighing().next().is_some()
    }

    fn attested(&mut self, publisher: Option<&str>, at: usize) -> Option<Condition> {
        let Some(written) = publisher else { return Some(Condition::Attested(None)) };
        let hint = "write a publisher such as `github:psf/requests`";
        let publisher = self.faults.value(at, PublisherName::parse(written), hint)?;
        Some(Condition::Attested(Some(publisher)))
    }

    /// `derived from` a party that can vouch for an sdist: an index only lists.
    fn derived(&mut self, name: &PartyName, level: Option<Level>, at: usize) -> Option<Condition> {
        let word = Word { party: name.clone(), level, at_least: None };
        if let Declaration::Index { .. } = self.lookup(name, at)? {
            let (party, level) = (shown(name), shown(level.unwrap_or(Level::Vouched)));
            self.faults.error(at, Fault::LevelUnreachable { party, level, why: LISTS });
            return None;
        }
        match self.word(&word, at)? {
            Condition::Support { party, level, .. } => Some(Condition::Derived { party, level }),
            _ => None,
        }
    }

    fn word(&mut self, word: &Word, at: usize) -> Option<Condition> {
        let (party, level) = match self.lookup(&word.party, at)? {
            Declaration::Index { party } => (party, self.at_most(word, (Level::Listed, LISTS), at)?),
            Declaration::Adapter { party, level, .. } if word.level.is_none() => (party, level),
            Declaration::Adapter { party, range, .. } => {
                (party, self.at_most(word, (range.highest, range.why), at)?)
            }
            Declaration::Signer { party, level, .. } => (party, word.level.unwrap_or(level)),
            Declaration::Automated { .. } => {
                self.faults.error(at, Fault::OnlyAgainst(shown(&word.party)));
                return None;
            }
            Declaration::Broken => return None,
        };
        Some(Condition::Support { party, level, at_least: word.at_least.unwrap_or(Amount::FULL) })
    }

    /// The level asked for, where the party can speak at it.
    fn at_most(&mut self, word: &Word, (highest, why): (Level, &'static str), at: usize) -> Option<Level> {
        match word.level {
            None => Some(highest),
            Some(level) if level <= highest => Some(level),
            Some(level) => {
                let fault = Fault::LevelUnreachable { party: shown(&word.party), level: shown(level), why };
                self.faults.error(at, fault);
                None
            }
        }
    }

    /// A party, or every party of an owner.
    fn veto_by(&mut self, name: &PartyName, at: usize) -> Option<Condition> {
        let mut parties: Vec<PartyIndex> = Vec::new();
        for (other, declaration) in &self.declared.names {
            match declaration {
                Declaration::Signer { party, owner, .. } => {
                    let owned = owner.as_ref().is_some_and(|owner| owner.as_str() == name.as_str());
                    if owned || other == name {
                        parties.push(*party);
                    }
                }
                Declaration::Automated { party } if other == name => parties.push(*party),
                _ => {}
            }
        }
        if !parties.is_empty() {
            parties.sort();
            return Some(Condition::VetoBy(parties));
        }
        if self.declared.owners.contains(name.as_str()) && !self.declared.names.contains_key(name) {
            self.faults.error(at, Fault::NotASigner(shown(name)));
            return None;
        }
        let fault = match self.lookup(name, at)? {
            Declaration::Broken => return None,
            _ => Fault::NotASigner(shown(name)),
        };
        self.faults.error(at, fault);
        None
    }

    fn lookup(&mut self, name: &PartyName, at: usize) -> Option<Declaration> {
        let name = Placed { value: name.to_string(), at };
        super::lookup(&name, self.declared, self.faults).cloned()
    }
}

const LISTS: &str = "an index only lists";

/// Whether everything in it is negative evidence.
fn speaks_against(expression: &Expression) -> bool {
    match &expression.form {
        Form::Yanked | Form::Quarantined | Form::Vetoes(_) | Form::VetoBy(_) => true,
        Form::Not(_) => false,
        _ => !expression.parts().is_empty() && expression.parts().iter().all(speaks_against),
    }
}

fn plain(form: &Form) -> Option<Condition> {
    Some(match form {
        Form::Age(age) => Condition::Age(*age),
        Form::Wheel => Condition::Kind(FileKind::Wheel),
        Form::Sdist => Condition::Kind(FileKind::Sdist),
        Form::Pure => Condition::Kind(FileKind::Pure),
        Form::Yanked => Condition::Yanked,
        Form::Quarantined => Condition::Quarantined,
        Form::Vetoes(count) => Condition::Vetoes(*count),
        Form::SamePublisher => Condition::SamePublisher,
        Form::AllowBuild => Condition::AllowBuild,
        _ => return None,
    })
}
