//! The original proposal, to the letter: PyPI 0.5, a curator 1.0, internal curators 2.0 each, at least 5.5.

use covouch_testkit::index::IndexServer;

use super::pypi;
use crate::{
    desk::Desk,
    shelf::{old, wheel},
};

/// The index, and a desk with three keys.
struct Team {
    index: IndexServer,
    desk: Desk,
    keys: [String; 3],
}

const NAMES: [&str; 3] = ["curator", "security", "platform"];

impl Team {
    fn new() -> Self {
        let (index, desk) = (IndexServer::start(old([wheel("demo", "1.0")])), Desk::new());
        let keys = NAMES.map(|name| desk.new_key(name));
        let lock = format!("demo==1.0 --hash=sha256:{}\n", wheel("demo", "1.0").sha256());
        desk.write("requirements.txt", lock);
        let team = Self { index, desk, keys };
        team.write_policy(&pypi(&team.index), &team.keys, "trust/");
        team
    }

    /// The proposal's policy, with these keys for its parties.
    fn write_policy(&self, head: &str, keys: &[String; 3], from: &str) {
        let party = |(name, key): (&str, &String)| {
            let weight = if name == "curator" { "1.0" } else { "2.0" };
            format!("[party.{name}]\nkey = \"{key}\"\nfrom = \"{from}\"\nweight = {weight}\n\n")
        };
        let parties: String = NAMES.into_iter().zip(keys).map(party).collect();
        let head = head.replacen("[party.pypi]\n", "[party.pypi]\nweight = 0.5\n", 1);
        self.desk.write("covouch.toml", format!("{head}{parties}[policy]\nadmit = \"score >= 5.5\"\n"));
    }

    fn vouch(&self, name: &str, folder: &str) -> String {
        self.desk.sign(&["vouch", "demo==1.0", "--key", name, "--to", folder])
    }
}

#[test]
fn with_all_four_it_is_admitted() {
    let team = Team::new();
    team.desk.write("trust/README.md", "");
    for name in NAMES {
        team.desk.check().ends(4).says("score");
        team.vouch(name, "trust");
    }
    team.desk.check().ends(0).says("1 file: 1 admitted");
}

#[test]
fn without_any_of_the_three_keys_it_is_undecided() {
    let team = Team::new();
    for missing in NAMES {
        let folder = format!("without-{missing}");
        for name in NAMES.into_iter().filter(|name| *name != missing) {
            team.vouch(name, &folder);
        }
        team.write_policy(&pypi(&team.index), &team.keys, &format!("{folder}/"));
        team.desk.check().ends(4).says("[not-enough-vouches]").says(&format!("{missing} says nothing"));
        // The one that was missing makes it whole.
        team.vouch(missing, &folder);
        team.desk.check().ends(0);
    }
}

#[test]
fn without_the_index_it_is_undecided() {
    let team = Team::new();
    for name in NAMES {
        team.vouch(name, "trust");
    }
    // A mirror whose word has no weight lists it. Whether the public index does is the one difference.
    for (listed, code) in [("other", 4), ("demo", 0)] {
        let public = IndexServer::start(old([wheel(listed, "1.0")]));
        let mirror = format!("[party.mirror]\nindex = \"{}\"\n\n", team.index.url());
        team.write_policy(&format!("{}{mirror}", pypi(&public)), &team.keys, "trust/");
        team.desk.check().ends(code);
    }
}

#[test]
fn one_key_under_two_names_counts_once() {
    let team = Team::new();
    for name in NAMES {
        team.vouch(name, "trust");
    }
    let [curator, security, _] = &team.keys;
    let twice = [curator.clone(), security.clone(), security.clone()];
    team.write_policy(&pypi(&team.index), &twice, "trust/");
    let ran = team.desk.check().ends(4);
    ran.says("without counting anybody twice");
}

#[test]
fn a_vouch_that_is_taken_back_is_none() {
    let team = Team::new();
    let ids = NAMES.map(|name| team.vouch(name, "trust"));
    team.desk.check().ends(0);
    team.desk.sign(&["withdraw", &ids[2][..12], "--key", "platform"]);
    team.desk.check().ends(4).says("platform says nothing");
    // Once is enough, and saying it twice is no error.
    team.desk.covouch(&["withdraw", &ids[2], "--key", "platform", "--yes"]).ends(0).says("withdrawn already");
    team.vouch("platform", "trust");
    team.desk.check().ends(0);
}
