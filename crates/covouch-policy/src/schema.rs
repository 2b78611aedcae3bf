//! The JSON Schema of `covouch.toml`, for editors: `cargo xtask gen` writes it to
//! `docs/reference/covouch.schema.json`.
//!
//! # Not here
//! The schema describes the form; whether a policy makes sense only [`crate::Policy::parse`] can say. The structs
//! are never read or written: a test holds them and the reader's own list of keys together.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// Who must say that a file is safe before it may be installed.
#[derive(JsonSchema)]
#[schemars(rename = "covouch.toml", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct PolicyFile {
    /// The version of this form.
    #[schemars(range(min = 1, max = 1))]
    schema: u32,
    /// Whether verdicts keep files out. Monitoring still enforces hashes and index pins.
    mode: Option<Mode>,
    /// Whose word can count, by name: lower-case letters, digits and `-`.
    party: Option<BTreeMap<String, Party>>,
    /// The requirement for every project no rule selects.
    policy: Requirement,
    /// Requirements for some projects; the first that matches counts.
    rule: Option<Vec<Rule>>,
    /// Exact files that may come in for a while although the requirement is not met.
    waiver: Option<Vec<Waiver>>,
    /// How the gateway behaves.
    gateway: Option<Gateway>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum Mode {
    Enforce,
    Monitor,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum Level {
    Listed,
    Author,
    Packaged,
    Vouched,
    Voted,
    Audited,
}

/// Someone independent whose word can count. Exactly one of `index`, `debian`, `osv`, `feed`,
/// `electorate`, `key` or `keys`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct Party {
    /// An index: a name such as `pypi`, whose address the installer knows, or an address.
    index: Option<String>,
    /// For an index that lacks upload times, project status or provenance, as mirrors do: another index of this policy
    /// that says them of the same file, by its sha256. It is asked about the same projects.
    #[schemars(rename = "enriched-by")]
    enriched_by: Option<String>,
    /// A distribution's signed source index: whoever packaged an sdist took these very bytes.
    debian: Option<Debian>,
    /// Records of malware in OSV's form: a folder, a zip or a JSON Lines file, relative to this file. What is on
    /// record is kept out.
    osv: Option<String>,
    /// The digest of an electorate's first version, whose ballots in `from` and in `feeds` are counted.
    electorate: Option<String>,
    /// The address of a curator's feed.
    feed: Option<String>,
    /// The digest of the feed's first `root.json`: `sha256:…`.
    root: Option<String>,
    /// An OpenSSH public key: `ssh-ed25519 AAAA… name`.
    key: Option<String>,
    /// Several of them.
    keys: Option<Vec<String>>,
    /// The folder of statements of these keys, or of an electorate's ballots, relative to this file.
    from: Option<String>,
    /// For an electorate: parties of this policy whose feeds carry its ballots.
    feeds: Option<Vec<String>>,
    /// What the bare name asks for.
    level: Option<Level>,
    /// What the party's word adds to the score: one number, or one for each level.
    weight: Option<Weight>,
    /// Who stands behind the party; parties of one owner count together as one.
    owner: Option<String>,
    /// How many certifications may follow one another from its keys, the vouch included.
    #[schemars(range(min = 1, max = 8))]
    depth: Option<u8>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its shape is used")]
enum Weight {
    Flat(Number),
    ByLevel(BTreeMap<String, Number>),
}

/// A decimal with at most six digits after the point.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its shape is used")]
struct Number(#[schemars(range(min = 0, max = 1_000_000))] f64);

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum DeriveRule {
    Inherit,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum IndependenceRule {
    Groups,
    Keys,
}

/// A distribution's signed source index.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct Debian {
    /// Its suites, such as `stable` and `testing`.
    suites: Vec<String>,
    /// Where the archive is, where apt's own configuration does not say so.
    mirror: Option<String>,
    /// A file of the OpenPGP keys that sign the archive, relative to this file; Debian's own where it is left out.
    keyring: Option<String>,
}

/// What lets a file in, and what keeps it out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct Requirement {
    /// What lets a file in, as in `pypi and (age >= 7d or at least 2 of (ada, bob, cleo))`.
    admit: String,
    /// What keeps a file out under every rule, as in `quarantined or vetoes`.
    refuse: Option<String>,
    /// `inherit` lets a vouch for an sdist count, at its level, for the wheels that derive from it.
    derive: Option<DeriveRule>,
    /// Who counts once: with `groups`, as when it is left out, each key and the parties of one owner together; with
    /// `keys` only each key.
    independence: Option<IndependenceRule>,
}

/// A requirement for some projects.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct Rule {
    /// Project names; `*` stands for any run of characters.
    projects: Vec<String>,
    /// The party these projects come from, and from nowhere else.
    index: Option<String>,
    /// What lets their files in; the policy's own when it is left out.
    admit: Option<String>,
}

/// An exact file that may come in for a while. Exactly one of `approved-by` or `installed`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its shape is used")]
struct Waiver {
    /// The digest of the file.
    sha256: String,
    /// Why.
    reason: String,
    /// A date, or a date and time with offset.
    expires: String,
    /// The party whose key signs the waiver.
    approved_by: Option<String>,
    /// When the file was installed already, as `covouch init` writes it.
    installed: Option<String>,
}

/// How the gateway behaves.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its shape is used")]
struct Gateway {
    /// Hosts to which connections are let through: `host:port`.
    connect: Option<Vec<String>>,
    /// How old a release may be that a client falls back to, such as `90d`.
    max_fallback_age: Option<String>,
    /// How old an evidence lock may be; `7d` when it is left out.
    max_lock_age: Option<String>,
    /// Public keys that may take responsibility for what an evidence lock observed, such as a build server's.
    lock_keys: Option<Vec<String>>,
    /// How a file that is kept out is shown.
    blocked: Option<Blocked>,
    /// What a silent downgrade is.
    downgrade: Option<Downgrade>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum Blocked {
    Yank,
    Hide,
    Hard,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum Downgrade {
    Warn,
    Refuse,
}

/// The JSON Schema of a policy file.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(PolicyFile).to_value()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::file::KEYS;

    #[test]
    fn the_schema_has_the_keys_the_reader_knows() {
        let schema = schema();
        for (definition, keys) in KEYS {
            let table = match *definition {
                "" => &schema,
                name => &schema["$defs"][name],
            };
            let described: BTreeSet<_> = table["properties"].as_object().unwrap().keys().cloned().collect();
            let known: BTreeSet<_> = keys.iter().map(ToString::to_string).collect();
            assert_eq!(described, known, "{definition}");
        }
    }

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/covouch.schema.json");
        let committed = std::fs::read_to_string(path).unwrap();
        let committed: serde_json::Value = serde_json::from_str(&committed).unwrap();
        assert_eq!(committed, schema(), "run `cargo xtask gen`");
    }
}
