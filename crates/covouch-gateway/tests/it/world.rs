//! An index, a policy, statements, and a gateway between them and the test.

use std::sync::Arc;

use covouch_core::{
    evidence::Evidence,
    party::PartyName,
    statement::{Claim, Files, Link, Reviewer, Statement, Veto, VetoReason, Vouch, VouchLevel, sign},
    time::{Duration, Timestamp, Validity},
};
use covouch_gateway::{Basis, Destination, Gateway, Settings};
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
    keys,
};
use tokio::net::TcpListener;

use crate::client::{Reply, ask};

/// When everything happens.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";
/// Long before that.
pub(crate) const OLD: &str = "2026-01-01T00:00:00Z";
/// An hour before that.
pub(crate) const NEW: &str = "2026-11-22T11:00:00Z";

/// Everything of a certain age.
pub(crate) const AGE: &str = r#"
schema = 1
[party.pypi]
index = "pypi"
[policy]
admit = "pypi and age >= 3d"
refuse = "vetoes"
"#;

pub(crate) const JSON: &str = "Accept: application/vnd.pypi.simple.v1+json";

pub(crate) struct World {
    pub(crate) index: IndexServer,
    pub(crate) gateway: Gateway,
    pub(crate) folder: tempfile::TempDir,
}

/// What differs from test to test.
pub(crate) struct Options {
    pub(crate) policy: String,
    pub(crate) evidence: Evidence,
    pub(crate) blocked: Blocked,
    pub(crate) connect: Vec<Destination>,
}

impl Default for Options {
    fn default() -> Self {
        let (evidence, connect) = (Evidence::new(), Vec::new());
        Self { policy: AGE.to_owned(), evidence, blocked: Blocked::Yank, connect }
    }
}

impl World {
    pub(crate) async fn start(site: Site) -> Self {
        Self::with(site, Options::default()).await
    }

    pub(crate) async fn with(site: Site, options: Options) -> Self {
        let index = IndexServer::start(site);
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings {
            basis: basis(&index, &options.policy, options.evidence),
            renewal: None,
            network: Network::new(&network::Settings::default()).unwrap(),
            state: State::open(folder.path().join("state")).unwrap(),
            clock: Clock::stopped(now()),
            blocked: options.blocked,
            connect: options.connect,
            adapters: AdapterSources::default(),
            public: None,
        };
        Self { gateway: Gateway::start(listener, settings).unwrap(), index, folder }
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, &[]).await
    }

    pub(crate) async fn ask(&self, method: &str, target: &str, headers: &[&str]) -> Reply {
        ask(self.gateway.address(), method, target, headers).await
    }

    /// A project's page in JSON.
    pub(crate) async fn page(&self, project: &str) -> serde_json::Value {
        let reply = self.ask("GET", &format!("/simple/{project}/"), &[JSON]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// The path of a file, as its page has it.
    pub(crate) async fn path(&self, file: &Distribution) -> String {
        let page = self.page(file.project().as_str()).await;
        let files = page["files"].as_array().unwrap();
        let entry = files.iter().find(|entry| entry["filename"] == file.filename()).expect("a listed file");
        entry["url"].as_str().unwrap().replace("../../", "/")
    }

    /// How often the index was asked for a file's bytes.
    pub(crate) fn fetched(&self, file: &Distribution) -> usize {
        let is_of = |path: &str| path.ends_with(&format!("/{}", file.filename()));
        self.index.requests().iter().filter(|request| is_of(&request.path)).count()
    }

    /// Lets the gateway decide with other statements.
    pub(crate) fn renew(&self, policy: &str, evidence: Evidence) {
        self.gateway.renew(basis(&self.index, policy, evidence));
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

pub(crate) fn basis(index: &IndexServer, policy: &str, evidence: Evidence) -> Basis {
    let policy =
        Policy::parse(Source { name: "covouch.toml", text: policy, table: PolicyTable::Whole }).unwrap();
    let address = Address::parse(&index.url()).unwrap();
    let indexes = vec![Index::new(PartyName::parse("pypi").unwrap(), address)];
    Basis { policies: Policies::new(None, policy).unwrap(), indexes, evidence }
}

/// A policy that wants two of three people.
pub(crate) fn people() -> String {
    let party = |name: &str| format!("[party.{name}]\nkey = \"{}\"\nfrom = \"trust/\"\n", keys::line(name));
    let parties: String = ["ann", "bob", "cid"].map(party).concat();
    format!(
        "schema = 1\n[party.pypi]\nindex = \"pypi\"\n{parties}[policy]\n\
         admit = \"pypi and at least 2 of (ann, bob, cid)\"\nrefuse = \"quarantined or vetoes\"\n"
    )
}

/// The words of these people about a file, each the first of its chain.
pub(crate) fn words(people: &[&str], file: &Distribution, claim: fn(Files, Validity) -> Claim) -> Evidence {
    let mut evidence = Evidence::new();
    add_words(&mut evidence, people, file, claim);
    evidence
}

pub(crate) fn add_words(
    evidence: &mut Evidence,
    people: &[&str],
    file: &Distribution,
    claim: fn(Files, Validity) -> Claim,
) {
    for person in people {
        let subject = file.subject();
        let files = [(subject.filename.clone(), subject.sha256)];
        let files = Files::new(subject.project.clone(), subject.version.clone(), files).unwrap();
        let issued = Timestamp::parse(OLD).unwrap();
        let validity = Validity::new(issued, issued.plus(Duration::from_days(700))).unwrap();
        let statement = Statement { link: Link::FIRST, issued, claim: claim(files, validity) };
        let (_, verified) = sign(&statement, &keys::secret(person)).unwrap();
        evidence.add_statement(verified, Arc::from("trust/"));
    }
}

pub(crate) fn vouch(files: Files, validity: Validity) -> Claim {
    let (level, reviewer) = (VouchLevel::Vouched, Reviewer::Hand);
    Claim::Vouch(Vouch { files, validity, level, read: Vec::new(), reviewer, notes: "".into() })
}

pub(crate) fn veto(files: Files, validity: Validity) -> Claim {
    Claim::Veto(Veto { files, validity, reason: VetoReason::Malware, reference: "".into() })
}
