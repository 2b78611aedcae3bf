//! Ballots in a curator's feed: counted by whoever reads it, and what shows when the curator leaves something out.

use std::fs;

use super::{Council, draft, lock, version_id};
use crate::desk::{Desk, Ran, files};

/// A council and a curator whose feed carries its ballots. Nobody who reads the feed has the folder they come from.
struct Carried {
    council: Council,
    /// Two of three approved before anything was published.
    electorate: String,
}

impl Carried {
    fn new() -> Self {
        let council = Council::new();
        let shown = council.covouch(&["electorate", "show"]).ends(0);
        let electorate = shown.stdout.lines().find_map(version_id).unwrap();
        for name in ["root", "curator", "online", "other-root"] {
            council.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        }
        let carried = Self { council, electorate };
        carried.init("feed", "root");
        carried
    }

    fn desk(&self) -> &Desk {
        &self.council.desk
    }

    /// A feed is known by its first root: another one has another.
    fn init(&self, feed: &str, root: &str) {
        let keys = ["--root", root, "--key", "curator", "--online", "online"];
        self.council.covouch(&[&["feed", "init", feed][..], &keys].concat()).ends(0);
    }

    /// Takes what the council signed so far, and publishes it.
    fn carry(&self, feed: &str) {
        self.council.covouch(&["feed", "add", feed, "trust", "--electorate", "council"]).ends(0);
        self.publish(feed);
    }

    fn publish(&self, feed: &str) {
        let keys = ["--key", "curator", "--online", "online"];
        self.council.covouch(&[&["feed", "publish", feed][..], &keys].concat()).ends(0);
    }

    /// A policy that asks for the council's vote as these feeds carry it; `more` stands in the council's table.
    fn ask(&self, feeds: &[&str], more: &str) {
        let mut text = format!("schema = 1\n[party.pypi]\nindex = \"{}\"\n\n", self.council.url);
        for feed in feeds {
            let folder = self.desk().project().join(feed);
            let root = self.council.covouch(&["feed", "status", feed]).ends(0).stdout;
            let root = root.lines().find_map(|line| line.strip_prefix("first root   ")).unwrap().to_owned();
            let place = url::Url::from_directory_path(folder.join("public")).unwrap();
            text += &format!("[party.{feed}]\nfeed = \"{place}\"\nroot = \"{root}\"\n\n");
        }
        let electorate = &self.electorate;
        text += &format!("[party.council]\nelectorate = \"{electorate}\"\nfeeds = {feeds:?}\n{more}\n");
        text += "[policy]\nadmit = \"pypi and council\"\n";
        self.desk().write("covouch.toml", text);
        self.desk().write("requirements.txt", lock());
    }

    fn check(&self) -> Ran {
        self.council.covouch(&["check"])
    }

    fn tally(&self, feed: &str) -> Ran {
        self.council.covouch(&["tally", "orphan==1.0", "--electorate", "council", "--feed", feed])
    }

    fn withdraw(&self, voter: &str) {
        let withdraw = ["vote", "withdraw", "orphan==1.0", "--electorate", "council", "--key", voter];
        self.council.says_yes(&withdraw);
    }
}

#[test]
fn a_vote_travels_in_a_feed_and_every_reader_counts_it() {
    let carried = Carried::new();
    carried.council.vote("approve", "ann");
    carried.carry("feed");
    carried.ask(&["feed"], "");
    fs::rename(carried.desk().project().join("trust"), carried.desk().root().join("elsewhere")).unwrap();
    carried.check().ends(4).says("council has not voted for it");
    carried.tally("feed").ends(4).says("1 of 3 voices approve (2 needed)");
    // One voice more.
    fs::rename(carried.desk().root().join("elsewhere"), carried.desk().project().join("trust")).unwrap();
    carried.council.vote("approve", "bob");
    carried.carry("feed");
    fs::remove_dir_all(carried.desk().project().join("trust")).unwrap();
    carried.check().ends(0).says("2 admitted");
    carried.tally("feed").ends(0).says("2 of 2 files passed, by electorate `council` version 1");
    let by_name = ["tally", "orphan-1.0.tar.gz", "--electorate", "council", "--feed", "feed"];
    carried.council.covouch(&by_name).ends(0).says("1 of 1 file passed");
    // Without the feed there is no folder to count from.
    carried.council.tally().ends(1).says("[trust-folder-missing]");
}

#[test]
fn a_feed_without_the_electorate_is_not_counted() {
    let carried = Carried::new();
    carried.council.vote("approve", "ann");
    carried.council.vote("approve", "bob");
    // Nobody asked the curator to carry the council: its folder is there, and none of it is taken.
    carried.council.covouch(&["feed", "add", "feed", "trust"]).ends(0).says("0 new statements");
    carried.publish("feed");
    carried.ask(&["feed"], "");
    carried.check().ends(4).says("electorate");
    carried.carry("feed");
    carried.check().ends(0);
}

#[test]
fn a_withdrawal_that_one_feed_hides_shows_by_the_heads_in_another() {
    let carried = Carried::new();
    carried.council.vote("approve", "ann");
    carried.council.vote("approve", "bob");
    carried.carry("feed");
    carried.withdraw("bob");
    carried.ask(&["feed"], "");
    // Who reads nothing else sees two approvals: nothing in the feed shows that there is more.
    carried.check().ends(0);
    carried.tally("feed").ends(0);
    carried.init("other", "other-root");
    carried.carry("other");
    // Whoever carries everything shows the withdrawal itself.
    carried.ask(&["feed", "other"], "");
    carried.check().ends(4).says("council has not voted for it");
    // Of heads alone, a folder is enough: what Bob said last is not there, and that he said it is.
    for path in files(&carried.desk().project().join("trust")) {
        if path.extension().is_some_and(|extension| extension != "heads") {
            fs::remove_file(path).unwrap();
        }
    }
    carried.ask(&["feed"], "from = \"trust/\"\n");
    carried.check().ends(4).says("[vote-unknown]");
    carried.carry_nothing();
    carried.check().ends(0);
}

impl Carried {
    /// The twin: the folder of heads is empty.
    fn carry_nothing(&self) {
        for path in files(&self.desk().project().join("trust")) {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_hidden_version_of_the_rules_shows_by_the_ballots_cast_under_it() {
    let carried = Carried::new();
    let council = &carried.council;
    council.vote("approve", "ann");
    carried.carry("feed");
    let statements = carried.desk().project().join("feed/statements");
    let kept: Vec<_> = files(&statements).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    // Three must approve from now on.
    let shown = council.covouch(&["electorate", "show", "council", "--draft"]).ends(0).stdout;
    council.desk.write("next.toml", shown.replace("approvals = 2", "approvals = 3"));
    council.says_yes(&["electorate", "amend", "council", "next.toml", "--key", "ada"]);
    council.co_sign("ben");
    council.vote("approve", "bob");
    council.covouch(&["feed", "add", "feed", "trust", "--electorate", "council"]).ends(0);
    carried.ask(&["feed"], "");
    carried.publish_to("honest");
    carried.ask(&["honest"], "");
    carried.check().ends(4).says("council has not voted for it");
    carried.tally("honest").ends(4).says("2 of 3 voices approve (3 needed)");
    // The curator puts back what the admins had signed before, and keeps Bob's ballot.
    let admins: Vec<String> = ["ada", "ben"].map(|name| council.key_id(name)).into();
    for (bytes, path) in kept {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if admins.contains(&stem) {
            fs::write(path, bytes).unwrap();
        }
    }
    carried.publish("feed");
    carried.ask(&["feed"], "");
    carried.tally("feed").ends(4).says("[ballot-newer-version]").says("unknown");
    carried.check().ends(4).says("[vote-unknown]");
}

impl Carried {
    /// Another feed with everything there is.
    fn publish_to(&self, feed: &str) {
        self.init(feed, "other-root");
        self.carry(feed);
    }
}

#[test]
fn what_cannot_be_read_now_is_not_a_vote() {
    let carried = Carried::new();
    carried.council.vote("approve", "ann");
    carried.council.vote("approve", "bob");
    carried.carry("feed");
    carried.ask(&["feed"], "");
    carried.check().ends(0);
    // A feed that nobody published since may hide what was said since.
    let later = ["check", "--now", "2026-06-10T15:00:00Z"];
    carried.council.covouch(&later).ends(4).says("stale since");
    carried.council.covouch(&["feed", "publish", "feed", "--online", "online"]).ends(0);
    carried.check().ends(0);
    let policy = carried.desk().read("covouch.toml");
    carried.desk().write("covouch.toml", policy.replace("feed/public", "nowhere"));
    carried.desk().write("gone/.keep", "");
    let mut check = carried.desk().command(&["check"]);
    check.env("COVOUCH_HOME", carried.desk().project().join("gone"));
    carried.desk().start(check).wait().ends(4).says("[fetch-unreachable]");
}

#[test]
fn an_electorate_is_carried_by_feeds_and_by_nothing_else() {
    let carried = Carried::new();
    carried.carry("feed");
    carried.ask(&["feed"], "");
    let policy = carried.desk().read("covouch.toml");
    let with = |feeds: &str| {
        carried.desk().write("covouch.toml", policy.replace("feeds = [\"feed\"]", feeds));
        carried.check()
    };
    with("feeds = [\"pypi\"]").ends(1).says("`pypi` is no party of this policy with a `feed`");
    with("feeds = [\"feed\", \"feed\"]").ends(1).says("`feed` stands twice");
    with("feeds = []").ends(1).says("from");
    with("feeds = [\"feed\"]").ends(4);
}

#[test]
fn a_council_that_was_replaced_without_its_admins_is_none_in_a_feed_either() {
    let carried = Carried::new();
    let council = &carried.council;
    council.vote("approve", "ann");
    let own = [("eve", "evil"), ("ada", "worse")];
    council.desk.write("coup.toml", draft(&own, 2, 1));
    council.says_yes(&["electorate", "amend", "council", "coup.toml", "--key", "ada"]);
    council.vote("approve", "eve");
    carried.carry("feed");
    carried.ask(&["feed"], "");
    carried.check().ends(4).says("council has not voted for it");
    carried.tally("feed").says("[ballot-not-a-voter]").says("version 1");
    council.vote("approve", "bob");
    carried.carry("feed");
    carried.check().ends(0);
}
