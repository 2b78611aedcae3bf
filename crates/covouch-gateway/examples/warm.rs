//! A gateway before a made-up index, and a bare server that sends the same bytes: for measuring what the gate costs.
//!
//! Run it, then point `wrk` at the two addresses it prints; the process's CPU time per request is what to compare.
#![expect(clippy::unwrap_used, reason = "a measurement that does not start has nothing to say")]

use std::time::Instant;

use axum::{Router, body::Bytes, routing::get};
use covouch_core::{evidence::Evidence, party::PartyName};
use covouch_gateway::{Basis, Gateway, Settings};
use covouch_io::{
    adapters::AdapterSources,
    clock::Clock,
    index::Index,
    network::{self, Network},
    secrets::Address,
    state::State,
};
use covouch_policy::{Blocked, Policies, Policy, PolicyTable, Source};
use covouch_testkit::{
    distribution::Distribution,
    index::{IndexServer, Site},
};
use tokio::net::TcpListener;

const POLICY: &str = "schema = 1\n[party.pypi]\nindex = \"pypi\"\n[policy]\nadmit = \"pypi and age >= 3d\"\n";
const TYPE: &str = "application/vnd.pypi.simple.v1+json";

/// Projects and how many files each has: a small one, one like numpy, the largest that must be quick.
const PROJECTS: [(&str, usize); 3] = [("small", 20), ("numpy", 4000), ("large", 10_000)];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(serve());
}

async fn serve() {
    let (index, folder) = (IndexServer::start(site()), tempfile::tempdir().unwrap());
    let gateway =
        Gateway::start(TcpListener::bind("127.0.0.1:0").await.unwrap(), settings(&index, &folder)).unwrap();
    let network = Network::new(&network::Settings::default()).unwrap();
    let mut bare = Router::new();
    for (name, files) in PROJECTS {
        let url = gateway.index_url().join(&format!("{name}/")).unwrap();
        let ask = async || {
            let start = Instant::now();
            let request = network::Request::new(&url).accept(TYPE, &[TYPE]);
            let network::Fetched::Body(_, page) = network.fetch(&request, 1 << 30).await.unwrap() else {
                return (start.elapsed(), Bytes::new());
            };
            (start.elapsed(), page)
        };
        let (cold, page) = ask().await;
        gateway.renew(basis(&index));
        let (judged, _) = ask().await;
        let (warm, _) = ask().await;
        println!(
            "{url}  {files} files, {} bytes: cold {cold:?}, judged again {judged:?}, warm {warm:?}",
            page.len()
        );
        bare = bare.route(&format!("/{name}"), get(move || async move { page }));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!(
        "http://{}/small|numpy|large  the same bytes from a bare server",
        listener.local_addr().unwrap()
    );
    println!("process {}", std::process::id());
    axum::serve(listener, bare).await.unwrap();
}

fn site() -> Site {
    let mut site = Site::new();
    for (name, files) in PROJECTS {
        for number in 0..files {
            // Every tenth file is too new.
            let uploaded = if number % 10 == 0 { "2100-01-01T00:00:00Z" } else { "2026-01-01T00:00:00Z" };
            let (version, python) = (format!("{}.{}", number / 40, number % 40 / 4), number % 4);
            let filename = format!("{name}-{version}-cp3{python}-abi3-manylinux_2_17_x86_64.whl");
            site = site.with(Distribution::new(&filename, number.to_string()), uploaded);
        }
    }
    site
}

fn basis(index: &IndexServer) -> Basis {
    let policy =
        Policy::parse(Source { name: "covouch.toml", text: POLICY, table: PolicyTable::Whole }).unwrap();
    let address = Address::parse(&index.url()).unwrap();
    let indexes = vec![Index::new(PartyName::parse("pypi").unwrap(), address)];
    Basis { policies: Policies::new(None, policy).unwrap(), indexes, evidence: Evidence::new() }
}

fn settings(index: &IndexServer, folder: &tempfile::TempDir) -> Settings {
    Settings {
        basis: basis(index),
        renewal: None,
        network: Network::new(&network::Settings::default()).unwrap(),
        state: State::open(folder.path()).unwrap(),
        clock: Clock::system(),
        blocked: Blocked::Yank,
        connect: Vec::new(),
        adapters: AdapterSources::default(),
        public: None,
    }
}
