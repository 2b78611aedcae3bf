//! What to write instead of a mistake: every fault comes with something to do.

use covouch_core::{hint::Hint, party::PartyName};

use super::{Fault, Shown};
use crate::syntax::RESERVED;

impl Fault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::Expression(error) => return error.hint(),
            Self::BadValue { hint, .. } => return hint.clone(),
            Self::UnknownKey { key, known, .. } => return nearest_or_all(key.as_str(), known, "keys"),
            Self::UnknownParty { name, known } => return unknown_party(name.as_str(), known),
            Self::NotBeforePositive(written) if written.as_str() == "wheel" => "write `sdist`",
            Self::NotBeforePositive(written) if written.as_str() == "sdist" => "write `wheel`",
            Self::MissingKey { key, .. } => missing_key(key),
            Self::WrongType { expected, .. } => wrong_type(expected),
            other => other.fixed_hint(),
        };
        Some(Hint::new(hint))
    }

    fn fixed_hint(&self) -> &'static str {
        match self {
            Self::Toml(message) if message.as_str().contains("duplicate") => "keep one of the two",
            Self::NoTable => "start one with `covouch init`",
            Self::Schema(_) => "write `schema = 1`",
            Self::TooLarge(_) | Self::TooMany { .. } => "remove what is no longer needed",
            Self::ReservedName(_) => "give the party another name",
            Self::PartySource { .. } => {
                "write `index = \"pypi\"` for an index, `key` and `from` for a person"
            }
            Self::ThresholdAboveGroup { .. } => "ask for fewer, or name more parties",
            Self::NameTwice(_) => "each name counts once; name another party",
            Self::KeyTwice(_) => "keep one of the two",
            Self::IndexTwice { .. } => "one index is one voice; keep one of the two parties",
            Self::NotBeforePositive(_) => {
                "`not` goes before `yanked`, `quarantined`, `vetoes`, `at least n vetoes` or `veto by …`"
            }
            Self::NegativeAdmits(_) => "write `not` before it, or move it to `refuse`",
            Self::PositiveRefuses(_) => "say in `admit` what lets a file in",
            Self::OnlyAgainst(_) => "leave it out: what it has on record is kept out anyway",
            Self::LevelUnreachable { .. } => "leave the level out, or ask another party",
            Self::ScoreUnreachable(_) => "lower the minimum, or raise the weights",
            Self::GroupUnreachable(_) => "ask for fewer, or for parties of different owners",
            Self::ScoreWithoutWeights(_) => "give the parties a `weight`",
            Self::AdmitsNothing => "write what lets a file in, as in `admit = \"pypi and age >= 7d\"`",
            Self::NotAnIndex(_) => "name a party that has `index`",
            Self::NotASigner(_) => "name a party that has `key` or `keys`",
            Self::WaiverApproval(_) => "write `approved-by = \"…\"`, the party whose key signs the waiver",
            Self::IndexConflict { .. } | Self::PartyConflict(_) => "give one of the two parties another name",
            Self::KeyShared { .. } => "give each party keys of its own",
            Self::PartyUnused(_) => "name it in `admit` or `refuse`, or remove it",
            Self::OneKey(_) => "ask for two parties, or for an index or an age as well",
            _ => "look at the quotes and brackets before this place",
        }
    }
}

fn missing_key(key: &str) -> &'static str {
    match key {
        "schema" => "write `schema = 1` on top",
        "suites" => "write `suites = [\"stable\", \"testing\"]`",
        "root" => "write `root = \"sha256:…\"`, the digest of the feed's first `root.json`",
        "from" => "write `from = \"trust/\"`, the folder of the statements these keys sign",
        "projects" => "write `projects = [\"NAME\"]`; `*` stands for any run of characters",
        "expires" => "write `expires = 2026-12-31`",
        "sha256" => "write the 64 digits that `sha256sum FILE` prints",
        "reason" => "say why this file may come in",
        _ => "write what lets a file in, or the index these projects come from",
    }
}

fn wrong_type(expected: &str) -> &'static str {
    match expected {
        "a string" => "put it in quotes",
        "a table" => "write it as a table: `[NAME]`",
        "an array of tables" => "write each as a table: `[[NAME]]`",
        "an array of strings" => "write `[\"…\"]`",
        "a whole number" => "write a number such as `1`",
        "a decimal" => "write a number such as `0.5`",
        _ => "write `2026-12-31`, or a time that ends in `Z`",
    }
}

fn unknown_party(name: &str, known: &[Shown]) -> Option<Hint> {
    let known: Vec<&str> = known.iter().map(Shown::as_str).collect();
    if let Some(hint) = Hint::nearest(name, known.iter().copied().chain(RESERVED)) {
        return Some(hint);
    }
    let declare = PartyName::parse(name).map(|name| format!("declare it with `[party.{name}]`")).ok();
    let listed = (!known.is_empty()).then(|| format!("the parties are `{}`", known.join("`, `")));
    let hints: Vec<String> = listed.into_iter().chain(declare).collect();
    Some(Hint::new(if hints.is_empty() { "declare a party first".to_owned() } else { hints.join("; or ") }))
}

pub(crate) fn nearest_or_all(written: &str, known: &[&str], what: &str) -> Option<Hint> {
    Hint::nearest(written, known.iter().copied())
        .or_else(|| Some(Hint::new(format!("the {what} are `{}`", known.join("`, `")))))
}
