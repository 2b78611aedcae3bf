//! Pages of projects: asked for, kept, asked about again.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use covouch_core::{
    evidence::{Evidence, Known},
    name::ProjectName,
    party::PartyName,
    time::Timestamp,
    version::Version,
};
use covouch_io::{
    clock::Clock,
    collect::{Sources, Want, add_pages},
    index::{FetchedPage, Freshness, Index, Origin, PageAnswer, PageFetcher},
    network::{FetchError, Network, Reach, Request},
    secrets::Address,
    state::State,
};

use crate::server::{Reply, Server, header, network, path, response, status};

const JSON: &str = "application/vnd.pypi.simple.v1+json";

fn project(name: &str) -> ProjectName {
    ProjectName::parse(name).unwrap()
}

fn index(server: &Server) -> Index {
    let mut url = server.url("/simple");
    url.set_username("me").unwrap();
    Index::new(PartyName::parse("pypi").unwrap(), Address::new(&url).unwrap())
}

fn fetcher(folder: &tempfile::TempDir, network: Network, now: &str) -> PageFetcher {
    let clock = Clock::stopped(Timestamp::parse(now).unwrap());
    PageFetcher::new(network, State::open(folder.path()).unwrap(), clock)
}

/// The page of the project that the request is about.
fn listing(request: &str, headers: &[(&str, &str)]) -> Reply {
    let name = path(request).trim_end_matches('/').rsplit('/').next().unwrap();
    let body = format!(
        r#"{{"meta": {{"api-version": "1.1"}}, "name": "{name}", "files": [{{"filename": "{name}-1.0.tar.gz",
            "url": "../../files/{name}-1.0.tar.gz", "hashes": {{}}}}]}}"#
    );
    let headers = [&[("Content-Type", JSON)], headers].concat();
    Reply::Bytes(response("200 OK", &headers, body.as_bytes()))
}

fn page(answer: PageAnswer) -> Arc<FetchedPage> {
    match answer {
        PageAnswer::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_is_kept_as_long_as_the_index_allows_and_then_asked_about() {
    let server = Server::start(|request| match header(request, "if-none-match") {
        Some("\"7\"") => Reply::Bytes(response("304 Not Modified", &[("Cache-Control", "max-age=60")], b"")),
        _ => listing(request, &[("ETag", "\"7\""), ("Cache-Control", "max-age=86400")]),
    })
    .await;
    let (folder, index, six) = (tempfile::tempdir().unwrap(), index(&server), project("six"));
    let fetch = async |now: &str, freshness| {
        page(fetcher(&folder, network(), now).fetch_page(&index, &six, freshness).await)
    };

    let first = fetch("2026-05-12T12:00:00Z", Freshness::Recent).await;
    assert_eq!((first.origin, first.reach), (Origin::Asked, Reach::Anywhere));
    assert_eq!(first.page.files().len(), 1);
    let seen = server.seen();
    assert_eq!(path(&seen[0]), "/simple/six/");
    assert!(header(&seen[0], "accept").unwrap().starts_with(JSON));
    assert_eq!(header(&seen[0], "authorization"), Some("Basic bWU6"));

    // A day is more than we believe anybody; ten minutes it is.
    assert_eq!(fetch("2026-05-12T12:09:59Z", Freshness::Recent).await.origin, Origin::Kept);
    assert_eq!(fetch("2026-05-12T11:59:59Z", Freshness::Recent).await.origin, Origin::Asked);
    assert_eq!(fetch("2026-05-12T12:00:00Z", Freshness::Demand).await.origin, Origin::Asked);
    assert_eq!(fetch("2026-05-12T12:10:00Z", Freshness::Recent).await.origin, Origin::Asked);
    assert_eq!(server.seen().len(), 4);
    assert!(server.seen().iter().skip(1).all(|request| header(request, "if-none-match") == Some("\"7\"")));
    let last = fetch("2026-05-12T12:10:30Z", Freshness::Recent).await;
    assert_eq!((last.origin, last.age(last.confirmed).rounded()), (Origin::Kept, "0 seconds".into()));

    let offline = fetcher(&folder, Network::offline(), "2026-05-15T12:10:00Z");
    let kept = page(offline.fetch_page(&index, &six, Freshness::Demand).await);
    assert_eq!(kept.origin, Origin::Offline);
    assert_eq!(kept.age(Timestamp::parse("2026-05-15T12:10:00Z").unwrap()).rounded(), "3 days");
    let never_seen = offline.fetch_page(&index, &project("seven"), Freshness::Recent).await;
    assert!(matches!(never_seen, PageAnswer::Unreachable(FetchError::Unreachable { .. })));
}

#[tokio::test]
async fn absent_unreachable_and_wrong_stay_three_answers() {
    let server = Server::start(|request| match path(request) {
        "/simple/absent/" => status("404 Not Found"),
        "/simple/refused/" => status("403 Forbidden"),
        "/simple/broken/" => status("500 Internal Server Error"),
        "/simple/login/" => Reply::Bytes(response("200 OK", &[("Content-Type", "application/json")], b"{}")),
        "/simple/torn/" => {
            Reply::Bytes(response("200 OK", &[("Content-Type", JSON), ("ETag", "\"1\"")], b"{"))
        }
        "/simple/html/" => Reply::Bytes(response(
            "200 OK",
            &[("Content-Type", "text/html; charset=utf-8")],
            b"<!DOCTYPE html><html><body><a href='/f/html-1.0.tar.gz'>html-1.0.tar.gz</a></body></html>",
        )),
        _ => listing("GET /simple/somebody-else/ HTTP/1.1", &[]),
    })
    .await;
    let (folder, index) = (tempfile::tempdir().unwrap(), index(&server));
    let fetcher = fetcher(&folder, network(), "2026-05-12");
    let questions: Vec<_> = ["absent", "refused", "broken", "login", "torn", "other", "html"]
        .map(|name| (index.clone(), project(name)))
        .into();
    let mut steps = Vec::new();
    let answers = fetcher
        .fetch_all(&questions, Freshness::Recent, |progress| steps.push((progress.done, progress.total)))
        .await;
    let said: Vec<String> = answers
        .iter()
        .map(|answer| match answer {
            PageAnswer::Page(page) => format!("page of {}", page.page.project()),
            PageAnswer::Absent => "absent".into(),
            PageAnswer::Unreachable(error) => format!("unreachable {}", error.code()),
            PageAnswer::Wrong(error) => format!("wrong {}", error.code()),
        })
        .collect();
    let expected = [
        "absent",
        "unreachable fetch-refused",
        "unreachable fetch-unreachable",
        "wrong fetch-wrong",
        "wrong page-malformed",
        "wrong page-other-project",
        "page of html",
    ];
    assert_eq!(said, expected);
    assert_eq!(steps, (1..=7).map(|done| (done, 7)).collect::<Vec<_>>());
    // What could not be read was not kept.
    assert!(matches!(
        fetcher.fetch_page(&index, &project("torn"), Freshness::Recent).await,
        PageAnswer::Wrong(_)
    ));
    assert_eq!(header(server.seen().last().unwrap(), "if-none-match"), None);
}

#[tokio::test]
async fn what_is_kept_is_evidence_as_the_page_would_be_and_no_longer() {
    let server = Server::start(|request| {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let name = path(request).trim_end_matches('/').rsplit('/').next().unwrap();
        let body = format!(
            r#"{{"meta": {{"api-version": "1.4"}}, "name": "{name}", "project-status": {{"status": "archived"}}, "files": [
                {{"filename": "{name}-1.0.tar.gz", "url": "a", "hashes": {{"sha256": "{one}"}}, "yanked": "oops"}},
                {{"filename": "{name}-2.0.tar.gz", "url": "b", "hashes": {{"sha256": "{two}"}},
                    "upload-time": "2026-01-02T03:04:05Z"}}]}}"#
        );
        Reply::Bytes(response("200 OK", &[("Content-Type", JSON), ("Cache-Control", "max-age=60")], body.as_bytes()))
    })
    .await;
    let (folder, pypi) = (tempfile::tempdir().unwrap(), PartyName::parse("pypi").unwrap());
    let indexes = HashMap::from([(pypi.clone(), index(&server))]);
    let collect = async |network: Network, now: &str, freshness| {
        let (fetcher, mut evidence) = (fetcher(&folder, network, now), Evidence::new());
        let sources = Sources { fetcher: &fetcher, indexes: &indexes, freshness };
        let want = Want { index: pypi.clone(), project: project("six") };
        let wants = |evidence: &Evidence| match evidence.project(&want.index, &want.project) {
            None => vec![want.clone()],
            Some(_) => Vec::new(),
        };
        let two = Version::parse("2.0").unwrap();
        let only = |_: &ProjectName, version: &Version| *version == two;
        add_pages(&mut evidence, &sources, &wants, Some(&only), &|_, _| {}).await;
        assert!(matches!(evidence.project(&pypi, &project("six")), Some(Known::Is(true))));
        assert_eq!(evidence.files(&pypi, &project("six"), &Version::parse("1.0").unwrap()).count(), 0);
        let files: Vec<_> = evidence.files(&pypi, &project("six"), &two).collect();
        (format!("{files:?}"), server.seen().len())
    };

    let (said, asked) = collect(network(), "2026-05-12T12:00:00Z", Freshness::Recent).await;
    assert_eq!(asked, 1);
    assert!(said.contains("six-2.0.tar.gz") && said.contains("Archived") && said.contains("2026-01-02"));
    for (network, now, freshness, asked) in [
        (network(), "2026-05-12T12:00:59Z", Freshness::Recent, 1),
        (Network::offline(), "2026-05-13T12:00:00Z", Freshness::Demand, 1),
        (network(), "2026-05-12T12:00:59Z", Freshness::Demand, 2),
        (network(), "2026-05-12T12:02:00Z", Freshness::Recent, 3),
    ] {
        assert_eq!(collect(network, now, freshness).await, (said.clone(), asked), "{now}");
    }
}

#[tokio::test]
async fn a_page_on_its_way_is_not_asked_for_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let server = Server::start(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        listing(request, &[])
    })
    .await;
    let (folder, index) = (tempfile::tempdir().unwrap(), index(&server));
    let fetcher = fetcher(&folder, network(), "2026-05-12");
    let questions = vec![(index.clone(), project("six")); 20];
    let answers = fetcher.fetch_all(&questions, Freshness::Demand, |_| {}).await;
    assert!(answers.iter().all(|answer| matches!(answer, PageAnswer::Page(_))));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    fetcher.fetch_page(&index, &project("six"), Freshness::Demand).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "an answer that has arrived is not handed out again");
}

#[tokio::test]
async fn a_page_that_cannot_be_kept_is_still_a_page() {
    let server = Server::start(|request| listing(request, &[])).await;
    let (folder, index) = (tempfile::tempdir().unwrap(), index(&server));
    let fetcher = fetcher(&folder, network(), "2026-05-12");
    std::fs::write(folder.path().join("cache"), "a file where a folder should be").unwrap();
    let page = page(fetcher.fetch_page(&index, &project("six"), Freshness::Recent).await);
    assert_eq!(page.not_kept.as_ref().unwrap().code().as_str(), "state-unusable");
}

#[tokio::test]
async fn a_password_goes_to_the_files_of_its_own_host_only() {
    let (own, other) = (Server::start(|_| status("200 OK")).await, Server::start(|_| status("200 OK")).await);
    for server in [&own, &other] {
        let request: Request = index(&own).file_request(&server.url("/files/six.whl"), Reach::Anywhere);
        network().open(&request).await.map(|_| ()).unwrap();
    }
    assert!(header(&own.seen()[0], "authorization").is_some());
    assert_eq!(header(&other.seen()[0], "authorization"), None);
}
