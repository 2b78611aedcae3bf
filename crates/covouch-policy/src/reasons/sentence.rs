//! One-line clauses from the tree, for yanked reasons, reason phrases and tables.

use covouch_core::{
    amount::Amount,
    evidence::Gap,
    level::Level,
    party::PartyName,
    publisher::{Continuity, Publisher},
    shown::Shown,
    statement::VetoReason,
};

use super::{Comparison, Detail, Explanation, Outcome, Part, PolicyExplanation, Voice};
use crate::{
    limits,
    verdict::{IndecisionCause, RefusalCause, Verdict},
};

/// The verdict in one lower-case clause, such as
/// `1 of 2 vouches: security said yes, platform and data have not`.
#[must_use]
pub fn sentence(explanation: &Explanation) -> String {
    let Some(policy) = explanation.deciding() else { return explanation.verdict.code().to_string() };
    let mut sentence = clause(policy, &policy.verdict);
    if sentence.len() > limits::SENTENCE_BYTES {
        let end = sentence.floor_char_boundary(limits::SENTENCE_BYTES);
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

/// Who or what could still supply what is missing, such as `any 1 of platform, data`.
#[must_use]
pub fn missing(explanation: &Explanation) -> Vec<String> {
    match explanation.deciding() {
        Some(policy) if !explanation.verdict.lets_in() => wanted(&policy.admit),
        _ => Vec::new(),
    }
}

fn clause(policy: &PolicyExplanation, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted(_) => "admitted".to_owned(),
        Verdict::Waived(waived) => {
            format!("waived until {}: {}", waived.expires(), one_line(waived.reason()))
        }
        Verdict::Monitored(monitored) => {
            format!("would be kept out: {}", clause(policy, monitored.would_be()))
        }
        Verdict::Refused(refusal) => match &refusal.cause {
            RefusalCause::WrongIndex { home } => {
                format!("the project comes from `{home}`, which does not list this file")
            }
            RefusalCause::HashMismatch { home } => format!("`{home}` lists other bytes under this name"),
            RefusalCause::OnRecord { id, summary } => {
                format!("on record as malware: {} ({})", one_line(summary), one_line(id))
            }
            RefusalCause::OtherPublisher { expected, found } => other_publisher(expected, found),
            RefusalCause::Policy => policy.refuse.as_ref().map(found).unwrap_or_default(),
            RefusalCause::NegativeEvidence => short(policy, &policy.admit),
            RefusalCause::SiblingKeptOut { wheel } => {
                format!(
                    "wheel `{wheel}` of this release is kept out, so nobody builds it from this file either"
                )
            }
            RefusalCause::SiblingUnjudged { wheel } => {
                format!(
                    "wheel `{wheel}` of this release has no sha256, so nobody builds it from this file either"
                )
            }
        },
        Verdict::Undecided(indecision) => match &indecision.cause {
            IndecisionCause::NotEnoughVouches | IndecisionCause::TooNew => short(policy, &policy.admit),
            IndecisionCause::NotKnown(gaps) => unknown(gaps),
            IndecisionCause::HomeUnknown(gap) => {
                format!("which index the project comes from is not known: {}", one_line(&gap.to_string()))
            }
            IndecisionCause::SiblingUnknown { wheel } => {
                format!("whether wheel `{wheel}` of this release is kept out is not known")
            }
            IndecisionCause::Undecidable(reason) => reason.to_string(),
        },
    }
}

/// The workflows are written by publishers and by whoever wrote the lock.
fn other_publisher(expected: &str, found: &str) -> String {
    let found = match found {
        "" => "nobody attests where it was published from".to_owned(),
        found => format!("published by {}", one_line(found)),
    };
    match expected {
        "" => format!("{found}, and the lock names a kind of publisher that is not known"),
        expected => format!("{found}, and the lock names {}", one_line(expected)),
    }
}

fn unknown(gaps: &[Gap]) -> String {
    let gaps: Vec<String> = gaps.iter().map(|gap| one_line(&gap.to_string()).to_string()).collect();
    format!("not known: {}", gaps.join("; "))
}

/// What a part lacks. A part whose parts are met, and which is not, is short of independent voices.
fn short(policy: &PolicyExplanation, part: &Part) -> String {
    let lacking = lacks(part);
    let shared: Vec<String> = policy
        .shared
        .iter()
        .map(|shared| {
            let key = shared.key.id().short();
            format!("key `{key}` speaks for {} and counts once", listed(&shared.parties, "and"))
        })
        .collect();
    match (lacking, shared.is_empty()) {
        (Some(lacking), true) => lacking,
        (Some(lacking), false) => format!("{lacking} ({})", shared.join("; ")),
        (None, true) => "the parties that say yes do not count together".to_owned(),
        (None, false) => shared.join("; "),
    }
}

fn lacks(part: &Part) -> Option<String> {
    if part.outcome == Outcome::Met {
        return None;
    }
    let lacking = || part.parts.iter().filter_map(lacks).collect::<Vec<_>>();
    Some(match &part.detail {
        Detail::All => lacking().join("; "),
        Detail::Any => lacking().join(", or "),
        Detail::AtLeast(needed) => {
            let met = part.parts.iter().filter(|part| part.outcome == Outcome::Met).count();
            match voices(&part.parts) {
                Some(voices) => format!("{met} of {needed} vouches: {voices}"),
                None => format!("{met} of {needed}: {}", lacking().join(", or ")),
            }
        }
        Detail::Word { .. } => word(part)?,
        Detail::Score { needed, found, without } => {
            let names: Vec<PartyName> = without.iter().map(|(name, _)| name.clone()).collect();
            format!("score {found} of {needed}, without {}", listed(&names, "and"))
        }
        Detail::Age { needed, found: Some(found), .. } => {
            format!("uploaded {} ago, {needed} needed", found.rounded())
        }
        Detail::Age { needed, found: None, .. } => format!("upload time not known, {needed} needed"),
        Detail::Derived { party, level, vouched, comparison } => {
            derived((party, *level), *vouched, comparison)
        }
        Detail::Attested(publishers) => attested(part, publishers.as_deref()),
        Detail::SamePublisher(continuity) => continued(*continuity).to_owned(),
        Detail::Kind => format!("not {}", of_kind(&part.text)),
        Detail::Not => part.parts.first().map(found)?,
        Detail::Yanked(_) | Detail::Quarantined(_) | Detail::Vetoes(_) | Detail::AllowBuild => return None,
    })
}

/// Why a wheel does not come in by what its sdist is worth.
fn derived((party, level): (&PartyName, Level), vouched: Option<Outcome>, comparison: &Comparison) -> String {
    let sdist = match comparison {
        Comparison::NotPure => return format!("not derived from what {party} knows: not a pure wheel"),
        Comparison::NoSdist => {
            return format!("not derived from what {party} knows: its release has no sdist");
        }
        Comparison::NotCompared(sdist) | Comparison::Derives(sdist) | Comparison::Differs(sdist, _) => sdist,
    };
    match (vouched, comparison) {
        (Some(Outcome::NotMet) | None, _) if level <= Level::Packaged => {
            format!("{party} has not packaged `{sdist}`")
        }
        (Some(Outcome::NotMet) | None, _) if level <= Level::Vouched => {
            format!("{party} has not vouched for `{sdist}`")
        }
        (Some(Outcome::NotMet) | None, _) => {
            format!("{party} has not vouched for `{sdist}` as `{}`", level.as_str())
        }
        (Some(Outcome::Unknown), _) => format!("what {party} says of `{sdist}` is not known"),
        (Some(Outcome::Met), Comparison::Differs(_, differences)) => {
            let more = differences.len().saturating_sub(1);
            let first = differences.first().map(|first| one_line(first).to_string()).unwrap_or_default();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("differs from `{sdist}`: {first}{more}")
        }
        (Some(Outcome::Met), _) => format!("not compared with `{sdist}`"),
    }
}

fn attested(part: &Part, publishers: Option<&[Publisher]>) -> String {
    match publishers {
        None => "who published it is not known".to_owned(),
        Some([]) => "nobody attests where it was published from".to_owned(),
        Some(publishers) => {
            let names: Vec<String> = publishers.iter().map(|publisher| publisher.name.to_string()).collect();
            format!("published by {}, not {}", names.join(" and "), part.text)
        }
    }
}

pub(super) fn continued(continuity: Option<Continuity>) -> &'static str {
    match continuity {
        None | Some(Continuity::Unknown) => "whether the publisher is the one before is not known",
        Some(Continuity::Same) => "published as the release before",
        Some(Continuity::Changed) => "published by somebody else than the release before",
        Some(Continuity::Lost) => "not attested, while the release before was",
        Some(Continuity::NeverHad) => "no release before it was attested",
    }
}

fn of_kind(text: &str) -> &str {
    match text {
        "wheel" => "a wheel",
        "sdist" => "an sdist",
        _ => "a pure wheel",
    }
}

/// Who said yes and who did not, where a group consists of signers' words.
fn voices(parts: &[Part]) -> Option<String> {
    let mut by_outcome: [Vec<PartyName>; 3] = Default::default();
    let [met, not_met, unknown] = &mut by_outcome;
    for part in parts {
        let Detail::Word { party, voice: Voice::Signer, .. } = &part.detail else { return None };
        match part.outcome {
            Outcome::Met => met.push(party.clone()),
            Outcome::NotMet => not_met.push(party.clone()),
            Outcome::Unknown => unknown.push(party.clone()),
        }
    }
    let mut voices = Vec::new();
    if !met.is_empty() {
        voices.push(format!("{} said yes", listed(met, "and")));
    }
    match (not_met.as_slice(), met.is_empty()) {
        ([], _) => {}
        (names @ [_], false) => voices.push(format!("{} has not", listed(names, "and"))),
        (names, false) => voices.push(format!("{} have not", listed(names, "and"))),
        (names @ [_], true) => voices.push(format!("{} has not said yes", listed(names, "and"))),
        (names, true) => voices.push(format!("none of {} said yes", listed(names, "and"))),
    }
    if !unknown.is_empty() {
        voices.push(format!("what {} said is not known", listed(unknown, "and")));
    }
    Some(voices.join(", "))
}

fn word(part: &Part) -> Option<String> {
    let Detail::Word { party, voice, level, needed, found, highest } = &part.detail else { return None };
    Some(match (part.outcome, voice, highest) {
        (Outcome::Unknown, Voice::Index, _) => format!("whether {party} lists it is not known"),
        (Outcome::Unknown, Voice::Distribution, _) => format!("whether {party} packaged it is not known"),
        (Outcome::Unknown, Voice::Electorate, _) => format!("how {party} voted is not known"),
        (Outcome::Unknown, Voice::Signer, _) => format!("what {party} said is not known"),
        (_, Voice::Index, _) => format!("{party} does not list it"),
        (_, Voice::Distribution, _) => format!("{party} has not packaged it"),
        (_, Voice::Electorate, _) => format!("{party} has not voted for it"),
        (_, Voice::Signer, None) => format!("{party} has not said yes"),
        (_, Voice::Signer, Some(highest)) if highest < level => {
            format!("{party} said {highest}, {level} needed")
        }
        (_, Voice::Signer, Some(_)) => format!("{party} gives {found} of {needed}"),
    })
}

/// What a part that speaks against the file has found.
fn found(part: &Part) -> String {
    let parts = || {
        let met = part.parts.iter().filter(|part| part.outcome == Outcome::Met);
        met.map(found).collect::<Vec<_>>().join(", ")
    };
    match &part.detail {
        Detail::Yanked(Some(reason)) if !reason.is_empty() => format!("yanked: {}", one_line(reason)),
        Detail::Yanked(_) => "yanked".to_owned(),
        Detail::Quarantined(Some(index)) => format!("quarantined on {index}"),
        Detail::Quarantined(None) => "quarantined".to_owned(),
        Detail::Vetoes(vetoes) => vetoed(vetoes),
        Detail::Kind => of_kind(&part.text).to_owned(),
        _ => parts(),
    }
}

/// Reasons are written by publishers and pull requests: they get one line, and nothing a terminal obeys.
fn one_line(text: &str) -> Shown {
    let words: Vec<&str> = text.split_whitespace().collect();
    Shown::new(&words.join(" "))
}

fn vetoed(vetoes: &[(Vec<PartyName>, VetoReason)]) -> String {
    let vetoes: Vec<String> = vetoes
        .iter()
        .map(|(parties, reason)| format!("{} ({})", listed(parties, "and"), reason.as_str()))
        .collect();
    format!("vetoed by {}", vetoes.join(", "))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[PartyName], last: &str) -> String {
    match names {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., end] => {
            let first: Vec<&str> = first.iter().map(PartyName::as_str).collect();
            format!("{} {last} {end}", first.join(", "))
        }
    }
}

fn wanted(part: &Part) -> Vec<String> {
    if part.outcome == Outcome::Met {
        return Vec::new();
    }
    let open = || part.parts.iter().filter(|part| part.outcome != Outcome::Met);
    match &part.detail {
        Detail::All => open().flat_map(wanted).collect(),
        Detail::Any => {
            let either: Vec<String> =
                open().map(|part| wanted(part).join(" and ")).filter(|text| !text.is_empty()).collect();
            if either.is_empty() { Vec::new() } else { vec![either.join(" or ")] }
        }
        Detail::AtLeast(needed) => {
            let more = needed.get().saturating_sub(part.parts.len() - open().count());
            let from: Vec<String> = open().map(|part| wanted(part).join(" and ")).collect();
            vec![format!("any {more} of {}", from.join(", "))]
        }
        Detail::Word { party, level, needed, .. } => vec![asked(party, *level, *needed)],
        Detail::Score { needed, found, without } => {
            let from: Vec<String> =
                without.iter().map(|(name, weight)| format!("{name} ({weight})")).collect();
            vec![format!("score {needed} (now {found}), from {}", from.join(", "))]
        }
        Detail::Age { reached: Some(reached), .. } => vec![format!("{} (on {reached})", part.text)],
        Detail::Age { .. }
        | Detail::Kind
        | Detail::Derived { .. }
        | Detail::Attested(_)
        | Detail::SamePublisher(_) => vec![part.text.clone()],
        Detail::Not | Detail::Yanked(_) | Detail::Quarantined(_) | Detail::Vetoes(_) | Detail::AllowBuild => {
            Vec::new()
        }
    }
}

fn asked(party: &PartyName, level: Level, needed: Amount) -> String {
    let mut asked = party.to_string();
    if level > Level::Vouched {
        asked = format!("{asked} at {level}");
    }
    if needed < Amount::FULL {
        asked = format!("{asked} ({needed})");
    }
    asked
}
