//! Provenance: asked for once, kept when it holds, and followed to the files before.

use std::{fs, path::PathBuf, sync::Arc};

use covouch_core::{
    digest::Sha256, name::ProjectName, party::PartyName, publisher::Continuity, subject::FileName,
    time::Timestamp,
};
use covouch_io::{
    attestation::TrustRoot,
    clock::Clock,
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
    network::Network,
    provenance::{ProvenanceAnswer, ProvenanceFetcher, Trace},
    secrets::Address,
    state::State,
};
use covouch_python::attestation::DistributionFile;
use serde_json::{Value, json};

use crate::server::{Reply, Server, network, path, response, status};

/// The file whose provenance is real, and its digest; everything else on the page is made up.
const REAL: &str = "pypi_attestations-0.0.19.tar.gz";

fn data(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/pep740").join(name)).unwrap()
}

fn real() -> DistributionFile {
    DistributionFile { name: FileName::parse(REAL).unwrap(), sha256: Sha256::of(&data(REAL)) }
}

/// A made-up file of the project.
fn made_up(version: &str) -> DistributionFile {
    let name = format!("pypi_attestations-{version}.tar.gz");
    DistributionFile { sha256: Sha256::of(name.as_bytes()), name: FileName::parse(&name).unwrap() }
}

fn entry(file: &DistributionFile, uploaded: &str, provenance: Option<&str>) -> Value {
    json!({
        "filename": file.name.as_str(), "url": format!("/files/{}", file.name), "upload-time": uploaded,
        "hashes": {"sha256": file.sha256.to_string()}, "provenance": provenance,
    })
}

/// An index with this page of the project, which serves the real provenance at `/real` and nonsense at `/wrong`.
async fn serve(minor: u8, files: Vec<Value>) -> (Server, Index) {
    let page =
        json!({"meta": {"api-version": format!("1.{minor}")}, "name": "pypi-attestations", "files": files});
    let provenance = data(&format!("{REAL}.provenance"));
    let server = Server::start(move |request| {
        let simple = [("Content-Type", "application/vnd.pypi.simple.v1+json")];
        match path(request) {
            "/simple/pypi-attestations/" => {
                Reply::Bytes(response("200 OK", &simple, page.to_string().as_bytes()))
            }
            "/real" => Reply::Bytes(response("200 OK", &[("Content-Type", "application/json")], &provenance)),
            "/wrong" => Reply::Bytes(response("200 OK", &[("Content-Type", "application/json")], b"{}")),
            _ => status("404 Not Found"),
        }
    })
    .await;
    let address = Address::new(&server.url("/simple/")).unwrap();
    (server, Index::new(PartyName::parse("pypi").unwrap(), address))
}

async fn page(index: &Index, state: &State) -> Arc<FetchedPage> {
    let clock = Clock::stopped(Timestamp::parse("2026-06-02T15:00:00Z").unwrap());
    let fetcher = PageFetcher::new(network(), state.clone(), clock);
    let project = ProjectName::parse("pypi-attestations").unwrap();
    match fetcher.fetch_page(index, &project, Freshness::Demand).await {
        PageAnswer::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn fetcher(network: Network, state: &State) -> ProvenanceFetcher {
    ProvenanceFetcher::new(network, state, Arc::new(TrustRoot::production().unwrap()))
}

/// Traces one of these files.
async fn trace(minor: u8, files: Vec<Value>, about: &DistributionFile) -> (Server, Trace) {
    let (server, index) = serve(minor, files).await;
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(folder.path()).unwrap();
    let page = page(&index, &state).await;
    let trace = fetcher(network(), &state).trace(&index, &page, about).await.unwrap();
    (server, trace)
}

#[tokio::test]
async fn what_held_is_kept_and_nobody_is_asked_again() {
    let (server, index) = serve(3, vec![entry(&real(), "2024-12-04T23:14:05Z", Some("/real"))]).await;
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(folder.path()).unwrap();
    let page = page(&index, &state).await;
    for network in [network(), Network::offline()] {
        let trace = fetcher(network, &state).trace(&index, &page, &real()).await.unwrap();
        assert!(matches!(&trace.own, ProvenanceAnswer::Proven(proofs) if proofs.len() == 1), "{trace:?}");
        assert_eq!(trace.continuity, Continuity::NeverHad, "nobody came before");
    }
    assert_eq!(server.seen().iter().filter(|request| path(request) == "/real").count(), 1);
    // What somebody changed on disk does not hold, and is not believed.
    let kept = folder.path().join("cache/provenance").join(real().sha256.to_string());
    fs::write(&kept, "{}").unwrap();
    let offline = fetcher(Network::offline(), &state).trace(&index, &page, &real()).await.unwrap();
    assert!(matches!(offline.own, ProvenanceAnswer::Unreachable(_)), "{offline:?}");
}

#[tokio::test]
async fn a_file_without_an_attestation_after_one_with_is_a_loss() {
    let later = made_up("0.0.20");
    let files = |minor| {
        vec![
            entry(&real(), "2024-12-04T23:14:05Z", Some("/real")),
            entry(&later, "2025-06-01T00:00:00Z", None),
            entry(&made_up("1.0"), "2025-06-01T00:00:00Z", if minor == 3 { None } else { Some("/wrong") }),
        ]
    };
    let (_server, lost) = trace(3, files(3), &later).await;
    assert!(matches!(lost.own, ProvenanceAnswer::Absent));
    assert_eq!(lost.continuity, Continuity::Lost);
    let (_server, lost) = trace(3, files(4), &made_up("1.0")).await;
    assert!(
        matches!(lost.own, ProvenanceAnswer::Refused(_)),
        "what does not hold is as good as none: {lost:?}"
    );
    assert_eq!(lost.continuity, Continuity::Lost);
    // The twin: of the file before it, nothing was there.
    let (_server, never) = trace(3, files(3), &real()).await;
    assert_eq!(never.continuity, Continuity::NeverHad);
}

#[tokio::test]
async fn a_claim_that_does_not_hold_sets_nothing() {
    let later = made_up("0.0.20");
    let files = vec![
        entry(&made_up("0.0.18"), "2024-01-01T00:00:00Z", Some("/wrong")),
        entry(&made_up("0.0.17"), "2023-01-01T00:00:00Z", Some("/real")),
        entry(&later, "2025-06-01T00:00:00Z", None),
    ];
    // The real one is about another file than 0.0.17.
    let (server, trace) = trace(3, files, &later).await;
    assert_eq!(trace.continuity, Continuity::NeverHad, "{trace:?}");
    assert_eq!(server.seen().len(), 3, "the page, and both claims");
}

#[tokio::test]
async fn an_index_that_speaks_of_no_provenance_leaves_it_unknown() {
    let later = made_up("0.0.20");
    let files =
        vec![entry(&real(), "2024-12-04T23:14:05Z", None), entry(&later, "2025-06-01T00:00:00Z", None)];
    let (_server, trace) = trace(1, files.clone(), &later).await;
    assert!(matches!(trace.own, ProvenanceAnswer::NotServed));
    assert_eq!(trace.continuity, Continuity::Unknown);
    let (_server, trace) = self::trace(3, files, &later).await;
    assert!(matches!(trace.own, ProvenanceAnswer::Absent));
    assert_eq!(trace.continuity, Continuity::NeverHad);
}
