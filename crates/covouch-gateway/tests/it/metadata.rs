//! Metadata beside wheels (PEP 658).

use covouch_core::digest::Sha256;
use covouch_testkit::{
    distribution::Distribution,
    index::{Fault, Feature, Site, Target},
    wheel::Wheel,
};

use crate::world::{OLD, World};

fn wheel() -> Distribution {
    Wheel::new("six", "1.0").padded(1 << 18).requires("five").build()
}

#[tokio::test]
async fn upstreams_metadata_is_passed_on_without_the_wheel() {
    let file = wheel();
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    let page = world.page("six").await;
    let expected = Sha256::of(file.metadata().unwrap()).to_string();
    assert_eq!(page["files"][0]["core-metadata"]["sha256"], expected);
    let path = format!("{}.metadata", world.path(&file).await);
    for _ in 0..2 {
        let reply = world.get(&path).await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, &file.metadata().unwrap()[..]));
    }
    assert_eq!(world.fetched(&file), 0);
    assert!(world.index.fetched_twice().is_empty());
}

#[tokio::test]
async fn metadata_that_upstream_does_not_have_is_taken_out_of_the_wheel() {
    let file = wheel();
    let world = World::start(Site::new().with(file.clone(), OLD).without(Feature::Metadata)).await;
    assert_eq!(world.page("six").await["files"][0]["core-metadata"], true);
    let path = format!("{}.metadata", world.path(&file).await);
    let reply = world.get(&path).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, &file.metadata().unwrap()[..]));
    let etag = format!("If-None-Match: {}", reply.header("etag").unwrap());
    assert_eq!(world.ask("GET", &path, &[&etag]).await.status, 304);
    assert_eq!(world.get(path.trim_end_matches(".metadata")).await.status, 200);
    assert_eq!(world.fetched(&file), 1, "the wheel was fetched for its metadata");
}

#[tokio::test]
async fn metadata_of_a_wrong_wheel_is_not_sent() {
    let file = wheel();
    let world = World::start(Site::new().with(file.clone(), OLD).without(Feature::Metadata)).await;
    world.index.fail(Target::file(file.filename()), Fault::WrongHash);
    let reply = world.get(&format!("{}.metadata", world.path(&file).await)).await;
    assert_eq!((reply.status, reply.json()["code"].as_str().unwrap()), (502, "file-wrong"));
}

#[tokio::test]
async fn changed_metadata_is_not_passed_on() {
    let file = wheel();
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    world.index.fail(Target::Metadata(file.filename().to_owned()), Fault::WrongHash);
    let reply = world.get(&format!("{}.metadata", world.path(&file).await)).await;
    assert_eq!((reply.status, reply.json()["code"].as_str().unwrap()), (502, "metadata-wrong"));
}

#[tokio::test]
async fn a_wheel_that_is_not_what_its_metadata_says_never_arrives_whole() {
    let file = wheel();
    let lying = file.clone().with_metadata("Metadata-Version: 2.1\nName: six\nVersion: 1.0\n");
    let world = World::start(Site::new().with(lying, OLD)).await;
    let path = world.path(&file).await;
    assert_eq!(world.get(&format!("{path}.metadata")).await.status, 200, "upstream's is what it promised");
    let reply = world.get(&path).await;
    assert!(reply.status == 502 || !reply.is_whole, "{}", reply.status);
    let again = world.get(&path).await;
    assert_eq!(
        (again.status, again.json()["code"].as_str().unwrap()),
        (502, "metadata-wrong"),
        "from the cache"
    );
}

#[tokio::test]
async fn a_wheel_without_metadata_has_none() {
    let file = Distribution::new("six-1.0-py3-none-any.whl", vec![0; 1000]);
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    let path = world.path(&file).await;
    assert_eq!(world.get(&path).await.status, 200);
    let reply = world.get(&format!("{path}.metadata")).await;
    assert_eq!((reply.status, reply.json()["code"].as_str().unwrap()), (502, "metadata-unreadable"));
}
