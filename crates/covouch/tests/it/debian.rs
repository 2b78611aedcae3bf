//! Debian as a party, from a mirror to an installed file: an archive of tests, signed by a key of tests that the policy
//! names.

use covouch_core::time::Timestamp;
use covouch_testkit::{
    debian::{Oddities, Package, Release, Signer},
    distribution::Distribution,
    index::{IndexServer, Site},
    sdist::Sdist,
    wheel::Wheel,
};

use crate::{
    desk::{Desk, NOW, Ran},
    shelf::{and_new, old},
};

const CHECK: &[&str] = &["check", "requirements.txt"];

fn sdist() -> Distribution {
    Sdist::new("widget", "1.4.0").build()
}

fn wheel() -> Distribution {
    Wheel::new("widget", "1.4.0").build()
}

fn signer(seed: u8) -> Signer {
    Signer::new(seed, Timestamp::parse("2020-01-01").unwrap())
}

/// The index of testing of this day, valid for a week.
fn testing(day: &str) -> Release {
    let release = Release::stable(day);
    let valid_until = Some(release.date.plus(covouch_core::time::Duration::from_days(7)));
    Release { suite: "testing".into(), codename: "forky".into(), valid_until, ..release }
}

/// An index on which a release is an hour old, a mirror of the archive, and a desk whose policy lets new files wait
/// unless Debian packaged them.
struct Stage {
    mirror: IndexServer,
    _index: IndexServer,
    desk: Desk,
}

impl Stage {
    fn set() -> Self {
        let index = IndexServer::start(and_new(old([]), [sdist(), wheel()]));
        let (mirror, desk) = (IndexServer::start(Site::new()), Desk::new());
        desk.write("archive.gpg", signer(1).keyring(Oddities::default()));
        desk.write(
            "covouch.toml",
            format!(
                "schema = 1\n\n[party.pypi]\nindex = \"{}\"\n\n[party.debian]\ndebian = {{ suites = [\"testing\"], \
                 mirror = \"{}/debian\", keyring = \"archive.gpg\" }}\n\n[policy]\n\
                 admit = \"pypi and (age >= 7d or debian or derived from debian)\"\nrefuse = \"quarantined\"\n",
                index.url(),
                mirror.origin()
            ),
        );
        let hash = |file: Distribution| format!(" --hash=sha256:{}", file.sha256());
        desk.write("requirements.txt", format!("widget==1.4.0{}{}\n", hash(sdist()), hash(wheel())));
        Self { mirror, _index: index, desk }
    }

    /// The archive packages the release, as this key signs.
    fn publish(&self, release: &Release, signer: &Signer) {
        let (name, version, sdist) = ("python-widget", "1.4.0-1", sdist());
        let package = Package { name, version, tarball: sdist.bytes() };
        self.mirror.change(|site| release.publish(site, &[package], signer));
    }

    fn refresh(&self, more: &[&str]) -> Ran {
        let mirror = format!("{}/debian", self.mirror.origin());
        let refresh =
            ["debian", "refresh", "--suite", "testing", "--mirror", &mirror, "--keyring", "archive.gpg"];
        self.desk.covouch(&[&refresh, more].concat())
    }
}

#[test]
fn what_a_maintainer_packaged_need_not_wait_and_neither_need_its_wheel() {
    let stage = Stage::set();
    stage.publish(&testing("2026-06-01"), &signer(1));
    stage.refresh(&[]).ends(0).says("ok testing: 1 upstream tarballs");
    let status = stage.desk.covouch(&["debian", "status", "--suite", "testing"]).ends(0);
    status.says(
        "testing (forky): 1 upstream tarballs in the index of 2026-06-01T00:00:00Z, valid until 2026-06-08",
    );
    stage.desk.covouch(CHECK).ends(0).says("2 admitted");
    let why = stage.desk.covouch(&["why", sdist().filename()]).ends(0);
    why.says("packaged as python-widget 1.4.0-1 in forky, 2026-06-01");
    let why = stage.desk.covouch(&["why", wheel().filename()]).ends(0);
    why.says("derived from `widget-1.4.0.tar.gz`, packaged as python-widget 1.4.0-1 in forky, 2026-06-01");
    let target = stage.desk.root().join("into");
    let install = ["python3", "-m", "pip", "install", "--target", target.to_str().unwrap(), "widget"];
    stage.desk.run(&install).ends(0);
    assert!(target.join("widget/__init__.py").exists());
    // Nobody is asked for what is known.
    let asked = stage.mirror.requests().len();
    stage.desk.covouch(CHECK).ends(0);
    assert_eq!(stage.mirror.requests().len(), asked);
}

#[test]
fn a_check_reads_the_index_by_itself() {
    let stage = Stage::set();
    stage.publish(&testing("2026-06-01"), &signer(1));
    stage.desk.covouch(CHECK).ends(0).says("2 admitted");
    // Its twin, with the key of somebody else.
    let stage = Stage::set();
    stage.publish(&testing("2026-06-01"), &signer(2));
    stage
        .desk
        .covouch(CHECK)
        .ends(4)
        .says("2 undecided")
        .says("has no good signature by a key of Debian's archive");
    stage.refresh(&[]).ends(1).says("[debian-signature]");
}

#[test]
fn a_frozen_mirror_teaches_nothing_new_and_takes_nothing_back() {
    let stage = Stage::set();
    stage.publish(&testing("2026-05-20"), &signer(1));
    // To somebody who comes now, the mirror has nothing that is still valid.
    stage.refresh(&[]).ends(1).says("[debian-expired]");
    stage.desk.covouch(CHECK).ends(4).says("2 undecided");
    // Whoever read the index in time keeps what it said, and is told that it grows old.
    let before = Stage::set();
    before.publish(&testing("2026-05-30"), &signer(1));
    before.refresh(&[]).ends(0);
    before.desk.covouch(CHECK).ends(0).says("2 admitted");
    let later = ["--now", "2026-06-08T00:00:00Z"];
    before.refresh(&later).ends(1).says("[debian-expired]");
    before.desk.covouch(&[CHECK, &later].concat()).ends(0).says("2 admitted");
}

#[test]
fn an_index_older_than_one_seen_is_refused_for_good() {
    let stage = Stage::set();
    stage.publish(&testing("2026-06-01"), &signer(1));
    stage.refresh(&[]).ends(0);
    stage.publish(&testing("2026-05-31"), &signer(1));
    stage.refresh(&[]).ends(1).says("[debian-rolled-back]");
    // Also by whoever lost all that can be fetched again: the floor is kept apart from it.
    std::fs::remove_dir_all(stage.desk.root().join("covouch/verified")).unwrap();
    std::fs::remove_dir_all(stage.desk.root().join("covouch/cache")).unwrap();
    stage.refresh(&[]).ends(1).says("[debian-rolled-back]");
    stage.desk.covouch(CHECK).ends(4).says("2 undecided");
    // Its twin: the same machine, and the index of the day after.
    stage.publish(&testing("2026-06-02"), &signer(1));
    stage.refresh(&["--now", NOW]).ends(0);
    stage.desk.covouch(CHECK).ends(0).says("2 admitted");
}
