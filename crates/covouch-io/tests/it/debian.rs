//! Debian's archive, played by a server: what is believed of it, and what is not.

use std::path::Path;

use covouch_core::{
    digest::Sha256, name::ProjectName, subject::FileName, subject::Subject, time::Timestamp, version::Version,
};
use covouch_io::{
    clock::Clock,
    debian::{Debian, DebianSettings, Keyring, Outcome, Suite, apt::Mirrors, refresh},
    index::Freshness,
    network::{Carried, Network, Recorder},
    state::State,
};
use covouch_testkit::{
    debian::{self, Oddities, Pack, Package, Release, Signer, pack, sources},
    index::{IndexServer, Site},
};
use pgp::{packet::SubpacketData, types::Duration};
use url::Url;

use crate::server::network;

const SIX: Package<'static> = Package { name: "six", version: "1.17.0-2", tarball: b"the tarball of six" };
const CTX: Package<'static> =
    Package { name: "python-ctx", version: "0.1.2-1", tarball: b"the tarball of ctx" };

/// A mirror of the archive.
struct Mirror(IndexServer);

impl Mirror {
    fn start() -> Self {
        Self(IndexServer::start(Site::new()))
    }

    fn url(&self) -> Url {
        Url::parse(&format!("{}/debian", self.0.origin())).unwrap()
    }

    /// What was asked for, in order.
    fn seen(&self) -> Vec<String> {
        self.0.requests().into_iter().map(|request| request.path).collect()
    }

    /// Serves this as a suite's `InRelease`.
    fn put_release(&self, suite: &str, in_release: &str) {
        let path = format!("/debian/dists/{suite}/InRelease");
        self.0.change(|site| site.put(&path, in_release.to_owned()));
    }

    /// Serves this `InRelease` and this list.
    fn publish(&self, suite: &str, in_release: impl Into<Vec<u8>>, packed: &[u8]) {
        self.0.change(|site| debian::put(site, suite, in_release, packed));
    }
}

/// A keyring with this key alone.
fn keyring(signer: &Signer, oddities: Oddities) -> Keyring {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), signer.keyring(oddities)).unwrap();
    Keyring::read(file.path()).unwrap()
}

/// The real `InRelease` of testing.
fn real_in_release() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/debian/InRelease");
    std::fs::read_to_string(path).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn suite(name: &str) -> Suite {
    Suite::parse(name).unwrap()
}

fn subject(project: &str, version: &str, filename: &str, bytes: &[u8]) -> Subject {
    Subject {
        project: ProjectName::parse(project).unwrap(),
        version: Version::parse(version).unwrap(),
        filename: FileName::parse(filename).unwrap(),
        sha256: Sha256::of(bytes),
    }
}

fn six() -> Subject {
    subject("six", "1.17.0", "six-1.17.0.tar.gz", SIX.tarball)
}

fn ctx() -> Subject {
    subject("ctx", "0.1.2", "ctx-0.1.2.tar.gz", CTX.tarball)
}

/// A user of a mirror: a state folder, a clock, a keyring.
struct User {
    _folder: tempfile::TempDir,
    state: State,
    signer: Signer,
    keyring: Keyring,
    mirrors: Mirrors,
    now: Timestamp,
}

impl User {
    fn of(mirror: &Mirror) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().join("state")).unwrap();
        let signer = Signer::new(1, at("2025-01-01"));
        let keyring = keyring(&signer, Oddities::default());
        let mirrors = Mirrors::named(&mirror.url());
        Self { _folder: folder, state, signer, keyring, mirrors, now: at("2026-06-01") }
    }

    fn sign(&self, text: &str) -> String {
        self.signer.sign(text, at("2026-05-01"), vec![])
    }

    /// Publishes these packages.
    fn publish(&self, mirror: &Mirror, release: &Release, packages: &[Package<'_>]) {
        let packed = pack(release.pack, &sources(packages));
        mirror.publish(&release.suite, self.sign(&release.text(&packed)), &packed);
    }

    async fn refresh(&self) -> Outcome {
        self.refresh_suite("stable", Freshness::Demand).await
    }

    async fn refresh_suite(&self, name: &str, freshness: Freshness) -> Outcome {
        self.refresh_with(&network(), &self.settings(name, freshness)).await
    }

    /// Reads stable over this network.
    async fn refresh_over(&self, network: &Network) -> Outcome {
        self.refresh_with(network, &self.settings("stable", Freshness::Demand)).await
    }

    async fn refresh_with(&self, network: &Network, settings: &DebianSettings) -> Outcome {
        let refreshed = refresh(network, &self.state, Clock::stopped(self.now), settings, &|_| {}).await;
        refreshed.unwrap().suites.remove(0).1
    }

    fn settings(&self, name: &str, freshness: Freshness) -> DebianSettings {
        DebianSettings {
            suites: vec![suite(name)],
            mirrors: self.mirrors.clone(),
            keyring: self.keyring.clone(),
            freshness,
        }
    }

    /// The code of why nothing was learnt.
    async fn refused(&self) -> &'static str {
        match self.refresh().await {
            Outcome::Failed(error) => error.code().as_str(),
            learnt => panic!("{learnt:?}"),
        }
    }

    async fn is_read(&self) -> bool {
        matches!(self.refresh().await, Outcome::Read { .. })
    }

    fn debian(&self) -> Debian {
        Debian::load(&self.state, &[suite("stable"), suite("testing")]).unwrap()
    }

    fn sighting(&self, subject: &Subject) -> Option<String> {
        Some(self.debian().sighting(subject)?.to_string())
    }
}

#[tokio::test]
async fn a_packaged_sdist_is_seen_under_its_own_name_only() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    assert_eq!(user.sighting(&six()), None);
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX, CTX]);
    let Outcome::Read { files: 2, .. } = user.refresh().await else { panic!("two are read") };
    assert_eq!(user.sighting(&six()).unwrap(), "six 1.17.0-2 in trixie, 2026-05-01");
    assert_eq!(user.sighting(&ctx()).unwrap(), "python-ctx 0.1.2-1 in trixie, 2026-05-01");
    for other in [
        subject("evil", "1.17.0", "evil-1.17.0.tar.gz", SIX.tarball),
        subject("six", "99", "six-99.tar.gz", SIX.tarball),
        subject("six", "1.17.0", "six-1.17.0-py3-none-any.whl", SIX.tarball),
        subject("six", "1.17.0", "six-1.17.0.tar.gz", b"other bytes"),
        subject("six", "1.17.0", "six-1.17.0.tar.gz", b"docs"),
    ] {
        assert_eq!(user.sighting(&other), None, "{other}");
    }
    let nobody = Debian::load(&user.state, &[suite("testing")]).unwrap();
    assert_eq!(nobody.sighting(&six()), None, "the policy did not ask for stable");
}

#[tokio::test]
async fn every_packing_and_naming_is_read() {
    for (packing, by_hash) in [(Pack::Xz, true), (Pack::Xz, false), (Pack::Gzip, true), (Pack::Gzip, false)] {
        let mirror = Mirror::start();
        let user = User::of(&mirror);
        let release = Release { pack: packing, by_hash, ..Release::stable("2026-05-01") };
        user.publish(&mirror, &release, &[SIX]);
        assert!(user.is_read().await);
        assert_eq!(mirror.seen()[1].contains("/by-hash/SHA256/"), by_hash);
    }
}

#[tokio::test]
async fn a_suite_is_asked_for_once_a_day_and_recognised() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX]);
    assert!(user.is_read().await);
    let asked = mirror.seen().len();
    assert_eq!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Recent);
    assert_eq!(mirror.seen().len(), asked);
    user.now = at("2026-06-02T00:00:01Z");
    assert_eq!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Unchanged);
    assert_eq!(mirror.seen().len(), asked + 1, "only the index was asked for");
    assert_eq!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Recent);
    assert_eq!(user.sighting(&six()).unwrap(), "six 1.17.0-2 in trixie, 2026-05-01");
}

#[tokio::test]
async fn a_mirror_that_failed_is_left_in_peace_for_an_hour() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    let said = |outcome| match outcome {
        Outcome::Failed(error) => (error.code().as_str(), error.to_string()),
        learnt => panic!("{learnt:?}"),
    };
    let release = Release { valid_until: Some(at("2026-05-20")), ..Release::stable("2026-05-01") };
    user.publish(&mirror, &release, &[SIX]);
    let first = said(user.refresh_suite("stable", Freshness::Recent).await);
    assert_eq!(first.0, "debian-expired");
    user.now = at("2026-06-01T00:59:59Z");
    assert_eq!(said(user.refresh_suite("stable", Freshness::Recent).await), first);
    assert_eq!(mirror.seen().len(), 1);
    user.publish(&mirror, &Release::stable("2026-05-02"), &[SIX]);
    user.now = at("2026-06-01T01:00:00Z");
    assert!(matches!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Read { .. }));
    mirror.publish("stable", "nothing", b"");
    assert_eq!(user.refused().await, "debian-unsigned");
    user.publish(&mirror, &Release::stable("2026-05-03"), &[SIX]);
    assert!(user.is_read().await, "whoever demands is answered");
    assert_eq!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Recent);
}

#[tokio::test]
async fn a_clock_that_was_wrong_once_does_not_stop_the_questions() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX]);
    user.now = at("2027-06-01");
    assert!(user.is_read().await);
    user.now = at("2026-06-01");
    assert_eq!(
        Debian::load(&user.state, &[suite("stable")]).unwrap().gap(user.now).unwrap().code.as_str(),
        "debian-stale"
    );
    assert_eq!(user.refresh_suite("stable", Freshness::Recent).await, Outcome::Unchanged);
    assert_eq!(Debian::load(&user.state, &[suite("stable")]).unwrap().gap(user.now), None);
}

#[tokio::test]
async fn a_file_its_suite_left_behind_keeps_its_date() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX, CTX]);
    assert!(user.is_read().await);
    user.publish(&mirror, &Release::stable("2026-05-20"), &[CTX]);
    assert!(user.is_read().await);
    assert_eq!(user.sighting(&ctx()).unwrap(), "python-ctx 0.1.2-1 in trixie, 2026-05-20");
    assert_eq!(user.sighting(&six()).unwrap(), "six 1.17.0-2 in trixie, until 2026-05-01");
    user.publish(&mirror, &Release::stable("2026-05-21"), &[SIX, CTX]);
    assert!(user.is_read().await);
    assert_eq!(user.sighting(&six()).unwrap(), "six 1.17.0-2 in trixie, 2026-05-21");
}

#[tokio::test]
async fn an_older_index_than_one_seen_is_refused_also_when_the_table_is_gone() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-05-20"), &[CTX]);
    assert!(user.is_read().await);
    user.publish(&mirror, &Release::stable("2026-05-19"), &[SIX]);
    assert_eq!(user.refused().await, "debian-rolled-back");
    std::fs::remove_file(user.state.root().join("verified/debian")).unwrap();
    assert_eq!(user.refused().await, "debian-rolled-back");
    user.publish(&mirror, &Release::stable("2026-05-20"), &[SIX]);
    assert!(user.is_read().await, "the same day is not older");
}

#[tokio::test]
async fn an_index_that_has_expired_is_refused_even_when_nothing_changed() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    let release = Release { valid_until: Some(at("2026-06-03")), ..Release::stable("2026-05-27") };
    user.publish(&mirror, &release, &[SIX]);
    assert!(user.is_read().await);
    user.now = at("2026-06-02T23:59:59Z");
    assert_eq!(user.refresh().await, Outcome::Unchanged);
    user.now = at("2026-06-03");
    assert_eq!(user.refused().await, "debian-expired", "a frozen mirror says `not modified` for ever");
    let fresh = User { now: user.now, ..User::of(&mirror) };
    assert_eq!(fresh.refused().await, "debian-expired");
    assert!(user.sighting(&six()).is_some(), "what was seen was seen");
    let gap = user.debian().gap(at("2026-06-11")).unwrap();
    assert_eq!(
        (gap.code.as_str(), &*gap.detail),
        ("debian-stale", "suite `stable` was not refreshed for 8 days")
    );
}

#[tokio::test]
async fn an_index_of_tomorrow_or_of_another_suite_is_refused() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-06-02"), &[SIX]);
    assert_eq!(user.refused().await, "debian-not-yet");
    user.now = at("2026-06-02");
    assert!(user.is_read().await);
    let packed = pack(Pack::Xz, &sources(&[SIX]));
    let unstable =
        Release { suite: "unstable".into(), codename: "sid".into(), ..Release::stable("2026-06-02") };
    mirror.publish("stable", user.sign(&unstable.text(&packed)), &packed);
    assert_eq!(user.refused().await, "debian-other-suite");
}

#[tokio::test]
async fn only_what_the_archive_signed_is_read() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    let packed = pack(Pack::Xz, &sources(&[SIX]));
    let text = Release::stable("2026-05-01").text(&packed);
    let good = user.sign(&text);
    let stranger = Signer::new(2, at("2025-01-01")).sign(&text, at("2026-05-01"), vec![]);
    let parts = |lasts| vec![SubpacketData::SignatureExpirationTime(Duration::from_secs(lasts))];
    for (in_release, code) in [
        (text.clone(), "debian-unsigned"),
        (good.replace("Suite: stable", "Suite: stabler"), "debian-signature"),
        (format!("Suite: stable\n{good}"), "debian-unsigned"),
        (format!("{good}Suite: stable\n"), "debian-signature"),
        (good.replace("\n\nOrigin", "\nSuite: stable\n\nOrigin"), "debian-signature"),
        (good.split("-----BEGIN PGP SIGNATURE").next().unwrap().to_owned(), "debian-signature"),
        (stranger, "debian-signature"),
        (user.signer.sign(&text, at("2026-06-01T00:00:01Z"), vec![]), "debian-signature"),
        (user.signer.sign(&text, at("2026-05-01"), parts(86_400)), "debian-signature"),
        (user.signer.sign(&text, at("2024-12-31"), vec![]), "debian-signature"),
    ] {
        mirror.publish("stable", in_release.clone(), &packed);
        assert_eq!(user.refused().await, code, "{in_release}");
    }
    assert_eq!(user.sighting(&six()), None);
    mirror.publish("stable", user.signer.sign(&text, at("2026-05-01"), parts(86_400 * 60)), &packed);
    assert!(user.is_read().await);
    mirror.publish("stable", user.signer.sign_by_subkey(&text, at("2026-05-02")), &packed);
    assert!(user.is_read().await, "the archive signs with subkeys");
}

/// Signs by one of a user's keys.
type Sign<'a> = &'a dyn Fn(&User) -> String;

#[tokio::test]
async fn a_key_that_no_longer_counts_signs_nothing() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    let packed = pack(Pack::Xz, &sources(&[SIX]));
    let text = Release::stable("2026-05-01").text(&packed);
    let day = 86_400;
    let none = Oddities::default();
    let primary = |user: &User| user.sign(&text);
    let subkey = |user: &User| user.signer.sign_by_subkey(&text, at("2026-05-01"));
    let ways: [(Oddities, Sign<'_>, bool); 9] = [
        (Oddities { lasts: Some(516 * day), ..none }, &primary, false),
        (Oddities { lasts: Some(517 * day), ..none }, &primary, true),
        (Oddities { is_revoked: true, ..none }, &primary, false),
        (Oddities { is_revoked: true, ..none }, &subkey, false),
        (Oddities { lasts: Some(516 * day), ..none }, &subkey, false),
        (Oddities { silent_subkey: true, ..none }, &subkey, false),
        (Oddities { unwilling_subkey: true, ..none }, &subkey, false),
        (Oddities { revoked_subkey: true, ..none }, &subkey, false),
        (Oddities { revoked_subkey: true, ..none }, &primary, true),
    ];
    // The keys were made on 2025-01-01, 516 days before now.
    for (place, (oddities, sign, is_good)) in ways.into_iter().enumerate() {
        user.keyring = keyring(&user.signer, oddities);
        user.state = State::open(user.state.root().join(place.to_string())).unwrap();
        mirror.publish("stable", sign(&user), &packed);
        match is_good {
            true => assert!(user.is_read().await, "{place}"),
            false => assert_eq!(user.refused().await, "debian-signature", "{place}"),
        }
    }
}

#[tokio::test]
async fn a_list_that_is_not_the_signed_one_is_refused() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    let packed = pack(Pack::Xz, &sources(&[SIX]));
    let release = Release { by_hash: false, ..Release::stable("2026-05-01") };
    let in_release = user.sign(&release.text(&packed));
    let longer = [packed.as_slice(), b"more"].concat();
    let shorter = &packed[..packed.len() - 1];
    for other in [pack(Pack::Xz, &sources(&[CTX])).as_slice(), &longer, shorter, b""] {
        mirror.publish("stable", in_release.clone(), other);
        assert_eq!(user.refused().await, "debian-wrong-hash");
    }
    mirror.publish("stable", in_release, &packed);
    assert!(user.is_read().await);
}

#[tokio::test]
async fn a_signed_list_that_makes_no_sense_is_refused() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    let twice = [sources(&[SIX]), b"Package: a\nPackage: b\nVersion: 1-1\n".to_vec()].concat();
    let torn = pack(Pack::Xz, &sources(&[SIX]));
    for packed in [pack(Pack::Xz, &twice), torn[..torn.len() - 9].to_vec(), b"no xz".to_vec()] {
        mirror.publish("stable", user.sign(&Release::stable("2026-05-01").text(&packed)), &packed);
        assert_eq!(user.refused().await, "debian-malformed");
    }
    assert_eq!(user.sighting(&six()), None);
}

#[tokio::test]
async fn a_mirror_without_the_suite_or_the_list_tells_nothing() {
    let mirror = Mirror::start();
    let mut user = User::of(&mirror);
    assert_eq!(user.refused().await, "debian-absent");
    let packed = pack(Pack::Xz, &sources(&[SIX]));
    mirror.put_release("stable", &user.sign(&Release::stable("2026-05-01").text(&packed)));
    assert_eq!(user.refused().await, "debian-absent");
    let gap = user.debian().gap(user.now).unwrap();
    assert_eq!((gap.code.as_str(), &*gap.detail), ("debian-not-read", "suite `stable` was not read yet"));
    user.mirrors = Mirrors::of_apt(Path::new("/nowhere")).unwrap();
    assert_eq!(user.refused().await, "debian-no-mirror");
}

#[tokio::test]
async fn where_one_mirror_fails_the_next_is_asked() {
    let (good, other) = (Mirror::start(), Mirror::start());
    let mut user = User::of(&good);
    user.publish(&good, &Release::stable("2026-05-01"), &[SIX]);
    other.publish("stable", "an archive of somebody else", b"");
    let line = |mirror: &Mirror, suite| format!("deb {} {suite} main\n", mirror.url());
    let machine = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(machine.path().join("etc/apt")).unwrap();
    let list = machine.path().join("etc/apt/sources.list");
    std::fs::write(&list, line(&other, "stable")).unwrap();
    user.mirrors = Mirrors::of_apt(machine.path()).unwrap();
    assert_eq!(user.refused().await, "debian-unsigned");
    std::fs::write(&list, line(&good, "trixie") + &line(&other, "stable")).unwrap();
    user.mirrors = Mirrors::of_apt(machine.path()).unwrap();
    assert!(user.is_read().await);
    assert_eq!(other.seen().len(), 2, "apt's own `stable` is asked first");
}

#[tokio::test]
async fn suites_are_kept_apart() {
    let mirror = Mirror::start();
    let user = User::of(&mirror);
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX]);
    let testing =
        Release { suite: "testing".into(), codename: "forky".into(), ..Release::stable("2026-05-30") };
    user.publish(&mirror, &testing, &[SIX, CTX]);
    assert!(user.is_read().await);
    assert!(matches!(user.refresh_suite("testing", Freshness::Recent).await, Outcome::Read { files: 2, .. }));
    assert_eq!(user.sighting(&six()).unwrap(), "six 1.17.0-2 in trixie, 2026-05-01");
    assert_eq!(user.sighting(&ctx()).unwrap(), "python-ctx 0.1.2-1 in forky, 2026-05-30");
    assert_eq!(user.debian().gap(user.now), None);
    assert_eq!(user.debian().suites().map(|known| known.files).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn debians_real_signature_is_good_by_the_keyring_that_comes_along() {
    let mirror = Mirror::start();
    let user = User { keyring: Keyring::embedded().unwrap(), ..User::of(&mirror) };
    let refused = async |now: &str| {
        let user = User { now: at(now), keyring: user.keyring.clone(), ..User::of(&mirror) };
        match user.refresh_suite("testing", Freshness::Demand).await {
            Outcome::Failed(error) => error.code().as_str(),
            learnt => panic!("{learnt:?}"),
        }
    };
    mirror.put_release("testing", &real_in_release());
    // Everything was found good but the list, which is too large to stand here.
    assert_eq!(refused("2026-11-01").await, "debian-absent");
    assert_eq!(refused("2026-11-22").await, "debian-expired");
    assert_eq!(refused("2026-10-30T08:00:00Z").await, "debian-signature", "it was signed a little later");
    mirror.put_release("testing", &real_in_release().replace("forky", "forkz"));
    assert_eq!(refused("2026-11-01").await, "debian-signature");
}

#[test]
fn the_embedded_keyring_is_the_one_its_readme_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/debian/keyring");
    let digest = Sha256::of(&std::fs::read(folder.join("debian-archive-keyring.gpg")).unwrap());
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains(&digest.to_string()));
}

/// What a mirror says, recorded by somebody who knows nothing, and read by a user from a copy of it.
async fn carried(user: &User, made: Timestamp) -> Network {
    let folder = tempfile::tempdir().unwrap().keep();
    let state = State::open(folder.join("state")).unwrap();
    let recorder = Recorder::new(state.cache());
    let settings = user.settings("stable", Freshness::Demand);
    let clock = Clock::stopped(user.now);
    let network = network().recorded(&recorder);
    refresh(&network, &state, clock, &settings, &|_| {}).await.unwrap();
    Network::carried(Carried::new(recorder.take().unwrap(), state.cache(), made))
}

#[tokio::test]
async fn an_index_that_was_carried_is_read_as_from_a_mirror_and_never_an_older_one() {
    let mirror = Mirror::start();
    let (mut user, twin) = (User::of(&mirror), User::of(&mirror));
    user.publish(&mirror, &Release::stable("2026-05-01"), &[SIX]);
    let old = carried(&user, at("2026-05-02")).await;
    user.publish(&mirror, &Release::stable("2026-05-20"), &[SIX, CTX]);
    let new = carried(&user, at("2026-05-21")).await;
    // Whoever is inside has another mirror in its configuration, or none that answers.
    user.mirrors = Mirrors::named(&"https://elsewhere.example/debian".parse().unwrap());
    assert!(matches!(user.refresh_over(&new).await, Outcome::Read { files: 2, .. }));
    assert!(user.sighting(&ctx()).is_some());
    let checked = user.debian().suites().next().unwrap().checked;
    assert_eq!(checked, at("2026-05-21"), "a bundle is as old as it is");
    match user.refresh_over(&old).await {
        Outcome::Failed(error) => assert_eq!(error.code().as_str(), "debian-rolled-back"),
        learnt => panic!("{learnt:?}"),
    }
    assert!(user.sighting(&ctx()).is_some());
    // Its twin, who knows nothing newer, reads it.
    assert!(matches!(twin.refresh_over(&old).await, Outcome::Read { files: 1, .. }));
}
