//! Pages: what installers are shown.

use covouch_core::evidence::{Evidence, ProjectStatus};
use covouch_gateway::Basis;
use covouch_policy::{Blocked, Policies, Policy, PolicyTable, Source};
use covouch_testkit::{
    distribution::Distribution,
    index::{Fault, Feature, Listed, Site, Target},
    sdist::Sdist,
    wheel::Wheel,
};

use crate::world::{AGE, JSON, NEW, OLD, Options, World, basis, people, vouch, words};

fn old() -> Distribution {
    Wheel::new("six", "1.0").build()
}

fn new() -> Distribution {
    Wheel::new("six", "2.0").build()
}

fn site() -> Site {
    Site::new().with(old(), OLD).with(new(), NEW)
}

fn blocked(blocked: Blocked) -> Options {
    Options { blocked, ..Options::default() }
}

#[tokio::test]
async fn what_is_kept_out_is_listed_as_yanked_with_the_reason() {
    let world = World::start(site()).await;
    let page = world.page("six").await;
    assert_eq!(page["name"], "six");
    assert_eq!(page["versions"], serde_json::json!(["1.0", "2.0"]));
    let [open, held] = page["files"].as_array().unwrap().as_slice() else { panic!("two files") };
    assert_eq!(open["yanked"], false);
    assert!(open["url"].as_str().unwrap().starts_with("../../files/open-"));
    let reason = held["yanked"].as_str().unwrap();
    assert!(reason.starts_with("covouch: ") && reason.contains("(why: http://127.0.0.1:"), "{reason}");
    assert!(held["url"].as_str().unwrap().starts_with("../../files/held-"));
    for kept in ["hashes", "size", "upload-time", "core-metadata"] {
        assert_eq!(open.get(kept).is_some(), held.get(kept).is_some(), "{kept}");
        assert!(open.get(kept).is_some(), "{kept}");
    }
}

#[tokio::test]
async fn hidden_files_are_not_listed_and_a_hard_page_without_files_is_451() {
    let world = World::with(site(), blocked(Blocked::Hide)).await;
    let page = world.page("six").await;
    assert_eq!(page["versions"], serde_json::json!(["1.0"]));
    assert_eq!(page["files"].as_array().unwrap().len(), 1);

    let only_new = Site::new().with(new(), NEW);
    let world = World::with(only_new.clone(), blocked(Blocked::Hide)).await;
    assert_eq!(world.page("six").await["files"].as_array().unwrap().len(), 0);

    let world = World::with(only_new, blocked(Blocked::Hard)).await;
    let reply = world.get("/simple/six/").await;
    assert_eq!(reply.status, 451);
    assert_eq!(reply.phrase, "covouch: no file of `six` is admitted");
    assert_eq!(reply.json()["code"], "nothing-admitted");
    let world = World::with(site(), blocked(Blocked::Hard)).await;
    assert_eq!(world.page("six").await["files"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_has_the_form_the_client_likes_best() {
    let world = World::start(site()).await;
    let form = async |accept: &str| {
        let reply = world.ask("GET", "/simple/six/", &[accept]).await;
        assert_eq!(reply.header("vary"), Some("Accept, Accept-Encoding"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        reply.header("content-type").unwrap().to_owned()
    };
    assert_eq!(form(JSON).await, "application/vnd.pypi.simple.v1+json");
    assert_eq!(
        form("Accept: application/vnd.pypi.simple.v1+html").await,
        "application/vnd.pypi.simple.v1+html"
    );
    assert_eq!(form("Accept: text/html").await, "text/html; charset=utf-8");
    assert_eq!(form("X-No: wish").await, "text/html; charset=utf-8");
    let html = world.get("/simple/six/").await;
    assert!(html.text().contains("data-yanked=\"covouch: ") && html.text().contains("../../files/open-"));
    let reply = world.ask("GET", "/simple/six/", &["Accept: application/json"]).await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str().unwrap().to_owned()),
        (406, "request-accept".to_owned())
    );
}

#[tokio::test]
async fn a_page_is_sent_once_to_each_client_and_compressed_on_demand() {
    let world = World::start(site()).await;
    let plain = world.ask("GET", "/simple/six/", &[JSON]).await;
    let etag = plain.header("etag").unwrap().to_owned();
    let known = format!("If-None-Match: {etag}");
    let again = world.ask("GET", "/simple/six/", &[JSON, &known]).await;
    assert_eq!((again.status, again.header("etag")), (304, Some(etag.as_str())));
    let packed = world.ask("GET", "/simple/six/", &[JSON, "Accept-Encoding: gzip, deflate"]).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_ne!(packed.header("etag"), Some(etag.as_str()));
    let mut text = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut text).unwrap();
    assert_eq!(text, plain.body);
    let head = world.ask("HEAD", "/simple/six/", &[JSON]).await;
    assert_eq!(head.header("content-length").unwrap(), plain.body.len().to_string());
    assert_eq!(world.index.count("/simple/six/", 200), 1, "upstream was asked once");
}

#[tokio::test]
async fn a_name_that_is_not_normalised_leads_to_the_page() {
    let world = World::start(site()).await;
    for (asked, location) in [("/simple/six", "six/"), ("/simple/SIX/", "../six/"), ("/simple/a_.-B", "a-b/")]
    {
        let reply = world.get(asked).await;
        assert_eq!((reply.status, reply.header("location")), (301, Some(location)), "{asked}");
    }
}

#[tokio::test]
async fn the_list_of_projects_is_not_fetched() {
    let world = World::start(site()).await;
    let reply = world.ask("GET", "/simple/", &[JSON]).await;
    assert_eq!(reply.json()["projects"], serde_json::json!([]));
    assert_eq!(world.get("/simple/").await.status, 200);
    assert!(world.index.requests().is_empty());
}

#[tokio::test]
async fn absent_unreachable_and_wrong_are_three_answers() {
    let world = World::start(site()).await;
    let absent = world.get("/simple/nobody/").await;
    assert_eq!((absent.status, absent.json()["code"].as_str().unwrap()), (404, "no-such-project"));
    world.index.fail(Target::page("six"), Fault::Status(403));
    let refused = world.get("/simple/six/").await;
    assert_eq!((refused.status, refused.json()["code"].as_str().unwrap()), (502, "upstream-unreachable"));
    world.index.heal();
    world.index.fail(Target::page("six"), Fault::WrongType);
    let wrong = world.get("/simple/six/").await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str().unwrap()), (502, "upstream-wrong"));
    world.index.heal();
    assert_eq!(world.get("/simple/six/").await.status, 200, "a failure is not kept");
}

#[tokio::test]
async fn a_quarantined_project_is_kept_out_whatever_the_policy_asks() {
    let mut site = site();
    site.project(old().project()).status = ProjectStatus::Quarantined;
    let world = World::start(site).await;
    let page = world.page("six").await;
    for file in page["files"].as_array().unwrap() {
        assert_ne!(file["yanked"], false);
    }
    assert_eq!(page["project-status"]["status"], "quarantined");
}

#[tokio::test]
async fn a_project_that_only_watches_does_not_do_so_for_its_base_policy() {
    let mut site = site();
    site.project(old().project()).status = ProjectStatus::Quarantined;
    let world = World::start(site).await;
    let policy =
        |name: &str, text: &str| Policy::parse(Source { name, text, table: PolicyTable::Whole }).unwrap();
    let watching = "schema = 1\nmode = \"monitor\"\n[party.pypi]\nindex = \"pypi\"\n[policy]\nadmit = \"pypi and age >= 9000d\"\n";
    let enforcing = "schema = 1\n[party.pypi]\nindex = \"pypi\"\n[policy]\nadmit = \"pypi\"\n";
    for (base, is_open) in [(Some(enforcing), false), (Some(watching), true), (None, true)] {
        let base = base.map(|text| policy("base.toml", text));
        let policies = Policies::new(base, policy("covouch.toml", watching)).unwrap();
        let basis = basis(&world.index, watching, Evidence::new());
        world.gateway.renew(Basis { policies, ..basis });
        let page = world.page("six").await;
        for file in page["files"].as_array().unwrap() {
            assert_eq!(file["yanked"] == false, is_open);
        }
    }
}

#[tokio::test]
async fn what_its_index_yanked_stays_yanked() {
    let mut site = Site::new();
    let (uploaded, yanked) = (OLD, Some("broken".to_owned()));
    let uploaded = covouch_core::time::Timestamp::parse(uploaded).unwrap();
    site.list(Listed { distribution: old(), uploaded, yanked, hashed: true, provenance: None });
    let world = World::start(site).await;
    assert_eq!(world.page("six").await["files"][0]["yanked"], "broken");
}

#[tokio::test]
async fn an_sdist_beside_a_wheel_that_is_kept_out_stays_out() {
    let (wheel, sdist) = (Wheel::new("six", "1.0").build(), Sdist::new("six", "1.0").build());
    let site = Site::new().with(wheel.clone(), OLD).with(sdist.clone(), OLD);
    let evidence = words(&["ann", "bob"], &sdist, vouch);
    let world = World::with(site, Options { policy: people(), evidence, ..Options::default() }).await;
    let page = world.page("six").await;
    assert!(page["files"].as_array().unwrap().iter().all(|file| file["yanked"] != false), "{page}");
}

#[tokio::test]
async fn a_page_follows_what_people_say() {
    let site = Site::new().with(new(), NEW);
    let evidence = words(&["ann"], &new(), vouch);
    let world = World::with(site, Options { policy: people(), evidence, ..Options::default() }).await;
    let held = world.page("six").await;
    let reason = held["files"][0]["yanked"].as_str().unwrap();
    assert!(reason.contains("1 of 2") && reason.contains("ann"), "{reason}");
    world.renew(&people(), words(&["ann", "bob"], &new(), vouch));
    assert_eq!(world.page("six").await["files"][0]["yanked"], false);
    world.renew(&people(), Evidence::new());
    assert_ne!(world.page("six").await["files"][0]["yanked"], false);
    assert_eq!(world.index.count("/simple/six/", 200), 1, "only the judgement changed");
}

#[tokio::test]
async fn a_mirror_without_upload_times_is_unknown_and_says_so() {
    let world = World::start(site().without(Feature::UploadTimes)).await;
    let page = world.page("six").await;
    let reason = page["files"][0]["yanked"].as_str().unwrap();
    assert!(reason.contains("does not say when"), "{reason}");
}

#[tokio::test]
async fn monitoring_lets_everything_through() {
    let policy = AGE.replace("schema = 1", "schema = 1\nmode = \"monitor\"");
    let world = World::with(site(), Options { policy, ..Options::default() }).await;
    let page = world.page("six").await;
    assert!(page["files"].as_array().unwrap().iter().all(|file| file["yanked"] == false));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_share_one_question() {
    let world = World::start(site().slowed(std::time::Duration::from_millis(100))).await;
    let asked = (0..50).map(|_| world.ask("GET", "/simple/six/", &[JSON]));
    for reply in futures_util::future::join_all(asked).await {
        assert_eq!(reply.status, 200);
    }
    assert_eq!(world.index.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shared_by_those_who_wait_and_by_nobody_else() {
    let world = World::start(site().slowed(std::time::Duration::from_millis(200))).await;
    world.index.fail(Target::page("six"), Fault::Status(500));
    let asked = (0..50).map(|_| world.ask("GET", "/simple/six/", &[JSON]));
    for reply in futures_util::future::join_all(asked).await {
        assert_eq!(reply.status, 502);
    }
    assert!(world.index.requests().len() < 6, "{}", world.index.requests().len());
    world.index.heal();
    assert_eq!(world.ask("GET", "/simple/six/", &[JSON]).await.status, 200);
}
