//! python-tuf from PyPI: it reads every repository we write and refuses what we refuse, and the example client reads
//! what it writes. sigstore-tuf beside it.

mod sigstore;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Output,
};

use covouch_testkit::{environment::Environment, tools::Tools};

use crate::{
    attacks::on_disk::attacks,
    world::{Feed, Names, Reader, USUAL, additions, days},
};

fn text(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn write(feed: &Feed, folder: PathBuf, projects: &[String]) {
    fs::create_dir_all(&folder).unwrap();
    for (path, bytes) in &feed.files {
        fs::write(folder.join(path), bytes).unwrap();
    }
    fs::write(folder.join("projects"), projects.join("\n")).unwrap();
}

fn python(home: &Path, script: &str, argument: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script);
    let python = Tools::find().peers_python().unwrap();
    Environment::in_home(home).command(python).arg("-B").arg(script).arg(argument).output().unwrap()
}

#[test]
fn python_reads_every_feed_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let feeds = folder.path().join("feeds");
    let names: Vec<String> = (0..900).map(|number| format!("project-{number}")).collect();
    let mut feed = Feed::new(&names[..3]);
    write(&feed, feeds.join("flat/1"), &names[..3]);
    feed.add(&additions(&names[3..5]), days(1));
    write(&feed, feeds.join("flat/2"), &names[..5]);
    feed.rotate(
        Names { root: &["root-a", "root-d"], curator: "curator-2", online: "online-2", ..USUAL },
        days(1),
    );
    write(&feed, feeds.join("flat/3"), &names[..5]);
    let mut feed = Feed::new(&names[..500]);
    write(&feed, feeds.join("bins/1"), &names[..500]);
    feed.add(&additions(&names[500..501]), days(1));
    write(&feed, feeds.join("bins/2"), &names[..501]);
    feed.add(&additions(&names), days(1));
    let trusted = Reader::of(&feed).refresh(&feed, days(1)).unwrap();
    let covouch_feed::role::Delegations::Bins(bins) = &trusted.targets().role().delegations else {
        panic!("501 projects are in bins")
    };
    let crowded = |name: &String| bins.role_of(name).ends_with("-00");
    let crowd: Vec<String> = (0..).map(|number| format!("crowd-{number}")).filter(crowded).take(30).collect();
    feed.add(&additions(&crowd), days(1));
    let everything = [names, crowd].concat();
    write(&feed, feeds.join("bins/3"), &everything);
    feed.rotate(Names { online: "online-2", curator: "curator-2", ..USUAL }, days(1));
    write(&feed, feeds.join("bins/4"), &everything);
    let output = python(folder.path(), "check_feed.py", &feeds);
    let counts: serde_json::Value = serde_json::from_str(text(&output)).unwrap();
    let expected = serde_json::json!({
        "flat/1": 3, "flat/2": 5, "flat/3": 5, "bins/1": 500, "bins/2": 501, "bins/3": 930, "bins/4": 930
    });
    assert_eq!(counts, expected);
}

/// What python-tuf believes although we do not: keys are counted by their ids there, and one key may have two; and a bin
/// whose digest is not announced may be another bin of that version, in which nothing is said of the project.
const BELIEVED: &[&str] = &["one-key-under-two-ids", "bin-of-others-without-digest"];

#[test]
fn python_refuses_every_attack_we_refuse_and_believes_each_twin() {
    let folder = tempfile::tempdir().unwrap();
    let (stories, all) = (folder.path().join("stories"), attacks());
    for attack in &all {
        attack.write(&stories);
    }
    let output = python(folder.path(), "check_attacks.py", &stories);
    let told: BTreeMap<String, [String; 2]> = serde_json::from_str(text(&output)).unwrap();
    assert_eq!(told.len(), all.len());
    for (name, [attack, twin]) in &told {
        assert_eq!(attack.starts_with("believed"), BELIEVED.contains(&name.as_str()), "{name}: {attack}");
        assert_eq!(twin, "believed", "{name}");
    }
}

#[test]
fn the_example_client_reads_what_python_writes() {
    let folder = tempfile::tempdir().unwrap();
    // Examples are built beside the tests: target/PROFILE/deps and target/PROFILE/examples.
    let deps = env::current_exe().unwrap();
    let examples = deps.parent().unwrap().parent().unwrap().join("examples");
    let client = examples.join("tuf_client").with_extension(env::consts::EXE_EXTENSION);
    assert!(
        client.is_file(),
        "the example is built with all tests, or by `cargo build -p covouch-feed --examples`"
    );
    let output = python(folder.path(), "drive_client.py", &client);
    let told: serde_json::Value = serde_json::from_str(text(&output)).unwrap();
    assert_eq!(told, serde_json::json!({ "stories": 30 }));
}
