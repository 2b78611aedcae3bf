//! Expressions as they were written: names are still names.
//!
//! # Invariants
//! - A threshold of zero cannot be held: counts are [`NonZeroUsize`], and amounts, scores and ages are parsed so.
//! - Printing an expression and parsing the text gives the same expression.
//!
//! # Not here
//! What a name stands for (`resolve`), and what is true (`judge`).

use std::{fmt, num::NonZeroUsize, sync::Arc};

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
    party::PartyName,
    time::Duration,
};

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it says.
    pub form: Form,
    /// The byte of the policy's text at which it starts.
    pub at: usize,
}

/// Where an expression was written does not make it another expression.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Expression {}

/// What an expression says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `… or …`: two or more.
    Or(Vec<Expression>),
    /// `… and …`: two or more.
    And(Vec<Expression>),
    /// `not` before one term.
    Not(Box<Expression>),
    /// `at least k of (…)`.
    AtLeast(NonZeroUsize, Vec<Expression>),
    /// `any of (…)`.
    AnyOf(Vec<Expression>),
    /// `all of (…)`.
    AllOf(Vec<Expression>),
    /// A party's word.
    Party(Word),
    /// `score >= x`.
    Score(Decimal),
    /// `age >= 7d`.
    Age(Duration),
    /// `attested`, or `attested by "…"`.
    Attested(Option<Arc<str>>),
    /// `same-publisher`.
    SamePublisher,
    /// `derived from P`, or `derived from P.level`.
    DerivedFrom(PartyName, Option<Level>),
    /// `wheel`.
    Wheel,
    /// `sdist`.
    Sdist,
    /// `pure`.
    Pure,
    /// `yanked`.
    Yanked,
    /// `quarantined`.
    Quarantined,
    /// `vetoes` (one) or `at least n vetoes`.
    Vetoes(NonZeroUsize),
    /// `veto by P`, a party or an owner.
    VetoBy(PartyName),
    /// `allow-build`.
    AllowBuild,
}

/// A party's word, as a term asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Whose.
    pub party: PartyName,
    /// At which level; `None` is the party's own.
    pub level: Option<Level>,
    /// How much of it; `None` is 100 %.
    pub at_least: Option<Amount>,
}

impl Expression {
    /// The expressions it is made of, one step down.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match &self.form {
            Form::Or(parts)
            | Form::And(parts)
            | Form::AtLeast(_, parts)
            | Form::AnyOf(parts)
            | Form::AllOf(parts) => parts,
            Form::Not(inner) => std::slice::from_ref(inner),
            _ => &[],
        }
    }

    fn parts_mut(&mut self) -> &mut [Self] {
        match &mut self.form {
            Form::Or(parts)
            | Form::And(parts)
            | Form::AtLeast(_, parts)
            | Form::AnyOf(parts)
            | Form::AllOf(parts) => parts,
            Form::Not(inner) => std::slice::from_mut(inner),
            _ => &mut [],
        }
    }

    /// Moves every place in it, from a byte of the expression to a byte of the file.
    pub(crate) fn shift(&mut self, place: impl Fn(usize) -> usize + Copy) {
        self.at = place(self.at);
        for part in self.parts_mut() {
            part.shift(place);
        }
    }

    /// What a name in a group stands for: the party, where the expression is a party's word.
    pub(crate) fn party(&self) -> Option<&PartyName> {
        match &self.form {
            Form::Party(word) => Some(&word.party),
            _ => None,
        }
    }

    fn is_and_or_or(&self) -> bool {
        matches!(self.form, Form::And(_) | Form::Or(_))
    }
}

/// Prints as the grammar reads it, with no more parentheses than needed.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Or(parts) => joined(f, parts, " or ", |part| matches!(part.form, Form::Or(_))),
            Form::And(parts) => joined(f, parts, " and ", Self::is_and_or_or),
            Form::Not(inner) => write!(f, "not {inner}"),
            Form::AtLeast(count, parts) => group(f, &format!("at least {count} of"), parts),
            Form::AnyOf(parts) => group(f, "any of", parts),
            Form::AllOf(parts) => group(f, "all of", parts),
            term => term.fmt(f),
        }
    }
}

/// Prints a term; a connective prints as the expression it belongs to.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(word) => word.fmt(f),
            Self::Score(minimum) => write!(f, "score >= {minimum}"),
            Self::Age(age) => write!(f, "age >= {age}"),
            Self::Attested(None) => f.write_str("attested"),
            Self::Attested(Some(publisher)) => write!(f, "attested by \"{publisher}\""),
            Self::SamePublisher => f.write_str("same-publisher"),
            Self::DerivedFrom(party, None) => write!(f, "derived from {party}"),
            Self::DerivedFrom(party, Some(level)) => write!(f, "derived from {party}.{level}"),
            Self::Wheel => f.write_str("wheel"),
            Self::Sdist => f.write_str("sdist"),
            Self::Pure => f.write_str("pure"),
            Self::Yanked => f.write_str("yanked"),
            Self::Quarantined => f.write_str("quarantined"),
            Self::Vetoes(count) if count.get() == 1 => f.write_str("vetoes"),
            Self::Vetoes(count) => write!(f, "at least {count} vetoes"),
            Self::VetoBy(name) => write!(f, "veto by {name}"),
            Self::AllowBuild => f.write_str("allow-build"),
            connective => Expression { form: connective.clone(), at: 0 }.fmt(f),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.party.fmt(f)?;
        if let Some(level) = self.level {
            write!(f, ".{level}")?;
        }
        self.at_least.map_or(Ok(()), |amount| write!(f, " >= {amount}"))
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression],
    between: &str,
    wrapped: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        if wrapped(part) { write!(f, "({part})") } else { write!(f, "{part}") }?;
    }
    Ok(())
}

fn group(f: &mut fmt::Formatter<'_>, head: &str, parts: &[Expression]) -> fmt::Result {
    write!(f, "{head} (")?;
    joined(f, parts, ", ", |_| false)?;
    f.write_str(")")
}
