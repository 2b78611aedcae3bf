//! What is said at the end.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap},
    party::PartyName,
    time::Timestamp,
};
use covouch_gateway::{Gateway, Permission, Settings};
use covouch_io::{
    adapters::AdapterSources,
    clock::Clock,
    network::{self, Network},
    state::State,
};
use covouch_policy::Blocked;
use covouch_testkit::{
    index::{Fault, IndexServer, Site, Target},
    wheel::Wheel,
};
use tokio::net::TcpListener;

use crate::{
    client::ask,
    world::{JSON, NEW, OLD, Options, World, basis, now, people, vouch, words},
};

#[tokio::test]
async fn a_downgrade_is_reported_with_its_reason() {
    let [old, new, newer] = ["1.0", "2.0", "3.0"].map(|version| Wheel::new("six", version).build());
    let pre = Wheel::new("six", "4.0rc1").build();
    let site = Site::new().with(old.clone(), OLD).with(new, NEW).with(newer, NEW).with(pre, NEW);
    let world = World::start(site).await;
    let path = world.path(&old).await;
    assert_eq!(world.get(&path).await.status, 200);
    let report = world.gateway.session();
    assert!(report.is_complete);
    let [six] = report.projects.as_slice() else { panic!("one project") };
    assert_eq!((six.project.as_str(), six.index.as_str()), ("six", "pypi"));
    let (newest, uploaded) = six.newest.as_ref().unwrap();
    assert_eq!((newest.to_string(), uploaded.unwrap()), ("1.0".to_owned(), Timestamp::parse(OLD).unwrap()));
    let passed: Vec<_> = six.passed_over.iter().map(|passed| passed.version.to_string()).collect();
    assert_eq!(passed, ["3.0", "2.0"]);
    assert!(
        six.passed_over.iter().all(|passed| passed.code.as_str() == "too-new" && !passed.reason.is_empty())
    );
    let [sent] = report.sent.as_slice() else { panic!("one file") };
    assert_eq!((&sent.subject, sent.permission), (old.subject(), Permission::Admitted));
}

#[tokio::test]
async fn an_up_to_date_project_passes_nothing_over() {
    let site =
        Site::new().with(Wheel::new("six", "1.0").build(), NEW).with(Wheel::new("six", "2.0").build(), OLD);
    let world = World::start(site).await;
    world.page("six").await;
    let report = world.gateway.session();
    assert_eq!(report.projects[0].newest.as_ref().unwrap().0.to_string(), "2.0");
    assert!(report.projects[0].passed_over.is_empty());
}

#[tokio::test]
async fn what_was_asked_for_and_kept_out_is_reported() {
    let file = Wheel::new("six", "1.0").build();
    let world = World::start(Site::new().with(file.clone(), NEW)).await;
    let path = world.path(&file).await;
    for _ in 0..3 {
        assert_eq!(world.get(&path).await.status, 403);
    }
    let report = world.gateway.shutdown().await;
    let [blocked] = report.blocked.as_slice() else { panic!("one file") };
    assert_eq!((blocked.filename.as_str(), blocked.times), (file.filename(), 3));
    assert_eq!(blocked.subject.as_ref(), Some(file.subject()));
    assert_eq!(blocked.code.as_str(), "too-new");
    assert!(report.sent.is_empty());
}

#[tokio::test]
async fn failures_are_reported_once_each() {
    let world = World::start(Site::new().with(Wheel::new("six", "1.0").build(), OLD)).await;
    world.index.fail(Target::page("six"), Fault::Status(500));
    for _ in 0..2 {
        assert_eq!(world.ask("GET", "/simple/six/", &[JSON]).await.status, 502);
    }
    let failures = world.gateway.session().failures;
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].subject.as_str(), failures[0].code.as_str()), ("six", "upstream-unreachable"));
}

#[tokio::test]
async fn statements_that_change_on_disk_are_noticed() {
    let file = Wheel::new("six", "1.0").build();
    let index = IndexServer::start(Site::new().with(file.clone(), OLD));
    let folder = tempfile::tempdir().unwrap();
    let changed = Arc::new(AtomicBool::new(false));
    let (seen, admitted) =
        (Arc::clone(&changed), basis(&index, &people(), words(&["ann", "cid"], &file, vouch)));
    let renewal = Box::new(move || seen.swap(false, Ordering::Relaxed).then(|| admitted.clone()));
    let settings = Settings {
        basis: basis(&index, &people(), Evidence::new()),
        renewal: Some(renewal),
        network: Network::new(&network::Settings::default()).unwrap(),
        state: State::open(folder.path()).unwrap(),
        clock: Clock::stopped(now()),
        blocked: Blocked::Yank,
        connect: Vec::new(),
        adapters: AdapterSources::default(),
        public: None,
    };
    let gateway = Gateway::start(TcpListener::bind("127.0.0.1:0").await.unwrap(), settings).unwrap();
    let is_open = async || {
        let page = ask(gateway.address(), "GET", "/simple/six/", &[JSON]).await.json();
        page["files"][0]["yanked"] == false
    };
    assert!(!is_open().await);
    changed.store(true, Ordering::Relaxed);
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while !is_open().await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_command_learns_addresses_it_can_write_into_locks() {
    let file = Wheel::new("six", "1.0").build();
    let world = World::start(Site::new().with(file.clone(), OLD)).await;
    let address = world.gateway.address();
    assert_eq!(world.gateway.index_url().as_str(), format!("http://{address}/simple/"));
    assert_eq!(world.gateway.proxy_url().as_str(), format!("http://{address}/"));
    let located = world.gateway.locate(file.project(), &file.subject().filename).await.unwrap();
    assert_eq!(located.here.path(), world.path(&file).await);
    assert_eq!(located.upstream.as_str(), world.index.file_url(&file));
    assert_eq!((&located.subject, located.home.as_str()), (file.subject(), "pypi"));
    let absent = covouch_core::name::ProjectName::parse("nobody").unwrap();
    assert!(world.gateway.locate(&absent, &file.subject().filename).await.is_none());
}

#[tokio::test]
async fn who_asks_after_a_renewal_is_not_answered_with_what_was_read_before_it() {
    const SIGNERS: &str = "refuse = \"veto by ann\"";
    let policy = people().replace("admit = \"pypi and at least 2 of (ann, bob, cid)\"", "admit = \"pypi\"");
    let policy = policy.replace("refuse = \"quarantined or vetoes\"", SIGNERS);
    for (is_readable, status) in [(false, 403), (true, 200)] {
        let file = Wheel::new("six", "1.0").build();
        let site = Site::new().with(file.clone(), OLD).slowed(std::time::Duration::from_millis(300));
        let world = World::with(site, Options { policy: policy.clone(), ..Options::default() }).await;
        let upstream = url::Url::parse(&world.index.file_url(&file)).unwrap();
        let tag = &file.sha256().to_string()[..16];
        let path = format!("/files/open-{tag}/pypi/six{}", upstream.path());
        let late = async {
            while world.index.requests().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            // The folder of somebody who may object cannot be read any more.
            let mut evidence = Evidence::new();
            if !is_readable {
                let (code, source) = (Code::new("chain-broken"), "ann".into());
                evidence
                    .add_gap(PartyName::parse("ann").unwrap(), Gap { code, source, detail: "gone".into() });
            }
            world.renew(&policy, evidence);
            world.get(&path).await.status
        };
        let (early, late) = tokio::join!(world.get(&path), late);
        assert_eq!((early.status, late), (200, status));
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_kept_is_a_page_and_is_reported() {
    let file = Wheel::new("six", "1.0").build();
    let world = World::start(Site::new().with(file, OLD)).await;
    // Where folders should be, a file stands.
    let pages = world.folder.path().join("state/cache/pages");
    std::fs::create_dir_all(pages.parent().unwrap()).unwrap();
    std::fs::write(&pages, "").unwrap();
    world.page("six").await;
    let report = world.gateway.session();
    assert_eq!(report.not_kept.iter().map(|page| page.subject.as_str()).collect::<Vec<_>>(), ["six"]);
    assert!(report.failures.is_empty());
}
