//! What feeds say at which level, and what one feed lets another say.

use covouch_testkit::index::IndexServer;
use url::Url;

use crate::{
    desk::{Desk, Ran},
    shelf::{old, wheel},
};

/// An index with `demo` 1.0 and `tool` 1.0, and two feeds: a public curator's and a company's.
struct World {
    index: IndexServer,
    desk: Desk,
}

impl World {
    fn new() -> Self {
        let (index, desk) =
            (IndexServer::start(old([wheel("demo", "1.0"), wheel("tool", "1.0")])), Desk::new());
        for name in ["public-root", "public", "company-root", "company", "online", "reviewer", "author"] {
            desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        }
        for feed in ["public", "company"] {
            let root = format!("{feed}-root");
            let keys = ["--root", &root, "--key", feed, "--online", "online"];
            desk.covouch(&[&["feed", "init", &format!("{feed}-feed")][..], &keys].concat()).ends(0);
        }
        for project in ["demo", "tool"] {
            let wheel = wheel(project, "1.0");
            desk.write(wheel.filename(), wheel.bytes());
        }
        Self { index, desk }
    }

    /// A command that signs into a feed's statements.
    fn signs(&self, feed: &str, arguments: &[&str]) -> Ran {
        let to = format!("{feed}-feed/statements");
        self.desk.covouch(&[arguments, &["--to", &to, "--yes"]].concat()).ends(0)
    }

    fn vouch(&self, feed: &str, key: &str, level: &str) {
        let about = ["vouch", "--file", "demo-1.0-py3-none-any.whl", "--level", level, "--key", key];
        self.signs(feed, &[&about[..], &["--read", "full-source"]].concat());
    }

    fn key(&self, name: &str) -> String {
        self.desk.covouch(&["key", "export", name]).ends(0).stdout.trim_end().to_owned()
    }

    fn trust(&self, feed: &str, (by, to): (&str, &str), more: &[&str]) {
        let to = self.key(to);
        self.signs(feed, &[&["trust", "add", &to, "--key", by][..], more].concat());
    }

    fn publish(&self) {
        for feed in ["public", "company"] {
            let publish = ["feed", "publish", &format!("{feed}-feed"), "--key", feed, "--online", "online"];
            self.desk.covouch(&publish).ends(0);
        }
    }

    /// The end of `covouch check` of `demo` under this requirement.
    fn check(&self, admit: &str) -> Ran {
        self.policy(admit, "");
        self.desk.covouch(&["check", "requirements.txt"])
    }

    /// A policy with these feeds; `more` stands in the table of each.
    fn policy(&self, admit: &str, more: &str) {
        let mut text = format!("schema = 1\n[party.pypi]\nindex = \"{}\"\n", self.index.url());
        for feed in ["public", "company"] {
            let public = self.desk.project().join(format!("{feed}-feed/public"));
            let root = covouch_core::digest::Sha256::of(&std::fs::read(public.join("1.root.json")).unwrap());
            let place = Url::from_directory_path(public).unwrap();
            text += &format!("[party.{feed}]\nfeed = \"{place}\"\nroot = \"sha256:{root}\"\n{more}");
        }
        text += &format!("[policy]\nadmit = \"{admit}\"\n");
        self.desk.write("covouch.toml", text);
        let demo = wheel("demo", "1.0");
        self.desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{}\n", demo.sha256()));
    }
}

#[test]
fn a_company_trusts_a_public_curator_up_to_voted_and_no_further() {
    let world = World::new();
    world.vouch("public", "public", "audited");
    world.publish();
    world.check("pypi and public.audited").ends(0);
    world.check("pypi and company").ends(4);
    world.trust("company", ("company", "public"), &["--depth", "2", "--level", "voted"]);
    world.publish();
    world.check("pypi and company").ends(0);
    world.check("pypi and company.voted").ends(0);
    // What the public curator audited is no audit of the company's.
    world.check("pypi and company.audited").ends(4);
    // Both feeds speak through one key, which is one voice.
    world.check("pypi and all of (public, company)").ends(4).says("counts once");
}

#[test]
fn a_company_that_lets_a_curator_appoint_reviewers_hears_them_and_one_that_does_not_does_not() {
    for (depth, ends) in [("2", 0), ("1", 4)] {
        let world = World::new();
        world.trust("public", ("public", "reviewer"), &["--level", "audited"]);
        world.vouch("public", "reviewer", "audited");
        world.trust("company", ("company", "public"), &["--depth", depth, "--level", "voted"]);
        world.publish();
        world.check("pypi and public.audited").ends(0);
        world.policy("pypi and company.voted", "depth = 3\n");
        world.desk.covouch(&["check", "requirements.txt"]).ends(ends);
    }
}

#[test]
fn a_delegation_is_for_the_projects_it_names() {
    for (projects, ends) in [("demo*", 0), ("tool*", 4)] {
        let world = World::new();
        world.vouch("public", "public", "vouched");
        let scope = ["--depth", "2", "--level", "voted", "--projects", projects];
        world.trust("company", ("company", "public"), &scope);
        world.publish();
        world.check("pypi and company").ends(ends);
    }
}

/// A council of two, both of whom must approve, whose ballots the public curator carries.
fn council(world: &World) -> String {
    for name in ["ada", "ann", "bob"] {
        world.desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    let mut draft =
        "name = \"council\"\nadmins = [\"ada\"]\nthreshold = 1\nexpires = \"365d\"\n\n[committee]\n\
                     approvals = 2\nobjections = 1\n"
            .to_owned();
    for key in ["ann", "bob"] {
        draft += &format!("\n[[committee.voter]]\nkey = \"{key}\"\naffiliation = \"of-{key}\"\n");
    }
    world.desk.write("council.toml", draft);
    let new = world.desk.covouch(&["electorate", "new", "council.toml", "--key", "ada", "--yes"]).ends(0);
    new.stdout.lines().find_map(|line| line.strip_prefix("electorate ")).unwrap().to_owned()
}

impl World {
    fn vote(&self, choice: &str, key: &str) {
        let index = self.index.url().to_string();
        let vote = ["vote", choice, "demo==1.0", "--index", &index, "--electorate", "council", "--key", key];
        self.desk.covouch(&[&vote[..], &["--yes"]].concat()).ends(0);
        self.desk.covouch(&["feed", "add", "public-feed", "trust", "--electorate", "council"]).ends(0);
        self.publish();
    }

    fn name_electorate(&self, feed: &str, id: &str, projects: &str) {
        let electorate = format!("electorate:{id}");
        self.signs(feed, &["trust", "author", &electorate, "--projects", projects, "--key", feed]);
        self.publish();
    }
}

#[test]
fn a_curator_says_voted_of_what_an_electorate_it_names_let_pass() {
    let world = World::new();
    let id = council(&world);
    world.name_electorate("public", &id, "demo");
    world.vote("approve", "ann");
    world.check("pypi and public.voted").ends(4);
    world.vote("approve", "bob");
    world.check("pypi and public.voted").ends(0);
    // Nobody audits by vote, and nobody votes for who did not ask.
    world.check("pypi and public.audited").ends(4);
    world.check("pypi and company.voted").ends(4);
    // A company that trusts the curator has the vote too, as far as it says.
    world.trust("company", ("company", "public"), &["--depth", "2", "--level", "voted"]);
    world.publish();
    world.check("pypi and company.voted").ends(0);
    world.vote("object", "bob");
    world.check("pypi and company.voted").ends(4);
}

#[test]
fn an_electorate_that_two_parties_name_is_one_voice() {
    let world = World::new();
    let id = council(&world);
    for feed in ["public", "company"] {
        world.name_electorate(feed, &id, "*");
    }
    world.vote("approve", "ann");
    world.vote("approve", "bob");
    world.check("pypi and public.voted").ends(0);
    world.check("pypi and company.voted").ends(0);
    world.check("pypi and all of (public, company)").ends(4);
    // The company's own word is another one.
    world.vouch("company", "company", "vouched");
    world.publish();
    world.check("pypi and all of (public, company)").ends(0);
}

#[test]
fn an_electorate_speaks_for_the_projects_for_which_it_is_named() {
    let world = World::new();
    let id = council(&world);
    world.name_electorate("public", &id, "tool");
    world.vote("approve", "ann");
    world.vote("approve", "bob");
    world.check("pypi and public.voted").ends(4);
    world.name_electorate("public", &id, "demo");
    world.check("pypi and public.voted").ends(0);
}

#[test]
fn a_word_weighs_what_its_level_weighs() {
    let world = World::new();
    let weight = "weight = { vouched = 0.5, audited = 1.0 }\n";
    let check = |admit: &str| {
        world.policy(admit, weight);
        world.desk.covouch(&["check", "requirements.txt"])
    };
    world.vouch("public", "public", "vouched");
    world.publish();
    check("pypi and score >= 0.5").ends(0);
    check("pypi and score >= 1").ends(4);
    world.vouch("public", "public", "audited");
    world.publish();
    check("pypi and score >= 1").ends(0);
    check("pypi and score >= 1.5").ends(4);
    world.vouch("company", "company", "vouched");
    world.publish();
    check("pypi and score >= 1.5").ends(0);
}

#[test]
fn authors_by_a_rule_travel_in_a_feed_with_one_command() {
    let world = World::new();
    world.signs("public", &["release", "sign", "demo-1.0-py3-none-any.whl", "--key", "author"]);
    world.desk.write(
        "authors.toml",
        "schema = 1\nreleases = 1\ndays = 0\npackaged-or-voted = 0\nvetoes = 1\nvalidity = \"90d\"\nprojects = \
         [\"demo\"]\n",
    );
    let (author, index) = (world.key("author"), world.index.url().to_string());
    let derive = [
        "authors", "derive", "demo", "--key", "public", "--author", &author, "--index", &index, "--format",
        "json",
    ];
    world.publish();
    world.check("pypi and public.author").ends(4);
    let derived = world.signs("public", &derive).json();
    assert_eq!(derived["changes"][0]["change"], "granted");
    world.publish();
    world.check("pypi and public.author").ends(0);
    world.check("pypi and public").ends(4);
    // The next run takes back what no longer follows, and the feed says so.
    let veto = ["veto", "--file", "demo-1.0-py3-none-any.whl", "--reason", "malware", "--key", "public"];
    world.signs("public", &veto);
    assert_eq!(world.signs("public", &derive).json()["changes"][0]["change"], "withdrawn");
    world.publish();
    world.check("pypi and public.author").ends(4);
}
