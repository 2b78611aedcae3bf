//! The gateway, opened on a socket with what the policies name.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap},
    statement::StatementId,
};
use covouch_gateway::{Basis, Destination, Gateway, Renewal, Settings as GatewaySettings};
use covouch_io::{
    collect::{self, TrustFolder},
    index::{Freshness, Index},
    installer::Wrapped,
};
use covouch_policy::{Policies, Policy, SourceKind};
use tokio::net::TcpListener;

use crate::{
    failure::Failure,
    feeds::{Feeds, Reach},
    indexes,
    policies::Loaded,
    settings::Settings,
    terminal::Terminal,
    votes::Polls,
};

/// A running gateway.
pub(crate) struct Gate {
    pub(crate) gateway: Gateway,
    pub(crate) policies: Policies,
    pub(crate) indexes: Vec<Index>,
}

/// Whether folders of statements are read again when they change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewing {
    /// For one command: what held at its start holds for all of it.
    Never,
    /// For a service.
    OnChange,
}

impl Gate {
    /// Opens the gate.
    pub(crate) async fn open(
        listener: TcpListener,
        loaded: &Loaded,
        renewing: Renewing,
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        Self::open_for(listener, loaded, (renewing, Wrapped::Other), settings, terminal).await
    }

    /// Opens the gate for one installer, whose own configuration says where `pypi` is.
    pub(crate) async fn open_for(
        listener: TcpListener,
        loaded: &Loaded,
        (renewing, wrapped): (Renewing, Wrapped),
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let policies = loaded.policies(terminal)?;
        let feeds = Feeds::read(&policies, None, &Reach::of(settings)).await;
        let policies = feeds.root(policies);
        let all: Vec<_> = policies.iter().collect();
        let found = indexes::resolve(&all, settings, wrapped, Freshness::Recent).await?;
        for unused in &found.unused {
            terminal.note(format_args!("not used, for the policy does not name it: {unused}"));
        }
        let indexes: Vec<Index> = found.known.into_values().collect();
        let folders = loaded.trust_folders();
        // At the start a broken folder is an error; later it makes what it said unknown.
        let mut evidence = Evidence::new();
        collect::add_folders(&mut evidence, &folders)?;
        let said = said(&evidence);
        feeds.add_to(&mut evidence);
        let polls = Polls::of(loaded, settings);
        polls.add_to(&mut evidence, &feeds)?;
        let basis = Basis { policies: policies.clone(), indexes: indexes.clone(), evidence };
        let renewal = match renewing {
            Renewing::Never => None,
            Renewing::OnChange => {
                let news = Arc::new(Mutex::new(feeds.clone()));
                if !feeds.is_empty() {
                    tokio::spawn(follow(policies.clone(), Arc::clone(&news), Reach::of(settings)));
                }
                Some(renewal((folders, polls), (feeds, news), said, basis.clone()))
            }
        };
        let options = policies.project().gateway();
        let connect = tunnels(&policies)?;
        let gateway = Gateway::start(
            listener,
            GatewaySettings {
                basis,
                renewal,
                network: settings.network().clone(),
                state: settings.state().clone(),
                clock: settings.clock(),
                blocked: options.blocked,
                connect,
                adapters: loaded.adapters(settings),
                public: None,
            },
        )?;
        Ok(Self { gateway, policies, indexes })
    }
}

impl Gate {
    /// The index that stands first in the policy.
    pub(crate) fn first_index(&self) -> Option<&Index> {
        let first = self.policies.indexes().into_iter().next()?;
        self.indexes.iter().find(|index| *index.name() == first.name)
    }
}

/// Where tunnels may lead. What comes through one is judged by nobody, so the project's policy opens none that the
/// base policy keeps shut.
fn tunnels(policies: &Policies) -> Result<Vec<Destination>, Failure> {
    let mut open = destinations(policies.project())?;
    if let Some(base) = policies.base() {
        let allowed = destinations(base)?;
        open.retain(|destination| allowed.contains(destination));
    }
    Ok(open)
}

fn destinations(policy: &Policy) -> Result<Vec<Destination>, Failure> {
    let parse =
        |text: String| text.parse().map_err(|_| Failure::usage(format!("`{text}` is no host and port")));
    policy.gateway().connect.iter().map(|host| parse(format!("{}:{}", host.host, host.port))).collect()
}

/// Counts ballots again every hour, and reads the folders again whenever a file in them changed. A folder is only ever added to: one that lost what
/// stood in it is a broken one, for it may have lost a veto.
fn renewal(
    (folders, polls): (Vec<TrustFolder>, Polls),
    (mut feeds, news): (Feeds, Arc<Mutex<Feeds>>),
    mut said: BTreeSet<StatementId>,
    basis: Basis,
) -> Renewal {
    let look = move |folders: &[TrustFolder], polls: &Polls| {
        let folders = folders.iter().map(|folder| folder.path.as_path()).chain(polls.folders());
        (stamp(folders), polls.hour())
    };
    let mut seen = look(&folders, &polls);
    Box::new(move || {
        let now = look(&folders, &polls);
        let newest = news.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if now == seen && newest == feeds {
            return None;
        }
        (seen, feeds) = (now, newest);
        let mut evidence = Evidence::new();
        match collect::add_folders(&mut evidence, &folders).map(|()| self::said(&evidence)) {
            Ok(now) if said.is_subset(&now) => said = now,
            Ok(_) => {
                let why = "a statement that stood in a folder is not there any more";
                evidence = unknown(&basis.policies, Code::new("chain-shortened"), why);
            }
            Err(error) => evidence = unknown(&basis.policies, error.code(), &error.to_string()),
        }
        feeds.add_to(&mut evidence);
        polls.add_known(&mut evidence, &feeds);
        let policies = feeds.root(basis.policies.clone());
        Some(Basis { evidence, policies, ..basis.clone() })
    })
}

/// Keeps feeds up to date for as long as the gate is open.
async fn follow(policies: Policies, news: Arc<Mutex<Feeds>>, reach: Reach) {
    loop {
        tokio::time::sleep(FEEDS_EVERY).await;
        let read = Feeds::read(&policies, None, &reach).await;
        *news.lock().unwrap_or_else(PoisonError::into_inner) = read;
    }
}

/// How often feeds are asked for news: a veto should not take longer to arrive than people take to notice.
const FEEDS_EVERY: Duration = Duration::from_secs(300);

fn said(evidence: &Evidence) -> BTreeSet<StatementId> {
    evidence.statements().iter().map(|sourced| sourced.statement.id()).collect()
}

/// Nothing these parties said is known any more: neither their grants nor their vetoes.
fn unknown(policies: &Policies, code: Code, why: &str) -> Evidence {
    let mut evidence = Evidence::new();
    for source in policies.iter().flat_map(|policy| policy.sources()) {
        if matches!(source.kind, SourceKind::Keys { .. }) {
            let gap = Gap { code, source: source.name.as_str().into(), detail: why.into() };
            evidence.add_gap(source.name.clone(), gap);
        }
    }
    evidence
}

/// Names, sizes and times of all files in the folders.
fn stamp<'a>(folders: impl Iterator<Item = &'a Path>) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let entries = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut stamps: Vec<_> = entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()))
        })
        .collect();
    stamps.sort();
    stamps
}

#[cfg(test)]
mod tests {
    use covouch_core::{
        digest::Sha256,
        key::SecretKey,
        name::ProjectName,
        party::PartyName,
        statement::{Claim, Files, Release, Statement},
        subject::FileName,
        time::{Duration, Timestamp, Validity},
        version::Version,
    };
    use covouch_io::{clock::Clock, folder};
    use covouch_policy::{PolicyTable, Source};
    use zeroize::Zeroizing;

    use super::*;

    fn policy(name: &str, text: &str) -> Policy {
        let text = format!("schema = 1\nmode = \"enforce\"\n{text}");
        Policy::parse(Source { name, text: &text, table: PolicyTable::Whole }).unwrap()
    }

    #[test]
    fn a_folder_that_lost_a_statement_while_the_gate_was_open_is_not_known() {
        let place = tempfile::tempdir().unwrap();
        let key = SecretKey::from_seed(&Zeroizing::new([3; 32])).unwrap();
        let now = Timestamp::parse("2026-11-22").unwrap();
        let file = (FileName::parse("six-1.0.tar.gz").unwrap(), Sha256::of(b"six"));
        let files =
            Files::new(ProjectName::parse("six").unwrap(), Version::parse("1.0").unwrap(), [file]).unwrap();
        let validity = Validity::new(now, now.plus(Duration::from_days(30))).unwrap();
        let say = || {
            folder::append(place.path(), &key, now, |link| {
                let claim = Claim::Release(Release { files: files.clone(), validity });
                Statement { link, issued: now, claim }
            })
            .unwrap();
        };
        let security = PartyName::parse("security").unwrap();
        let text = format!(
            "[party.security]\nkey = \"{}\"\nfrom = \"trust/\"\n[policy]\nadmit = \"security\"\n",
            key.public_key()
        );
        let policies = Policies::new(None, policy("covouch.toml", &text)).unwrap();
        let folders = vec![TrustFolder { path: place.path().to_owned(), roots: vec![*key.public_key()] }];
        say();
        let mut evidence = Evidence::new();
        collect::add_folders(&mut evidence, &folders).unwrap();
        let none = (Feeds::default(), Arc::default());
        let polls = Polls::none(Clock::system());
        let said = said(&evidence);
        let mut renew =
            renewal((folders, polls), none, said, Basis { policies, indexes: Vec::new(), evidence });

        say();
        let grown = renew().unwrap().evidence;
        assert!(grown.statements().len() == 2 && grown.gap(&security).is_none());

        let path = folder::chain_path(place.path(), key.public_key());
        let head = path.with_extension("head");
        let kept = (std::fs::read(&path).unwrap(), std::fs::read(&head).unwrap());
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&head).unwrap();
        let lost = renew().unwrap().evidence;
        assert_eq!(lost.gap(&security).unwrap().code.as_str(), "chain-shortened");

        std::fs::write(&path, kept.0).unwrap();
        std::fs::write(&head, kept.1).unwrap();
        assert!(renew().unwrap().evidence.gap(&security).is_none(), "what is back is known again");
    }

    #[test]
    fn a_project_opens_no_tunnel_that_the_base_policy_keeps_shut() {
        let with = |name: &str, hosts: &str| {
            let index =
                "[party.pypi]\nindex = \"https://index.example/simple/\"\n[policy]\nadmit = \"pypi\"\n";
            policy(name, &format!("{index}[gateway]\nconnect = [{hosts}]\n"))
        };
        let project = with("covouch.toml", r#""git.example:443", "index.example:443""#);
        let open = |base| tunnels(&Policies::new(base, project.clone()).unwrap()).unwrap().len();
        assert_eq!(open(None), 2);
        assert_eq!(open(Some(with("base.toml", r#""git.example:443", "other.example:443""#))), 1);
        assert_eq!(open(Some(with("base.toml", ""))), 0);
    }
}
