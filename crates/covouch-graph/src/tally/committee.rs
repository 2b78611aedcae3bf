//! A committee's voices: one per affiliation, and one for all programs together.

use std::collections::BTreeMap;

use covouch_core::{
    key::PublicKey,
    party::Owner,
    statement::{Choice, Committee, Member, Voter},
};

use super::{Count, Reading, Voices, Word};

/// Whose voice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Voice<'a> {
    Affiliation(&'a Owner),
    Automated,
}

impl<'a> Voice<'a> {
    fn of(member: &'a Member) -> Self {
        match member.voter {
            Voter::Person => Self::Affiliation(&member.affiliation),
            Voter::Automated => Self::Automated,
        }
    }
}

/// Counts the voices. A voice that approves and objects at once objects: nobody gains by splitting.
pub(super) fn count(committee: &Committee, words: &BTreeMap<PublicKey, Word>, reading: Reading) -> Count {
    let mut said: BTreeMap<Voice<'_>, Choice> = BTreeMap::new();
    for (voter, word) in words {
        let Some(member) = committee.roster.get(voter) else { continue };
        let choice = word.read(reading);
        let kept = said.entry(Voice::of(member)).or_insert(choice);
        if weight(choice) > weight(*kept) {
            *kept = choice;
        }
    }
    let voices = |of: &dyn Fn(Choice) -> bool| {
        let found = said.values().filter(|choice| of(**choice)).count();
        Voices::whole(u32::try_from(found).unwrap_or(u32::MAX))
    };
    Count {
        approving: voices(&|choice| choice == Choice::Approve),
        objecting: voices(&|choice| choice == Choice::Object),
        taking_part: voices(&|choice| choice != Choice::Withdraw),
    }
}

/// Which of two choices is a voice's: an objection before an approval before anything else.
const fn weight(choice: Choice) -> u8 {
    match choice {
        Choice::Object => 3,
        Choice::Approve => 2,
        Choice::Abstain => 1,
        Choice::Withdraw => 0,
    }
}
