//! A claim against a policy: "nothing comes in without …".

use crate::{
    ast::Expression,
    error::{Place, PolicyError, PolicyErrors},
    file::{Document, PolicyTable, Source},
    program::{Formula, Policy},
};

/// An expression in a policy's own names, of which somebody says that the policy implies it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The policy with the claim as its requirement.
    policy: Policy,
}

impl Claim {
    /// Reads a claim against the policy of this source.
    ///
    /// # Errors
    /// [`PolicyErrors`]: what is wrong with the claim, or with the policy.
    pub fn parse(text: &str, source: Source<'_>) -> Result<Self, PolicyErrors> {
        let policy = Document::parse(source)?;
        // A claim is read as the smallest policy there is, by the policies' own reader.
        let quoted = toml::Value::from(text).to_string();
        let before = "policy.admit = ";
        let whole = format!("{before}{quoted}\nschema = 1\n");
        let wrapped = Source { name: "--claim", text: &whole, table: PolicyTable::Whole };
        let unwrap = |errors| unwrapped(&errors, before.len() + 1);
        let mut document = Document::parse(wrapped).map_err(unwrap)?;
        document.parties = policy.parties;
        Ok(Self { policy: document.resolve().map_err(unwrap)? })
    }

    /// The claim, as written.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        self.policy.admit()
    }

    pub(super) fn formula(&self) -> &Formula {
        &self.policy.admit
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// The errors with their places in the claim's own text.
fn unwrapped(errors: &PolicyErrors, before: usize) -> PolicyErrors {
    let before = u32::try_from(before).unwrap_or(0);
    let moved = errors.iter().map(|error| {
        let column = error.place.column.saturating_sub(before).max(1);
        PolicyError { place: Place { column, ..error.place.clone() }, fault: error.fault.clone() }
    });
    let moved: Vec<_> = moved.collect();
    PolicyErrors::collect(moved).unwrap_or_else(|| errors.clone())
}
