//! How long a large feed takes: `cargo bench -p covouch-feed`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark's own data is as it says")]

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::LazyLock,
};

use covouch_core::{
    digest::Sha256,
    key::SecretKey,
    name::ProjectName,
    statement::{Claim, Files, Link, Reviewer, Statement, Vouch, VouchLevel, sign},
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};
use covouch_feed::{
    publish::{Additions, Lifetimes, Publication, Publisher, Renewal, ceremony},
    role::{Head, Root, Signed, check_root},
    threshold::Signers,
    update::{Answer, Source, Trusted, Update},
};
use divan::Bencher;
use zeroize::Zeroizing;

const PROJECTS: usize = 100_000;

fn main() {
    let world = &*WORLD;
    let bytes: usize = world.files.values().map(Vec::len).sum();
    let change = world.change();
    let changed: usize = change.files.iter().map(|file| file.bytes.len()).sum();
    println!("{PROJECTS} projects: {} files, {bytes} bytes; one change: {changed} bytes", world.files.len());
    println!("a reader of fifty projects, the first time: {} bytes", world.cold_bytes());
    divan::main();
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

struct World {
    key: SecretKey,
    root: Signed<Root>,
    all: Additions,
    files: BTreeMap<String, Vec<u8>>,
    trusted: Trusted,
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap()
}

fn additions(key: &SecretKey, names: impl Iterator<Item = String>) -> Additions {
    let validity = Validity::new(now(), now().plus(Duration::from_days(365))).unwrap();
    let mut additions = Additions::default();
    for name in names {
        let file = (FileName::parse(&format!("{name}-1.0.tar.gz")).unwrap(), Sha256::of(name.as_bytes()));
        let files =
            Files::new(ProjectName::parse(&name).unwrap(), Version::parse("1.0").unwrap(), [file]).unwrap();
        let vouch = Vouch {
            files,
            validity,
            level: VouchLevel::Vouched,
            read: Vec::new(),
            reviewer: Reviewer::Hand,
            notes: "".into(),
        };
        let statement = Statement { link: Link::FIRST, issued: now(), claim: Claim::Vouch(vouch) };
        let (envelope, _) = sign(&statement, key).unwrap();
        additions.add(&statement, envelope);
    }
    additions
}

impl World {
    fn new() -> Self {
        let key = SecretKey::from_seed(&Zeroizing::new([7; 32])).unwrap();
        let signers = Signers::new(&[*key.public_key()], NonZeroU32::MIN);
        let head = Head { version: 1, expires: now().plus(Duration::from_days(365)) };
        let root = Root::new(head, signers.clone(), signers.clone(), signers);
        let root = ceremony::countersign(&ceremony::draft(&root), &key).unwrap();
        let root = check_root(&root, None).unwrap();
        let all = additions(&key, (0..PROJECTS).map(|number| format!("project-{number}")));
        let publication = publisher(&key, &root, |publisher| publisher.first(&all).unwrap());
        let files: BTreeMap<_, _> =
            publication.files.into_iter().map(|file| (file.path, file.bytes)).collect();
        let trusted = refresh(&files, &mut BTreeMap::from([("root.json".to_owned(), root.bytes().to_vec())]));
        Self { key, root, all, files, trusted }
    }

    /// What a reader takes who has nothing yet: the top-level files and the bins of fifty projects.
    fn cold_bytes(&self) -> usize {
        let covouch_feed::role::Delegations::Bins(bins) = &self.trusted.targets().role().delegations else {
            return 0;
        };
        let bins = (0..50).map(|number| bins.role_of(&format!("project-{}", number * 1999)));
        let bins: BTreeSet<String> =
            bins.map(|bin| self.trusted.want(&bin, Source::Repository).unwrap().path).collect();
        let top = ["timestamp.json", "1.snapshot.json", "1.targets.json"].map(str::to_owned);
        bins.into_iter().chain(top).map(|path| self.files[&path].len()).sum()
    }

    fn change(&self) -> Publication {
        let additions = additions(&self.key, ["one-more".to_owned()].into_iter());
        let read = |path: &str| self.files.get(path).cloned();
        publisher(&self.key, &self.root, |publisher| {
            publisher.next(&self.trusted, &additions, Renewal::Due, &read).unwrap()
        })
    }
}

fn publisher<T>(key: &SecretKey, root: &Signed<Root>, then: impl FnOnce(Publisher<'_>) -> T) -> T {
    let lifetimes = Lifetimes {
        targets: Duration::from_days(365),
        snapshot: Duration::from_days(60),
        timestamp: Duration::from_days(7),
    };
    then(Publisher { root, targets: &[key], online: &[key], lifetimes, now: now() })
}

fn refresh(files: &BTreeMap<String, Vec<u8>>, kept: &mut BTreeMap<String, Vec<u8>>) -> Trusted {
    let mut update = Update::new(now());
    while let Some(want) = update.wants() {
        let files = if want.source == Source::Kept { &*kept } else { files };
        update.give(files.get(&want.path).map_or(Answer::Absent, |bytes| Answer::Bytes(bytes))).unwrap();
        kept.extend(update.news().into_iter().map(|news| (news.file, news.bytes)));
    }
    update.finish().unwrap()
}

#[divan::bench(sample_count = 5)]
fn publish_all(bencher: Bencher<'_, '_>) {
    let world = &*WORLD;
    bencher.bench(|| publisher(&world.key, &world.root, |publisher| publisher.first(&world.all).unwrap()));
}

#[divan::bench]
fn publish_one_change(bencher: Bencher<'_, '_>) {
    bencher.bench(|| WORLD.change());
}

#[divan::bench]
fn refresh_without_news(bencher: Bencher<'_, '_>) {
    let mut kept = BTreeMap::from([("root.json".to_owned(), WORLD.root.bytes().to_vec())]);
    refresh(&WORLD.files, &mut kept);
    bencher.bench(|| refresh(&WORLD.files, &mut kept.clone()));
}

#[divan::bench]
fn check_fifty_bins(bencher: Bencher<'_, '_>) {
    let covouch_feed::role::Delegations::Bins(bins) = &WORLD.trusted.targets().role().delegations else {
        return;
    };
    let roles: Vec<String> = bins.roles().take(50).collect();
    let wants: Vec<_> =
        roles.iter().map(|role| WORLD.trusted.want(role, Source::Repository).unwrap().path).collect();
    bencher.bench(|| {
        for (role, path) in roles.iter().zip(&wants) {
            WORLD.trusted.check(role, bins.signers(), &WORLD.files[path]).unwrap();
        }
    });
}
