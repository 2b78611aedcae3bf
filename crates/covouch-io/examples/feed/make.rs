//! The feed: a curator, and teams who vouch for one release of each project.

use std::{fmt::Write as _, fs, num::NonZeroU32, path::Path, thread};

use covouch_core::{
    amount::Amount,
    digest::Sha256,
    key::{PublicKey, SecretKey},
    level::Level,
    name::{ProjectName, ProjectPattern},
    statement::{
        Claim, Delegation, Files, Head as ChainHead, Link, Reading, Reviewer, Statement, Vouch, VouchLevel,
        sign, sign_head,
    },
    subject::FileName,
    time::{Duration, Timestamp, Validity},
    version::Version,
};
use covouch_feed::{
    publish::{Renewal, ceremony},
    role::{Head, Root},
    threshold::Signers,
};
use covouch_io::{
    feed::{FeedFolder, FeedKeys},
    folder::{append, chain_path},
};
use zeroize::Zeroizing;

/// Vouches of one team: a folder of statements of one key has room for some more.
const TEAM: usize = 25_000;

/// Projects are called so, with a number.
const PROJECT: &str = "project";

/// When everything is signed.
fn issued() -> Timestamp {
    Timestamp::parse("2026-06-01").expect("a date")
}

/// Nobody's keys: anybody can make them again.
fn key(name: &str) -> SecretKey {
    let seed = Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes());
    SecretKey::from_seed(&seed).expect("a seed is a key")
}

fn team(number: usize) -> SecretKey {
    key(&format!("team {number}"))
}

pub(super) fn feed(folder: &Path, projects: usize) {
    let signers = |name: &str| Signers::new(&[*key(name).public_key()], NonZeroU32::MIN);
    let head = Head { version: 1, expires: issued().plus(Duration::from_days(365)) };
    let root = Root::new(head, signers("root"), signers("curator"), signers("online"));
    let feed = FeedFolder::create(folder, &root).expect("a new feed");
    let draft = feed.draft().expect("a draft").expect("a draft").path;
    let signed = ceremony::countersign(&fs::read(&draft).expect("a draft"), &key("root"));
    fs::write(draft, signed.expect("a signature")).expect("a signed root");
    let teams = projects.div_ceil(TEAM);
    let delegations = (0..teams).map(|number| delegation(team(number).public_key()));
    chain(&feed.statements(), &key("curator"), delegations);
    thread::scope(|scope| {
        for number in 0..teams {
            let statements = feed.statements();
            let projects = number * TEAM..projects.min((number + 1) * TEAM);
            let vouches = move || projects.map(|project| vouch(&format!("{PROJECT}-{project}"), "1.0"));
            scope.spawn(move || chain(&statements, &team(number), vouches()));
        }
    });
}

/// Prints files and bytes.
pub(super) fn publish(folder: &Path, now: Timestamp) {
    let (curator, online) = (key("curator"), key("online"));
    let keys = FeedKeys { lists: &[&curator], online: &[&online] };
    let feed = FeedFolder::open(folder).expect("a feed");
    let published = feed.publish(&keys, Renewal::Due, Duration::from_days(365), now).expect("a publication");
    println!("{} {}", published.files, published.bytes);
}

/// Another release of a project, signed by its team.
pub(super) fn change(folder: &Path, number: usize) {
    let claim = vouch(&format!("{PROJECT}-{number}"), "2.0");
    let statements = FeedFolder::open(folder).expect("a feed").statements();
    let compose = |link| Statement { link, issued: issued(), claim };
    append(&statements, &team(number / TEAM), issued(), compose).expect("one more statement");
}

fn delegation(to: &PublicKey) -> Claim {
    Claim::Delegation(Delegation {
        to: *to,
        depth: 1,
        amount: Amount::FULL,
        level: Level::Audited,
        projects: vec![ProjectPattern::parse("*").expect("a pattern")],
        validity: Validity::new(issued(), issued().plus(Duration::from_days(365))).expect("a year"),
    })
}

fn vouch(project: &str, version: &str) -> Claim {
    let file = format!("{project}-{version}.tar.gz");
    let file = (FileName::parse(&file).expect("a file name"), Sha256::of(file.as_bytes()));
    let project = ProjectName::parse(project).expect("a name");
    let files = Files::new(project, Version::parse(version).expect("a version"), [file]).expect("a file");
    Claim::Vouch(Vouch {
        files,
        validity: Validity::new(issued(), issued().plus(Duration::from_days(365))).expect("a year"),
        level: VouchLevel::Vouched,
        read: vec![Reading::Metadata],
        reviewer: Reviewer::Hand,
        notes: "".into(),
    })
}

/// A whole chain at once: appending reads it again each time.
fn chain(folder: &Path, key: &SecretKey, claims: impl Iterator<Item = Claim>) {
    let (mut lines, mut link) = (String::new(), Link::FIRST);
    let mut newest = None;
    for claim in claims {
        let (envelope, signed) =
            sign(&Statement { link, issued: issued(), claim }, key).expect("a signature");
        writeln!(lines, "{}", envelope.to_json()).expect("writing into a text cannot fail");
        newest = Some((link.sequence, signed.id()));
        link = Link { sequence: link.sequence + 1, previous: Some(signed.id()) };
    }
    let path = chain_path(folder, key.public_key());
    fs::write(&path, lines).expect("a chain");
    let head = sign_head(&ChainHead { newest, issued: issued() }, key).expect("a signature");
    fs::write(path.with_extension("head"), head.to_json()).expect("a head");
}
