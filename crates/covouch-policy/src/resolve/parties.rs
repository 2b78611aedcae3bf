//! `[party.NAME]`: who they are, where their evidence comes from, what their word weighs.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    level::Level,
    party::{Owner, PartyName},
    shown::Shown,
    statement::ElectorateId,
};
use covouch_graph::{Independence, Parties, Party, PartyIndex, Weights};
use url::Url;

use super::{Faults, settings};
use crate::{
    error::{Fault, nearest_or_all, shown},
    file::{Document, PartyTable, Placed, SourceSetting},
    limits,
    program::{IndexAddress, PartySource, SourceKind},
    syntax::RESERVED,
};

/// Everything names can stand for.
pub(super) struct Declared {
    pub(super) names: HashMap<PartyName, Declaration>,
    pub(super) owners: BTreeSet<String>,
    pub(super) independence: Independence,
    /// `None` when there are too many.
    pub(super) parties: Option<Parties>,
    pub(super) sources: Vec<PartySource>,
}

impl Declared {
    /// The parties whose word adds to a score.
    pub(super) fn weighing(&self) -> impl Iterator<Item = PartyIndex> {
        let known = self.parties.iter().flat_map(Parties::iter);
        known.filter(|(_, party)| party.weights != Weights::NONE).map(|(index, _)| index)
    }

    /// All names, for hints.
    pub(super) fn known(&self) -> Vec<Shown> {
        let mut known: Vec<_> = self.names.keys().collect();
        known.sort();
        known.into_iter().map(shown).collect()
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Declaration {
    Index {
        party: PartyIndex,
    },
    Signer {
        party: PartyIndex,
        level: Level,
        owner: Option<Owner>,
    },
    /// A distribution, or an electorate.
    Adapter {
        party: PartyIndex,
        level: Level,
        range: Range,
    },
    /// An automated source that only speaks against files.
    Automated {
        party: PartyIndex,
    },
    /// Declared wrongly, which was noted.
    Broken,
}

/// A party that was read and has no index yet.
struct Read {
    party: Party,
    level: Level,
    kind: SourceKind,
    enriched_by: Option<PartyName>,
}

pub(super) fn declare(document: &Document, faults: &mut Faults<'_>) -> Declared {
    let mut read = Vec::new();
    let mut names = HashMap::new();
    let mut owners = BTreeSet::new();
    for table in &document.parties {
        let Some(name) = name(&table.name, faults) else { continue };
        owners.extend(table.owner.iter().map(|owner| owner.value.clone()));
        let declaration = match source(table, faults) {
            Some(source) => {
                read.extend(party(name.clone(), table, source, faults));
                Declaration::Broken
            }
            None => Declaration::Broken,
        };
        names.insert(name, declaration);
    }
    shared_keys(document, &read, faults);
    same_index(document, &read, faults);
    enriching(document, &read, faults);
    carrying(document, &read, faults);
    let independence = settings::independence(document.policy.independence.as_ref(), faults);
    number(read, Declared { names, owners, independence, parties: None, sources: Vec::new() }, faults)
}

/// Gives every party its index.
fn number(read: Vec<Read>, mut declared: Declared, faults: &mut Faults<'_>) -> Declared {
    let parties = match Parties::counting(
        read.iter().map(|read| read.party.clone()).collect(),
        declared.independence,
    ) {
        Ok(parties) => parties,
        Err(_) => {
            let limit = covouch_graph::limits::PARTIES;
            faults.error(0, Fault::TooMany { what: "parties", found: read.len(), limit });
            return declared;
        }
    };
    for (read, (party, _)) in read.into_iter().zip(parties.iter()) {
        let declaration = match &read.kind {
            SourceKind::Index(_) => Declaration::Index { party },
            SourceKind::Debian { .. } | SourceKind::Electorate { .. } => {
                Declaration::Adapter { party, level: read.level, range: Range::of(&read.kind) }
            }
            SourceKind::Osv { .. } => Declaration::Automated { party },
            SourceKind::Keys { .. } | SourceKind::Feed { .. } => {
                Declaration::Signer { party, level: read.level, owner: read.party.owner.clone() }
            }
        };
        declared.names.insert(read.party.name.clone(), declaration);
        let origin = format!("listed by {}", read.party.name).into();
        let (name, enriched_by) = (read.party.name, read.enriched_by);
        declared.sources.push(PartySource { name, party, kind: read.kind, enriched_by, origin });
    }
    declared.parties = Some(parties);
    declared
}

fn name(written: &Placed<String>, faults: &mut Faults<'_>) -> Option<PartyName> {
    if RESERVED.contains(&written.value.as_str()) {
        faults.error(written.at, Fault::ReservedName(shown(&written.value)));
        return None;
    }
    let parsed = PartyName::parse(&written.value);
    faults.value(written.at, parsed, &spelling(&written.value))
}

/// How a name would have to be spelt.
fn spelling(written: &str) -> String {
    let spelt = written.to_ascii_lowercase().replace(['_', '.', ' '], "-");
    match PartyName::parse(&spelt) {
        Ok(name) => format!("write `{name}`"),
        Err(_) => "write a name such as `night-watch`".to_owned(),
    }
}

/// The one setting that says where the evidence comes from.
fn source<'d>(table: &'d PartyTable, faults: &mut Faults<'_>) -> Option<&'d SourceSetting> {
    let found = match table.sources.as_slice() {
        [source] => return Some(&source.value),
        [] => "none of them".to_owned(),
        several => {
            several.iter().map(|source| format!("`{}`", source.value.key())).collect::<Vec<_>>().join(" and ")
        }
    };
    faults.error(table.name.at, Fault::PartySource { name: shown(&table.name.value), found: shown(found) });
    None
}

fn party(
    name: PartyName,
    table: &PartyTable,
    source: &SourceSetting,
    faults: &mut Faults<'_>,
) -> Option<Read> {
    let at = table.sources.first().map_or(table.name.at, |source| source.at);
    let kind = match source {
        SourceSetting::Index(address) => SourceKind::Index(address_of(address, at, faults)?),
        SourceSetting::Keys(_, keys) => signer(&name, table, keys, faults)?,
        SourceSetting::Feed(address) => feed(table, (address, at), faults)?,
        SourceSetting::Debian { suites, mirror, keyring } => SourceKind::Debian {
            suites: self::suites(suites, at, faults)?,
            mirror: match mirror {
                Some(mirror) => Some(archive(mirror, faults)?),
                None => None,
            },
            keyring: keyring.as_ref().map(|keyring| keyring.value.as_str().into()),
        },
        SourceSetting::Electorate(id) => electorate(table, (id, at), faults)?,
        SourceSetting::Osv(from) => SourceKind::Osv { from: from.as_str().into() },
    };
    meaningless(table, &kind, faults);
    let range = Range::of(&kind);
    let level = level(table, range, faults).unwrap_or(range.bare);
    let weights = weights(table, (range, level), faults);
    let depth = depth(table, faults);
    let owner = match &table.owner {
        Some(owner) => Some(faults.value(owner.at, Owner::parse(&owner.value), &spelling(&owner.value))?),
        None => None,
    };
    let roots = match &kind {
        SourceKind::Keys { keys, .. } => keys.clone(),
        // A feed's keys are known once it was read.
        SourceKind::Feed { .. }
        | SourceKind::Index(_)
        | SourceKind::Debian { .. }
        | SourceKind::Electorate { .. }
        | SourceKind::Osv { .. } => Vec::new(),
    };
    let enriched_by = table.enriched_by.as_ref().and_then(|by| PartyName::parse(&by.value).ok());
    Some(Read { party: Party { name, roots, owner, weights, depth }, level, kind, enriched_by })
}

/// The levels at which a kind of party can speak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// What its bare name asks for.
    bare: Level,
    pub(super) highest: Level,
    /// Why there is nothing above.
    pub(super) why: &'static str,
}

impl Range {
    const fn of(kind: &SourceKind) -> Self {
        match kind {
            SourceKind::Index(_) => {
                Self { bare: Level::Listed, highest: Level::Listed, why: "an index only lists" }
            }
            SourceKind::Debian { .. } => {
                Self { bare: Level::Packaged, highest: Level::Packaged, why: "a distribution only packages" }
            }
            SourceKind::Electorate { .. } => {
                Self { bare: Level::Voted, highest: Level::Voted, why: "nobody audits by vote" }
            }
            // What only speaks against files has no level at all, which is said elsewhere.
            SourceKind::Keys { .. } | SourceKind::Feed { .. } | SourceKind::Osv { .. } => {
                Self { bare: Level::Vouched, highest: Level::Audited, why: "" }
            }
        }
    }
}

impl Range {
    fn unreachable(self, party: &str, level: Level) -> Fault {
        Fault::LevelUnreachable { party: shown(party), level: shown(level), why: self.why }
    }
}

/// Settings that mean nothing for this kind of party.
fn meaningless(table: &PartyTable, kind: &SourceKind, faults: &mut Faults<'_>) {
    let depth = table.depth.as_ref().map(|depth| ("depth", depth.at));
    let from = table.from.as_ref().map(|from| ("from", from.at));
    let root = table.root.as_ref().map(|root| ("root", root.at));
    let feeds = table.feeds.as_ref().map(|feeds| ("feeds", feeds.at));
    let level = table.level.as_ref().map(|level| ("level", level.at));
    let weight = table.weights.first().map(|weight| ("weight", weight.at));
    let (what, settings) = match kind {
        SourceKind::Keys { .. } => ("a party with keys", vec![feeds, root]),
        SourceKind::Feed { .. } => ("a feed", vec![feeds, from]),
        SourceKind::Index(_) => ("an index", vec![depth, feeds, from, root]),
        SourceKind::Debian { .. } => ("a distribution", vec![depth, feeds, from, root]),
        SourceKind::Electorate { .. } => ("an electorate", vec![depth, root]),
        SourceKind::Osv { .. } => {
            ("a source that only speaks against files", vec![depth, feeds, from, root, level, weight])
        }
    };
    for (key, at) in settings.into_iter().flatten() {
        faults.bad(at, format!("`{key}` means nothing for {what}"), "remove it");
    }
}

/// A feed: its address, and the digest of its first root.
fn feed(table: &PartyTable, (written, at): (&str, usize), faults: &mut Faults<'_>) -> Option<SourceKind> {
    let address = web_address(written, "feed", &["https", "http", "file"]);
    let address = address.map_err(|(clause, hint)| faults.bad(at, clause, hint)).ok();
    let Some(root) = &table.root else {
        let called = shown(format_args!("party `{}`", table.name.value));
        faults.error(table.name.at, Fault::MissingKey { table: called, key: "root" });
        return None;
    };
    let digits = root.value.strip_prefix("sha256:").unwrap_or(&root.value);
    let root =
        faults.value(root.at, Sha256::parse(digits), "write the `sha256:…` that the curator publishes");
    Some(SourceKind::Feed { address: address?, root: root? })
}

/// An electorate: the digest of its first version, and where its ballots are.
fn electorate(table: &PartyTable, (id, at): (&str, usize), faults: &mut Faults<'_>) -> Option<SourceKind> {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    let hint = "write the digest that `covouch electorate show` prints";
    let id = faults.value(at, ElectorateId::parse(digits), hint);
    let feeds = table.feeds.iter().flat_map(|feeds| &feeds.value);
    // Those that are no names are no feeds of this policy either, which is said in `carrying`.
    let feeds: Vec<PartyName> = feeds.filter_map(|feed| PartyName::parse(&feed.value).ok()).collect();
    if table.from.is_none() && feeds.is_empty() {
        let called = shown(format_args!("party `{}`", table.name.value));
        faults.error(table.name.at, Fault::MissingKey { table: called, key: "from" });
        return None;
    }
    let from = table.from.as_ref().map(|from| from.value.as_str().into());
    Some(SourceKind::Electorate { id: id?, from, feeds })
}

/// A distribution's suites.
fn suites(suites: &[Placed<String>], at: usize, faults: &mut Faults<'_>) -> Option<Vec<Arc<str>>> {
    if suites.is_empty() {
        faults.bad(at, "`suites` names no suite".to_owned(), "write `suites = [\"stable\", \"testing\"]`");
    }
    if let Some(first) = suites.get(limits::SUITES) {
        let fault = Fault::TooMany { what: "suites", found: suites.len(), limit: limits::SUITES };
        faults.error(first.at, fault);
        return None;
    }
    for suite in suites {
        // A suite becomes part of an address and of a file's name.
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let starts = suite.value.starts_with(|first: char| first.is_ascii_lowercase());
        let fits = suite.value.len() <= limits::SUITE_BYTES;
        if !starts || !fits || !suite.value.as_bytes().iter().all(plain) {
            let clause = format!("`{}` is not the name of a suite", suite.value);
            faults.bad(suite.at, clause, "write `stable`, `testing` or a code name");
        }
    }
    (!suites.is_empty()).then(|| suites.iter().map(|suite| suite.value.as_str().into()).collect())
}

/// Where a distribution's archive is.
fn archive(mirror: &Placed<String>, faults: &mut Faults<'_>) -> Option<Url> {
    match web_address(&mirror.value, "mirror", &["https", "http"]) {
        Ok(url) => Some(url),
        Err((clause, hint)) => {
            faults.bad(mirror.at, clause, hint);
            None
        }
    }
}

fn signer(
    name: &PartyName,
    table: &PartyTable,
    written: &[Placed<String>],
    faults: &mut Faults<'_>,
) -> Option<SourceKind> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for line in written.iter().take(limits::KEYS) {
        match PublicKey::parse(&line.value) {
            Ok((key, _)) if keys.contains(&key) => faults.error(line.at, Fault::KeyTwice(shown(name))),
            Ok((key, _)) => keys.push(key),
            Err(error) => {
                faults.error(line.at, Fault::BadValue { clause: shown(&error), hint: error.hint() });
            }
        }
    }
    if written.len() > limits::KEYS {
        let fault = Fault::TooMany { what: "keys of one party", found: written.len(), limit: limits::KEYS };
        faults.error(table.name.at, fault);
    } else if written.is_empty() {
        let clause = format!("party `{name}` has an empty list of keys");
        faults.bad(table.name.at, clause, "make one with `covouch key new`");
    }
    let Some(from) = &table.from else {
        faults.error(
            table.name.at,
            Fault::MissingKey { table: shown(format_args!("party `{name}`")), key: "from" },
        );
        return None;
    };
    (!keys.is_empty()).then(|| SourceKind::Keys { keys, from: from.value.as_str().into() })
}

fn level(table: &PartyTable, range: Range, faults: &mut Faults<'_>) -> Option<Level> {
    let written = table.level.as_ref()?;
    let Some(level) = Level::parse(&written.value) else {
        let hint = nearest_or_all(&written.value, &Level::ALL.map(Level::as_str), "levels");
        faults.error(
            written.at,
            Fault::BadValue { clause: shown(format_args!("no level `{}`", written.value)), hint },
        );
        return None;
    };
    if level > range.highest {
        faults.error(written.at, range.unreachable(&table.name.value, level));
        return None;
    }
    Some(level)
}

/// A plain weight counts from the party's level on.
fn weights(table: &PartyTable, (range, level): (Range, Level), faults: &mut Faults<'_>) -> Weights {
    for weight in &table.weights {
        if let (Some(above), _) = weight.value
            && above > range.highest
        {
            faults.error(weight.at, range.unreachable(&table.name.value, above));
        }
    }
    Weights::by_level(table.weights.iter().map(|weight| (weight.value.0.unwrap_or(level), weight.value.1)))
}

fn depth(table: &PartyTable, faults: &mut Faults<'_>) -> u8 {
    let Some(written) = &table.depth else { return Party::DEFAULT_DEPTH };
    match u8::try_from(written.value) {
        Ok(depth) if (1..=limits::DEPTH).contains(&depth) => depth,
        _ => {
            let clause = format!("depth `{}` is not between 1 and {}", written.value, limits::DEPTH);
            faults.bad(written.at, clause, "write `depth = 2`");
            Party::DEFAULT_DEPTH
        }
    }
}

/// A name, or a web address.
fn address_of(written: &str, at: usize, faults: &mut Faults<'_>) -> Option<IndexAddress> {
    if let Ok(name) = PartyName::parse(written) {
        return Some(IndexAddress::Named(name.as_str().into()));
    }
    if Url::parse(written).is_err() {
        let clause = format!("`{written}` is neither the name of an index nor an address");
        faults.bad(at, clause, "write `pypi`, or an address such as `https://packages.example/simple/`");
        return None;
    }
    match web_address(written, "index", &["https", "http"]) {
        Ok(url) => Some(IndexAddress::Url(url)),
        Err((clause, hint)) => {
            faults.bad(at, clause, hint);
            None
        }
    }
}

/// An address without credentials: policies are committed, passwords are not. Otherwise what is wrong with it, and
/// what to write.
fn web_address(written: &str, of: &str, schemes: &[&str]) -> Result<Url, (String, &'static str)> {
    let not_one =
        || (format!("`{written}` is not an address on the web"), "write one that starts with `https://`");
    let url = Url::parse(written).map_err(|_| not_one())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            format!("the address of the {of} carries credentials"),
            "keep them in `netrc`, or in the installer's configuration",
        ));
    }
    if !schemes.contains(&url.scheme()) || (!url.has_host() && url.scheme() != "file") {
        return Err(not_one());
    }
    Ok(url)
}

/// Two parties with one key are one voice wherever that key speaks.
fn shared_keys(document: &Document, read: &[Read], faults: &mut Faults<'_>) {
    let mut first: HashMap<&PublicKey, &PartyName> = HashMap::new();
    for read in read {
        for key in &read.party.roots {
            if let Some(other) = first.get(key) {
                let fault = Fault::KeyShared {
                    first: shown(other),
                    second: shown(&read.party.name),
                    key: shown(key.id().short()),
                };
                faults.warn(place_of(document, &read.party.name), fault);
            } else {
                first.insert(key, &read.party.name);
            }
        }
    }
}

/// Two names for one index would be two voices of one source.
fn same_index(document: &Document, read: &[Read], faults: &mut Faults<'_>) {
    let mut first: HashMap<String, &PartyName> = HashMap::new();
    for read in read {
        let SourceKind::Index(address) = &read.kind else { continue };
        let address = address.to_string().trim_end_matches('/').to_owned();
        if let Some(other) = first.get(&address) {
            let fault = Fault::IndexTwice { first: shown(other), second: shown(&read.party.name) };
            faults.error(place_of(document, &read.party.name), fault);
        } else {
            first.insert(address, &read.party.name);
        }
    }
}

/// What enriches an index is another index.
fn enriching(document: &Document, read: &[Read], faults: &mut Faults<'_>) {
    for table in &document.parties {
        let Some(by) = &table.enriched_by else { continue };
        let kind =
            |name: &str| read.iter().find(|read| read.party.name.as_str() == name).map(|read| &read.kind);
        let is_index = |name: &str| matches!(kind(name), Some(SourceKind::Index(_)));
        if !is_index(&table.name.value) {
            let clause = "`enriched-by` means something for an index only".to_owned();
            faults.bad(by.at, clause, "remove it");
        } else if !is_index(&by.value) || by.value == table.name.value {
            faults.error(by.at, Fault::NotAnIndex(shown(&by.value)));
        }
    }
}

/// What carries an electorate's ballots is a feed, each named once.
fn carrying(document: &Document, read: &[Read], faults: &mut Faults<'_>) {
    let is_feed = |name: &str| {
        let mut named = read.iter().filter(|read| read.party.name.as_str() == name);
        named.any(|read| matches!(read.kind, SourceKind::Feed { .. }))
    };
    for feeds in document.parties.iter().filter_map(|table| table.feeds.as_ref()) {
        let mut seen = BTreeSet::new();
        for feed in &feeds.value {
            if !is_feed(&feed.value) {
                let clause = format!("`{}` is no party of this policy with a `feed`", feed.value);
                faults.bad(feed.at, clause, "name a party that has `feed = …` and `root = …`");
            } else if !seen.insert(&feed.value) {
                faults.bad(feed.at, format!("`{}` stands twice", feed.value), "remove it");
            }
        }
    }
}

fn place_of(document: &Document, name: &PartyName) -> usize {
    let table = document.parties.iter().find(|table| table.name.value == name.as_str());
    table.map_or(0, |table| table.name.at)
}
