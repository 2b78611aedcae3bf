//! Evidence that nobody on the team signed: records of malware, wheels that follow from their sdist, feeds.

use covouch_testkit::{distribution::Distribution, index::IndexServer, sdist::Sdist, wheel::Wheel};

use crate::{
    desk::Desk,
    shelf::{and_new, old, policy, wheel},
};

/// Pins these files, each by its digest.
fn lock(desk: &Desk, files: &[Distribution]) {
    let lines = files
        .iter()
        .map(|file| format!("{}=={} --hash=sha256:{}\n", file.project(), file.version(), file.sha256()));
    desk.write("requirements.txt", lines.collect::<String>());
}

/// A record in OSV's form that calls every version of a project malware.
fn record(project: &str, withdrawn: &str) -> String {
    format!(
        r#"{{"id": "MAL-2026-7", "summary": "Malicious code in {project}", "modified": "2026-05-01T00:00:00Z",
            "published": "2026-05-01T00:00:00Z", {withdrawn}
            "affected": [{{"package": {{"ecosystem": "PyPI", "name": "{project}"}},
                          "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}]}}]}}]}}"#
    )
}

#[test]
fn what_is_on_record_as_malware_is_kept_out_until_the_record_is_withdrawn() {
    let index = IndexServer::start(old([wheel("demo", "1.0"), wheel("other", "1.0")]));
    let desk = Desk::new();
    let malware = "\n[party.malware]\nosv = \"records/\"\n";
    desk.write("covouch.toml", policy(&index, "pypi", "vetoes") + malware);
    lock(&desk, &[wheel("demo", "1.0"), wheel("other", "1.0")]);

    // Nobody may take a missing folder for a clean record.
    desk.covouch(&["check"]).ends(4).says("[osv-");
    desk.write("records/MAL-2026-7.json", record("demo", ""));
    let ran = desk.covouch(&["check"]).ends(3).says("[malware-recorded]").says("1 admitted, 1 refused");
    ran.says("on record as malware: Malicious code in demo (MAL-2026-7)");
    let target = desk.root().join("into");
    let install = ["pip", "install", "--no-deps", "--target", target.to_str().unwrap(), "demo"];
    let python = ["python3", "-m"];
    desk.run(&[&python[..], &install].concat()).says("on record as malware");
    assert!(!target.join("demo").exists());

    desk.write("records/MAL-2026-7.json", record("demo", "\"withdrawn\": \"2026-05-20T00:00:00Z\","));
    desk.covouch(&["check"]).ends(0).says("2 admitted");
}

/// A release an hour old: an sdist that says all of itself, and the wheel one gets from it.
fn release(more: Option<&str>) -> (Distribution, Distribution) {
    let sdist = Sdist::new("demo", "1.0").file("demo/core.py", "VALUE = 1\n").build();
    let wheel = Wheel::new("demo", "1.0").file("demo/core.py", "VALUE = 1\n");
    let wheel = match more {
        Some(path) => wheel.file(path, "import os\n"),
        None => wheel,
    };
    (sdist, wheel.build())
}

/// A desk on which `ada` vouched for the sdist, and the policy takes her word for what derives from it.
fn derived(more: Option<&str>) -> (IndexServer, Desk, Distribution) {
    let (sdist, wheel) = release(more);
    let index = IndexServer::start(and_new(old([]), [sdist.clone(), wheel.clone()]));
    let desk = Desk::new();
    let ada = desk.covouch(&["key", "new", "ada", "--no-passphrase"]).ends(0);
    let party = format!("\n[party.ada]\nkey = \"{}\"\nfrom = \"trust/\"\n", ada.stdout.trim_end());
    let admit = "pypi and (age >= 3d or ada or derived from ada)";
    desk.write("covouch.toml", policy(&index, admit, "vetoes") + &party);
    desk.write(sdist.filename(), sdist.bytes());
    let vouch = ["vouch", "--file", sdist.filename(), "--read", "full-source", "--key", "ada", "--yes"];
    desk.covouch(&vouch).ends(0);
    lock(&desk, std::slice::from_ref(&wheel));
    (index, desk, wheel)
}

#[test]
fn a_wheel_that_follows_from_a_vouched_sdist_is_installed() {
    let (index, desk, wheel) = derived(None);
    desk.covouch(&["check"]).ends(0).says("1 admitted");
    desk.covouch(&["why", wheel.filename()]).ends(0).says("derived from `demo-1.0.tar.gz`");
    let target = desk.root().join("into");
    let install = ["python3", "-m", "pip", "install", "--target", target.to_str().unwrap(), "demo"];
    desk.run(&install).ends(0);
    assert!(target.join("demo/core.py").exists());
    // What was compared is known without the index.
    drop(index);
    desk.covouch(&["check", "--offline"]).ends(0).says("1 admitted");
}

#[test]
fn its_twin_with_a_file_of_its_own_is_not() {
    let (_index, desk, wheel) = derived(Some("demo/extra.py"));
    desk.covouch(&["check"]).ends(4);
    let ran = desk.covouch(&["why", wheel.filename()]).ends(4);
    ran.says("differs from `demo-1.0.tar.gz`").says("demo/extra.py");
    let target = desk.root().join("into");
    let install = ["python3", "-m", "pip", "install", "--target", target.to_str().unwrap(), "demo"];
    assert_ne!(desk.run(&install).code, Some(0));
    assert!(!target.join("demo").exists());
}

#[test]
fn a_curators_feed_vouches_and_a_veto_in_it_refuses() {
    let index = IndexServer::start(and_new(old([]), [wheel("demo", "1.0"), wheel("bad", "1.0")]));
    let desk = Desk::new();
    for name in ["root", "curator", "online"] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    let init = ["feed", "init", "feed", "--root", "root", "--key", "curator", "--online", "online"];
    desk.covouch(&init).ends(0);
    let signed = ["--key", "curator", "--to", "feed/statements", "--yes"];
    for (file, statement) in [
        (wheel("demo", "1.0"), &["vouch", "--read", "full-source"][..]),
        (wheel("bad", "1.0"), &["vouch", "--read", "full-source"]),
        (wheel("bad", "1.0"), &["veto", "--reason", "malware"]),
    ] {
        desk.write(file.filename(), file.bytes());
        let about = ["--file", file.filename()];
        desk.covouch(&[statement, &about, &signed].concat()).ends(0);
    }
    let ran = desk.covouch(&["feed", "publish", "feed", "--key", "curator", "--online", "online"]).ends(0);
    let root = ran.all().split("root = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let feed = url::Url::from_directory_path(desk.project().join("feed/public")).unwrap();
    desk.write("covouch.toml", policy(&index, "pypi", "vetoes"));
    let add = ["party", "add", feed.as_str(), "--root", &root, "--name", "night-watch"];
    desk.covouch(&add).ends(1).says("[not-confirmed]").says("the feed is signed by SHA256:");
    let other = format!("sha256:{}", "0".repeat(64));
    let forged = ["party", "add", feed.as_str(), "--root", &other, "--name", "night-watch", "--yes"];
    desk.covouch(&forged).ends(1).says("[feed-other-root]");
    desk.covouch(&[&add[..], &["--yes"]].concat()).ends(0).says("added party `night-watch`");
    desk.covouch(&[&add[..], &["--yes"]].concat()).ends(1);
    let added = desk.read("covouch.toml").replace("\"pypi\"\nrefuse", "\"pypi and night-watch\"\nrefuse");
    desk.write("covouch.toml", added);
    lock(&desk, &[wheel("demo", "1.0"), wheel("bad", "1.0")]);
    desk.covouch(&["check"]).ends(3).says("1 admitted, 1 refused").says("vetoed by night-watch");

    let target = desk.root().join("into");
    let install = ["python3", "-m", "pip", "install", "--target", target.to_str().unwrap()];
    desk.run(&[&install[..], &["demo"]].concat()).ends(0);
    assert_ne!(desk.run(&[&install[..], &["bad"]].concat()).code, Some(0));

    // A stale feed keeps its vetoes and loses its grants.
    let later = desk.covouch(&["check", "--now", "2026-06-20T00:00:00Z"]);
    later.ends(3).says("1 undecided, 1 refused").says("stale");
}
