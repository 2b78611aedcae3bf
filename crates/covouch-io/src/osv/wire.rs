//! Records as they are written (OSV schema 1.7).
//!
//! A field that is said twice is an error wherever it is one we read. Fields that are not read may say anything.

use std::{borrow::Cow, collections::HashMap};

use covouch_core::{name::ProjectName, shown::Shown, time::Timestamp, version::Version};
use serde::Deserialize;

use super::{
    MALWARE,
    affected::{Affected, Bound, Event, Range},
};

/// What every record is looked at for.
pub(super) struct Head {
    pub(super) modified: Timestamp,
    /// Whether it is a record of malware, or says that it is another database's record of one.
    pub(super) is_malware: bool,
}

/// A record of malware.
#[derive(Debug)]
pub(super) struct Malware {
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    pub(super) summary: String,
    pub(super) modified: Timestamp,
    pub(super) withdrawn: Option<Timestamp>,
    pub(super) affected: Vec<(ProjectName, Affected)>,
}

#[derive(Deserialize)]
struct WireHead<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    modified: Cow<'a, str>,
    #[serde(borrow, default)]
    aliases: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize)]
struct WireRecord<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    modified: Cow<'a, str>,
    #[serde(borrow, default)]
    withdrawn: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    aliases: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    summary: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    affected: Option<Vec<WireAffected<'a>>>,
}

#[derive(Deserialize)]
struct WireAffected<'a> {
    #[serde(borrow, default)]
    package: Option<WirePackage<'a>>,
    #[serde(borrow, default)]
    ranges: Option<Vec<WireRange<'a>>>,
    #[serde(borrow, default)]
    versions: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize)]
struct WirePackage<'a> {
    #[serde(borrow)]
    ecosystem: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WireRange<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    events: Option<Vec<WireEvent<'a>>>,
}

#[derive(Deserialize)]
struct WireEvent<'a> {
    #[serde(borrow, default)]
    introduced: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fixed: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    last_affected: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    limit: Option<Cow<'a, str>>,
}

/// Reads what every record is looked at for.
pub(super) fn head(bytes: &[u8]) -> Result<Head, String> {
    let wire: WireHead<'_> = serde_json::from_slice(bytes).map_err(reason)?;
    let aliases = wire.aliases.unwrap_or_default();
    let is_malware = wire.id.starts_with(MALWARE) || aliases.iter().any(|alias| alias.starts_with(MALWARE));
    Ok(Head { modified: moment(&wire.modified)?, is_malware })
}

/// Versions by their text, each kept once: thousands of projects had a `0.0.1`.
#[derive(Default)]
pub(super) struct Versions(HashMap<Box<str>, Option<Version>>);

impl Versions {
    /// `None` for a text that is no release's version.
    fn parse(&mut self, text: &str) -> Option<Version> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let version = Version::parse(text).ok();
        self.0.insert(text.into(), version.clone());
        version
    }
}

/// Reads a record of malware.
pub(super) fn malware(bytes: &[u8], known: &mut Versions) -> Result<Malware, String> {
    let wire: WireRecord<'_> = serde_json::from_slice(bytes).map_err(reason)?;
    let affected = wire.affected.unwrap_or_default();
    Ok(Malware {
        id: Shown::new(&wire.id).as_str().to_owned(),
        aliases: wire.aliases.unwrap_or_default().into_iter().map(Cow::into_owned).collect(),
        summary: Shown::new(wire.summary.as_deref().unwrap_or("malware")).as_str().to_owned(),
        modified: moment(&wire.modified)?,
        withdrawn: wire.withdrawn.as_deref().map(moment).transpose()?,
        affected: affected.into_iter().filter_map(|wire| read_affected(wire, known)).collect(),
    })
}

/// What a record says of a project of the index; `None` for packages of other ecosystems.
fn read_affected(wire: WireAffected<'_>, known: &mut Versions) -> Option<(ProjectName, Affected)> {
    let package = wire.package?;
    let ecosystem = package.ecosystem.split(':').next().unwrap_or_default();
    // A name that no project can have is about none.
    let project = ProjectName::parse(&package.name).ok().filter(|_| ecosystem == "PyPI")?;
    // So is a version that no release can have.
    let mut versions: Vec<Version> =
        wire.versions.iter().flatten().filter_map(|text| known.parse(text)).collect();
    versions.sort();
    versions.dedup();
    let ranges: Vec<Range> = wire.ranges.into_iter().flatten().filter_map(read_range).collect();
    let all = ranges.is_empty() && wire.versions.is_none_or(|versions| versions.is_empty());
    Some((project, Affected { versions: versions.into(), ranges: ranges.into(), all }))
}

/// A range over versions; one over commits says nothing of releases. What cannot be understood covers more: an
/// unknown beginning is the first version, an unknown end is none.
fn read_range(wire: WireRange<'_>) -> Option<Range> {
    if wire.kind == "GIT" {
        return None;
    }
    let mut events = Vec::new();
    let mut limits = Vec::new();
    for event in wire.events.into_iter().flatten() {
        if let Some(text) = event.introduced {
            let bound = match &*text {
                "0" => Bound::Start,
                text => Version::parse(text).map_or(Bound::Start, Bound::At),
            };
            events.push((bound, Event::Introduced));
        }
        for (text, end) in [(event.fixed, Event::Fixed), (event.last_affected, Event::LastAffected)] {
            if let Some(version) = text.and_then(|text| Version::parse(&text).ok()) {
                events.push((Bound::At(version), end));
            }
        }
        // `*` is the limit of a range without one.
        limits.extend(event.limit.and_then(|text| Version::parse(&text).ok()));
    }
    Some(Range::new(events, limits))
}

/// RFC 3339 in UTC, or any offset.
fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| Shown::new(&error.to_string()).as_str().to_owned())
}

fn reason(error: serde_json::Error) -> String {
    Shown::new(&error.to_string()).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Malware {
        assert!(head(text.as_bytes()).unwrap().is_malware);
        malware(text.as_bytes(), &mut Versions::default()).unwrap()
    }

    fn affected(text: &str) -> Vec<(ProjectName, Affected)> {
        let start = r#"{"id": "MAL-2026-1", "modified": "2026-01-02T03:04:05.678Z", "affected": ["#;
        read(&format!("{start}{text}]}}")).affected
    }

    fn covers(text: &str, version: &str) -> bool {
        let package = r#"{"package": {"ecosystem": "PyPI", "name": "Ctx"}"#;
        let found = affected(&format!("{package}{text}}}"));
        assert_eq!(found[0].0.as_str(), "ctx");
        found[0].1.covers(&Version::parse(version).unwrap())
    }

    #[test]
    fn versions_and_ranges_are_read() {
        let ranges =
            r#", "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}]"#;
        assert!(covers(ranges, "0.9") && !covers(ranges, "1.0"));
        let both = format!(r#"{ranges}, "versions": ["2.0", "not a version"]"#);
        assert!(covers(&both, "0.9") && !covers(&both, "1.0") && covers(&both, "2"));
    }

    #[test]
    fn what_cannot_be_compared_covers_more() {
        for text in [
            "",
            r#", "versions": []"#,
            r#", "ranges": null"#,
            r#", "ranges": [{"type": "GIT", "events": []}]"#,
        ] {
            assert!(covers(text, "1"), "{text}");
        }
        let odd = r#", "ranges": [{"type": "SEMVER", "events": [{"introduced": "?"}, {"fixed": "?"}]}]"#;
        assert!(covers(odd, "1"));
        assert!(!covers(r#", "versions": ["2"]"#, "1"));
        assert!(!covers(r#", "versions": ["?"]"#, "1"), "it names versions that no release has");
    }

    #[test]
    fn other_ecosystems_are_not_ours() {
        let package = |ecosystem: &str| {
            affected(&format!(r#"{{"package": {{"ecosystem": "{ecosystem}", "name": "ctx"}}}}"#))
        };
        assert_eq!(package("npm"), []);
        assert_eq!(package("PyPI").len(), 1);
        assert_eq!(package("PyPI:extra").len(), 1);
        assert_eq!(affected("{}"), []);
    }

    #[test]
    fn a_record_of_another_database_may_be_of_malware() {
        let text = r#"{"id": "GHSA-1", "modified": "2026-01-02T03:04:05Z", "aliases": ["MAL-2026-1"], "summary": "a\nb"}"#;
        let record = read(text);
        assert_eq!((record.aliases, record.summary.as_str()), (vec!["MAL-2026-1".to_owned()], "a\\u{a}b"));
        let other = text.replace("MAL", "CVE");
        assert!(!head(other.as_bytes()).unwrap().is_malware);
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"id": "MAL-1"}"#,
            r#"{"id": "MAL-1", "modified": "yesterday"}"#,
            r#"{"id": "MAL-1", "modified": "2026-01-02T03:04:05Z"} {}"#,
            r#"{"id": "MAL-1", "id": "CVE-1", "modified": "2026-01-02T03:04:05Z"}"#,
            &"[".repeat(10_000),
        ] {
            assert!(head(text.as_bytes()).is_err(), "{text}");
        }
        for text in [
            r#"{"id": "MAL-1", "modified": "2026-01-02T03:04:05Z", "withdrawn": "never"}"#,
            r#"{"id": "MAL-1", "modified": "2026-01-02T03:04:05Z", "affected": {}}"#,
            r#"{"id": "MAL-1", "modified": "2026-01-02T03:04:05Z", "affected": [{"versions": [], "versions": ["1"]}]}"#,
        ] {
            assert!(malware(text.as_bytes(), &mut Versions::default()).is_err(), "{text}");
        }
    }
}
