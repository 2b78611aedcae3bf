//! Whose statements are believed: those of keys that trust starts at, and of the keys these lead to.
//!
//! # Invariants
//! - Nothing is believed that [`verify`] did not let through; what was seen before is the same envelope of the same key,
//!   to the byte.
//!
//! # Not here
//! What a statement is worth: `covouch-graph`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Claim, Envelope, Statement, Verified, VerifyError, verify};
use crate::key::PublicKey;

/// Statements that are believed, and those of keys nobody led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Believed {
    /// Statements of the first keys, and of keys these lead to.
    pub statements: Vec<Verified<Statement>>,
    /// Everybody else's. Whoever knows their keys may verify them: voters, for example.
    pub others: Vec<Envelope>,
}

/// Statements that were verified before: one that comes in several places is verified once.
#[derive(Clone, Debug, Default)]
pub struct Seen(HashMap<[u8; 64], (Envelope, Verified<Statement>)>);

impl Seen {
    /// As [`verify`], of what was not seen before.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(
        &mut self,
        envelope: &Envelope,
        key: &PublicKey,
    ) -> Result<Verified<Statement>, VerifyError> {
        // All of the envelope is compared: somebody may have put this signature under other bytes.
        if let Some((known, statement)) = self.0.get(&envelope.signature)
            && known == envelope
            && statement.issuer() == key
        {
            return Ok(statement.clone());
        }
        let statement = verify(envelope, key)?;
        self.add(envelope.clone(), statement.clone());
        Ok(statement)
    }

    /// Everything that was seen in one place or the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn add(&mut self, envelope: Envelope, statement: Verified<Statement>) {
        self.0.insert(envelope.signature, (envelope, statement));
    }
}

/// Believes the statements of these keys, and of those that their delegations and author grants lead to.
///
/// # Errors
/// [`VerifyError`] for the first statement of one of these keys that is not what it says: half of what somebody said
/// is never evidence.
pub fn believe(
    roots: &[PublicKey],
    envelopes: impl IntoIterator<Item = Envelope>,
    seen: &mut Seen,
) -> Result<Believed, VerifyError> {
    let mut by_key: BTreeMap<_, Vec<Envelope>> = BTreeMap::new();
    for envelope in envelopes {
        by_key.entry(envelope.key()).or_default().push(envelope);
    }
    let mut wanted = roots.to_vec();
    let mut done: BTreeSet<PublicKey> = BTreeSet::new();
    let mut believed = Believed::default();
    while let Some(key) = wanted.pop() {
        if !done.insert(key) {
            continue;
        }
        for envelope in by_key.remove(&key.id()).unwrap_or_default() {
            let statement = seen.verify(&envelope, &key)?;
            wanted.extend(leads_to(statement.value()));
            believed.statements.push(statement);
        }
    }
    believed.statements.sort_by_key(|statement| (*statement.issuer(), statement.value().link.sequence));
    believed.others = by_key.into_values().flatten().collect();
    Ok(believed)
}

/// The key a statement gives a voice.
#[must_use]
pub fn leads_to(statement: &Statement) -> Option<PublicKey> {
    match &statement.claim {
        Claim::Delegation(delegation) => Some(delegation.to),
        Claim::Author(grant) => grant.author.key().copied(),
        _ => None,
    }
}
