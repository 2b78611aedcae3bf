//! Rules, waivers, mode and gateway.

use std::collections::HashMap;

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    name::ProjectPattern,
    time::{Duration, Timestamp},
};
use covouch_graph::{Independence, PartyIndex};

use super::{
    Faults, formula, lookup,
    parties::{Declaration, Declared},
};
use crate::{
    error::{Fault, nearest_or_all, shown},
    file::{Document, GatewayTable, Placed, RuleTable, WaiverTable},
    limits,
    program::{Approval, Blocked, Derive, Downgrade, Gateway, HostPort, Mode, Rule, WaiverRule},
};

/// Waivers under the digests of their files.
type Waivers = HashMap<Sha256, Vec<WaiverRule>>;

const PATTERN_HINT: &str = "write a project's name; `*` stands for any run of characters";
const DIGEST_HINT: &str = "write the 64 digits that `sha256sum FILE` prints";
const DATE_HINT: &str = "write `2026-12-31`, or a time that ends in `Z`";
const KEY_HINT: &str = "write the line that `covouch key show NAME` prints";
const DURATION_HINT: &str = "write `12h`, `7d` or `2w`";

/// How old an evidence lock may be where the policy does not say (formats, "Evidence lock").
const LOCK_DAYS: u32 = 7;

/// Who counts once.
pub(super) fn independence(written: Option<&Placed<String>>, faults: &mut Faults<'_>) -> Independence {
    let Some(written) = written else { return Independence::Groups };
    match written.value.as_str() {
        "groups" => Independence::Groups,
        "keys" => Independence::Keys,
        other => {
            let clause = format!("`independence` is `{other}` where `groups` or `keys` means something");
            faults.bad(written.at, clause, "write `independence = \"groups\"`, or leave it out");
            Independence::Groups
        }
    }
}

/// Whether a vouch for an sdist is also one for the wheels that derive from it.
pub(super) fn derive(written: Option<&Placed<String>>, faults: &mut Faults<'_>) -> Derive {
    match written.map(|written| written.value.as_str()) {
        None => Derive::Separate,
        Some("inherit") => Derive::Inherit,
        Some(other) => {
            let clause = format!("`derive` is `{other}` where only `inherit` means something");
            let at = written.map_or(0, |written| written.at);
            faults.bad(at, clause, "write `derive = \"inherit\"`, or leave it out");
            Derive::Separate
        }
    }
}

pub(super) fn mode(written: Option<&Placed<String>>, faults: &mut Faults<'_>) -> Mode {
    choice(written, &[("enforce", Mode::Enforce), ("monitor", Mode::Monitor)], faults)
        .unwrap_or(Mode::Enforce)
}

/// One of a few words.
fn choice<T: Copy>(
    written: Option<&Placed<String>>,
    choices: &[(&'static str, T)],
    faults: &mut Faults<'_>,
) -> Option<T> {
    let written = written?;
    let found = choices.iter().find(|(word, _)| *word == written.value);
    if found.is_none() {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let clause = format!("`{}` is none of `{}`", written.value, words.join("`, `"));
        let hint = nearest_or_all(&written.value, &words, "choices");
        faults.error(written.at, Fault::BadValue { clause: shown(&clause), hint });
    }
    found.map(|(_, value)| *value)
}

pub(super) fn rules(document: &Document, declared: &Declared, faults: &mut Faults<'_>) -> Vec<Rule> {
    document.rules.iter().map(|table| rule(table, declared, faults)).collect()
}

fn rule(table: &RuleTable, declared: &Declared, faults: &mut Faults<'_>) -> Rule {
    if let Some(first) = table.projects.get(limits::PATTERNS) {
        let fault = Fault::TooMany { what: "patterns", found: table.projects.len(), limit: limits::PATTERNS };
        faults.error(first.at, fault);
    }
    let projects = table
        .projects
        .iter()
        .take(limits::PATTERNS)
        .filter_map(|pattern| faults.value(pattern.at, ProjectPattern::parse(&pattern.value), PATTERN_HINT))
        .collect();
    let pin = table.index.as_ref().and_then(|index| pinned(index, declared, faults));
    let admit = table.admit.as_ref().and_then(|written| formula::admit(written, declared, faults));
    Rule { projects, pin, admit }
}

fn pinned(index: &Placed<String>, declared: &Declared, faults: &mut Faults<'_>) -> Option<PartyIndex> {
    match lookup(index, declared, faults)? {
        Declaration::Index { party } => return Some(*party),
        Declaration::Broken => {}
        Declaration::Signer { .. } | Declaration::Adapter { .. } | Declaration::Automated { .. } => {
            faults.error(index.at, Fault::NotAnIndex(shown(&index.value)));
        }
    }
    None
}

pub(super) fn waivers(document: &Document, declared: &Declared, faults: &mut Faults<'_>) -> Waivers {
    let mut waivers = Waivers::new();
    for table in &document.waivers {
        if let Some((sha256, rule)) = waiver(table, declared, faults) {
            waivers.entry(sha256).or_default().push(rule);
        }
    }
    waivers
}

fn waiver(table: &WaiverTable, declared: &Declared, faults: &mut Faults<'_>) -> Option<(Sha256, WaiverRule)> {
    let approval = approval(table, declared, faults);
    let sha256 =
        table.sha256.as_ref().and_then(|text| faults.value(text.at, Sha256::parse(&text.value), DIGEST_HINT));
    let expires = table
        .expires
        .as_ref()
        .and_then(|text| faults.value(text.at, Timestamp::parse(&text.value), DATE_HINT));
    if let Some(reason) = &table.reason
        && reason.value.trim().is_empty()
    {
        faults.bad(reason.at, "the waiver's reason is empty".to_owned(), "say why this file may come in");
    }
    let reason = table.reason.as_ref()?.value.as_str().into();
    Some((sha256?, WaiverRule { reason, expires: expires?, approval: approval? }))
}

fn approval(table: &WaiverTable, declared: &Declared, faults: &mut Faults<'_>) -> Option<Approval> {
    match (&table.approved_by, &table.installed) {
        (Some(party), None) => match lookup(party, declared, faults)? {
            Declaration::Signer { party, .. } => Some(Approval::Signed(*party)),
            Declaration::Broken => None,
            Declaration::Index { .. } | Declaration::Adapter { .. } | Declaration::Automated { .. } => {
                faults.error(party.at, Fault::NotASigner(shown(&party.value)));
                None
            }
        },
        (None, Some(day)) => {
            faults.value(day.at, Timestamp::parse(&day.value), DATE_HINT).map(Approval::Installed)
        }
        (Some(_), Some(_)) => {
            faults.error(table.at, Fault::WaiverApproval("both"));
            None
        }
        (None, None) => {
            faults.error(table.at, Fault::WaiverApproval("neither"));
            None
        }
    }
}

pub(super) fn gateway(table: &GatewayTable, faults: &mut Faults<'_>) -> Gateway {
    let blocked = [("yank", Blocked::Yank), ("hide", Blocked::Hide), ("hard", Blocked::Hard)];
    let downgrade = [("warn", Downgrade::Warn), ("refuse", Downgrade::Refuse)];
    let mut duration = |written: &Option<Placed<String>>| {
        written.as_ref().and_then(|text| faults.value(text.at, Duration::parse(&text.value), DURATION_HINT))
    };
    let max_fallback_age = duration(&table.max_fallback_age);
    let max_lock_age = duration(&table.max_lock_age).unwrap_or(Duration::from_days(LOCK_DAYS));
    Gateway {
        connect: table.connect.iter().filter_map(|written| host_port(written, faults)).collect(),
        max_fallback_age,
        max_lock_age,
        lock_keys: table.lock_keys.iter().filter_map(|written| lock_key(written, faults)).collect(),
        blocked: choice(table.blocked.as_ref(), &blocked, faults).unwrap_or(Blocked::Yank),
        downgrade: choice(table.downgrade.as_ref(), &downgrade, faults).unwrap_or(Downgrade::Warn),
    }
}

fn lock_key(written: &Placed<String>, faults: &mut Faults<'_>) -> Option<PublicKey> {
    faults.value(written.at, PublicKey::parse(&written.value), KEY_HINT).map(|(key, _)| key)
}

fn host_port(written: &Placed<String>, faults: &mut Faults<'_>) -> Option<HostPort> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let parsed = written.value.rsplit_once(':').and_then(|(host, port)| {
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_ascii_lowercase())?;
        Some(HostPort { host: host.into(), port })
    });
    if parsed.is_none() {
        let clause = format!("`{}` is not a host with a port", written.value);
        faults.bad(written.at, clause, "write `host.example:443`");
    }
    parsed
}
