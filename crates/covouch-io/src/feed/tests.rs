mod bucket;

use std::{fs, num::NonZeroU32, path::Path};

use covouch_core::{
    key::SecretKey,
    statement::{Claim, Files, Link, Release, Signer, Statement},
    subject::FileName,
    time::{Duration, Validity},
    version::Version,
};
use covouch_feed::{
    publish::{Renewal, ceremony},
    role::{Head, Root},
    threshold::Signers,
};
use zeroize::Zeroizing;

use super::*;
use crate::network::{Pace, Patience, Settings};

const WEEK: Duration = Duration::from_days(7);

fn days(days: u32) -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap().plus(Duration::from_days(days))
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new([seed; 32])).unwrap()
}

fn project(name: &str) -> ProjectName {
    ProjectName::parse(name).unwrap()
}

/// A curator with a root key, an own key and an online key, and a reader.
struct World {
    home: tempfile::TempDir,
    folder: FeedFolder,
    own: SecretKey,
    online: SecretKey,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (own, online) = (key(2), key(3));
        let folder = FeedFolder::create(&home.path().join("feed"), &root(1, &own, &online)).unwrap();
        let world = Self { home, folder, own, online };
        world.sign_root();
        world
    }

    fn sign_root(&self) {
        let path = self.folder.draft().unwrap().unwrap().path;
        let signed = ceremony::countersign(&fs::read(&path).unwrap(), &key(1)).unwrap();
        fs::write(path, signed).unwrap();
    }

    fn release(&self, name: &str) {
        let now = days(0);
        let file = (FileName::parse(&format!("{name}-1.0.tar.gz")).unwrap(), Sha256::of(name.as_bytes()));
        let files = Files::new(project(name), Version::parse("1.0").unwrap(), [file]).unwrap();
        let validity = Validity::new(now, days(365)).unwrap();
        let compose =
            |link: Link| Statement { link, issued: now, claim: Claim::Release(Release { files, validity }) };
        crate::folder::append(&self.folder.statements(), &self.own, now, compose).unwrap();
    }

    fn publish(&self, day: u32) -> Result<usize, FeedError> {
        let (own, online): (&dyn Signer, &dyn Signer) = (&self.own, &self.online);
        let keys = FeedKeys { lists: &[own], online: &[online] };
        self.folder.publish(&keys, Renewal::Due, WEEK, days(day)).map(|published| published.added)
    }

    fn state(&self) -> State {
        State::open(self.home.path().join("state")).unwrap()
    }

    async fn read(&self, names: &[&str], day: u32) -> Result<FeedAnswer, FeedError> {
        let projects: Vec<ProjectName> = names.iter().map(|name| project(name)).collect();
        let address = Url::from_directory_path(self.folder.public()).unwrap();
        let root = self.folder.root_sha256().unwrap().unwrap();
        sync(&Network::offline(), &self.state(), &address, &root, &projects, days(day)).await
    }
}

fn root(version: u64, own: &SecretKey, online: &SecretKey) -> Root {
    let signers = |key: &SecretKey| Signers::new(&[*key.public_key()], NonZeroU32::MIN);
    Root::new(Head { version, expires: days(365) }, signers(&key(1)), signers(own), signers(online))
}

fn hide(folder: &Path, hidden: &Path) {
    fs::rename(folder, hidden).unwrap();
    fs::create_dir(folder).unwrap();
}

#[tokio::test]
async fn what_is_published_is_read() {
    let world = World::new();
    world.release("six");
    assert_eq!(world.publish(0).unwrap(), 1);
    let answer = world.read(&["six", "flask"], 1).await.unwrap();
    assert_eq!(answer.statements.len(), 1);
    assert_eq!(answer.staleness, Staleness::Fresh(days(7)));
    assert_eq!(answer.roots, [*world.own.public_key()]);
    assert!(answer.unknown.is_empty() && answer.others.is_empty());
    world.release("flask");
    assert_eq!(world.folder.waiting(&root(1, &world.own, &world.online)).unwrap(), 1);
    assert_eq!(world.publish(2).unwrap(), 1);
    assert_eq!(world.publish(2).unwrap(), 0);
    let answer = world.read(&["six", "flask"], 8).await.unwrap();
    assert_eq!((answer.statements.len(), answer.staleness), (2, Staleness::Fresh(days(9))));
}

#[tokio::test]
async fn a_feed_that_is_not_renewed_is_stale_and_keeps_what_it_said() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    world.read(&["six"], 0).await.unwrap();
    let answer = world.read(&["six"], 7).await.unwrap();
    assert_eq!((answer.statements.len(), answer.staleness), (1, Staleness::Stale(Some(days(7)))));
    world.publish(7).unwrap();
    assert_eq!(world.read(&["six"], 7).await.unwrap().staleness, Staleness::Fresh(days(14)));
}

#[tokio::test]
async fn old_news_are_refused_also_after_the_cache_was_deleted() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let old = fs::read(world.folder.public().join("timestamp.json")).unwrap();
    world.release("flask");
    world.publish(1).unwrap();
    world.read(&["six"], 1).await.unwrap();
    fs::remove_dir_all(world.state().folder(crate::state::Part::Cache)).unwrap();
    let timestamp = world.folder.public().join("timestamp.json");
    let new = fs::read(&timestamp).unwrap();
    fs::write(&timestamp, old).unwrap();
    assert_eq!(world.read(&["six"], 1).await.unwrap_err().code().as_str(), "feed-rollback");
    fs::write(&timestamp, new).unwrap();
    assert_eq!(world.read(&["six"], 1).await.unwrap().statements.len(), 1);
}

#[tokio::test]
async fn a_feed_in_bins_is_read_bin_by_bin_and_a_missing_one_is_an_error() {
    let world = World::new();
    world.release_many(501);
    assert_eq!(world.publish(0).unwrap(), 501);
    let answer = world.read(&["project-7", "nobody-knows"], 0).await.unwrap();
    assert_eq!((answer.statements.len(), answer.unknown.len()), (1, 0));
    let address = Url::from_directory_path(world.folder.public()).unwrap();
    let root = world.folder.root_sha256().unwrap().unwrap();
    let whole = sync_whole(&Network::offline(), &world.state(), &address, &root, days(0)).await;
    let (answer, lists) = whole.unwrap();
    assert_eq!((answer.statements.len(), lists), (501, 257));
    for entry in fs::read_dir(world.folder.public()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".g1-") {
            fs::remove_file(path).unwrap();
        }
    }
    // What was read once is still there.
    assert_eq!(world.read(&["project-7"], 0).await.unwrap().statements.len(), 1);
    fs::remove_dir_all(world.state().folder(crate::state::Part::Cache)).unwrap();
    fs::create_dir_all(world.state().folder(crate::state::Part::Cache)).unwrap();
    assert_eq!(world.read(&["project-7"], 0).await.unwrap_err().code().as_str(), "feed-missing");
}

impl World {
    /// A whole chain at once; appending reads it again each time.
    fn release_many(&self, count: usize) {
        let folder = self.folder.statements();
        let (mut lines, mut link) = (String::new(), Link::FIRST);
        for number in 0..count {
            let name = format!("project-{number}");
            let file = (FileName::parse(&format!("{name}-1.0.tar.gz")).unwrap(), Sha256::of(name.as_bytes()));
            let files = Files::new(project(&name), Version::parse("1.0").unwrap(), [file]).unwrap();
            let validity = Validity::new(days(0), days(365)).unwrap();
            let claim = Claim::Release(Release { files, validity });
            let statement = Statement { link, issued: days(0), claim };
            let (envelope, signed) = covouch_core::statement::sign(&statement, &self.own).unwrap();
            lines.push_str(&envelope.to_json());
            lines.push('\n');
            link = Link { sequence: link.sequence + 1, previous: Some(signed.id()) };
        }
        let head = covouch_core::statement::Head {
            newest: link.previous.map(|id| (link.sequence - 1, id)),
            issued: days(0),
        };
        let head = covouch_core::statement::sign_head(&head, &self.own).unwrap();
        let path = crate::folder::chain_path(&folder, self.own.public_key());
        fs::write(&path, lines).unwrap();
        fs::write(path.with_extension("head"), head.to_json()).unwrap();
    }
}

#[tokio::test]
async fn another_root_than_the_policy_names_is_refused() {
    let world = World::new();
    world.publish(0).unwrap();
    let address = Url::from_directory_path(world.folder.public()).unwrap();
    for (root, code) in [
        (Sha256::of(b"another"), Some("feed-other-root")),
        (world.folder.root_sha256().unwrap().unwrap(), None),
    ] {
        let answer = sync(&Network::offline(), &world.state(), &address, &root, &[], days(0)).await;
        assert_eq!(answer.err().map(|error| error.code().as_str()), code);
    }
}

#[tokio::test]
async fn a_feed_nobody_can_reach_says_what_it_said() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    world.read(&["six"], 0).await.unwrap();
    let root = world.folder.root_sha256().unwrap().unwrap();
    let away = Url::parse("https://curator.example/feed").unwrap();
    let read = |day| {
        let (state, root, away) = (world.state(), root, away.clone());
        async move { sync(&Network::offline(), &state, &away, &root, &[project("six")], days(day)).await }
    };
    let answer = read(1).await.unwrap();
    assert_eq!((answer.statements.len(), answer.staleness), (1, Staleness::Fresh(days(7))));
    assert_eq!(read(7).await.unwrap().staleness, Staleness::Stale(Some(days(7))));
    // Nobody ever reached this one.
    let never = sync(&Network::offline(), &world.state(), &away, &Sha256::of(b"x"), &[], days(0)).await;
    assert_eq!(never.unwrap_err().code().as_str(), "fetch-offline");
}

#[tokio::test]
async fn a_publication_that_is_cut_short_is_made_up_for() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let before = world.home.path().join("before");
    copy(&world.folder.public(), &before);
    let progress = fs::read(world.home.path().join("feed/published.json")).unwrap();
    world.release("flask");
    // With a new online key: a new root is part of the publication.
    let online = key(9);
    world.folder.propose(&root(2, &world.own, &online)).unwrap();
    world.sign_root();
    let draft = world.folder.draft().unwrap().unwrap();
    let draft = (draft.path.clone(), fs::read(&draft.path).unwrap());
    let rotated = World { online, ..world };
    rotated.publish(1).unwrap();
    let after = rotated.home.path().join("after");
    copy(&rotated.folder.public(), &after);
    let mut written: Vec<_> = fs::read_dir(&after).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    written.retain(|name| !before.join(name).exists());
    written.sort();
    assert!(written.len() >= 3, "{written:?}");
    // In the end the timestamp takes the old one's place, and what is left to do is to clear up.
    written.push("timestamp.json".into());
    for cut in 0..=written.len() {
        // The first so many files were written, and then the process was killed.
        hide(&rotated.folder.public(), &rotated.home.path().join(format!("hidden-{cut}")));
        copy(&before, &rotated.folder.public());
        for name in written.iter().take(cut) {
            fs::copy(after.join(name), rotated.folder.public().join(name)).unwrap();
        }
        fs::write(&draft.0, &draft.1).unwrap();
        fs::write(rotated.home.path().join("feed/published.json"), &progress).unwrap();
        assert_eq!(rotated.publish(1).unwrap(), usize::from(cut < written.len()), "{cut}");
        let answer = rotated.read(&["six", "flask"], 2).await.unwrap();
        assert_eq!(answer.statements.len(), 2, "{cut}");
    }
}

#[test]
fn a_root_that_readers_may_have_is_not_replaced() {
    let world = World::new();
    world.publish(0).unwrap();
    let (online, other) = (key(9), key(10));
    world.folder.propose(&root(2, &world.own, &online)).unwrap();
    // Nobody has it yet.
    world.folder.propose(&root(2, &world.own, &online)).unwrap();
    world.sign_root();
    let draft = world.folder.draft().unwrap().unwrap().path;
    let out = world.folder.public().join("2.root.json");
    fs::copy(&draft, &out).unwrap();
    let refused = world.folder.propose(&root(2, &world.own, &other)).unwrap_err();
    assert_eq!(refused.code().as_str(), "feed-root-out");
    assert!(refused.hint().is_some());
    let world = World { online, ..world };
    world.publish(1).unwrap();
    world.folder.propose(&root(3, &world.own, &other)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_root_needs_its_signatures() {
    let home = tempfile::tempdir().unwrap();
    let (own, online) = (key(2), key(3));
    let folder = FeedFolder::create(&home.path().join("feed"), &root(1, &own, &online)).unwrap();
    let world = World { home, folder, own, online };
    assert_eq!(world.publish(0).unwrap_err().code().as_str(), "feed-root-unsigned");
    world.sign_root();
    assert_eq!(world.publish(0).unwrap(), 0);
    assert!(matches!(
        FeedFolder::create(&world.home.path().join("feed"), &root(1, &world.own, &world.online)),
        Err(FeedError::Exists(_))
    ));
}

#[test]
fn statements_of_others_are_taken_when_the_feed_leads_to_them() {
    let world = World::new();
    world.publish(0).unwrap();
    let theirs = world.home.path().join("theirs");
    let now = days(0);
    let file = (FileName::parse("six-1.0.tar.gz").unwrap(), Sha256::of(b"six"));
    let files = Files::new(project("six"), Version::parse("1.0").unwrap(), [file]).unwrap();
    let validity = Validity::new(now, days(365)).unwrap();
    let claim = Claim::Release(Release { files, validity });
    crate::folder::append(&theirs, &world.own, now, |link| Statement { link, issued: now, claim }).unwrap();
    let root = root(1, &world.own, &world.online);
    assert_eq!(world.folder.import(&theirs, &root, &[]).unwrap(), 1);
    assert_eq!(world.folder.import(&theirs, &root, &[]).unwrap(), 0);
    assert_eq!(world.publish(1).unwrap(), 1);
}

/// Serves a folder over HTTP, one request after the other, and remembers what was asked for. What is not there is
/// answered with `missing`.
struct Server {
    address: Url,
    asked: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Server {
    fn of(folder: &Path, missing: &'static str) -> Self {
        Self::dripping(folder, missing, "")
    }

    /// This file comes a byte at a time, and never to its end.
    fn dripping(folder: &Path, missing: &'static str, drips: &'static str) -> Self {
        use std::io::{BufRead as _, BufReader, Write as _};

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Url::parse(&format!("http://{}/feed", listener.local_addr().unwrap())).unwrap();
        let asked = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
        let (heard, folder) = (asked.clone(), folder.to_owned());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines().map(Result::unwrap);
                let Some(first) = lines.next() else { continue };
                let path = first.split(' ').nth(1).unwrap().trim_start_matches("/feed/").to_owned();
                assert!(lines.any(|line| line.is_empty()));
                heard.lock().unwrap().push(path.clone());
                let (status, body) = match fs::read(folder.join(&path)) {
                    Ok(body) => ("200 OK", body),
                    Err(_) => (missing, Vec::new()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                // A client that has gone needs no answer.
                if path == drips {
                    let _ = connection.write_all(head.as_bytes());
                    for byte in body.iter().cycle() {
                        if connection.write_all(&[*byte]).is_err() {
                            break;
                        }
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                    continue;
                }
                let _ = connection.write_all(&[head.into_bytes(), body].concat());
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn network() -> Network {
    patient(Patience::default())
}

fn patient(patience: Patience) -> Network {
    Network::new(&Settings { patience, ..Settings::default() }).unwrap()
}

#[tokio::test]
async fn without_news_two_files_are_asked_for() {
    let world = World::new();
    world.release_many(501);
    world.publish(0).unwrap();
    let root = world.folder.root_sha256().unwrap().unwrap();
    let projects = [project("project-1"), project("project-2")];
    for missing in ["404 Not Found", "403 Forbidden", "410 Gone"] {
        let server = Server::of(&world.folder.public(), missing);
        let network = network();
        let _ = fs::remove_dir_all(world.home.path().join("state"));
        let read = async || {
            sync(&network, &world.state(), &server.address, &root, &projects, days(0)).await.unwrap()
        };
        assert_eq!(read().await.statements.len(), 2);
        assert_eq!(server.asked().len(), 7, "{missing}");
        assert_eq!(read().await.statements.len(), 2);
        let mut asked = server.asked();
        // At the same time, so that readers far away wait once.
        asked.sort();
        assert_eq!(asked, ["2.root.json", "timestamp.json"]);
    }
}

#[tokio::test]
async fn beside_a_new_root_the_timestamp_is_asked_for_again() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let first = world.folder.root_sha256().unwrap().unwrap();
    let server = Server::of(&world.folder.public(), "404 Not Found");
    let network = network();
    let read = async |world: &World| {
        sync(&network, &world.state(), &server.address, &first, &[project("six")], days(1)).await.unwrap()
    };
    assert_eq!(read(&world).await.statements.len(), 1);
    server.asked();
    let online = key(9);
    world.folder.propose(&root(2, &world.own, &online)).unwrap();
    world.sign_root();
    let rotated = World { online, ..world };
    rotated.publish(1).unwrap();
    assert_eq!(read(&rotated).await.staleness, Staleness::Fresh(days(8)));
    let mut asked = server.asked();
    asked.sort();
    assert_eq!(asked, ["2.root.json", "2.snapshot.json", "3.root.json", "timestamp.json", "timestamp.json"]);
}

#[tokio::test]
async fn a_server_in_trouble_ends_no_chain_of_roots() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let root = world.folder.root_sha256().unwrap().unwrap();
    let server = Server::of(&world.folder.public(), "500 Internal Server Error");
    let read = async |day| {
        let network = network();
        sync(&network, &world.state(), &server.address, &root, &[project("six")], days(day)).await
    };
    assert_eq!(read(0).await.unwrap_err().code().as_str(), "fetch-unreachable");
    // Whoever has read it before keeps what it said, as long as that holds.
    world.read(&["six"], 0).await.unwrap();
    assert_eq!(read(1).await.unwrap().staleness, Staleness::Fresh(days(7)));
    assert_eq!(read(7).await.unwrap().staleness, Staleness::Stale(Some(days(7))));
}

#[tokio::test]
async fn a_kept_list_that_a_power_cut_tore_is_fetched_again() {
    let world = World::new();
    world.release_many(501);
    world.publish(0).unwrap();
    assert_eq!(world.read(&["project-7"], 0).await.unwrap().statements.len(), 1);
    let folder = world.state().folder(crate::state::Part::Cache).join("feeds");
    let folder = folder.join(world.folder.root_sha256().unwrap().unwrap().to_string());
    let bins = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let bin = bins().find(|path| path.to_string_lossy().contains("g1-")).unwrap();
    let whole = fs::read(&bin).unwrap();
    for torn in [&whole[..0], &whole[..whole.len() / 2]] {
        fs::write(&bin, torn).unwrap();
        assert_eq!(world.read(&["project-7"], 0).await.unwrap().statements.len(), 1);
        assert_eq!(fs::read(&bin).unwrap(), whole);
    }
}

#[test]
fn a_publication_goes_on_from_the_last_and_without_its_notes_says_the_same() {
    let world = World::new();
    world.release_many(20);
    assert_eq!(world.publish(0).unwrap(), 20);
    let notes = world.home.path().join("feed/published.json");
    let waiting = || world.folder.waiting(&root(1, &world.own, &world.online)).unwrap();
    assert_eq!(waiting(), 0);
    world.release("flask");
    assert_eq!(waiting(), 1);
    // Notes that are not there, or are about something else, cost time and nothing else.
    let kept = fs::read_to_string(&notes).unwrap();
    for wrong in ["", "{}", "no JSON", &kept.replace("\"bytes\":", "\"bytes\":1")] {
        fs::write(&notes, wrong).unwrap();
        assert_eq!(waiting(), 21, "{wrong}");
    }
    fs::write(&notes, kept.replace("\"bytes\":", "\"bytes\":1")).unwrap();
    assert_eq!(world.publish(1).unwrap(), 1);
    assert_eq!((world.publish(1).unwrap(), waiting()), (0, 0));
    // What was published and is gone from the folder is an error as it always was.
    let path = crate::folder::chain_path(&world.folder.statements(), world.own.public_key());
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.split_inclusive('\n').take(20).collect::<String>()).unwrap();
    assert_eq!(world.publish(2).unwrap_err().code().as_str(), "chain-shortened");
    fs::write(&path, whole).unwrap();
    assert_eq!(world.publish(2).unwrap(), 0);
}

#[test]
fn those_whom_published_statements_lead_to_are_still_heard() {
    let world = World::new();
    let voucher = key(7);
    let now = days(0);
    let delegation = covouch_core::statement::Delegation {
        to: *voucher.public_key(),
        depth: 1,
        amount: covouch_core::amount::Amount::FULL,
        level: covouch_core::level::Level::Audited,
        projects: vec![covouch_core::name::ProjectPattern::parse("*").unwrap()],
        validity: Validity::new(now, days(365)).unwrap(),
    };
    let say = |signer: &SecretKey, claim| {
        let compose = |link| Statement { link, issued: now, claim };
        crate::folder::append(&world.folder.statements(), signer, now, compose).unwrap();
    };
    say(&world.own, Claim::Delegation(delegation));
    assert_eq!(world.publish(0).unwrap(), 1);
    let file = (FileName::parse("six-1.0.tar.gz").unwrap(), Sha256::of(b"six"));
    let files = Files::new(project("six"), Version::parse("1.0").unwrap(), [file]).unwrap();
    let validity = Validity::new(now, days(365)).unwrap();
    say(&voucher, Claim::Release(Release { files, validity }));
    assert_eq!(world.publish(1).unwrap(), 1);
    assert_eq!(world.publish(2).unwrap(), 0);
}
/// TUF §1.5.2: slow retrieval. Nobody hears of a veto who waits for ever for the list it is in.
#[tokio::test]
async fn a_server_that_drips_is_as_good_as_none() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let root = world.folder.root_sha256().unwrap().unwrap();
    let within = std::time::Duration::from_millis(200);
    let strict = Patience { pace: Pace { bytes: 1 << 20, within }, ..Patience::default() };
    for drips in ["1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", ""] {
        let server = Server::dripping(&world.folder.public(), "404 Not Found", drips);
        let _ = fs::remove_dir_all(world.home.path().join("state"));
        let (network, state) = (patient(strict), world.state());
        let answer = sync(&network, &state, &server.address, &root, &[project("six")], days(0)).await;
        // The twin answers as quickly as it can.
        assert_eq!(
            answer.err().map(|error| error.code().as_str()),
            (!drips.is_empty()).then_some("fetch-slow")
        );
    }
    // Whoever has read it before keeps what it said, as long as that holds.
    let server = Server::dripping(&world.folder.public(), "404 Not Found", "timestamp.json");
    for (day, staleness) in [(1, Staleness::Fresh(days(7))), (7, Staleness::Stale(Some(days(7))))] {
        let (network, state) = (patient(strict), world.state());
        let answer = sync(&network, &state, &server.address, &root, &[project("six")], days(day)).await;
        assert_eq!(answer.unwrap().staleness, staleness);
    }
}
