//! The attacks of the TUF specification (§1.5.2) and of the paper behind it. Most are a table of repositories on disk
//! ([`on_disk`]); here are those that need more than that.

pub(crate) mod on_disk;

use covouch_core::name::ProjectName;
use covouch_feed::{
    limits,
    role::{FileMeta, check_root},
    statements::{Place, place},
    update::{Answer, Update},
    value::{Object, Value},
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
fn twice_published() -> (Feed, Reader) {
    let mut feed = Feed::new(&["six"]);
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, start()).unwrap();
    feed.add(&additions(&["requests"]), days(1));
    reader.refresh(&feed, days(1)).unwrap();
    (feed, reader)
}

/// The same feed with one file changed and signed by these; whoever holds the online key announces it.
fn renamed(feed: &Feed, path: &str, by: &[&str], change: impl FnOnce(&mut Object<'static>)) -> Feed {
    let mut feed = feed.clone();
    let mut bytes = feed.forge(path, path, by, change);
    let chain = [
        ("2.targets.json", "2.snapshot.json", "targets.json"),
        ("2.snapshot.json", "timestamp.json", "snapshot.json"),
    ];
    for (_, above, file) in chain.into_iter().skip_while(|(below, ..)| *below != path) {
        let meta = announced(2, &bytes);
        bytes = feed.forge(above, above, &["online"], |signed| {
            object(signed.get_mut("meta").unwrap()).insert(file.to_owned(), meta);
        });
    }
    feed
}

fn next_timestamp(feed: &mut Feed, version: i64, snapshot: &[u8]) {
    let meta = announced(version, snapshot);
    feed.forge("timestamp.json", "timestamp.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(version));
        object(signed.get_mut("meta").unwrap()).insert("snapshot.json".to_owned(), meta);
    });
}

/// What somebody who stole the online key publishes, so that nothing of the curator's is ever new again.
fn leap(feed: &Feed) -> Feed {
    const LEAP: i64 = 1_000_000;
    let mut stolen = feed.clone();
    let snapshot = stolen.forge("2.snapshot.json", "1000000.snapshot.json", &["online"], |signed| {
        signed.insert("version".to_owned(), Value::Integer(LEAP));
    });
    next_timestamp(&mut stolen, LEAP, &snapshot);
    stolen
}

/// A feed whose timestamp two keys must sign: the online key, and this one under a second id.
fn with_second_id(feed: &Feed, second: &str) -> Feed {
    let mut feed = feed.clone();
    let public: String =
        key(second).public_key().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let twin = Value::object([
        ("keytype", Value::text("ed25519")),
        ("scheme", Value::text("ed25519")),
        ("keyval", Value::object([("public", Value::text(public))])),
    ]);
    feed.forge("1.root.json", "2.root.json", &["root-a", "root-b", "root-c"], |signed| {
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
    feed
}

#[test]
fn an_honest_feed_is_believed_and_asked_two_things_when_nothing_is_new() {
    let (mut feed, mut reader) = twice_published();
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
fn a_frozen_feed_is_stale_and_what_it_said_is_there_for_who_knows_that_it_is_old() {
    let (feed, reader) = twice_published();
    assert_eq!(code(&mut reader.clone(), &feed, 7), "believed");
    assert_eq!(code(&mut reader.clone(), &feed, 8), "feed-expired");
    let trusted = reader.offline(days(8)).unwrap();
    assert!(!trusted.is_fresh(days(8)));
    assert_eq!(about(&feed, &trusted, "six").unwrap().len(), 1);
}

#[test]
fn a_bin_that_was_there_stays_there() {
    let projects: Vec<String> = (0..501).map(|number| format!("project-{number}")).collect();
    let feed = Feed::new(&projects);
    let mut reader = Reader::of(&feed);
    reader.refresh(&feed, start()).unwrap();
    let trusted = reader.refresh(&feed, start()).unwrap();
    let Place::Bin(bin) = place(&trusted, &ProjectName::parse("project-1").unwrap()).unwrap() else {
        panic!("501 projects are in bins")
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

#[test]
fn a_threshold_of_nothing_is_no_first_root() {
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
fn the_chain_of_roots_goes_on_from_the_newest_that_was_seen() {
    let (mut feed, mut reader) = twice_published();
    for version in [2, 3] {
        let bytes = signed_root(&root(version, USUAL), &["root-a", "root-b"]);
        feed.files.insert(format!("{version}.root.json"), bytes);
    }
    assert_eq!(reader.refresh(&feed, days(1)).unwrap().root().version(), 3);
    feed.files.remove("2.root.json");
    feed.files.remove("3.root.json");
    assert_eq!(reader.refresh(&feed, days(1)).unwrap().root().version(), 3);
}

#[test]
fn a_chain_of_roots_without_end_ends() {
    let (feed, _) = twice_published();
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
fn after_a_leap_forward_new_keys_bring_the_feed_back_with_what_it_says() {
    let (mut feed, mut reader) = twice_published();
    let stolen = leap(&feed);
    reader.refresh(&stolen, days(1)).unwrap();
    feed.add(&additions(&["flask"]), days(2));
    feed.rotate(Names { online: "online-2", ..USUAL }, days(2));
    let trusted = reader.refresh(&feed, days(2)).unwrap();
    assert_eq!(about(&feed, &trusted, "flask").unwrap().len(), 1);
    assert!(version(&feed, "timestamp.json") < version(&stolen, "timestamp.json"));
}

#[test]
fn what_is_no_metadata_is_said_so() {
    let (feed, _) = twice_published();
    for bytes in [&b""[..], b"[]", b"{}", br#"{"signed":{},"signatures":[],"signed":{}}"#, b"\xff"] {
        let mut broken = feed.clone();
        broken.files.insert("timestamp.json".to_owned(), bytes.to_vec());
        assert_eq!(code(&mut Reader::of(&feed), &broken, 1), "feed-malformed", "{bytes:?}");
    }
    let meta = FileMeta::of(1, b"");
    assert!(meta.hashes.unwrap().fit(b""));
}
