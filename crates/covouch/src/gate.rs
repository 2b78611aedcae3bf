//! The gateway, opened on a socket with what the policies name.

use std::time::SystemTime;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap},
};
use covouch_gateway::{Basis, Destination, Gateway, Renewal, Settings as GatewaySettings};
use covouch_io::{
    collect::{self, TrustFolder},
    index::{Freshness, Index},
    installer::Wrapped,
};
use covouch_policy::{Policies, SourceKind};
use tokio::net::TcpListener;

use crate::{failure::Failure, indexes, policies::Loaded, settings::Settings, terminal::Terminal};

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
        let basis = Basis { policies: policies.clone(), indexes: indexes.clone(), evidence };
        let renewal = match renewing {
            Renewing::Never => None,
            Renewing::OnChange => Some(renewal(folders, basis.clone())),
        };
        let options = policies.project().gateway();
        let mut connect = Vec::new();
        for host in policies.iter().flat_map(|policy| &policy.gateway().connect) {
            let text = format!("{}:{}", host.host, host.port);
            let destination: Destination =
                text.parse().map_err(|_| Failure::usage(format!("`{text}` is no host and port")))?;
            connect.push(destination);
        }
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

/// Reads the folders again whenever a file in them changed.
fn renewal(folders: Vec<TrustFolder>, basis: Basis) -> Renewal {
    let mut seen = stamp(&folders);
    Box::new(move || {
        let now = stamp(&folders);
        if now == seen {
            return None;
        }
        seen = now;
        let mut evidence = Evidence::new();
        if let Err(error) = collect::add_folders(&mut evidence, &folders) {
            evidence = unknown(&basis.policies, error.code(), &error.to_string());
        }
        Some(Basis { evidence, ..basis.clone() })
    })
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
fn stamp(folders: &[TrustFolder]) -> Vec<(std::path::PathBuf, u64, Option<SystemTime>)> {
    let entries =
        folders.iter().filter_map(|folder| std::fs::read_dir(&folder.path).ok()).flatten().flatten();
    let mut stamps: Vec<_> = entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()))
        })
        .collect();
    stamps.sort();
    stamps
}
