//! What curators publish: feeds brought up to date, and what they say.
//!
//! # Invariants
//! - A feed that could not be read leaves a gap: neither its grants nor its vetoes are known.
//! - A stale feed keeps its vetoes and loses its grants.

use std::{collections::BTreeMap, sync::Arc};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap},
    key::PublicKey,
    name::ProjectName,
    party::PartyName,
    statement::Claim,
};
use covouch_io::{
    clock::Clock,
    feed::{self, FeedAnswer, FeedError, Staleness},
    network::Network,
    secrets::redact,
    state::State,
};
use covouch_policy::{Policies, SourceKind};
use futures_util::future::join_all;
use url::Url;

use crate::settings::Settings;

/// The code of the gap a stale feed leaves.
pub(crate) const STALE: Code = Code::new("feed-stale");

/// The code of the gap a feed leaves whose list of a project could not be had.
pub(crate) const INCOMPLETE: Code = Code::new("feed-incomplete");

/// With what feeds are read.
#[derive(Clone)]
pub(crate) struct Reach {
    network: Network,
    state: State,
    clock: Clock,
}

impl Reach {
    pub(crate) fn of(settings: &Settings) -> Self {
        let (network, state) = (settings.network().clone(), settings.state().clone());
        Self { network, state, clock: settings.clock() }
    }
}

/// What the feeds of some policies say.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Feeds {
    roots: BTreeMap<PartyName, Vec<PublicKey>>,
    answers: BTreeMap<PartyName, (FeedAnswer, Arc<str>)>,
    gaps: Vec<(PartyName, Gap)>,
}

impl Feeds {
    /// Reads the feeds that the policies name, at once: what they say of these projects, or everything.
    pub(crate) async fn read(policies: &Policies, projects: Option<&[ProjectName]>, reach: &Reach) -> Self {
        let mut named: BTreeMap<&PartyName, (&Url, _)> = BTreeMap::new();
        for source in policies.iter().flat_map(|policy| policy.sources()) {
            if let SourceKind::Feed { address, root } = &source.kind {
                named.insert(&source.name, (address, root));
            }
        }
        let Reach { network, state, clock } = reach;
        let now = clock.now();
        let answers = named.iter().map(async |(name, (address, root))| {
            let answer = match projects {
                Some(projects) => feed::sync(network, state, address, root, projects, now).await,
                None => feed::sync_whole(network, state, address, root, now).await.map(|(answer, _)| answer),
            };
            (PartyName::clone(name), redact(address).to_string(), answer)
        });
        let mut feeds = Self::default();
        for (name, address, answer) in join_all(answers).await {
            feeds.add(name, &address, answer);
        }
        feeds
    }

    fn add(&mut self, name: PartyName, address: &str, answer: Result<FeedAnswer, FeedError>) {
        let gap = |code, detail: String| Gap { code, source: name.as_str().into(), detail: detail.into() };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let gap = gap(error.code(), error.to_string());
                self.gaps.push((name, gap));
                return;
            }
        };
        let stale = match answer.staleness {
            Staleness::Fresh(_) => None,
            Staleness::Stale(Some(since)) => Some(format!("the feed is stale since {since}")),
            Staleness::Stale(None) => Some("the feed could not be brought up to date".to_owned()),
        };
        if let Some(detail) = stale {
            let gap = gap(STALE, detail);
            self.gaps.push((name.clone(), gap));
        } else if let Some(project) = answer.unknown.first() {
            let gap = gap(INCOMPLETE, format!("its list for `{project}` could not be had"));
            self.gaps.push((name.clone(), gap));
        }
        self.roots.insert(name.clone(), answer.roots.clone());
        self.answers.insert(name, (answer, address.into()));
    }

    /// A feed that is known whole and now, for whoever counts what stands in it.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn whole(&self, party: &PartyName) -> Result<&FeedAnswer, (Code, String)> {
        if let Some((_, gap)) = self.gaps.iter().find(|(of, _)| of == party) {
            return Err((gap.code, gap.detail.to_string()));
        }
        let unread = || (INCOMPLETE, "it was not read".to_owned());
        self.answers.get(party).map(|(answer, _)| answer).ok_or_else(unread)
    }

    /// The feeds that are known whole and now.
    pub(crate) fn all_whole(&self) -> impl Iterator<Item = &FeedAnswer> {
        self.answers.keys().filter_map(|party| self.whole(party).ok())
    }

    /// Adds what was read.
    pub(crate) fn add_to(&self, evidence: &mut Evidence) {
        for (answer, origin) in self.answers.values() {
            let is_fresh = matches!(answer.staleness, Staleness::Fresh(_));
            for statement in &answer.statements {
                if is_fresh || stays(&statement.value().claim) {
                    evidence.add_statement(statement.clone(), Arc::clone(origin));
                }
            }
        }
        for (party, gap) in &self.gaps {
            evidence.add_gap(party.clone(), gap.clone());
        }
    }

    /// Adds what speaks against files, and who may speak: what stays of a feed whatever became of it.
    pub(crate) fn add_against(&self, evidence: &mut Evidence) {
        for (answer, origin) in self.answers.values() {
            for statement in answer.statements.iter().filter(|of| stays(&of.value().claim)) {
                evidence.add_statement(statement.clone(), Arc::clone(origin));
            }
        }
    }

    /// Whether a party's feed was read whole, and is as new as its curator promises.
    pub(crate) fn is_current(&self, party: &PartyName) -> bool {
        self.roots.contains_key(party) && self.gaps.iter().all(|(of, _)| of != party)
    }

    /// The policies, with the keys of the feeds that are current.
    pub(crate) fn root_current(&self, policies: Policies) -> Policies {
        let current = self.roots.iter().filter(|(party, _)| self.is_current(party));
        policies.with_roots(&current.map(|(party, keys)| (party.clone(), keys.clone())).collect())
    }

    /// Whether there is any feed.
    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.gaps.is_empty()
    }

    /// The policies, with the keys of the feeds that were read.
    pub(crate) fn root(&self, policies: Policies) -> Policies {
        policies.with_roots(&self.roots)
    }
}

/// What of a stale feed still counts: whatever takes trust away, and who may speak.
pub(crate) fn stays(claim: &Claim) -> bool {
    matches!(claim, Claim::Veto(_) | Claim::Withdrawal(_) | Claim::Delegation(_))
}
