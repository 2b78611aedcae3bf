//! Parties whose veto alone keeps a file out.

use covouch_core::party::PartyName;
use covouch_graph::PartyIndex;

use crate::program::{Condition, Formula, Policy};

/// The signers whose single veto refuses a file, or takes from it what the requirement wants absent.
pub(super) fn vetoing(policy: &Policy, admit: &Formula) -> Vec<PartyName> {
    let vetoes = |party: PartyIndex| {
        let refused = policy.refuse.as_ref().is_some_and(|refuse| Lone(party).objects(&refuse.condition));
        refused || !Lone(party).leaves(&admit.condition)
    };
    policy.signers().filter(|source| vetoes(source.party)).map(|source| source.name.clone()).collect()
}

/// A world in which everybody says yes and nothing stands against a file but this party's veto.
struct Lone(PartyIndex);

impl Lone {
    /// Whether negative evidence holds.
    fn objects(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Vetoes(count) => count.get() == 1,
            Condition::VetoBy(parties) => parties.contains(&self.0),
            Condition::Yanked | Condition::Quarantined => false,
            Condition::All(parts) => parts.iter().all(|part| self.objects(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.objects(part)),
            Condition::AtLeast(needed, parts) => {
                parts.iter().filter(|part| self.objects(part)).count() >= needed.get()
            }
            // Only whatever kind the file has.
            Condition::Kind(_) => false,
            Condition::Not(_)
            | Condition::Support { .. }
            | Condition::Score(_)
            | Condition::Age(_)
            | Condition::Derived { .. }
            | Condition::Attested(_)
            | Condition::SamePublisher
            | Condition::AllowBuild => false,
        }
    }

    /// Whether a requirement can still be met.
    fn leaves(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.leaves(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.leaves(part)),
            Condition::AtLeast(needed, parts) => {
                parts.iter().filter(|part| self.leaves(part)).count() >= needed.get()
            }
            Condition::Not(inner) => !self.objects(inner),
            _ => true,
        }
    }
}
