//! From what was written to what is meant: names become indices, and everything impossible is an error.
//!
//! # Invariants
//! All errors of a policy are reported together; a policy with an error is not a policy.

mod alone;
mod formula;
mod parties;
mod reach;
mod settings;

use std::collections::BTreeSet;

use covouch_core::{hint::Hint, party::PartyName};
use covouch_graph::PartyIndex;

use self::parties::{Declaration, Declared};
use crate::{
    ast::Expression,
    error::{Fault, PolicyError, PolicyErrors, shown},
    file::{Document, Lines, Placed},
    program::{Approval, Condition, Formula, PartySource, Policy, SourceKind},
};

/// Notes what is wrong, with its place.
struct Faults<'d> {
    lines: &'d Lines,
    errors: Vec<PolicyError>,
    warnings: Vec<PolicyError>,
}

impl Faults<'_> {
    fn error(&mut self, at: usize, fault: Fault) {
        self.errors.push(self.lines.error(at, fault));
    }

    fn warn(&mut self, at: usize, fault: Fault) {
        self.warnings.push(self.lines.error(at, fault));
    }

    fn bad(&mut self, at: usize, clause: String, hint: &str) {
        self.error(at, Fault::BadValue { clause: shown(&clause), hint: Some(Hint::new(hint)) });
    }

    /// The value, or a note that it means nothing, and what to write instead.
    fn value<T, E: std::fmt::Display>(&mut self, at: usize, parsed: Result<T, E>, hint: &str) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.bad(at, error.to_string(), hint);
                None
            }
        }
    }
}

impl Document {
    /// Looks up every name and checks that the policy makes sense.
    ///
    /// # Errors
    /// [`PolicyErrors`]: everything that is wrong with its meaning.
    pub fn resolve(&self) -> Result<Policy, PolicyErrors> {
        let mut faults = Faults { lines: &self.lines, errors: Vec::new(), warnings: Vec::new() };
        let policy = resolve(self, &mut faults);
        if let Some(errors) = PolicyErrors::collect(std::mem::take(&mut faults.errors)) {
            return Err(errors);
        }
        let mut policy =
            policy.ok_or_else(|| PolicyErrors::one(self.lines.error(0, Fault::AdmitsNothing)))?;
        faults.warnings.sort_by(|left, right| left.place.cmp(&right.place));
        policy.warnings = faults.warnings;
        Ok(policy)
    }
}

fn resolve(document: &Document, faults: &mut Faults<'_>) -> Option<Policy> {
    let declared = parties::declare(document, faults);
    let derive = settings::derive(document.policy.derive.as_ref(), faults);
    let admit = match &document.policy.admit {
        Some(written) => formula::admit(written, &declared, faults),
        None => {
            if !document.policy.admit_written {
                faults.error(document.policy.at, Fault::AdmitsNothing);
            }
            None
        }
    };
    let refuse = document.policy.refuse.as_ref().map(|written| formula::refuse(written, &declared, faults));
    let rules = settings::rules(document, &declared, faults);
    let waivers = settings::waivers(document, &declared, faults);
    let gateway = settings::gateway(&document.gateway, faults);
    let mode = settings::mode(document.mode.as_ref(), faults);
    let policy = Policy {
        name: document.lines.file().clone(),
        mode,
        derive,
        independence: declared.independence,
        parties: declared.parties.clone()?,
        sources: declared.sources.clone(),
        admit: admit?,
        refuse: refuse.flatten(),
        rules,
        waivers,
        gateway,
        warnings: Vec::new(),
    };
    // Only a policy whose every name is known can be asked whether it can be met.
    if faults.errors.is_empty() {
        check_formulas(&policy, faults);
        warn_unused(document, &policy, faults);
    }
    Some(policy)
}

fn check_formulas(policy: &Policy, faults: &mut Faults<'_>) {
    let rules = policy.rules.iter().filter_map(|rule| rule.admit.as_ref());
    for formula in std::iter::once(&policy.admit).chain(rules) {
        let before = faults.errors.len();
        reach::check(policy, formula, faults);
        if faults.errors.len() == before {
            alone::check(policy, formula, faults);
        }
    }
}

/// Parties nothing asks for. An index is always asked: projects no rule pins may come from it.
fn warn_unused(document: &Document, policy: &Policy, faults: &mut Faults<'_>) {
    let used = used(policy);
    for table in &document.parties {
        let Ok(name) = PartyName::parse(&table.name.value) else { continue };
        let carries = |electorate: &PartySource| match &electorate.kind {
            SourceKind::Electorate { feeds, .. } => feeds.contains(&name),
            _ => false,
        };
        let asked = policy.sources.iter().find(|source| source.name == name).is_some_and(|source| {
            // Records of malware keep files out by being there.
            matches!(source.kind, SourceKind::Index(_) | SourceKind::Osv { .. })
                || used.contains(&source.party)
                || policy.sources.iter().any(carries)
        });
        if !asked {
            faults.warn(table.name.at, Fault::PartyUnused(shown(name)));
        }
    }
}

fn used(policy: &Policy) -> BTreeSet<PartyIndex> {
    let mut used = BTreeSet::new();
    let rules = policy.rules.iter().filter_map(|rule| rule.admit.as_ref());
    for formula in std::iter::once(&policy.admit).chain(&policy.refuse).chain(rules) {
        used.extend(&formula.asks);
        formula.condition.walk(&mut |condition| match condition {
            Condition::Vetoes(_) => used.extend(policy.signers().map(|source| source.party)),
            Condition::VetoBy(parties) => used.extend(parties),
            _ => {}
        });
    }
    for waiver in policy.waivers.values().flatten() {
        if let Approval::Signed(party) = waiver.approval {
            used.insert(party);
        }
    }
    used
}

/// The declaration of a name, or a note that there is none.
fn lookup<'d>(
    name: &Placed<String>,
    declared: &'d Declared,
    faults: &mut Faults<'_>,
) -> Option<&'d Declaration> {
    let found = PartyName::parse(&name.value).ok().and_then(|name| declared.names.get(&name));
    if found.is_none() {
        let known = declared.known();
        faults.error(name.at, Fault::UnknownParty { name: shown(&name.value), known });
    }
    found
}

impl Formula {
    fn new(expression: &Expression, condition: Condition, declared: &Declared) -> Self {
        let allows_build = condition.any(&|part| matches!(part, Condition::AllowBuild));
        let mut asks = BTreeSet::new();
        condition.walk(&mut |part| match part {
            Condition::Support { party, .. } | Condition::Derived { party, .. } => {
                asks.insert(*party);
            }
            Condition::Score(_) => asks.extend(declared.weighing()),
            _ => {}
        });
        Self { expression: expression.clone(), condition, asks, allows_build }
    }
}
