//! What to type when a file is kept out.

use std::{fmt, sync::Arc};

use covouch_core::{
    party::PartyName,
    subject::Subject,
    time::{Duration, Timestamp},
};

use crate::{
    judge::Policies,
    program::SourceKind,
    reasons::{Detail, Explanation, Outcome, Part, Voice},
    verdict::{IndecisionCause, Refusal, RefusalCause, Verdict},
};

/// How long a suggested waiver holds.
const WAIVER: Duration = Duration::from_days(90);

/// Something to type, or to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// One of these parties reads the file and vouches.
    Vouch {
        /// The file.
        subject: Subject,
        /// Who could.
        parties: Vec<PartyName>,
        /// The first one's folder.
        folder: Arc<str>,
    },
    /// Nothing to do but wait.
    Wait {
        /// Until when.
        until: Timestamp,
        /// What is met then.
        term: String,
    },
    /// Let this one file in for a while, signed by a party.
    Waive {
        /// The file.
        subject: Subject,
        /// Who could approve.
        party: PartyName,
        /// Until when.
        expires: Timestamp,
    },
    /// Ask again when this source answers.
    AskAgain {
        /// Who.
        source: Arc<str>,
    },
    /// Write other publishers into the lock, once it is known why they changed.
    LockIdentities,
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vouch { subject, folder, .. } => {
                let Subject { project, version, .. } = subject;
                write!(f, "covouch vouch {project}=={version} --to {} --key …", pasteable(folder))
            }
            Self::Wait { until, term } => write!(f, "wait until {until}: `{term}` is met then"),
            Self::Waive { subject, party, expires } => write!(
                f,
                "[[waiver]]  # {}\nsha256 = \"{}\"\nreason = \"…\"\nexpires = {expires}\napproved-by = \"{party}\"",
                subject.filename, subject.sha256
            ),
            Self::AskAgain { source } => write!(f, "ask again when `{source}` answers"),
            Self::LockIdentities => f.write_str("covouch lock-identities, once you know why it changed"),
        }
    }
}

/// A folder that can stand on a command line as it is. Policies come with pull requests, and this line is made to
/// be pasted into a shell.
fn pasteable(folder: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if folder.bytes().all(plain) && !folder.starts_with('-') { folder } else { "…" }
}

/// What could be done about a file that is kept out; empty when it is not, or when nothing should be.
#[must_use]
pub fn suggest(
    policies: &Policies,
    explanation: &Explanation,
    subject: &Subject,
    now: Timestamp,
) -> Vec<Suggestion> {
    if let Verdict::Refused(Refusal { cause: RefusalCause::OtherPublisher { .. }, .. }) = &explanation.verdict
    {
        return vec![Suggestion::LockIdentities];
    }
    let (Verdict::Undecided(indecision), Some(deciding)) = (&explanation.verdict, explanation.deciding())
    else {
        return Vec::new();
    };
    let mut suggestions = Vec::new();
    let gaps = match &indecision.cause {
        IndecisionCause::NotKnown(gaps) => gaps.as_slice(),
        IndecisionCause::HomeUnknown(gap) => std::slice::from_ref(gap),
        IndecisionCause::NotEnoughVouches
        | IndecisionCause::TooNew
        | IndecisionCause::SiblingUnknown { .. }
        | IndecisionCause::Undecidable(_) => &[],
    };
    suggestions.extend(gaps.iter().map(|gap| Suggestion::AskAgain { source: Arc::clone(&gap.source) }));
    suggestions.extend(waits(&deciding.admit));
    let Some(policy) = policies.iter().find(|policy| policy.name == deciding.policy) else {
        return suggestions;
    };
    let could = signers(&deciding.admit);
    let folder = |name: &PartyName| {
        let source = policy.sources().iter().find(|source| source.name == *name)?;
        match &source.kind {
            SourceKind::Keys { from, .. } => Some(Arc::clone(from)),
            _ => None,
        }
    };
    if let Some(folder) = could.first().and_then(folder) {
        suggestions.push(Suggestion::Vouch { subject: subject.clone(), parties: could, folder });
    }
    if let Some(party) = policy.signers().next() {
        let expires = now.plus(WAIVER);
        suggestions.push(Suggestion::Waive { subject: subject.clone(), party: party.name.clone(), expires });
    }
    suggestions
}

/// The earliest age that is still to be reached.
fn waits(part: &Part) -> Option<Suggestion> {
    let here = match &part.detail {
        Detail::Age { reached: Some(until), .. } if part.outcome == Outcome::NotMet => {
            Some((*until, &part.text))
        }
        _ => None,
    };
    let mut earliest = here.map(|(until, term)| Suggestion::Wait { until, term: term.clone() });
    for part in &part.parts {
        earliest = match (earliest, waits(part)) {
            (Some(Suggestion::Wait { until, term }), Some(Suggestion::Wait { until: other, .. }))
                if until <= other =>
            {
                Some(Suggestion::Wait { until, term })
            }
            (earliest, None) => earliest,
            (_, later) => later,
        };
    }
    earliest
}

/// The signers whose word is open.
fn signers(part: &Part) -> Vec<PartyName> {
    let mut signers = Vec::new();
    collect_signers(part, &mut signers);
    signers
}

fn collect_signers(part: &Part, signers: &mut Vec<PartyName>) {
    if part.outcome == Outcome::Met {
        return;
    }
    match &part.detail {
        Detail::Word { party, voice: Voice::Signer, .. } if !signers.contains(party) => {
            signers.push(party.clone())
        }
        Detail::Score { without, .. } => {
            signers.extend(without.iter().map(|(party, _)| party.clone()));
        }
        _ => {}
    }
    for part in &part.parts {
        collect_signers(part, signers);
    }
}
