//! `covouch bundle`: from a machine with a network to one that never had any.

mod hostile;
mod older;
mod stories;

use std::{
    fs,
    path::{Path, PathBuf},
};

use covouch_testkit::{distribution::Distribution, index::IndexServer};

use crate::{
    desk::{Desk, Ran},
    shelf::{and_new, old, policy, wheel},
};

/// A record in OSV's form that calls every version of a project malware.
fn record(project: &str, number: u32) -> String {
    format!(
        r#"{{"id": "MAL-2026-{number}", "summary": "Malicious code in {project}", "modified": "2026-05-01T00:00:00Z",
            "affected": [{{"package": {{"ecosystem": "PyPI", "name": "{project}"}},
                          "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}]}}]}}]}}"#
    )
}

/// What is locked: `demo` is fine, `bad` is vetoed by the feed, `evil` is on record, `lone` has nobody's word.
pub(crate) fn locked() -> [Distribution; 4] {
    ["demo", "bad", "evil", "lone"].map(|project| wheel(project, "1.0"))
}

/// A machine with a network, its project, and what the network has.
pub(crate) struct Maker {
    pub(crate) desk: Desk,
    index: IndexServer,
}

impl Maker {
    pub(crate) fn new() -> Self {
        let files = locked();
        let index = IndexServer::start(and_new(old([]), files.clone()));
        let desk = Desk::new();
        for name in ["root", "curator", "online"] {
            desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
        }
        let ada = desk.covouch(&["key", "new", "ada", "--no-passphrase"]).ends(0);
        let init = ["feed", "init", "feed", "--root", "root", "--key", "curator", "--online", "online"];
        desk.covouch(&init).ends(0);
        let maker = Self { desk, index };
        for file in &files {
            maker.desk.write(file.filename(), file.bytes());
        }
        for file in &files[..3] {
            maker.sign("curator", "feed/statements", &["vouch", "--read", "full-source"], file);
        }
        // What is on record as malware is overridden by two parties, so she says nothing of it.
        for file in &files[..2] {
            maker.sign("ada", "trust", &["vouch", "--read", "full-source"], file);
        }
        maker.sign("curator", "feed/statements", &["veto", "--reason", "malware"], &files[1]);
        let root = maker.publish();
        let feed = url::Url::from_directory_path(maker.desk.project().join("feed/public")).unwrap();
        let parties = format!(
            "\n[party.night-watch]\nfeed = \"{feed}\"\nroot = \"sha256:{root}\"\n\
             \n[party.ada]\nkey = \"{}\"\nfrom = \"trust/\"\n\
             \n[party.malware]\nosv = \"records/\"\n",
            ada.stdout.trim_end()
        );
        maker
            .desk
            .write("covouch.toml", policy(&maker.index, "pypi and night-watch and ada", "vetoes") + &parties);
        maker.desk.write("records/MAL-2026-7.json", record("evil", 7));
        let lines = files
            .iter()
            .map(|file| format!("{}=={} --hash=sha256:{}\n", file.project(), file.version(), file.sha256()));
        maker.desk.write("requirements.txt", lines.collect::<String>());
        maker
    }

    pub(crate) fn sign(&self, key: &str, to: &str, statement: &[&str], file: &Distribution) {
        let about = ["--file", file.filename(), "--key", key, "--to", to, "--yes"];
        self.desk.covouch(&[statement, &about].concat()).ends(0);
    }

    /// Publishes the feed; says what its first root's digest is.
    pub(crate) fn publish(&self) -> String {
        self.desk.covouch(&["feed", "publish", "feed", "--key", "curator", "--online", "online"]).ends(0);
        covouch_core::digest::Sha256::of(self.desk.read("feed/public/1.root.json").as_bytes()).to_string()
    }

    /// Makes a bundle: its file and its digest.
    pub(crate) fn bundle(&self, name: &str) -> (PathBuf, String) {
        let made = self.desk.covouch(&["bundle", "make", "--to", name, "--format", "json"]).ends(0).json();
        (self.desk.project().join(name), made["bundle"]["sha256"].as_str().unwrap().to_owned())
    }

    /// One from before `demo` is vetoed, and one from after.
    pub(crate) fn bundles_around_a_veto(&self) -> [(PathBuf, String); 2] {
        let old = self.bundle("old.bundle");
        self.sign("curator", "feed/statements", &["veto", "--reason", "malware"], &locked()[0]);
        self.publish();
        [old, self.bundle("new.bundle")]
    }

    /// Takes the network away.
    pub(crate) fn cut(&self) {
        fs::rename(self.desk.project().join("feed"), self.desk.project().join("feed-away")).unwrap();
    }
}

/// A machine that never had a network, with the same project as the maker's, but for what was signed.
pub(crate) fn closed(maker: &Maker) -> Desk {
    let desk = Desk::new();
    for file in ["covouch.toml", "requirements.txt"] {
        desk.write(file, maker.desk.read(file));
    }
    desk
}

/// The verdicts of a check, without what says when and from where.
pub(crate) fn verdicts(desk: &Desk, arguments: &[&str]) -> Vec<(String, String, String)> {
    let ran = desk.covouch(&[&["check", "--format", "json"][..], arguments].concat());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let json = ran.json();
    let files = json["files"].as_array().unwrap().iter();
    files
        .map(|file| (text(&file["subject"]["filename"]), text(&file["verdict"]), text(&file["code"])))
        .collect()
}

pub(crate) fn import(desk: &Desk, bundle: &Path, sha256: &str) -> Ran {
    desk.covouch(&["bundle", "import", bundle.to_str().unwrap(), "--sha256", sha256])
}

#[test]
fn a_machine_that_never_had_a_network_judges_as_the_one_that_has() {
    let maker = Maker::new();
    let connected = verdicts(&maker.desk, &[]);
    let word = |verdict: &str| connected.iter().filter(|(_, found, _)| found == verdict).count();
    assert_eq!((word("admitted"), word("refused"), word("undecided")), (1, 2, 1), "{connected:?}");
    let (bundle, sha256) = maker.bundle("night.bundle");
    maker.cut();
    let desk = closed(&maker);
    desk.covouch(&["bundle", "verify", bundle.to_str().unwrap(), "--sha256", &sha256])
        .ends(0)
        .says("5 sources hold, 0 left out, 0 refused");
    // Nothing was taken over by that.
    assert!(!desk.project().join("trust").exists() && !desk.project().join("records").exists());
    import(&desk, &bundle, &sha256).ends(0).says("5 sources taken over, 0 left out, 0 refused");
    assert_eq!(verdicts(&desk, &["--offline"]), connected);
    // And again: the same bundle is no news, and no harm.
    import(&desk, &bundle, &sha256).ends(0).says("nothing new");
    assert_eq!(verdicts(&desk, &["--offline"]), connected);
}

#[test]
fn what_nobody_signed_is_left_out_until_somebody_answers_for_it() {
    let maker = Maker::new();
    let (bundle, sha256) = maker.bundle("night.bundle");
    maker.cut();
    let desk = closed(&maker);
    let path = bundle.to_str().unwrap();
    let ran = desk.covouch(&["bundle", "import", path, "--format", "json"]).ends(0).json();
    let outcome = |kind: &str| {
        let source = ran["sources"].as_array().unwrap().iter().find(|source| source["kind"] == kind).unwrap();
        (source["outcome"].as_str().unwrap().to_owned(), source["code"].as_str().unwrap_or("").to_owned())
    };
    for kind in ["feed", "statements"] {
        assert_eq!(outcome(kind), ("taken".to_owned(), String::new()), "{kind}");
    }
    for kind in ["page", "records"] {
        assert_eq!(outcome(kind), ("left-out".to_owned(), "bundle-unsigned".to_owned()), "{kind}");
    }
    assert!(!desk.project().join("records").exists());
    let undecided = verdicts(&desk, &["--offline"]);
    assert!(undecided.iter().all(|(_, verdict, _)| verdict != "admitted"), "{undecided:?}");
    import(&desk, &bundle, &sha256).ends(0);
    assert!(verdicts(&desk, &["--offline"]).iter().any(|(_, verdict, _)| verdict == "admitted"));
}

#[test]
fn the_same_content_is_the_same_bytes() {
    let maker = Maker::new();
    let (one, first) = maker.bundle("one.bundle");
    let (two, second) = maker.bundle("two.bundle");
    assert_eq!(first, second);
    assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
    // Its twin has one statement more.
    maker.sign("ada", "trust", &["vouch", "--read", "full-source"], &locked()[3]);
    assert_ne!(maker.bundle("three.bundle").1, first);
}

#[test]
fn a_bundle_carries_the_files_when_it_is_told_to() {
    let maker = Maker::new();
    let with = maker.desk.covouch(&["bundle", "make", "--to", "with.bundle", "--with-files"]).ends(0);
    let sha256 = with.stdout.trim_end().rsplit("sha256:").next().unwrap().to_owned();
    let (without, other) = maker.bundle("without.bundle");
    maker.cut();
    for (bundle, sha256, is_there) in
        [(without, other, false), (maker.desk.project().join("with.bundle"), sha256, true)]
    {
        let desk = closed(&maker);
        import(&desk, &bundle, &sha256).ends(0);
        let demo = locked()[0].sha256();
        assert_eq!(!desk.holds(demo).is_empty(), is_there, "{}", bundle.display());
    }
}

#[test]
fn a_source_that_cannot_be_reached_ends_the_making() {
    let maker = Maker::new();
    maker.cut();
    let ran = maker.desk.covouch(&["bundle", "make", "--to", "night.bundle"]).ends(1);
    ran.says("there is no such folder");
    assert!(!maker.desk.project().join("night.bundle").exists());
    maker.desk.covouch(&["bundle", "make", "--to", "night.bundle", "--offline"]).ends(2);
}
