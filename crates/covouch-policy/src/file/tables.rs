//! The tables of a policy file, one function each.

use covouch_core::level::Level;

use super::{
    Document, GatewayTable, PartyTable, Placed, PolicyBody, RuleTable, SourceSetting, WaiverTable,
    reader::{Reader, Table},
};
use crate::{
    error::{Fault, nearest_or_all, shown},
    limits,
};

const TOP: &[&str] = &["schema", "mode", "party", "policy", "rule", "waiver", "gateway"];
const PARTY: &[&str] = &[
    "index",
    "enriched-by",
    "debian",
    "osv",
    "feed",
    "root",
    "electorate",
    "key",
    "keys",
    "from",
    "feeds",
    "level",
    "weight",
    "owner",
    "depth",
];
const DEBIAN: &[&str] = &["suites", "mirror", "keyring"];
const POLICY: &[&str] = &["admit", "refuse", "derive", "independence"];
const RULE: &[&str] = &["projects", "index", "admit"];
const WAIVER: &[&str] = &["sha256", "reason", "expires", "approved-by", "installed"];
const GATEWAY: &[&str] =
    &["connect", "max-fallback-age", "max-lock-age", "lock-keys", "blocked", "downgrade"];

/// Every table of a policy file with its keys, by the name its description has in the schema.
#[cfg(test)]
pub(crate) const KEYS: &[(&str, &[&str])] = &[
    ("", TOP),
    ("Party", PARTY),
    ("Debian", DEBIAN),
    ("Requirement", POLICY),
    ("Rule", RULE),
    ("Waiver", WAIVER),
    ("Gateway", GATEWAY),
];

pub(super) fn document(reader: &mut Reader, top: &Table<'_>) -> Document {
    reader.only(top, TOP);
    schema(reader, top);
    Document {
        lines: reader.lines(),
        mode: reader.string(top, "mode"),
        parties: parties(reader, top),
        policy: policy(reader, top),
        rules: rules(reader, top),
        waivers: waivers(reader, top),
        gateway: gateway(reader, top),
    }
}

/// The version comes first: in a policy of a later schema the rest means something else.
fn schema(reader: &mut Reader, top: &Table<'_>) {
    if top.value("schema").is_none() {
        let table = top.called();
        reader.fault(top.at, Fault::MissingKey { table: shown(&table), key: "schema" });
    } else if let Some(schema) = reader.whole(top, "schema")
        && schema.value != 1
    {
        reader.fault(schema.at, Fault::Schema(shown(schema.value)));
    }
}

fn parties(reader: &mut Reader, top: &Table<'_>) -> Vec<PartyTable> {
    let Some(all) = reader.table(top, "party") else { return Vec::new() };
    let mut parties = Vec::new();
    for (name, value) in all.iter() {
        if let Some(table) = reader.as_table(&format!("{}.{}", all.name, name.value), value) {
            parties.push(party(reader, name, &table));
        }
    }
    parties
}

fn party(reader: &mut Reader, name: Placed<String>, table: &Table<'_>) -> PartyTable {
    reader.only(table, PARTY);
    let mut sources = Vec::new();
    if let Some(index) = reader.string(table, "index") {
        sources.push(Placed { at: index.at, value: SourceSetting::Index(index.value) });
    }
    if let Some(feed) = reader.string(table, "feed") {
        sources.push(Placed { at: feed.at, value: SourceSetting::Feed(feed.value) });
    }
    if let Some(osv) = reader.string(table, "osv") {
        sources.push(Placed { at: osv.at, value: SourceSetting::Osv(osv.value) });
    }
    if let Some(electorate) = reader.string(table, "electorate") {
        sources.push(Placed { at: electorate.at, value: SourceSetting::Electorate(electorate.value) });
    }
    sources.extend(debian(reader, table));
    if let Some(key) = reader.string(table, "key") {
        sources.push(Placed { at: key.at, value: SourceSetting::Keys("key", vec![key]) });
    }
    if let Some(keys) = reader.strings(table, "keys") {
        let at = table.value("keys").map_or(table.at, |value| value.span().start);
        sources.push(Placed { at, value: SourceSetting::Keys("keys", keys) });
    }
    PartyTable {
        name,
        sources,
        enriched_by: reader.string(table, "enriched-by"),
        from: reader.string(table, "from"),
        feeds: reader.strings(table, "feeds").map(|feeds| {
            let at = table.value("feeds").map_or(table.at, |value| value.span().start);
            Placed { at, value: feeds }
        }),
        root: reader.string(table, "root"),
        level: reader.string(table, "level"),
        weights: weights(reader, table),
        owner: reader.string(table, "owner"),
        depth: reader.whole(table, "depth"),
    }
}

/// `debian = { suites = ["stable"], mirror = "https://…" }`
fn debian(reader: &mut Reader, party: &Table<'_>) -> Option<Placed<SourceSetting>> {
    let table = reader.table(party, "debian")?;
    reader.only(&table, DEBIAN);
    if table.value("suites").is_none() {
        reader.fault(table.at, Fault::MissingKey { table: shown("`debian`"), key: "suites" });
    }
    let suites = reader.strings(&table, "suites").unwrap_or_default();
    let mirror = reader.string(&table, "mirror");
    let keyring = reader.string(&table, "keyring");
    Some(Placed { at: table.at, value: SourceSetting::Debian { suites, mirror, keyring } })
}

/// `weight = 0.5`, or `weight = { voted = 0.5, audited = 1.0 }`.
fn weights(
    reader: &mut Reader,
    table: &Table<'_>,
) -> Vec<Placed<(Option<Level>, covouch_core::amount::Decimal)>> {
    let Some(value) = table.value("weight") else { return Vec::new() };
    if !value.get_ref().is_table() {
        let flat = reader.decimal("weight", value);
        return flat.map(|flat| Placed { at: flat.at, value: (None, flat.value) }).into_iter().collect();
    }
    let mut weights = Vec::new();
    let Some(levels) = reader.table(table, "weight") else { return weights };
    for (name, value) in levels.iter() {
        let Some(level) = Level::parse(&name.value) else {
            let hint = nearest_or_all(&name.value, &Level::ALL.map(Level::as_str), "levels");
            reader.fault(
                name.at,
                Fault::BadValue { clause: shown(format_args!("no level `{}`", name.value)), hint },
            );
            continue;
        };
        if let Some(weight) = reader.decimal(&format!("weight.{level}"), value) {
            weights.push(Placed { at: name.at, value: (Some(level), weight.value) });
        }
    }
    weights
}

fn policy(reader: &mut Reader, top: &Table<'_>) -> PolicyBody {
    let Some(table) = reader.table(top, "policy") else { return PolicyBody::default() };
    reader.only(&table, POLICY);
    PolicyBody {
        at: table.at,
        admit: reader.expression(&table, "admit"),
        admit_written: table.value("admit").is_some(),
        refuse: reader.expression(&table, "refuse"),
        derive: reader.string(&table, "derive"),
        independence: reader.string(&table, "independence"),
    }
}

fn rules(reader: &mut Reader, top: &Table<'_>) -> Vec<RuleTable> {
    let tables = reader.tables(top, "rule");
    too_many(reader, &tables, "rules", limits::RULES);
    let mut rules = Vec::new();
    for table in tables.iter().take(limits::RULES) {
        reader.only(table, RULE);
        let projects = reader.strings(table, "projects");
        if table.value("projects").is_none() {
            reader.fault(table.at, Fault::MissingKey { table: shown("the rule"), key: "projects" });
        }
        if table.value("admit").is_none() && table.value("index").is_none() {
            reader.fault(table.at, Fault::MissingKey { table: shown("the rule"), key: "admit" });
        }
        rules.push(RuleTable {
            projects: projects.unwrap_or_default(),
            index: reader.string(table, "index"),
            admit: reader.expression(table, "admit"),
        });
    }
    rules
}

fn waivers(reader: &mut Reader, top: &Table<'_>) -> Vec<WaiverTable> {
    let tables = reader.tables(top, "waiver");
    too_many(reader, &tables, "waivers", limits::WAIVERS);
    let mut waivers = Vec::new();
    for table in tables.iter().take(limits::WAIVERS) {
        reader.only(table, WAIVER);
        for key in ["sha256", "reason", "expires"] {
            if table.value(key).is_none() {
                reader.fault(table.at, Fault::MissingKey { table: shown("the waiver"), key });
            }
        }
        waivers.push(WaiverTable {
            at: table.at,
            sha256: reader.string(table, "sha256"),
            reason: reader.string(table, "reason"),
            expires: reader.moment(table, "expires"),
            approved_by: reader.string(table, "approved-by"),
            installed: reader.moment(table, "installed"),
        });
    }
    waivers
}

fn too_many(reader: &mut Reader, tables: &[Table<'_>], what: &'static str, limit: usize) {
    if let Some(first) = tables.get(limit) {
        reader.fault(first.at, Fault::TooMany { what, found: tables.len(), limit });
    }
}

fn gateway(reader: &mut Reader, top: &Table<'_>) -> GatewayTable {
    let Some(table) = reader.table(top, "gateway") else { return GatewayTable::default() };
    reader.only(&table, GATEWAY);
    GatewayTable {
        connect: reader.strings(&table, "connect").unwrap_or_default(),
        max_fallback_age: reader.string(&table, "max-fallback-age"),
        max_lock_age: reader.string(&table, "max-lock-age"),
        lock_keys: reader.strings(&table, "lock-keys").unwrap_or_default(),
        blocked: reader.string(&table, "blocked"),
        downgrade: reader.string(&table, "downgrade"),
    }
}
