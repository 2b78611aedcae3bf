//! The index server.

use std::time::{Duration, Instant};

use covouch_core::{digest::Sha256, evidence::ProjectStatus};
use covouch_testkit::{
    index::{Fault, Feature, IndexServer, Listed, Site, Target},
    sdist::Sdist,
    wheel::Wheel,
};

use crate::client::ask;

const JSON: (&str, &str) = ("Accept", "application/vnd.pypi.simple.v1+json");

fn site() -> Site {
    Site::new()
        .with(Wheel::new("my-project", "1.0").requires_python(">=3.8").build(), "2026-01-01T10:00:00Z")
        .with(Sdist::new("my-project", "1.0").build(), "2026-01-01T10:01:00Z")
}

fn wheel_url(server: &IndexServer) -> String {
    server.file_url(&Wheel::new("my-project", "1.0").requires_python(">=3.8").build())
}

#[test]
fn a_json_page_leads_to_bytes_with_its_digests() {
    let server = IndexServer::start(site());
    let page = ask(&server, "GET", "/simple/my-project/", &[JSON]);
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("application/vnd.pypi.simple.v1+json"))
    );
    let page = page.json();
    assert_eq!(page["meta"]["api-version"], "1.4");
    assert_eq!(page["versions"], serde_json::json!(["1.0"]));
    assert_eq!(page["files"].as_array().unwrap().len(), 2);
    let wheel = &page["files"][0];
    assert_eq!(wheel["upload-time"], "2026-01-01T10:00:00Z");
    assert_eq!(wheel["requires-python"], ">=3.8");
    let url = wheel["url"].as_str().unwrap();
    let bytes = ask(&server, "GET", url, &[]).body;
    assert_eq!(wheel["hashes"]["sha256"], Sha256::of(&bytes).to_string());
    assert_eq!(wheel["size"], bytes.len());
    let metadata = ask(&server, "GET", &format!("{url}.metadata"), &[]).body;
    assert_eq!(wheel["core-metadata"]["sha256"], Sha256::of(&metadata).to_string());
    assert_eq!(server.fetched_twice(), Vec::<String>::new());
    ask(&server, "GET", url, &[]);
    assert_eq!(server.fetched_twice().len(), 1);
    server.forget_requests();
    assert!(server.requests().is_empty());
}

#[test]
fn an_html_page_says_the_same_but_for_upload_times() {
    let server = IndexServer::start(site());
    server.change(|site| {
        let wheel = Wheel::new("my-project", "2.0").build();
        let project = site.project(wheel.project());
        project.status = ProjectStatus::Quarantined;
        let uploaded = project.files[0].uploaded;
        project.files.push(Listed {
            distribution: wheel,
            uploaded,
            yanked: Some("<broken> & \"bad\"".to_owned()),
            hashed: true,
            provenance: None,
        });
    });
    let page = ask(&server, "GET", "/simple/my-project/", &[("Accept", "text/html")]);
    let text = page.text();
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert!(text.contains("data-requires-python=\"&gt;=3.8\""), "{text}");
    assert!(text.contains("data-yanked=\"&lt;broken&gt; &amp; &quot;bad&quot;\""), "{text}");
    assert!(text.contains("name=\"pypi:project-status\" content=\"quarantined\""), "{text}");
    assert_eq!(text.matches("<a href=").count(), 3);
}

#[test]
fn a_weak_mirror_says_less() {
    let weak = [Feature::UploadTimes, Feature::Status, Feature::Metadata, Feature::Ranges, Feature::Etags];
    let server = IndexServer::start(weak.into_iter().fold(site(), Site::without));
    let reply = ask(&server, "GET", "/simple/my-project/", &[JSON]);
    assert_eq!(reply.header("etag"), None);
    let page = reply.json();
    assert_eq!(page["meta"]["api-version"], "1.0");
    assert!(page["files"][0].get("upload-time").is_none() && page.get("project-status").is_none());
    assert!(page["files"][0].get("core-metadata").is_none());
    assert_eq!(ask(&server, "GET", &format!("{}.metadata", wheel_url(&server)), &[]).status, 404);
    assert_eq!(ask(&server, "GET", &wheel_url(&server), &[("Range", "bytes=0-1")]).status, 200);
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let server = IndexServer::start(site());
    let first = ask(&server, "GET", "/simple/my-project/", &[JSON]);
    let known = ("If-None-Match", first.header("etag").unwrap());
    let again = ask(&server, "GET", "/simple/my-project/", &[JSON, known]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    server.change(|site| site.project(Wheel::new("my-project", "1.0").build().project()).files.truncate(1));
    assert_eq!(ask(&server, "GET", "/simple/my-project/", &[JSON, known]).status, 200);
    assert_eq!(server.count("/simple/my-project/", 304), 1);
}

#[test]
fn ranges_heads_and_moves_are_answered() {
    let server = IndexServer::start(site());
    let url = wheel_url(&server);
    let whole = ask(&server, "GET", &url, &[]);
    let part = ask(&server, "GET", &url, &[("Range", "bytes=-10")]);
    assert_eq!(part.status, 206);
    assert!(whole.body.ends_with(&part.body) && part.body.len() == 10);
    assert_eq!(ask(&server, "GET", &url, &[("Range", "bytes=999999-")]).status, 416);
    let head = ask(&server, "HEAD", &url, &[]);
    assert_eq!(head.header("content-length"), Some(whole.body.len().to_string().as_str()));
    assert!(head.body.is_empty());
    let moved = ask(&server, "GET", "/simple/My_Project/", &[]);
    assert_eq!((moved.status, moved.header("location")), (301, Some("/simple/my-project/")));
    assert_eq!(ask(&server, "GET", "/simple/absent/", &[JSON]).status, 404);
    assert_eq!(ask(&server, "POST", "/simple/my-project/", &[]).status, 405);
}

#[test]
fn a_private_index_asks_who_is_there() {
    let server = IndexServer::start(site().private("ci", "s3cret"));
    assert_eq!(ask(&server, "GET", "/simple/my-project/", &[JSON]).status, 401);
    let known = ("Authorization", "Basic Y2k6czNjcmV0");
    assert_eq!(ask(&server, "GET", "/simple/my-project/", &[JSON, known]).status, 200);
}

#[test]
fn every_fault_is_what_it_says() {
    let server = IndexServer::start(site());
    let url = wheel_url(&server);
    let good = ask(&server, "GET", &url, &[]);
    let with = |fault: Fault| {
        server.fail_times(Target::file("my_project-1.0-py3-none-any.whl"), fault, 1);
        ask(&server, "GET", &url, &[])
    };
    let wrong = with(Fault::WrongHash);
    assert!(wrong.body.len() == good.body.len() && wrong.body != good.body);
    let reset = with(Fault::ResetMidway);
    assert!(reset.end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    let short = with(Fault::ShortLength);
    assert!(short.end.is_ok() && short.body.len() == good.body.len() / 2);
    assert_eq!(short.header("content-length"), good.header("content-length"));
    let moved = with(Fault::Redirect("http://index.example/x".to_owned()));
    assert_eq!((moved.status, moved.header("location")), (302, Some("http://index.example/x")));
    assert_eq!(with(Fault::Status(503)).status, 503);
    let hangs = with(Fault::Hang);
    assert!(hangs.end.is_err() && hangs.head.is_empty());
    assert_eq!(server.requests().last().unwrap().status, None);
    assert_eq!(ask(&server, "GET", &url, &[]).body, good.body, "each happened once");
}

#[test]
fn faults_of_pages_last_until_they_are_healed() {
    let server = IndexServer::start(site());
    server.fail(Target::page("my-project"), Fault::WrongType);
    for _ in 0..2 {
        let reply = ask(&server, "GET", "/simple/my-project/", &[JSON]);
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    }
    server.heal();
    server.fail(Target::page("my-project"), Fault::HugePage);
    assert!(ask(&server, "GET", "/simple/my-project/", &[JSON]).body.len() > 256 << 20);
    assert_eq!(ask(&server, "GET", &wheel_url(&server), &[]).status, 200, "only the page is broken");
}

#[test]
fn a_slow_index_takes_its_time() {
    let server = IndexServer::start(site().slowed(Duration::from_millis(60)));
    let start = Instant::now();
    ask(&server, "GET", "/simple/my-project/", &[JSON]);
    assert!(start.elapsed() >= Duration::from_millis(60));
}
