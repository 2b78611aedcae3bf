//! Each attack as repositories on disk: what a reader saw before, what the attacker serves, and the honest twin that
//! differs by one fact. Every client reads the same folders.
//!
//! ```text
//! NAME/first.json   the root that everybody begins with
//! NAME/seen/1, 2…   publications the reader has read, each with the moment at which it did in `now`
//! NAME/attack       what is served now
//! NAME/twin         what is served instead where nobody attacks
//! NAME/project      what the reader asks for
//! ```
//!
//! Slow retrieval is no repository: `covouch-io` has it, where bytes arrive.

use std::{
    fs,
    path::{Path, PathBuf},
};

use covouch_core::{name::ProjectName, time::Timestamp};
use covouch_feed::{
    limits,
    publish::Additions,
    statements::{Place, place},
    value::{Object, Value},
};

use super::{leap, next_timestamp, renamed, twice_published, with_second_id};
use crate::world::{
    Feed, Names, Reader, USUAL, about_from, additions, announced, days, object, root, signed_root, veto,
};

/// An attack, and what it must end in.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) project: &'static str,
    seen: Vec<(Feed, u32)>,
    attack: Feed,
    twin: Feed,
    day: u32,
}

/// One attack's folders.
pub(crate) struct Folders(PathBuf);

impl Attack {
    fn new(name: &'static str, code: &'static str, attack: Feed, twin: Feed) -> Self {
        Self { name, code, project: "six", seen: Vec::new(), attack, twin, day: 1 }
    }

    /// Against somebody who read this on that day.
    fn seen(mut self, feed: &Feed, day: u32) -> Self {
        self.seen.push((feed.clone(), day));
        self
    }

    /// Read on that day instead of on the first.
    fn on(self, day: u32) -> Self {
        Self { day, ..self }
    }

    pub(crate) fn write(&self, folder: &Path) -> Folders {
        let folder = folder.join(self.name);
        let publish = |feed: &Feed, name: &str, day: u32| {
            let public = folder.join(name);
            fs::create_dir_all(&public).unwrap();
            for (path, bytes) in &feed.files {
                fs::write(public.join(path), bytes).unwrap();
            }
            fs::write(public.join("now"), days(day).to_string()).unwrap();
        };
        for (number, (feed, day)) in self.seen.iter().enumerate() {
            publish(feed, &format!("seen/{}", number + 1), *day);
        }
        publish(&self.attack, "attack", self.day);
        publish(&self.twin, "twin", self.day);
        fs::write(folder.join("first.json"), &self.twin.files["1.root.json"]).unwrap();
        fs::write(folder.join("project"), self.project).unwrap();
        Folders(folder)
    }
}

impl Folders {
    pub(crate) fn first_root(&self) -> Vec<u8> {
        fs::read(self.0.join("first.json")).unwrap()
    }

    /// What a reader reads one after the other, and when: what was seen, and then the attack or its twin.
    pub(crate) fn read_by(&self, last: &str) -> Vec<(PathBuf, Timestamp)> {
        let seen = (1..).map(|number| self.0.join(format!("seen/{number}"))).take_while(|path| path.exists());
        let now = |path: PathBuf| {
            let now = fs::read_to_string(path.join("now")).unwrap();
            (path, Timestamp::parse(&now).unwrap())
        };
        seen.chain([self.0.join(last)]).map(now).collect()
    }
}

/// All of them.
pub(crate) fn attacks() -> Vec<Attack> {
    [arbitrary(), rollbacks(), frozen(), mixed(), endless(), wrongly_signed(), roots(), bins()]
        .into_iter()
        .flatten()
        .collect()
}

/// Somebody signs whom no root names, or somebody the root names for something else.
fn arbitrary() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let signed = |name, path: &str, honest| {
        let by = |signer| renamed(&feed, path, &[signer], |_| {});
        Attack::new(name, "feed-signatures", by("mallory"), by(honest))
    };
    let extraneous = |signer: &str| {
        renamed(&feed, "2.targets.json", &[signer], |list| {
            let six = object(list.get_mut("targets").unwrap()).get("six").cloned().unwrap();
            object(list.get_mut("targets").unwrap()).insert("nobody-asked".to_owned(), six);
        })
    };
    let mut confused = feed.clone();
    confused.files.insert("timestamp.json".to_owned(), feed.files["2.snapshot.json"].clone());
    vec![
        signed("arbitrary-timestamp", "timestamp.json", "online"),
        signed("arbitrary-snapshot", "2.snapshot.json", "online"),
        signed("arbitrary-targets", "2.targets.json", "curator"),
        // Whoever holds the online key may name lists, and write none.
        Attack::new("extraneous-target", "feed-signatures", extraneous("online"), extraneous("curator")),
        // One key signs both.
        Attack::new("snapshot-as-timestamp", "feed-malformed", confused, feed),
    ]
}

/// What was seen comes back, although each time something about it is new.
fn rollbacks() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let mut timestamp = feed.clone();
    timestamp.files.insert("timestamp.json".to_owned(), Feed::new(&["six"]).files["timestamp.json"].clone());
    let mut snapshot = feed.clone();
    let meta = announced(1, &feed.files["1.snapshot.json"]);
    snapshot.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(3));
        object(signed.get_mut("meta").unwrap()).insert("snapshot.json".to_owned(), meta);
    });
    let lists = |version: i64| {
        let meta = announced(version, &feed.files[&format!("{version}.targets.json")]);
        third(&feed, |listed| drop(listed.insert("targets.json".to_owned(), meta)))
    };
    let more = |listed: &mut Object<'static>| {
        listed.insert("more.json".to_owned(), announced(1, b"more"));
    };
    let more_seen = third(&feed, more);
    let fourth = |change: &dyn Fn(&mut Object<'static>)| {
        let mut feed = more_seen.clone();
        let bytes = feed.forge("3.snapshot.json", "4.snapshot.json", &["online"], |signed| {
            signed.insert("version".to_owned(), Value::Integer(4));
            change(object(signed.get_mut("meta").unwrap()));
        });
        next_timestamp(&mut feed, 4, &bytes);
        feed
    };
    let (leapt, mut without) = (leap(&feed), feed.clone());
    without.add(&additions(&["flask"]), days(2));
    let mut recovered = without.clone();
    recovered.rotate(Names { online: "online-2", ..USUAL }, days(2));
    let dropped = fourth(&|listed| drop(listed.remove("more.json")));
    vec![
        Attack::new("rollback-timestamp", "feed-rollback", timestamp, feed.clone()).seen(&feed, 1),
        Attack::new("rollback-snapshot", "feed-rollback", snapshot, feed.clone()).seen(&feed, 1),
        Attack::new("rollback-targets", "feed-rollback", lists(1), lists(2)).seen(&feed, 1),
        Attack::new("list-dropped", "feed-role-dropped", dropped, fourth(&|_| {})).seen(&more_seen, 1),
        // Recovery is a change of keys, and nothing less.
        Attack::new("fast-forward", "feed-rollback", without, recovered).seen(&feed, 1).seen(&leapt, 1).on(2),
    ]
}

/// A third snapshot, which lists something else.
fn third(feed: &Feed, change: impl FnOnce(&mut Object<'static>)) -> Feed {
    let mut feed = feed.clone();
    let bytes = feed.forge("2.snapshot.json", "3.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(3));
        change(object(signed.get_mut("meta").unwrap()));
    });
    next_timestamp(&mut feed, 3, &bytes);
    feed
}

/// The same for ever. Each role has an end of its own.
fn frozen() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let mut renewed = feed.clone();
    renewed.add(&additions::<&str>(&[]), days(9));
    let until = |path: &str, by: &str, day| {
        let expires = Value::text(days(day));
        renamed(&feed, path, &[by], |signed| drop(signed.insert("expires".to_owned(), expires)))
    };
    let role = |name, path: &str, by: &str| {
        Attack::new(name, "feed-expired", until(path, by, 2), until(path, by, 60)).on(3)
    };
    let root = |day| {
        let mut feed = feed.clone();
        feed.forge("1.root.json", "2.root.json", &["root-a", "root-b"], |signed| {
            signed.insert("version".to_owned(), Value::Integer(2));
            signed.insert("expires".to_owned(), Value::text(days(day)));
        });
        feed
    };
    vec![
        Attack::new("freeze", "feed-expired", feed.clone(), renewed).seen(&feed, 1).on(9),
        role("freeze-snapshot", "2.snapshot.json", "online"),
        role("freeze-targets", "2.targets.json", "curator"),
        Attack::new("freeze-root", "feed-expired", root(2), root(60)).on(3),
    ]
}

/// Files that never stood on the server at one time.
fn mixed() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let with_old = |feed: &Feed, role: &str| {
        let mut mixed = feed.clone();
        let old = feed.files[&format!("1.{role}.json")].clone();
        mixed.files.insert(format!("2.{role}.json"), old);
        mixed
    };
    // Without digests, as generic repositories have it, the version decides.
    let undigested = renamed(&feed, "2.snapshot.json", &["online"], |signed| {
        let meta = object(signed.get_mut("meta").unwrap());
        meta.insert("targets.json".to_owned(), Value::object([("version", Value::Integer(2))]));
    });
    vec![
        Attack::new("mix-snapshot", "feed-digest", with_old(&feed, "snapshot"), feed.clone()),
        Attack::new("mix-targets", "feed-digest", with_old(&feed, "targets"), feed.clone()),
        Attack::new("mix-versions", "feed-version", with_old(&undigested, "targets"), undigested),
    ]
}

fn endless() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let endless = |name, path: &str, limit: usize| {
        let mut endless = feed.clone();
        endless.files.insert(path.to_owned(), vec![b' '; limit + 1]);
        Attack::new(name, "feed-too-large", endless, feed.clone())
    };
    vec![
        endless("endless-root", "2.root.json", limits::ROOT_BYTES),
        endless("endless-timestamp", "timestamp.json", limits::TIMESTAMP_BYTES),
        endless("endless-snapshot", "2.snapshot.json", limits::SNAPSHOT_BYTES),
        endless("endless-targets", "2.targets.json", limits::TARGETS_BYTES),
    ]
}

/// Too few keys, or one that is counted twice.
fn wrongly_signed() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let next = |names: Names, by: &[&str]| {
        let mut feed = feed.clone();
        feed.files.insert("2.root.json".to_owned(), signed_root(&root(2, names), by));
        feed
    };
    let new = Names { root: &["new-a", "new-b"], ..USUAL };
    let threshold = |threshold| {
        let mut feed = feed.clone();
        feed.forge("1.root.json", "2.root.json", &["root-a", "root-b"], |signed| {
            signed.insert("version".to_owned(), Value::Integer(2));
            let role = object(signed.get_mut("roles").unwrap()).get_mut("timestamp").unwrap();
            object(role).insert("threshold".to_owned(), Value::Integer(threshold));
        });
        feed
    };
    let all = ["root-a", "root-b", "new-a", "new-b"];
    let signed = |name, attack, twin| Attack::new(name, "feed-signatures", attack, twin);
    vec![
        signed("root-by-too-few", next(USUAL, &["root-a"]), next(USUAL, &["root-a", "root-c"])),
        signed("root-by-new-keys-alone", next(new, &["new-a", "new-b"]), next(new, &all)),
        signed("root-by-old-keys-alone", next(new, &["root-a", "root-b"]), next(new, &all)),
        signed("one-key-under-two-ids", with_second_id(&feed, "online"), with_second_id(&feed, "online-2")),
        Attack::new("threshold-of-nothing", "feed-malformed", threshold(0), threshold(1)),
    ]
}

/// A feed in bins that published twice, and the files of two of them: the second publication says more in the first.
fn in_bins() -> (Feed, [String; 2]) {
    let projects: Vec<String> = (0..501).map(|number| format!("project-{number}")).collect();
    let mut feed = Feed::new(&projects);
    let trusted = Reader::of(&feed).refresh(&feed, days(1)).unwrap();
    let file = |project: &str| match place(&trusted, &ProjectName::parse(project).unwrap()) {
        Ok(Place::Bin(bin)) => format!("{bin}.json"),
        other => panic!("501 projects are in bins: {other:?}"),
    };
    let files = ["project-1", "project-2"].map(file);
    let (statement, envelope) = veto("project-1", "another-voucher");
    let mut more = Additions::default();
    more.add(&statement, envelope);
    feed.add(&more, days(1));
    (feed, files)
}

/// A list below the lists, of which nothing is known before it is read.
fn bins() -> Vec<Attack> {
    let (feed, [file, other]) = in_bins();
    let second = format!("2.{file}");
    let listed = |feed: &Feed, version: i64, bytes: &[u8]| {
        let meta = announced(version, bytes);
        third(feed, |listed| drop(listed.insert(file.clone(), meta)))
    };
    let by = |signer: &str| {
        let mut feed = feed.clone();
        let bytes = feed.forge(&second, &second, &[signer], |_| {});
        listed(&feed, 2, &bytes)
    };
    let with = |bytes: Vec<u8>| {
        let mut feed = feed.clone();
        feed.files.insert(second.clone(), bytes);
        feed
    };
    let older = &feed.files[&format!("1.{file}")];
    let mut missing = feed.clone();
    missing.files.remove(&second);
    let attack = |name, code, attack: Feed, twin: &Feed| Attack {
        project: "project-1",
        ..Attack::new(name, code, attack, twin.clone())
    };
    let endless = with(vec![b' '; limits::TARGETS_BYTES + 1]);
    // A curator whose tool names versions alone, and a server that has another bin of that version.
    let mut undigested = third(&feed, |listed| {
        listed.insert(file.clone(), Value::object([("version", Value::Integer(1))]));
    });
    undigested.files.insert(format!("1.{file}"), feed.files[&format!("1.{other}")].clone());
    vec![
        attack("bin-arbitrary", "feed-signatures", by("mallory"), &by("curator")),
        attack("bin-by-the-online-key", "feed-signatures", by("online"), &by("curator")),
        attack(
            "bin-rollback",
            "feed-rollback",
            listed(&feed, 1, older),
            &listed(&feed, 2, &feed.files[&second]),
        )
        .seen(&feed, 1),
        attack("bin-mixed", "feed-digest", with(older.clone()), &feed),
        // All bins have one key, so what is signed may still be another's.
        attack("bin-of-others", "feed-digest", with(feed.files[&format!("1.{other}")].clone()), &feed),
        attack("bin-of-others-without-digest", "feed-digest", undigested, &feed),
        attack("bin-endless", "feed-too-large", endless, &feed),
        attack("bin-withheld", "feed-missing", missing, &feed),
    ]
}

/// The chain of roots goes one by one, and never back.
fn roots() -> Vec<Attack> {
    let (feed, _) = twice_published();
    let with = |roots: &[(u64, u64)]| {
        let mut feed = feed.clone();
        for (file, version) in roots {
            let bytes = signed_root(&root(*version, USUAL), &["root-a", "root-b"]);
            feed.files.insert(format!("{file}.root.json"), bytes);
        }
        feed
    };
    let seen = with(&[(2, 2)]);
    vec![
        Attack::new("root-skipped", "feed-version", with(&[(2, 3)]), with(&[(2, 2)])),
        Attack::new("rollback-root", "feed-version", with(&[(2, 2), (3, 1)]), with(&[(2, 2), (3, 3)]))
            .seen(&seen, 1),
    ]
}

#[test]
fn every_attack_ends_in_its_code_and_its_twin_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    for attack in attacks() {
        let folders = attack.write(folder.path());
        for (last, expected) in [("attack", attack.code), ("twin", "believed")] {
            let mut reader = Reader::with(&folders.first_root());
            let mut ended = "believed";
            for (public, now) in folders.read_by(last) {
                assert_eq!(ended, "believed", "{}: what was seen before is honest", attack.name);
                let read = |path: &str| fs::read(public.join(path)).ok();
                let said =
                    reader.ask(&read, now).and_then(|trusted| about_from(&read, &trusted, attack.project));
                ended = said.map_or_else(
                    |error| error.code().as_str(),
                    |said| {
                        assert!(!said.is_empty(), "{}", attack.name);
                        "believed"
                    },
                );
            }
            assert_eq!(ended, expected, "{} {last}", attack.name);
        }
    }
}
