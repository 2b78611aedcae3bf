//! Keys and statements, and what they change: `key`, `vouch`, `veto`, `waive`, `release`, `withdraw`, `trust`, `check`.

mod agent;
mod graph;
mod impact;
mod keys;
mod proposal;
mod statements;
mod trust;

use covouch_testkit::index::IndexServer;

use crate::desk::{Desk, Ran};

impl Desk {
    /// Makes a key without a passphrase and gives its public line.
    fn new_key(&self, name: &str) -> String {
        let ran = self.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        ran.stdout.trim_end().to_owned()
    }

    /// Signs with `--yes`, and gives the statement's id.
    #[track_caller]
    fn sign(&self, arguments: &[&str]) -> String {
        let ran = self.covouch(&[arguments, &["--yes"]].concat()).ends(0);
        let id = ran.stdout.lines().find_map(|line| line.strip_prefix("signed "));
        id.unwrap_or_else(|| panic!("{}", ran.all())).to_owned()
    }

    fn check(&self) -> Ran {
        self.covouch(&["check"])
    }
}

/// A party of the policy that speaks through a key and the project's folder of statements.
fn party(name: &str, key: &str) -> String {
    format!("[party.{name}]\nkey = \"{key}\"\nfrom = \"trust/\"\n\n")
}

/// The index as a party of the policy.
fn pypi(index: &IndexServer) -> String {
    format!("schema = 1\n\n[party.pypi]\nindex = \"{}\"\n\n", index.url())
}
