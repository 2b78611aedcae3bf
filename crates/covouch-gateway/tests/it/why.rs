//! The page that explains.

use covouch_testkit::{index::Site, wheel::Wheel};

use crate::world::{JSON, NEW, OLD, Options, World, people, vouch, words};

#[tokio::test]
async fn a_person_and_a_program_read_why() {
    let file = Wheel::new("six", "1.0").build();
    let evidence = words(&["ann"], &file, vouch);
    let site = Site::new().with(file.clone(), OLD);
    let world = World::with(site, Options { policy: people(), evidence, ..Options::default() }).await;
    let path = format!("/why/{}", file.filename());
    let page = world.ask("GET", &path, &["Accept: text/html"]).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    for part in ["1 of 2", "ann", "bob", "not-enough-vouches", "covouch vouch six==1.0"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    // The picture: drawn in the page, with nothing that could run or be loaded.
    let (_, picture) =
        page.text().split_once("<svg").map(|(before, after)| (before.len(), after.to_owned())).unwrap();
    for part in [">ann<", "vouched 100%", file.filename()] {
        assert!(picture.contains(part), "{part}: {picture}");
    }
    for part in ["<script", "onload", "href", "style="] {
        assert!(!picture.contains(part), "{part}: {picture}");
    }
    let report = world.ask("GET", &path, &["Accept: application/json"]).await.json();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["files"][0]["verdict"], "undecided");
    assert_eq!(report["files"][0]["subject"]["sha256"], file.sha256().to_string());
    let by_digest =
        world.ask("GET", &format!("/why/{}", file.sha256()), &["Accept: application/json"]).await.json();
    assert_eq!(by_digest["files"], report["files"]);
}

#[tokio::test]
async fn the_link_in_a_reason_leads_to_the_explanation() {
    let file = Wheel::new("six", "1.0").build();
    let world = World::start(Site::new().with(file.clone(), NEW)).await;
    let page = world.ask("GET", "/simple/six/", &[JSON]).await.json();
    let reason = page["files"][0]["yanked"].as_str().unwrap().to_owned();
    let link = reason.split_once("(why: ").unwrap().1.trim_end_matches(')').to_owned();
    let path = link.strip_prefix(&format!("http://{}", world.gateway.address())).unwrap();
    let why = world.ask("GET", path, &["Accept: application/json"]).await;
    assert_eq!(why.status, 200);
    let report = why.json();
    assert_eq!(report["files"][0]["code"], "too-new");
    assert_eq!(report["files"][0]["until"], "2026-11-25T11:00:00Z");
}

#[tokio::test]
async fn what_nobody_knows_is_404() {
    let world = World::start(Site::new().with(Wheel::new("six", "1.0").build(), OLD)).await;
    for (path, status) in [
        ("/why/six-9.9-py3-none-any.whl", 404),
        ("/why/nobody-1.0.tar.gz", 404),
        ("/why/readme.txt", 404),
        (&*format!("/why/{}", "0".repeat(64)), 404),
        ("/why/%3Cscript%3E", 400),
    ] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
    assert_eq!(world.get("/why/six-1.0-py3-none-any.whl?project=six").await.status, 200);
    assert_eq!(world.get("/why/six-1.0-py3-none-any.whl?project=seven").await.status, 404);
}
