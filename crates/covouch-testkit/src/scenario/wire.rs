//! The TOML of a story.

use std::collections::BTreeMap;

use covouch_core::time::Timestamp;
use serde::Deserialize;
use toml::{Table, Value, value::Datetime};

use super::{Expectation, Facts, ScenarioError};

/// What a story says about itself; everything else in the file is its world.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    pub(super) title: String,
    pub(super) says: String,
    pub(super) source: String,
    pub(super) facts: Facts,
    pub(super) expect: Vec<Expectation>,
    pub(super) twin: WireTwin,
}

const STORY: [&str; 6] = ["title", "says", "source", "facts", "expect", "twin"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTwin {
    pub(super) says: String,
    pub(super) change: String,
    pub(super) expect: Vec<Expectation>,
}

/// The world, as facts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireWorld {
    pub(super) now: Datetime,
    pub(super) policy: String,
    #[serde(default)]
    pub(super) base_policy: Option<String>,
    #[serde(default)]
    pub(super) lock: Vec<String>,
    #[serde(default)]
    pub(super) require: Vec<String>,
    pub(super) index: BTreeMap<String, WireIndex>,
    pub(super) file: BTreeMap<String, WireFile>,
    #[serde(default)]
    pub(super) publisher: BTreeMap<String, WirePublisher>,
    #[serde(default)]
    pub(super) record: BTreeMap<String, WireRecord>,
    #[serde(default)]
    pub(super) suite: BTreeMap<String, WireSuite>,
    #[serde(default)]
    pub(super) vouch: BTreeMap<String, WireVouch>,
    #[serde(default)]
    pub(super) veto: BTreeMap<String, WireVeto>,
    #[serde(default)]
    pub(super) waiver: BTreeMap<String, WireWaiver>,
    #[serde(default)]
    pub(super) release: BTreeMap<String, WireRelease>,
    #[serde(default)]
    pub(super) delegation: BTreeMap<String, WireDelegation>,
    #[serde(default)]
    pub(super) author: BTreeMap<String, WireAuthor>,
    #[serde(default)]
    pub(super) electorate: BTreeMap<String, WireElectorate>,
    #[serde(default)]
    pub(super) ballot: BTreeMap<String, WireBallot>,
    #[serde(default)]
    pub(super) crowd: BTreeMap<String, WireCrowd>,
    #[serde(default)]
    pub(super) revocation: BTreeMap<String, WireRevocation>,
    #[serde(default)]
    pub(super) withdrawal: BTreeMap<String, WireWithdrawal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireIndex {
    #[serde(default = "yes")]
    pub(super) upload_times: bool,
    #[serde(default = "yes")]
    pub(super) statuses: bool,
    #[serde(default = "yes")]
    pub(super) reachable: bool,
    #[serde(default)]
    pub(super) status: BTreeMap<String, String>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireFile {
    pub(super) name: Option<String>,
    pub(super) on: Vec<String>,
    pub(super) uploaded: Datetime,
    pub(super) yanked: Option<String>,
    /// From when on it is yanked; from the beginning when absent.
    pub(super) yanked_at: Option<Datetime>,
    /// Whether its indexes give its sha256.
    #[serde(default = "yes")]
    pub(super) hashed: bool,
    #[serde(default)]
    pub(super) holds: String,
    /// Further files in the archive.
    #[serde(default)]
    pub(super) with: Vec<String>,
    /// The label of the publisher whose workflow attests it.
    pub(super) attested_by: Option<String>,
    #[serde(default)]
    pub(super) requires: Vec<String>,
    pub(super) requires_python: Option<String>,
    #[serde(default)]
    pub(super) setup_py: bool,
    #[serde(default)]
    pub(super) marks: bool,
}

/// A workflow that publishes: what its certificates say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WirePublisher {
    pub(super) name: String,
    pub(super) workflow: Option<String>,
    pub(super) repository_id: String,
    pub(super) owner_id: String,
}

/// A record of malware, by its identifier.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireRecord {
    /// The party whose source has it.
    pub(super) of: String,
    pub(super) project: String,
    /// All of them when absent.
    pub(super) versions: Option<Vec<String>>,
    pub(super) published: Datetime,
    pub(super) withdrawn: Option<Datetime>,
}

/// A suite of a distribution, by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireSuite {
    /// The party whose archive has it.
    pub(super) of: String,
    pub(super) codename: String,
    pub(super) date: Datetime,
    pub(super) valid_until: Option<Datetime>,
    /// Source packages, each with the label of its upstream tarball.
    pub(super) packages: BTreeMap<String, String>,
}

/// Who says something about which files, and from when to when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireVouch {
    pub(super) by: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
    pub(super) level: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireVeto {
    pub(super) by: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireWaiver {
    pub(super) by: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireRelease {
    pub(super) by: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireDelegation {
    pub(super) by: Vec<String>,
    pub(super) to: String,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
    pub(super) depth: u8,
    pub(super) amount: u8,
    pub(super) level: String,
    pub(super) projects: Vec<String>,
}

/// Who names whom an author; a key's name, or a publisher such as `github:psf/requests`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireAuthor {
    pub(super) by: Vec<String>,
    pub(super) author: String,
    pub(super) issued: Datetime,
    pub(super) expires: Option<Datetime>,
    pub(super) projects: Vec<String>,
}

/// A version of an electorate: a committee of voters, or a community that begins at seeds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireElectorate {
    pub(super) admins: Vec<String>,
    pub(super) threshold: u16,
    /// The admins who signed this version.
    pub(super) by: Vec<String>,
    pub(super) issued: Datetime,
    /// The label of the first version, which this one amends.
    pub(super) amends: Option<String>,
    pub(super) approvals: u16,
    #[serde(default)]
    pub(super) objections: u16,
    #[serde(default)]
    pub(super) voters: Vec<String>,
    #[serde(default)]
    pub(super) seeds: Vec<String>,
    #[serde(default)]
    pub(super) members: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireBallot {
    pub(super) by: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) issued: Datetime,
    /// `approve` when absent.
    pub(super) choice: Option<String>,
    /// The label of the version under which it is cast.
    pub(super) electorate: String,
    /// Whether it is left out wherever ballots are, so that only its voters' heads show it.
    #[serde(default)]
    pub(super) hidden: bool,
}

/// Many keys that one key stands behind: it lets each of them vouch, or vote, and each does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireCrowd {
    pub(super) behind: String,
    pub(super) count: u16,
    pub(super) files: Vec<String>,
    /// When they were let in.
    pub(super) since: Datetime,
    /// When they vouch.
    pub(super) issued: Datetime,
    /// The label of the electorate to which they approve instead.
    pub(super) electorate: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireRevocation {
    pub(super) by: Vec<String>,
    /// The name of the key that is revoked.
    pub(super) key: String,
    pub(super) issued: Datetime,
    /// From when on; from the moment of issue when absent.
    pub(super) from: Option<Datetime>,
    pub(super) severity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WireWithdrawal {
    pub(super) by: Vec<String>,
    pub(super) issued: Datetime,
    /// A statement's label, as in `vouch.first`.
    pub(super) of: String,
}

/// A file's text, as what it says about itself, the twin's new value, and the table of its facts.
pub(super) fn split(text: &str) -> Result<(Story, Value, Table), ScenarioError> {
    let mut facts: Table =
        text.parse().map_err(|error: toml::de::Error| ScenarioError::Toml(error.to_string()))?;
    let mut story: Table = STORY.iter().filter_map(|key| facts.remove_entry(*key)).collect();
    // Taken out by hand: a moment does not survive being deserialised into a `Value`.
    let twin = story.get_mut("twin").and_then(Value::as_table_mut);
    let to = twin
        .and_then(|twin| twin.remove("to"))
        .ok_or_else(|| ScenarioError::Twin("it has no `to`".into()))?;
    let story = story.try_into().map_err(|error: toml::de::Error| ScenarioError::Toml(error.to_string()))?;
    Ok((story, to, facts))
}

/// A moment of a story.
pub(super) fn moment(at: &str, datetime: &Datetime) -> Result<Timestamp, ScenarioError> {
    Timestamp::parse(&datetime.to_string()).map_err(|error| ScenarioError::value(at, error))
}
