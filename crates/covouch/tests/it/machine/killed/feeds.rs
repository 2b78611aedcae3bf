//! Feeds: published, carried into a bucket, and read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use covouch_core::{
    digest::Sha256,
    key::SecretKey,
    name::ProjectName,
    statement::{Claim, Files, Statement, Veto, VetoReason, sign, sign_head},
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};
use covouch_io::folder;
use url::Url;

use super::{at_random_moments, fastest, kill, kills, takes, timed};
use crate::{
    bucket::Curator,
    desk::{Desk, NOW, Ran, files},
    feed::{published, veto},
};

const VERIFY: &[&str] = &["feed", "verify", "feed"];

const PUBLISH: &[&str] = &["feed", "publish", "feed", "--key", "curator", "--online"];

fn publish(online: &str) -> Vec<&str> {
    [PUBLISH, &[online]].concat()
}

/// How many statements a reader found.
fn found(ran: &Ran) -> usize {
    let count = ran.stdout.lines().find_map(|line| line.split_once(" statement"));
    count.unwrap_or_else(|| panic!("{}", ran.all())).0.parse().unwrap()
}

/// Puts a root with another online key up, and signs it: it is part of the next publication.
fn change_online_key(desk: &Desk, online: &str) {
    let rotate = ["feed", "rotate-root", "feed", "--root", "root", "--online", online];
    desk.covouch(&rotate).ends(0);
    desk.covouch(&["feed", "sign-root", "feed", "--key", "root"]).ends(0);
}

#[test]
fn a_feed_whose_publication_is_killed_is_the_old_one_or_the_new_one() {
    let desk = published();
    desk.covouch(&["key", "new", "other", "--no-passphrase"]).ends(0);
    let mut said = 1;
    let mut say = || {
        said += 1;
        veto(&desk, &format!("project-{said}"));
        said
    };
    let whole = fastest(|| {
        say();
        timed(|| drop(desk.covouch(&publish("online")).ends(0)))
    });
    let mut online = ["online", "other"];
    let mut kill_number = 0;
    at_random_moments("publish", kills(), |moment| {
        let new = say();
        kill_number += 1;
        // Now and then a new root is part of it.
        if kill_number % 4 == 0 {
            online.reverse();
            change_online_key(&desk, online[0]);
        }
        // The key before signs too, so nobody waits for the next run.
        let both = [PUBLISH, &[online[0], "--online", online[1]]].concat();
        let ran = kill(&desk, desk.command(&both), moment.of(whole));
        // Who read it before, and who never did.
        let stranger = tempfile::tempdir_in(desk.root()).unwrap();
        let stranger = ["--home", stranger.path().to_str().unwrap()];
        for reader in [VERIFY.to_vec(), [VERIFY, &stranger].concat()] {
            let seen = found(&desk.covouch(&reader).ends(0));
            assert!(seen == new - 1 || seen == new, "{seen} of {new}\n{}", ran.all());
            assert!(seen == new || !ran.stdout.contains("published"), "{}", ran.all());
        }
        desk.covouch(&both).ends(0);
        assert_eq!(found(&desk.covouch(VERIFY).ends(0)), new);
        ran.code.is_none()
    });
}

/// Signs vetoes of so many more projects at once; one command after the other would take minutes.
fn say_much(desk: &Desk, count: usize) {
    let file = fs::read(desk.root().join("covouch/keys/curator")).unwrap();
    let curator = SecretKey::parse(&file, None).unwrap();
    let (statements, now) = (desk.project().join("feed/statements"), Timestamp::parse(NOW).unwrap());
    let mut chain = folder::read_chain(&statements, curator.public_key()).unwrap();
    let path = folder::chain_path(&statements, curator.public_key());
    let mut lines = fs::read_to_string(&path).unwrap();
    for number in 0..count {
        let name = format!("many-{number}");
        let file = (FileName::parse(&format!("{name}-1.0.tar.gz")).unwrap(), Sha256::of(name.as_bytes()));
        let project = ProjectName::parse(&name).unwrap();
        let files = Files::new(project, Version::parse("1.0").unwrap(), [file]).unwrap();
        let validity = Validity::new(now, now.plus(Duration::from_days(365))).unwrap();
        let claim = Claim::Veto(Veto { files, validity, reason: VetoReason::Malware, reference: "".into() });
        let (envelope, signed) =
            sign(&Statement { link: chain.next(), issued: now, claim }, &curator).unwrap();
        chain.append(signed).unwrap();
        lines = lines + &envelope.to_json() + "\n";
    }
    let head = sign_head(&chain.head(now), &curator).unwrap();
    fs::write(&path, lines).unwrap();
    fs::write(path.with_extension("head"), head.to_json() + "\n").unwrap();
}

fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}

/// A feed in bins that published twice, a lock whose projects it speaks of, and a reader's home that has seen the first.
struct Twice {
    desk: Desk,
    root: String,
}

/// Projects in the lock; each has a bin of its own, or nearly.
const LOCKED: usize = 20;

impl Twice {
    fn new() -> Self {
        let desk = published();
        say_much(&desk, 501);
        desk.covouch(&publish("online")).ends(0);
        let public = desk.project().join("feed/public");
        copy(&public, &desk.root().join("first"));
        veto(&desk, "flask");
        desk.covouch(&publish("online")).ends(0);
        copy(&public, &desk.root().join("second"));
        let root = Sha256::of(&fs::read(public.join("1.root.json")).unwrap()).to_string();
        let package = |name: &str, bytes: &str| {
            let (file, sha256) = (format!("{name}-1.0.tar.gz"), Sha256::of(bytes.as_bytes()));
            format!(
                "[[packages]]\nname = \"{name}\"\nversion = \"1.0\"\nsdist = {{name = \"{file}\", url = \
                 \"https://index.example/{file}\", hashes = {{sha256 = \"{sha256}\"}}}}\n"
            )
        };
        let many = (0..LOCKED).map(|number| format!("many-{number}")).map(|name| package(&name, &name));
        let packages: String = many.chain([package("flask", "not really flask")]).collect();
        desk.write("pylock.toml", format!("lock-version = \"1.0\"\ncreated-by = \"somebody\"\n{packages}"));
        let twice = Self { desk, root };
        assert_eq!(refused(&twice.read("first", &twice.desk.root().join("seen"))), LOCKED);
        twice
    }

    /// What reads this publication, with this home.
    fn command(&self, publication: &str, home: &Path) -> Command {
        let address = Url::from_directory_path(self.desk.root().join(publication)).unwrap();
        let party = format!("[party.curator]\nfeed = \"{address}\"\nroot = \"sha256:{}\"\n", self.root);
        let policy = "[policy]\nadmit = \"curator\"\nrefuse = \"vetoes\"\n";
        self.desk.write("covouch.toml", format!("schema = 1\n{party}{policy}"));
        let home = ["--home", home.to_str().unwrap()];
        self.desk.command(&[&["check", "--format", "json"][..], &home].concat())
    }

    fn read(&self, publication: &str, home: &Path) -> Ran {
        self.desk.start(self.command(publication, home)).wait()
    }

    /// A home that has seen the first publication, or nothing.
    fn home(&self, is_new: bool) -> PathBuf {
        let home = tempfile::tempdir_in(self.desk.root()).unwrap().keep();
        if !is_new {
            copy(&self.desk.root().join("seen"), &home);
        }
        home
    }
}

/// How many files are refused, for the feed's vetoes.
#[track_caller]
fn refused(ran: &Ran) -> usize {
    let json = ran.json();
    let files = json["files"].as_array().unwrap().iter();
    files.filter(|file| file["verdict"] == "refused").count()
}

#[test]
fn a_sync_that_is_killed_forgets_no_version_it_has_seen_and_the_next_goes_on() {
    let twice = Twice::new();
    let whole = fastest(|| {
        let home = twice.home(true);
        timed(|| drop(twice.read("second", &home).ends(3)))
    });
    at_random_moments("sync", kills(), |moment| {
        let home = twice.home(moment.0 % 2 == 0);
        let ran = kill(&twice.desk, twice.command("second", &home), moment.of(whole));
        // Old news is refused by who has seen newer, and taken by who was killed before.
        let old = twice.read("first", &home);
        if !old.said("\"feed-rollback\"") {
            assert_eq!(refused(&old.clone().ends(3)), LOCKED, "{}", old.all());
            assert!(ran.code.is_none(), "{}", ran.all());
        }
        assert_eq!(refused(&twice.read("second", &home).ends(3)), LOCKED + 1);
        assert!(twice.read("first", &home).said("\"feed-rollback\""));
        fs::remove_dir_all(home).unwrap();
        ran.code.is_none()
    });
}

#[test]
fn who_is_killed_while_carrying_leaves_a_feed_that_reads() {
    let curator = Curator::new();
    let whole = takes(|| drop(curator.publish("feed").ends(0)));
    let mut said = 1;
    at_random_moments("publish to a bucket", kills(), |moment| {
        said += 1;
        curator.veto(&format!("project-{said}"), "feed");
        let ran = kill(&curator.desk, curator.desk.command(&Curator::command("feed")), moment.of(whole));
        let seen = found(&curator.verify().ends(0));
        assert!(seen == said - 1 || seen == said, "{seen} of {said}\n{}", ran.all());
        curator.publish("feed").ends(0);
        assert_eq!(found(&curator.verify().ends(0)), said);
        ran.code.is_none()
    });
}
