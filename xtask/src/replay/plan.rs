//! The policies that are compared: none to speak of, two plain waits, and the presets as `covouch init` writes them.

use covouch_core::{party::PartyName, time::Timestamp};
use covouch_policy::{
    Policies, Policy, PolicyTable, Preset, Source,
    preset::{Filling, Signer},
};
use covouch_testkit::keys;

use crate::Failure;

/// Two people whose keys the presets name, and who say nothing in any story.
pub(super) const SILENT: [&str; 2] = ["ada", "bob"];

/// Two people whose keys the presets name, and who vouch in the twins of ordinary days.
pub(super) const VOUCHING: [&str; 2] = ["security", "platform"];

/// The column of the wait that the table's finding is about.
pub(super) const THREE_DAYS: &str = "3-day wait";

/// The plain policies, by the name of their column.
const PLAIN: [(&str, &str); 3] =
    [("nothing", "pypi"), ("7-day wait", "pypi and age >= 7d"), (THREE_DAYS, "pypi and age >= 3d")];

/// A policy that is compared.
#[derive(Debug)]
pub(super) struct Plan {
    /// The name of its column.
    pub(super) name: &'static str,
    /// The policy, with nothing above it.
    pub(super) policies: Policies,
}

/// All of them, in the order of the columns; the presets name the keys of these two people.
pub(super) fn all(signers: [&str; 2]) -> Result<Vec<Plan>, Failure> {
    let signers = signers.map(signer).into_iter().collect::<Result<Vec<_>, _>>()?;
    let plain = PLAIN.iter().map(|(name, admit)| plan(name, &plain_text(admit)));
    let presets = Preset::ALL.iter().map(|preset| plan(preset.as_str(), &preset_text(*preset, &signers)?));
    plain.chain(presets).collect()
}

fn plan(name: &'static str, text: &str) -> Result<Plan, Failure> {
    let source = Source { name, text, table: PolicyTable::Whole };
    let policy = Policy::parse(source).map_err(|errors| errors.to_string())?;
    let policies = Policies::new(None, policy).map_err(|errors| errors.to_string())?;
    Ok(Plan { name, policies })
}

fn plain_text(admit: &str) -> String {
    format!("schema = 1\n[party.pypi]\nindex = \"pypi\"\n[policy]\nadmit = \"{admit}\"\n")
}

fn preset_text(preset: Preset, signers: &[Signer]) -> Result<String, Failure> {
    // Waivers would need a date; with nothing installed there are none.
    let never = Timestamp::from_unix(0).ok_or("1970 is a year")?;
    let filling = Filling { signers, installed: &[], today: never, expires: never };
    preset.render(&filling).map_err(|error| error.to_string())
}

fn signer(name: &str) -> Result<Signer, Failure> {
    let party = PartyName::parse(name).map_err(|error| error.to_string())?;
    Ok(Signer { name: party, key: *keys::secret(name).public_key(), from: "trust/".to_owned() })
}
