//! `covouch electorate`, `vote` and `tally`, as voters and whoever counts them use them.

mod councils;
mod curators;
mod feeds;
mod policies;

use covouch_testkit::{index::IndexServer, sdist::Sdist};

use crate::{
    desk::{Desk, Ran},
    shelf::{old, wheel},
};

/// The people of the council, their affiliations, and a program.
const VOTERS: [(&str, &str); 3] = [("ann", "acme"), ("bob", "umbrella"), ("cat", "initech")];

/// An index with a wheel and an sdist of `orphan` 1.0, and a council: two of three voices approve, one that objects is
/// too many, and two admins sign.
pub(crate) struct Council {
    _index: IndexServer,
    pub(crate) desk: Desk,
    url: String,
}

impl Council {
    pub(crate) fn new() -> Self {
        let sdist = Sdist::new("orphan", "1.0").build();
        let (index, desk) = (IndexServer::start(old([wheel("orphan", "1.0"), sdist])), Desk::new());
        for name in ["ada", "ben", "ann", "bob", "cat", "eve"] {
            desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        }
        let url = index.url().to_string();
        let council = Self { _index: index, desk, url };
        council.desk.write("council.toml", draft(&VOTERS, 2, 1));
        council.says_yes(&["electorate", "new", "council.toml", "--key", "ada"]);
        council.co_sign("ben");
        council
    }

    pub(crate) fn covouch(&self, arguments: &[&str]) -> Ran {
        self.desk.covouch(arguments)
    }

    /// Runs a command that signs.
    #[track_caller]
    fn says_yes(&self, arguments: &[&str]) -> Ran {
        self.covouch(&[arguments, &["--yes"]].concat()).ends(0)
    }

    /// Another admin signs the newest version.
    #[track_caller]
    fn co_sign(&self, admin: &str) -> String {
        let shown = self.covouch(&["electorate", "show"]);
        let id = shown.stdout.lines().rev().find_map(version_id).unwrap_or_else(|| panic!("{}", shown.all()));
        self.says_yes(&["electorate", "sign", &id, "--key", admin]);
        id
    }

    #[track_caller]
    pub(crate) fn vote(&self, choice: &str, voter: &str) -> Ran {
        let index = ["--index", &self.url];
        self.says_yes(
            &[&["vote", choice, "orphan==1.0", "--electorate", "council", "--key", voter][..], &index]
                .concat(),
        )
    }

    fn tally(&self) -> Ran {
        self.covouch(&["tally", "orphan==1.0", "--electorate", "council"])
    }

    fn key_id(&self, name: &str) -> String {
        let shown = self.covouch(&["key", "show", name]).ends(0);
        shown.stdout.lines().find_map(|line| line.strip_prefix("key id")).unwrap().trim().to_owned()
    }

    /// A voter's chain, its head, and the heads of the voter's ballots, as paths.
    fn chain(&self, voter: &str) -> [std::path::PathBuf; 3] {
        let id = self.key_id(voter);
        ["jsonl", "head", "heads"].map(|kind| self.desk.project().join(format!("trust/{id}.{kind}")))
    }
}

/// A lock with both files of the release.
fn lock() -> String {
    let files = [wheel("orphan", "1.0"), Sdist::new("orphan", "1.0").build()];
    let digests = files.map(|file| format!(" --hash=sha256:{}", file.sha256())).concat();
    format!("orphan==1.0{digests}\n")
}

/// The 64 digits in a line that ends with an id.
pub(crate) fn version_id(line: &str) -> Option<String> {
    let id = line.split_whitespace().next_back()?;
    (id.len() == 64).then(|| id.to_owned())
}

/// A committee of these voters.
fn draft(voters: &[(&str, &str)], approvals: u16, objections: u16) -> String {
    let mut text = format!(
        "name = \"council\"\nadmins = [\"ada\", \"ben\"]\nthreshold = 2\nexpires = \"365d\"\n\n\
         [committee]\napprovals = {approvals}\nobjections = {objections}\n"
    );
    for (key, affiliation) in voters {
        text += &format!("\n[[committee.voter]]\nkey = \"{key}\"\naffiliation = \"{affiliation}\"\n");
    }
    text
}
