//! Policies to start from, as texts people will read and change.
//!
//! # Invariants
//! Every text made here parses; presets name only evidence that this version reads.

use covouch_core::{
    code::Code, digest::Sha256, hint::Hint, key::PublicKey, party::PartyName, time::Timestamp,
};

use crate::code;

/// A policy to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// The index, and three days of waiting unless Debian packaged the release.
    Starter,
    /// The index, and seven days of waiting unless Debian packaged the release or two people of the team vouch.
    Team,
    /// The index, and two people of the team, however old a file is.
    Strict,
}

/// Somebody whose key a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// What the policy calls them.
    pub name: PartyName,
    /// Their key.
    pub key: PublicKey,
    /// Their folder of statements, such as `trust/`.
    pub from: String,
}

/// A file that is installed today and stays in for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// What people call the file: its name, or project and version.
    pub label: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// What a preset is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// Who may sign.
    pub signers: &'a [Signer],
    /// What is installed today.
    pub installed: &'a [Installed],
    /// Today.
    pub today: Timestamp,
    /// When the waivers for what is installed end.
    pub expires: Timestamp,
}

/// Why a preset cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// Two people must be able to sign.
    #[error("preset `{preset}` needs the keys of two people, there are {found}")]
    Signers {
        /// The preset.
        preset: &'static str,
        /// How many keys were given.
        found: usize,
    },
}

impl PresetError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        code::PRESET_SIGNERS
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new("make keys with `covouch key new`, or begin with `covouch init --preset team`"))
    }
}

impl Preset {
    /// All presets, the mildest first.
    pub const ALL: [Self; 3] = [Self::Starter, Self::Team, Self::Strict];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Team => "team",
            Self::Strict => "strict",
        }
    }

    /// The preset of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text)
    }

    /// The text of a policy file.
    ///
    /// # Errors
    /// [`PresetError::Signers`] when `strict` is asked for with fewer than two signers.
    pub fn render(self, filling: &Filling<'_>) -> Result<String, PresetError> {
        if self == Self::Strict && filling.signers.len() < 2 {
            let found = filling.signers.len();
            return Err(PresetError::Signers { preset: self.as_str(), found });
        }
        let mut text = HEAD.to_owned();
        if self != Self::Strict {
            text.push_str(DEBIAN);
        }
        for signer in filling.signers {
            text.push_str(&signer.table());
        }
        text.push_str(&self.policy(filling.signers));
        text.push_str(&waivers(filling));
        Ok(text)
    }

    fn policy(self, signers: &[Signer]) -> String {
        let names: Vec<&str> = signers.iter().map(|signer| signer.name.as_str()).collect();
        let two = format!("at least 2 of ({})", names.join(", "));
        let (comment, admit) = match self {
            Self::Starter => (AFTER_3_DAYS, format!("pypi and (age >= 3d or {PACKAGED})")),
            Self::Team if names.len() < 2 => (AFTER_7_DAYS, format!("pypi and (age >= 7d or {PACKAGED})")),
            Self::Team => (AFTER_7_DAYS_OR_TWO, format!("pypi and (age >= 7d or {PACKAGED} or {two})")),
            Self::Strict => (BY_TWO, format!("pypi and {two}")),
        };
        let refuse = match self {
            Self::Starter | Self::Team => "quarantined or vetoes",
            Self::Strict => "quarantined or yanked or vetoes",
        };
        format!("\n[policy]\n{comment}admit  = \"{admit}\"\n{REFUSE}refuse = \"{refuse}\"\n")
    }
}

const HEAD: &str = "\
# Who must say that a file is safe before it may be installed.
# Ask about one with `covouch why NAME==VERSION`, try a change with `covouch policy check`.
schema = 1
mode   = \"enforce\"  # or \"monitor\": report, and hold only hashes and index pins

# The index pip and uv use already; its address comes from their configuration.
[party.pypi]
index = \"pypi\"
";

const DEBIAN: &str = "
# Its maintainers say which sdists they packaged. Asked only about files that would else have to wait; where no
# machine-wide apt configuration says so, write where the archive is:  mirror = \"https://…\"
[party.debian]
debian = { suites = [\"stable\", \"testing\"] }
";

/// A maintainer packaged exactly this sdist, or the one from which this wheel can be shown to come.
const PACKAGED: &str = "debian or derived from debian";

const AFTER_3_DAYS: &str = "\
# Listed there for three days: nearly every release from a stolen account is found within hours. What a Debian
# maintainer packaged need not wait.
";

const AFTER_7_DAYS: &str = "\
# Listed there for a week. With the keys of two people, an urgent fix need not wait: add them as
# `[party.NAME]` and add  or at least 2 of (NAME, NAME)  in the brackets.
";

const AFTER_7_DAYS_OR_TWO: &str = "\
# Listed there for a week, packaged by a Debian maintainer, or vouched for by two of us: an urgent fix need not wait.
";

const BY_TWO: &str = "\
# Listed there, and vouched for by two of us, however old it is.
";

const REFUSE: &str = "\
# Whatever else is said:
";

impl Signer {
    fn table(&self) -> String {
        let Self { name, key, from } = self;
        let from = toml::Value::String(from.clone());
        format!("\n[party.{name}]\nkey  = \"{key} {name}\"\nfrom = {from}\n")
    }
}

fn waivers(filling: &Filling<'_>) -> String {
    if filling.installed.is_empty() {
        return String::new();
    }
    let Filling { today, expires, .. } = filling;
    let mut text = "\n# Installed before this policy was. The list can only shrink.\n".to_owned();
    for Installed { label, sha256 } in filling.installed {
        // A label must not end the comment it stands in.
        let label: String = label.chars().filter(|character| !character.is_control()).collect();
        text.push_str(&format!(
            "[[waiver]]  # {label}\nsha256    = \"{sha256}\"\nreason    = \"installed before\"\n\
             installed = {today}\nexpires   = {expires}\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use covouch_core::key::SecretKey;
    use zeroize::Zeroizing;

    use super::*;
    use crate::{Policy, PolicyTable, Source};

    fn signer(name: &str, seed: u8) -> Signer {
        let secret = SecretKey::from_seed(&Zeroizing::new([seed; 32])).unwrap();
        let name = PartyName::parse(name).unwrap();
        Signer { name, key: *secret.public_key(), from: "trust/".to_owned() }
    }

    fn render(preset: Preset, signers: &[Signer]) -> Result<String, PresetError> {
        let installed = [
            Installed { label: "six-1.16.0-py2.py3-none-any.whl".to_owned(), sha256: Sha256::of(b"six") },
            Installed { label: "bad\n[gateway]".to_owned(), sha256: Sha256::of(b"bad") },
        ];
        preset.render(&Filling {
            signers,
            installed: &installed,
            today: Timestamp::parse("2026-11-22").unwrap(),
            expires: Timestamp::parse("2027-11-22").unwrap(),
        })
    }

    #[test]
    fn every_preset_parses_without_a_warning() {
        let team = [signer("ada", 1), signer("bob", 2), signer("cleo", 3)];
        for preset in Preset::ALL {
            for count in [0, 1, 2, 3] {
                let Ok(text) = render(preset, &team[..count]) else {
                    assert!(preset == Preset::Strict && count < 2);
                    continue;
                };
                let source = Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole };
                let policy = Policy::parse(source).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
                assert_eq!(policy.warnings(), [], "{text}");
                assert_eq!(policy.waiver_count(), 2);
            }
        }
    }

    #[test]
    fn the_team_preset_reads_well() {
        let text = render(Preset::Team, &[signer("ada", 1), signer("bob", 2)]).unwrap();
        insta::assert_snapshot!(text);
    }
}
