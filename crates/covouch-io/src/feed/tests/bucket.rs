//! Publications in a bucket.

use std::collections::BTreeMap;

use object_store::{GetOptions, ObjectStore, PutOptions, memory::InMemory, path::Path as Key};

use super::*;
use crate::feed::{Bucket, Uploaded};

fn bucket(store: &InMemory) -> Bucket<'_> {
    Bucket { store, prefix: "our/feed", shown: "s3://bucket/our/feed" }
}

async fn upload(folder: &FeedFolder, store: &InMemory) -> Result<Uploaded, &'static str> {
    folder.upload(&bucket(store)).await.map_err(|error| error.code().as_str())
}

async fn put(store: &InMemory, name: &str, bytes: &[u8]) {
    let key = Key::from(format!("our/feed/{name}"));
    store.put_opts(&key, bytes.to_vec().into(), PutOptions::default()).await.unwrap();
}

/// Everything in the bucket, by the names a reader asks for.
async fn contents(store: &InMemory) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut contents = BTreeMap::new();
    for object in listed {
        let got = store.get_opts(&object.location, GetOptions::default()).await.unwrap();
        let name = object.location.to_string().strip_prefix("our/feed/").unwrap().to_owned();
        contents.insert(name, got.bytes().await.unwrap().to_vec());
    }
    contents
}

fn public(folder: &FeedFolder) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder.public()).unwrap().map(|entry| entry.unwrap().path());
    let file = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
    };
    entries.map(file).collect()
}

#[tokio::test]
async fn a_bucket_gets_what_is_published_and_afterwards_what_is_new() {
    let (world, store) = (World::new(), InMemory::new());
    world.release("six");
    world.publish(0).unwrap();
    assert_eq!(upload(&world.folder, &store).await.unwrap().files, 4);
    assert_eq!(contents(&store).await, public(&world.folder));
    assert_eq!(upload(&world.folder, &store).await, Ok(Uploaded::default()));
    // Nothing new but that the rest still holds: one file.
    world.publish(1).unwrap();
    assert_eq!(upload(&world.folder, &store).await.unwrap().files, 1);
    world.release("ten");
    world.publish(2).unwrap();
    assert_eq!(upload(&world.folder, &store).await.unwrap().files, 3);
    assert_eq!(contents(&store).await, public(&world.folder));
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_wins_and_the_other_changes_nothing() {
    let (world, store) = (World::new(), InMemory::new());
    world.release("six");
    world.publish(0).unwrap();
    upload(&world.folder, &store).await.unwrap();
    let elsewhere = world.home.path().join("elsewhere");
    copy(&world.home.path().join("feed"), &elsewhere);
    let other = World { folder: FeedFolder::open(&elsewhere).unwrap(), ..World::new() };
    for (curator, day, name) in [(&world, 1, "ten"), (&other, 2, "eleven")] {
        curator.release(name);
        curator.publish(day).unwrap();
    }
    upload(&world.folder, &store).await.unwrap();
    let won = contents(&store).await;
    assert_eq!(upload(&other.folder, &store).await, Err("feed-published-elsewhere"));
    assert_eq!(contents(&store).await, won);
    // Also when the winner was only so far as to have its place.
    let store = InMemory::new();
    for (name, bytes) in public(&world.folder) {
        if name != "2.targets.json" && name != "timestamp.json" {
            put(&store, &name, &bytes).await;
        }
    }
    let so_far = contents(&store).await;
    assert_eq!(upload(&other.folder, &store).await, Err("feed-published-elsewhere"));
    assert_eq!(contents(&store).await, so_far);
    upload(&world.folder, &store).await.unwrap();
    assert_eq!(contents(&store).await, won);
}

#[tokio::test]
async fn what_was_cut_short_is_made_up_for() {
    let world = World::new();
    world.release("six");
    world.publish(0).unwrap();
    let whole = public(&world.folder);
    // In the order in which they are put.
    let order = ["1.snapshot.json", "1.targets.json", "1.root.json", "timestamp.json"];
    for done in 0..=order.len() {
        let store = InMemory::new();
        for name in &order[..done] {
            put(&store, name, &whole[*name]).await;
        }
        upload(&world.folder, &store).await.unwrap();
        assert_eq!(contents(&store).await, whole, "after {done} files");
    }
}

#[tokio::test]
async fn another_feed_is_not_written_over() {
    let (world, other, store) = (World::new(), World::new(), InMemory::new());
    for (curator, name) in [(&other, "ten"), (&world, "six")] {
        curator.release(name);
        curator.publish(0).unwrap();
    }
    upload(&other.folder, &store).await.unwrap();
    let there = contents(&store).await;
    for day in [0, 1] {
        world.publish(day).unwrap();
        assert_eq!(upload(&world.folder, &store).await, Err("feed-published-elsewhere"));
        assert_eq!(contents(&store).await, there);
    }
    let store = InMemory::new();
    for rubbish in ["", "[]", "{\"signed\": {\"version\": 1, \"meta\": {}}}"] {
        put(&store, "timestamp.json", rubbish.as_bytes()).await;
        assert_eq!(upload(&world.folder, &store).await, Err("feed-published-elsewhere"), "{rubbish}");
    }
}

/// A feed in a bucket whose online key was changed in the folder, and what the bucket had before. Whoever has the place of
/// the new root there ends the upload.
async fn changed(with_old: bool) -> (World, InMemory, BTreeMap<String, Vec<u8>>) {
    let (world, store, online) = (World::new(), InMemory::new(), key(9));
    world.release("six");
    world.publish(0).unwrap();
    upload(&world.folder, &store).await.unwrap();
    let before = contents(&store).await;
    world.folder.propose(&root(2, &world.own, &online)).unwrap();
    world.sign_root();
    let signers: [&dyn Signer; 2] = [&online, &world.online];
    let keys = FeedKeys { lists: &[&world.own], online: &signers[..1 + usize::from(with_old)] };
    world.folder.publish(&keys, Renewal::Due, WEEK, days(1)).unwrap();
    put(&store, "2.root.json", b"somebody's").await;
    (world, store, before)
}

#[tokio::test]
async fn a_new_root_is_carried_last_where_the_key_before_signed_too() {
    for with_old in [true, false] {
        let (world, store, before) = changed(with_old).await;
        let whole = public(&world.folder);
        assert_eq!(upload(&world.folder, &store).await, Err("feed-published-elsewhere"));
        let there = if with_old { &whole } else { &before };
        assert_eq!(contents(&store).await["timestamp.json"], there["timestamp.json"]);
    }
}

#[tokio::test]
async fn every_state_of_a_bucket_on_its_way_to_other_keys_is_read() {
    let (world, _, before) = changed(true).await;
    let whole = public(&world.folder);
    let root = world.folder.root_sha256().unwrap().unwrap();
    let order = ["2.snapshot.json", "timestamp.json", "2.root.json"];
    for done in 0..=order.len() {
        let (store, served) = (InMemory::new(), world.home.path().join(format!("served-{done}")));
        for (name, bytes) in &before {
            put(&store, name, bytes).await;
        }
        for name in &order[..done] {
            put(&store, name, &whole[*name]).await;
        }
        fs::create_dir(&served).unwrap();
        for (name, bytes) in contents(&store).await {
            fs::write(served.join(name), bytes).unwrap();
        }
        let state = State::open(served.join("state")).unwrap();
        let address = Url::from_directory_path(&served).unwrap();
        let read = sync(&Network::offline(), &state, &address, &root, &[project("six")], days(1)).await;
        assert_eq!(read.unwrap().statements.len(), 1, "after {done} files");
        upload(&world.folder, &store).await.unwrap();
        assert_eq!(contents(&store).await, whole, "after {done} files");
    }
}
