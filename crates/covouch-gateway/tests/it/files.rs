//! Files: bytes only with a verdict, and never a whole wrong one.

use std::time::Duration;

use covouch_core::{digest::Sha256, evidence::Evidence};
use covouch_io::state::State;
use covouch_testkit::{
    distribution::Distribution,
    index::{Fault, Feature, Site, Target},
    sdist::Sdist,
    wheel::Wheel,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::world::{AGE, NEW, OLD, Options, World, add_words, people, veto, vouch, words};

fn wheel() -> Distribution {
    Wheel::new("six", "1.0").build()
}

/// Larger than the tail that is held back.
fn large() -> Distribution {
    Wheel::new("six", "1.0").padded(1 << 20).build()
}

async fn serving(file: &Distribution) -> World {
    World::start(Site::new().with(file.clone(), OLD)).await
}

fn has_kept(world: &World, file: &Distribution) -> bool {
    let state = State::open(world.folder.path().join("state")).unwrap();
    state.cache().read(&file.sha256()).unwrap().is_some()
}

#[tokio::test]
async fn an_admitted_file_comes_whole_and_is_fetched_once() {
    for file in [wheel(), large()] {
        let world = serving(&file).await;
        let path = world.path(&file).await;
        for _ in 0..2 {
            let reply = world.get(&path).await;
            assert_eq!((reply.status, reply.is_whole), (200, true));
            assert_eq!(Sha256::of(&reply.body), file.sha256());
            assert_eq!(reply.header("content-length").unwrap(), file.bytes().len().to_string());
            assert_eq!(reply.header("accept-ranges"), Some("bytes"));
            assert!(reply.header("cache-control").unwrap().contains("immutable"));
        }
        assert_eq!(world.fetched(&file), 1);
        assert!(has_kept(&world, &file));
    }
}

#[tokio::test]
async fn a_file_that_is_not_admitted_is_403_with_a_phrase_and_a_problem() {
    let file = wheel();
    let world = World::start(Site::new().with(file.clone(), NEW)).await;
    let path = world.path(&file).await;
    for path in [path.clone(), path.replace("held-", "open-"), format!("{path}.metadata")] {
        let reply = world.get(&path).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.phrase.starts_with("covouch: six-1.0-"), "{}", reply.phrase);
        assert!(reply.phrase.contains("is not admitted") && reply.phrase.is_ascii());
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let problem = reply.json();
        assert_eq!(problem["status"], 403);
        assert_eq!(problem["code"], "too-new");
        assert!(problem["why"].as_str().unwrap().contains("/why/six-1.0-"));
    }
    assert_eq!(world.fetched(&file), 0, "nobody was asked for its bytes");
}

#[tokio::test]
async fn a_revoked_admission_ends_at_once_and_changes_the_address() {
    let file = wheel();
    let site = Site::new().with(file.clone(), OLD);
    let admitted = words(&["ann", "bob"], &file, vouch);
    let world =
        World::with(site, Options { policy: people(), evidence: admitted.clone(), ..Options::default() })
            .await;
    let open = world.path(&file).await;
    assert_eq!(world.get(&open).await.status, 200);

    let mut vetoed = admitted.clone();
    add_words(&mut vetoed, &["cid"], &file, veto);
    world.renew(&people(), vetoed);
    assert_eq!(world.get(&open).await.status, 403, "also from the gateway's own cache");
    let held = world.path(&file).await;
    assert_ne!(open, held);

    world.renew(&people(), admitted);
    let reply = world.get(&held).await;
    assert_eq!((reply.status, reply.header("cache-control")), (307, Some("no-store")));
    let up = "../".repeat(held.matches('/').count() - 1);
    assert_eq!(reply.header("location").unwrap(), format!("{up}{}", &open[1..]));
    assert_eq!(world.path(&file).await, open, "the address is the old one again");
}

#[tokio::test]
async fn a_wrong_small_file_is_a_502_and_nothing_is_kept() {
    let file = wheel();
    let world = serving(&file).await;
    world.index.fail(Target::file(file.filename()), Fault::WrongHash);
    let path = world.path(&file).await;
    let reply = world.get(&path).await;
    assert_eq!((reply.status, reply.json()["code"].as_str().unwrap()), (502, "file-wrong"));
    assert!(!has_kept(&world, &file));
    world.index.heal();
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_wrong_large_file_never_arrives_whole() {
    let file = large();
    for fault in [Fault::WrongHash, Fault::ResetMidway, Fault::ShortLength] {
        let world = serving(&file).await;
        world.index.fail(Target::file(file.filename()), fault.clone());
        let path = world.path(&file).await;
        let reply = world.get(&path).await;
        if reply.status == 200 {
            assert!(!reply.is_whole, "{fault:?}");
            assert!(reply.body.len() <= file.bytes().len() - (64 << 10), "{fault:?}: {}", reply.body.len());
        } else {
            assert_eq!(reply.status, 502, "{fault:?}");
        }
        assert!(!has_kept(&world, &file));
        let [failure] = &world.gateway.session().failures[..] else { panic!("one failure") };
        assert_eq!(failure.subject, file.filename());
    }
}

#[tokio::test]
async fn a_cached_file_that_changed_on_disk_is_fetched_again() {
    let file = large();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    assert_eq!(world.get(&path).await.status, 200);
    let sha256 = file.sha256().to_string();
    let kept = world.folder.path().join("state/cache/files").join(&sha256[..2]).join(&sha256);
    std::fs::write(&kept, b"something else").unwrap();
    assert_eq!(Sha256::of(&world.get(&path).await.body), file.sha256());
    assert_eq!(world.fetched(&file), 2);
}

#[tokio::test]
async fn parts_of_files_are_sent_one_at_a_time() {
    let file = large();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    let length = file.bytes().len();
    let part = async |range: &str| world.ask("GET", &path, &[&format!("Range: {range}")]).await;
    for (range, from, to) in [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, length),
        ("bytes=-1000", length - 1000, length),
        ("bytes=5-5", 5, 6),
        ("bytes=0-99999999999", 0, length),
    ] {
        let reply = part(range).await;
        assert_eq!((reply.status, reply.is_whole), (206, true), "{range}");
        assert_eq!(reply.body, &file.bytes()[from..to], "{range}");
        assert_eq!(reply.header("content-range").unwrap(), format!("bytes {from}-{}/{length}", to - 1));
    }
    assert_eq!(part("bytes=0-1,5-6").await.status, 200);
    let beyond = part(&format!("bytes={length}-")).await;
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, Some(format!("bytes */{length}").as_str()))
    );
    assert_eq!(world.fetched(&file), 1);
}

#[tokio::test]
async fn a_head_and_a_known_file_have_no_body() {
    let file = wheel();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    let head = world.ask("HEAD", &path, &[]).await;
    assert_eq!(head.header("content-length").unwrap(), file.bytes().len().to_string());
    let etag = head.header("etag").unwrap().to_owned();
    let known = world.ask("GET", &path, &[&format!("If-None-Match: {etag}")]).await;
    assert_eq!(known.status, 304);
    assert_eq!(world.fetched(&file), 0, "neither needs the bytes");
    let other = world.ask("GET", &path, &["Range: bytes=0-1", "If-Range: \"other\""]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_plus_is_understood_in_both_its_forms() {
    let file = Wheel::named("six-1.0+cu118-py3-none-any.whl").build();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    for path in [path.replace("%2B", "+"), path.replace('+', "%2B")] {
        assert_eq!(world.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_file_nobody_lists_is_404_and_replaced_bytes_too() {
    let file = wheel();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    let absent = world.get(&path.replace("six-1.0", "six-9.9")).await;
    assert_eq!((absent.status, absent.json()["code"].as_str().unwrap()), (404, "no-such-file"));
    let elsewhere = world.get(&path.replace("/pypi/", "/other/")).await;
    assert_eq!(elsewhere.status, 404);
    let replaced = world.get(&path.replacen(&file.sha256().to_string()[..16], "0123456789abcdef", 1)).await;
    assert_eq!((replaced.status, replaced.json()["code"].as_str().unwrap()), (404, "file-replaced"));
}

#[tokio::test]
async fn what_an_index_lists_and_does_not_have_is_not_there() {
    let file = wheel();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    world.index.fail(Target::file(file.filename()), Fault::Status(404));
    assert_eq!(world.get(&path).await.status, 404);
    world.index.heal();
    world.index.fail(Target::file(file.filename()), Fault::Status(503));
    let down = world.get(&path).await;
    assert_eq!((down.status, down.json()["code"].as_str().unwrap()), (502, "upstream-unreachable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_at_once_share_one_download() {
    let file = large();
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    let path = world.path(&file).await;
    let asked = (0..500).map(|_| world.get(&path));
    for reply in futures_util::future::join_all(asked).await {
        assert_eq!((reply.status, reply.is_whole, reply.body.len()), (200, true, file.bytes().len()));
    }
    assert_eq!(world.fetched(&file), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_nobody_up() {
    let file = Wheel::new("six", "1.0").padded(8 << 20).build();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    let mut slow = TcpStream::connect(world.gateway.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 100];
    slow.read_exact(&mut first).await.unwrap();
    let quick = tokio::time::timeout(Duration::from_secs(20), world.get(&path)).await.unwrap();
    assert_eq!(quick.body.len(), file.bytes().len());
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(&file.bytes()[file.bytes().len() - 100..]));
    assert_eq!(world.fetched(&file), 1);
}

#[tokio::test]
async fn a_private_index_is_asked_with_its_credentials_only() {
    let file = wheel();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    assert_eq!(world.ask("GET", &path, &["Authorization: Basic Y2xpZW50OnNlY3JldA=="]).await.status, 200);
    assert!(world.index.requests().iter().all(|request| request.authorization.is_none()));
}

#[tokio::test]
async fn an_sdist_is_served_like_a_wheel() {
    let file = Sdist::new("six", "1.0").build();
    let world = World::start(Site::new().with(file.clone(), OLD).without(Feature::Ranges)).await;
    let path = world.path(&file).await;
    assert_eq!(Sha256::of(&world.get(&path).await.body), file.sha256());
    assert_eq!(world.get(&format!("{path}.metadata")).await.status, 404);
}

#[tokio::test]
async fn a_policy_that_becomes_stricter_takes_effect_at_once() {
    let file = wheel();
    let world = serving(&file).await;
    let path = world.path(&file).await;
    assert_eq!(world.get(&path).await.status, 200);
    world.renew(&AGE.replace("3d", "900d"), Evidence::new());
    assert_eq!(world.get(&path).await.status, 403);
}
