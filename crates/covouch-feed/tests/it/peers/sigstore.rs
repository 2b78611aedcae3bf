//! sigstore-tuf, another client in Rust: it reads what we write, and refuses what we refuse.
//!
//! It has no succinct bins (TAP 15), so feeds of more than 500 projects are for python-tuf alone.

use std::{fs, path::Path, sync::Arc};

use covouch_core::time::Timestamp;
use sigstore_tuf::{Error, FileStore, MemoryStore, StoreRepository, Updater};

use super::write;
use crate::{
    attacks::on_disk::attacks,
    world::{Feed, Names, USUAL, additions, days},
};

/// What it believes although we do not: keys are counted by their ids there, and one key may have two.
const BELIEVED: &[&str] = &["one-key-under-two-ids"];

/// A reader with a memory.
struct Peer {
    first: Vec<u8>,
    kept: Arc<MemoryStore>,
}

impl Peer {
    fn new(first: Vec<u8>) -> Self {
        Self { first, kept: Arc::default() }
    }

    async fn refresh(&self, public: &Path, now: Timestamp) -> Result<Updater, Error> {
        let repository = StoreRepository::new(FileStore::new(public));
        let mut updater = Updater::new(repository, &self.first)?.with_store(Arc::clone(&self.kept));
        updater.refresh(moment(now)).await?;
        Ok(updater)
    }
}

fn moment(now: Timestamp) -> jiff::Timestamp {
    now.to_string().parse().unwrap()
}

#[tokio::test]
async fn it_reads_what_we_write_also_after_keys_changed() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..5).map(|number| format!("project-{number}")).collect();
    let mut feed = Feed::new(&names[..3]);
    let peer = Peer::new(feed.files["1.root.json"].clone());
    write(&feed, folder.path().join("1"), &names[..3]);
    feed.add(&additions(&names[3..]), days(1));
    write(&feed, folder.path().join("2"), &names);
    let changed = Names { root: &["root-a", "root-d"], curator: "curator-2", online: "online-2", ..USUAL };
    feed.rotate(changed, days(1));
    write(&feed, folder.path().join("3"), &names);
    for publication in ["1", "2", "3"] {
        let public = folder.path().join(publication);
        let mut updater = peer.refresh(&public, days(2)).await.unwrap();
        for project in fs::read_to_string(public.join("projects")).unwrap().lines() {
            let found = updater.get_target_info(project, moment(days(2))).await.unwrap().unwrap();
            let statements = &found.custom.unwrap()["statements"];
            assert_eq!((found.length, statements.as_array().unwrap().len()), (0, 1), "{project}");
        }
        assert!(updater.get_target_info("nobody-knows-it", moment(days(2))).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn it_refuses_every_attack_we_refuse_and_believes_each_twin() {
    let folder = tempfile::tempdir().unwrap();
    for attack in attacks().into_iter().filter(|attack| attack.project == "six") {
        let folders = attack.write(folder.path());
        for (last, believed) in [("attack", BELIEVED.contains(&attack.name)), ("twin", true)] {
            let peer = Peer::new(folders.first_root());
            let mut read = Ok(());
            for (public, now) in folders.read_by(last) {
                assert!(read.is_ok(), "{}: {read:?}", attack.name);
                read = match peer.refresh(&public, now).await {
                    Ok(mut updater) => updater.get_target_info(attack.project, moment(now)).await.map(drop),
                    Err(error) => Err(error),
                };
            }
            assert_eq!(read.is_ok(), believed, "{} {last}: {read:?}", attack.name);
        }
    }
}
