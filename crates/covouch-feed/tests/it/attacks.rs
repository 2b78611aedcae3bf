//! The attacks of the TUF specification (§1.5.2), each with its code, beside its honest twin.

use covouch_feed::{
    limits,
    role::{FileMeta, check_root},
    update::{Answer, Update},
    value::Value,
};

use crate::world::{
    Feed, Names, Reader, USUAL, about, additions, announced, days, entry, key, object, root, signed_root,
    start,
};

fn code(reader: &mut Reader, feed: &Feed, day: u32) -> &'static str {
    reader.refresh(feed, days(day)).map_or_else(|error| error.code().as_str(), |_| "believed")
}

fn version(feed: &Feed, path: &str) -> i64 {
    match entry(entry(&mut Value::parse(&feed.files[path]).unwrap(), "signed"), "version") {
        Value::Integer(version) => *version,
        _ => panic!("no version"),
    }
}

/// A feed that published twice, and a reader that saw both.
fn world() -> (Feed, Reader) {
    let mut feed = Feed::new(&["six"]);
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, start()).unwrap();
    feed.add(&additions(&["requests"]), days(1));
    reader.refresh(&feed, days(1)).unwrap();
    (feed, reader)
}

#[test]
fn an_honest_feed_is_believed_and_asked_two_things_when_nothing_is_new() {
    let (mut feed, mut reader) = world();
    reader.asked.clear();
    let trusted = reader.refresh(&feed, days(1)).unwrap();
    assert_eq!(reader.asked, ["2.root.json", "timestamp.json"]);
    assert!(trusted.is_fresh(days(7)) && !trusted.is_fresh(days(8)));
    assert_eq!(about(&feed, &trusted, "six").unwrap().len(), 1);
    assert!(about(&feed, &trusted, "flask").unwrap().is_empty());
    feed.add(&additions(&["flask"]), days(2));
    reader.asked.clear();
    reader.refresh(&feed, days(2)).unwrap();
    assert_eq!(reader.asked, ["2.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json"]);
}

#[test]
fn arbitrary_metadata_is_nobodys() {
    for (path, signer) in
        [("timestamp.json", "online"), ("2.snapshot.json", "online"), ("2.targets.json", "curator")]
    {
        let (feed, _) = world();
        for (by, expected) in [(signer, "believed"), ("mallory", "feed-signatures")] {
            let mut feed = feed.clone();
            let targets = feed.forge(path, path, &[by], |_| {});
            rename(&mut feed, path, &targets);
            assert_eq!(code(&mut Reader::of(&feed), &feed, 1), expected, "{path} by {by}");
        }
    }
}

/// Somebody who has the online key announces other bytes.
fn rename(feed: &mut Feed, path: &str, bytes: &[u8]) {
    if path == "2.targets.json" {
        let meta = announced(2, bytes);
        let snapshot = feed.forge("2.snapshot.json", "2.snapshot.json", &["online"], |signed| {
            object(signed.get_mut("meta").unwrap()).insert("targets.json".to_owned(), meta);
        });
        rename(feed, "2.snapshot.json", &snapshot);
    } else if path == "2.snapshot.json" {
        let meta = announced(2, bytes);
        feed.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
            object(signed.get_mut("meta").unwrap()).insert("snapshot.json".to_owned(), meta);
        });
    }
}

#[test]
fn nothing_goes_back() {
    // The timestamp itself.
    let (feed, mut reader) = world();
    let old = Feed::new(&["six"]);
    let mut back = feed.clone();
    back.files.insert("timestamp.json".to_owned(), old.files["timestamp.json"].clone());
    assert_eq!(code(&mut reader.clone(), &back, 1), "feed-rollback");
    // A newer timestamp, by a stolen online key, that names the old snapshot.
    let mut back = feed.clone();
    let meta = announced(1, &feed.files["1.snapshot.json"]);
    back.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(3));
        object(signed.get_mut("meta").unwrap()).insert("snapshot.json".to_owned(), meta);
    });
    assert_eq!(code(&mut reader.clone(), &back, 1), "feed-rollback");
    // A newer snapshot that names the old list.
    let mut back = feed.clone();
    let meta = announced(1, &feed.files["1.targets.json"]);
    let snapshot = back.forge("2.snapshot.json", "3.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(3));
        object(signed.get_mut("meta").unwrap()).insert("targets.json".to_owned(), meta);
    });
    next_timestamp(&mut back, 3, &snapshot);
    assert_eq!(code(&mut reader.clone(), &back, 1), "feed-rollback");
    // Its honest twin names the newest one.
    let mut honest = feed.clone();
    let snapshot = honest.forge("2.snapshot.json", "3.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(3));
    });
    next_timestamp(&mut honest, 3, &snapshot);
    assert_eq!(code(&mut reader, &honest, 1), "believed");
}

fn next_timestamp(feed: &mut Feed, version: i64, snapshot: &[u8]) {
    let meta = announced(version, snapshot);
    feed.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(version));
        object(signed.get_mut("meta").unwrap()).insert("snapshot.json".to_owned(), meta);
    });
}

#[test]
fn an_interrupted_refresh_forgets_nothing_it_has_seen() {
    let old = Feed::new(&["six"]);
    let mut feed = old.clone();
    feed.add(&additions(&["requests"]), days(1));
    for end in ["2.snapshot.json", "2.targets.json"] {
        let mut reader = Reader::of(&feed);
        reader.refresh(&old, start()).unwrap();
        assert!(reader.refresh_until(&feed, days(1), end).unwrap().is_none());
        assert_eq!(code(&mut reader.clone(), &old, 1), "feed-rollback", "{end}");
        assert_eq!(code(&mut reader, &feed, 1), "believed", "{end}");
    }
}

#[test]
fn a_frozen_feed_is_stale() {
    let (feed, reader) = world();
    assert_eq!(code(&mut reader.clone(), &feed, 7), "believed");
    assert_eq!(code(&mut reader.clone(), &feed, 8), "feed-expired");
    // What it said is still there for those who know that it is old.
    let trusted = reader.offline(days(8)).unwrap();
    assert!(!trusted.is_fresh(days(8)));
    assert_eq!(about(&feed, &trusted, "six").unwrap().len(), 1);
    for (path, day) in [("2.snapshot.json", 8), ("2.targets.json", 8)] {
        let mut feed = feed.clone();
        let expires = Value::text(days(2));
        let bytes = feed.forge(path, path, &["online", "curator"], |signed| {
            signed.insert("expires".to_owned(), expires);
        });
        rename(&mut feed, path, &bytes);
        feed.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
            signed.insert("expires".to_owned(), Value::text(days(30)));
        });
        assert_eq!(code(&mut Reader::of(&feed), &feed, 1), "believed", "{path}");
        assert_eq!(code(&mut Reader::of(&feed), &feed, day), "feed-expired", "{path}");
    }
}

#[test]
fn files_of_different_publications_are_not_mixed() {
    let (feed, _) = world();
    let mut mixed = feed.clone();
    mixed.files.insert("2.snapshot.json".to_owned(), feed.files["1.snapshot.json"].clone());
    assert_eq!(code(&mut Reader::of(&feed), &mixed, 1), "feed-digest");
    let mut mixed = feed.clone();
    mixed.files.insert("2.targets.json".to_owned(), feed.files["1.targets.json"].clone());
    assert_eq!(code(&mut Reader::of(&feed), &mixed, 1), "feed-digest");
    // Without digests, as generic repositories have it, the version decides.
    let mut mixed = feed.clone();
    let snapshot = mixed.forge("2.snapshot.json", "2.snapshot.json", &["online"], |signed| {
        let meta = object(signed.get_mut("meta").unwrap());
        meta.insert("targets.json".to_owned(), Value::object([("version", Value::Integer(2))]));
    });
    rename(&mut mixed, "2.snapshot.json", &snapshot);
    assert_eq!(code(&mut Reader::of(&feed), &mixed, 1), "believed");
    mixed.files.insert("2.targets.json".to_owned(), feed.files["1.targets.json"].clone());
    assert_eq!(code(&mut Reader::of(&feed), &mixed, 1), "feed-version");
}

#[test]
fn endless_data_ends() {
    let (feed, _) = world();
    for (path, limit) in [
        ("timestamp.json", limits::TIMESTAMP_BYTES),
        ("2.snapshot.json", limits::SNAPSHOT_BYTES),
        ("2.targets.json", limits::TARGETS_BYTES),
        ("2.root.json", limits::ROOT_BYTES),
    ] {
        let mut endless = feed.clone();
        endless.files.insert(path.to_owned(), vec![b' '; limit + 1]);
        assert_eq!(code(&mut Reader::of(&feed), &endless, 1), "feed-too-large", "{path}");
    }
}

#[test]
fn a_list_that_was_there_stays_there() {
    let projects: Vec<String> = (0..501).map(|number| format!("project-{number}")).collect();
    let feed = Feed::new(&projects);
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, start()).unwrap();
    let trusted = reader.refresh(&feed, start()).unwrap();
    let bin = match covouch_feed::statements::place(&trusted, &"project-1".parse_name()).unwrap() {
        covouch_feed::statements::Place::Bin(bin) => bin,
        covouch_feed::statements::Place::Targets => panic!("501 projects are in bins"),
    };
    let mut dropped = feed.clone();
    let file = format!("{bin}.json");
    let snapshot = dropped.forge("1.snapshot.json", "2.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(2));
        object(signed.get_mut("meta").unwrap()).remove(&file).unwrap();
    });
    next_timestamp(&mut dropped, 2, &snapshot);
    assert_eq!(code(&mut reader, &dropped, 1), "feed-role-dropped");
    // A reader that never saw it misses it when it asks.
    let trusted = Reader::of(&feed).refresh(&dropped, start()).unwrap();
    assert_eq!(about(&dropped, &trusted, "project-1").unwrap_err().code().as_str(), "feed-missing");
    // Other bytes in its place are not it.
    let mut swapped = feed.clone();
    swapped.files.insert(format!("1.{file}"), b"{}".to_vec());
    let trusted = Reader::of(&feed).refresh(&swapped, start()).unwrap();
    assert_eq!(about(&swapped, &trusted, "project-1").unwrap_err().code().as_str(), "feed-digest");
    assert_eq!(about(&feed, &trusted, "project-1").unwrap().len(), 1);
}

/// A name, for a sentence.
trait ParseName {
    fn parse_name(&self) -> covouch_core::name::ProjectName;
}

impl ParseName for str {
    fn parse_name(&self) -> covouch_core::name::ProjectName {
        covouch_core::name::ProjectName::parse(self).unwrap()
    }
}

#[test]
fn too_few_keys_make_no_root() {
    let (feed, reader) = world();
    let next = root(2, USUAL);
    for (by, expected) in [
        (&["root-a"][..], "feed-signatures"),
        (&["root-a", "mallory"], "feed-signatures"),
        (&["root-a", "root-c"], "believed"),
    ] {
        let mut feed = feed.clone();
        feed.files.insert("2.root.json".to_owned(), signed_root(&next, by));
        assert_eq!(code(&mut reader.clone(), &feed, 1), expected, "{by:?}");
    }
    // Signed by the new keys alone, or by the old ones alone.
    let names = Names { root: &["new-a", "new-b"], ..USUAL };
    for (by, expected) in [
        (&["new-a", "new-b"][..], "feed-signatures"),
        (&["root-a", "root-b"], "feed-signatures"),
        (&["root-a", "root-b", "new-a", "new-b"], "believed"),
    ] {
        let mut feed = feed.clone();
        feed.files.insert("2.root.json".to_owned(), signed_root(&root(2, names), by));
        assert_eq!(code(&mut reader.clone(), &feed, 1), expected, "{by:?}");
    }
}

#[test]
fn a_threshold_of_nothing_is_no_root() {
    let mut feed = Feed::new(&["six"]);
    for (threshold, believed) in [(0, false), (-1, false), (1, true)] {
        let by = ["root-a", "root-b", "root-c"];
        let bytes = feed.forge("1.root.json", "forged", &by, |signed| {
            let roles = object(signed.get_mut("roles").unwrap());
            let role = object(roles.get_mut("snapshot").unwrap());
            role.insert("threshold".to_owned(), Value::Integer(threshold));
        });
        assert_eq!(check_root(&bytes, None).is_ok(), believed, "{threshold}");
        let mut update = Update::new(start());
        let given = update.give(Answer::Bytes(&bytes));
        assert_eq!(given.err().map(|error| error.code().as_str()), (!believed).then_some("feed-malformed"));
    }
}

#[test]
fn one_key_under_two_ids_counts_once() {
    let (feed, _) = world();
    let by = ["root-a", "root-b", "root-c"];
    // Two online keys must sign; the second id is the first key again, or another key.
    for (second, expected) in [("online", "feed-signatures"), ("online-2", "believed")] {
        let mut feed = feed.clone();
        let public: String =
            key(second).public_key().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let twin = Value::object([
            ("keytype", Value::text("ed25519")),
            ("scheme", Value::text("ed25519")),
            ("keyval", Value::object([("public", Value::text(public))])),
        ]);
        feed.forge("1.root.json", "2.root.json", &by, |signed| {
            signed.insert("version".to_owned(), Value::Integer(2));
            object(signed.get_mut("keys").unwrap()).insert("second".to_owned(), twin);
            let roles = object(signed.get_mut("roles").unwrap());
            let role = object(roles.get_mut("timestamp").unwrap());
            role.insert("threshold".to_owned(), Value::Integer(2));
            let Some(Value::List(ids)) = role.get_mut("keyids") else { panic!("no keyids") };
            ids.push(Value::text("second"));
        });
        let bytes = feed.forge("timestamp.json", "timestamp.json", &["online", second], |_| {});
        // The second signature stands under the second id.
        let mut metadata = Value::parse(&bytes).unwrap();
        let Value::List(signatures) = entry(&mut metadata, "signatures") else { panic!("no signatures") };
        object(&mut signatures[1]).insert("keyid".to_owned(), Value::text("second"));
        feed.files.insert("timestamp.json".to_owned(), metadata.to_json());
        assert_eq!(code(&mut Reader::of(&feed), &feed, 1), expected, "{second}");
    }
}

#[test]
fn no_root_is_skipped() {
    let (mut feed, reader) = world();
    let by = ["root-a", "root-b"];
    feed.files.insert("2.root.json".to_owned(), signed_root(&root(3, USUAL), &by));
    assert_eq!(code(&mut reader.clone(), &feed, 1), "feed-version");
    feed.files.insert("2.root.json".to_owned(), signed_root(&root(2, USUAL), &by));
    feed.files.insert("3.root.json".to_owned(), signed_root(&root(3, USUAL), &by));
    let mut reader = reader;
    assert_eq!(reader.refresh(&feed, days(1)).unwrap().root().version(), 3);
    // And none comes back: the chain goes on from the newest that was seen.
    feed.files.remove("2.root.json");
    feed.files.remove("3.root.json");
    assert_eq!(reader.refresh(&feed, days(1)).unwrap().root().version(), 3);
}

#[test]
fn a_chain_of_roots_without_end_ends() {
    let (feed, _) = world();
    let mut long = feed.clone();
    let last = u64::from(limits::ROOT_ROTATIONS) + 2;
    for version in 2..=last {
        long.files.insert(
            format!("{version}.root.json"),
            signed_root(&root(version, USUAL), &["root-a", "root-b"]),
        );
    }
    let mut reader = Reader::of(&feed);
    assert_eq!(code(&mut reader, &long, 1), "feed-too-many-roots");
    // The next update goes on from there.
    assert_eq!(reader.refresh(&long, days(1)).unwrap().root().version(), last);
}

#[test]
fn new_keys_recover_from_a_leap_forward() {
    let (mut feed, mut reader) = world();
    let leap = 1_000_000;
    let mut stolen = feed.clone();
    let snapshot = stolen.forge("2.snapshot.json", "1000000.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(leap));
    });
    next_timestamp(&mut stolen, leap, &snapshot);
    reader.refresh(&stolen, days(1)).unwrap();
    feed.add(&additions(&["flask"]), days(2));
    assert_eq!(code(&mut reader.clone(), &feed, 2), "feed-rollback");
    feed.rotate(Names { online: "online-2", ..USUAL }, days(2));
    let trusted = reader.refresh(&feed, days(2)).unwrap();
    assert_eq!(about(&feed, &trusted, "flask").unwrap().len(), 1);
    assert!(version(&feed, "timestamp.json") < leap);
}

#[test]
fn what_is_no_metadata_is_said_so() {
    let (feed, _) = world();
    for bytes in [&b""[..], b"[]", b"{}", br#"{"signed":{},"signatures":[],"signed":{}}"#, b"\xff"] {
        let mut broken = feed.clone();
        broken.files.insert("timestamp.json".to_owned(), bytes.to_vec());
        assert_eq!(code(&mut Reader::of(&feed), &broken, 1), "feed-malformed", "{bytes:?}");
    }
    let meta = FileMeta::of(1, b"");
    assert!(meta.hashes.unwrap().fit(b""));
}
