//! The lines of an evidence lock in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Entry, LockError, Observed, ObservedFile, ObservedIndex, SourceAt};
use crate::{
    digest::Sha256,
    evidence::{Derivation, Finding, Known},
    json,
    level::Level,
    limits,
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, PublisherName},
    shown::Shown,
    statement::Seal,
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};

pub(super) const HEADER: &str = r#"{"covouch":"evidence-lock","schema":1}"#;

/// The verdict of an entry that names none: that of most files of most locks.
const USUAL: &str = "admitted";

/// Digits of a line's sum. It finds mistakes; whoever means to change a line writes another sum.
const SUM_DIGITS: usize = 16;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    /// The sha256 of the feed's first `root.json`.
    feed: String,
    /// All its roots, oldest first, each as text.
    roots: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sum: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    file: String,
    project: String,
    version: String,
    sha256: String,
    /// When it was judged (RFC 3339).
    as_of: String,
    /// How it was judged; `admitted` when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    verdict: String,
    /// The verdict's stable code, where that is another word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    code: String,
    /// Until when that would have held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// What was found and nobody signed.
    #[serde(default, skip_serializing_if = "Found::is_empty")]
    observed: Found,
    /// A key id, a space, and that key's signature in base64 over the line without `seal` and `sum`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sum: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Found {
    /// What indexes list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    indexes: Vec<Index>,
    /// What distributions packaged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Word>,
    /// Who published it; absent where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publishers: Option<Vec<String>>,
    /// How that stands to the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    continuity: Option<String>,
    /// What comparing it with sdists found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    derivations: Vec<Compared>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Index {
    name: String,
    /// Where the index is, without credentials.
    at: String,
    /// Whether it has the project.
    has_project: bool,
    /// The file, and those of its release that matter to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<Listed>,
    /// Wheels of the release without a digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unjudged: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listed {
    file: String,
    sha256: String,
    /// When it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uploaded: Option<String>,
    /// Why it is yanked; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    yanked: Option<String>,
    /// The project's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Word {
    party: String,
    at: String,
    level: String,
    /// What shows it.
    origin: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Compared {
    sdist: String,
    sha256: String,
    /// Where the wheel differs; empty when it derives.
    differences: Vec<String>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.indexes.is_empty()
            && self.findings.is_empty()
            && self.publishers.is_none()
            && self.continuity.is_none()
            && self.derivations.is_empty()
    }
}

/// What stands here always has a form in JSON.
pub(super) fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn sum(line: &str) -> String {
    let digest = Sha256::of(line.as_bytes()).to_string();
    digest.chars().take(SUM_DIGITS).collect()
}

pub(super) fn malformed(line: usize, reason: &dyn std::fmt::Display) -> LockError {
    LockError::Line { line, reason: Shown::new(&reason.to_string()).to_string() }
}

pub(super) fn read<T: DeserializeOwned>(text: &[u8], line: usize) -> Result<T, LockError> {
    if text.len() > limits::STATEMENT_BYTES {
        return Err(malformed(line, &"it is longer than any line of a lock"));
    }
    json::read(text).map_err(|error| malformed(line, &error))
}

pub(super) fn write_feed(feed: &Sha256, roots: &[Vec<u8>]) -> String {
    let roots = roots.iter().map(|root| String::from_utf8_lossy(root).into_owned()).collect();
    let mut wire = Feed { feed: feed.to_string(), roots, sum: String::new() };
    wire.sum = sum(&json_of(&wire));
    json_of(&wire)
}

pub(super) fn read_feed(text: &[u8], line: usize) -> Result<(Sha256, Vec<Vec<u8>>), LockError> {
    let wire: Feed = read(text, line)?;
    let feed = Sha256::parse(&wire.feed).map_err(|error| malformed(line, &error))?;
    let roots: Vec<Vec<u8>> = wire.roots.into_iter().map(String::into_bytes).collect();
    if write_feed(&feed, &roots).as_bytes() == text {
        Ok((feed, roots))
    } else {
        Err(LockError::Changed(line))
    }
}

/// What a seal is about: everything but itself.
pub(super) fn sealed(entry: &Entry) -> String {
    json_of(&Line { seal: None, ..Line::from(entry) })
}

pub(super) fn write_entry(entry: &Entry) -> String {
    let mut wire = Line::from(entry);
    wire.sum = sum(&json_of(&wire));
    json_of(&wire)
}

pub(super) fn read_entry(text: &[u8], line: usize) -> Result<Entry, LockError> {
    let wire: Line = read(text, line)?;
    let entry = Entry::read(&wire).map_err(|reason| malformed(line, &reason))?;
    if write_entry(&entry).as_bytes() == text { Ok(entry) } else { Err(LockError::Changed(line)) }
}

/// Why a value cannot be what its field says; the field's name is enough, for a line is short.
pub(super) struct Bad(&'static str);

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "its `{}` cannot be read", self.0)
    }
}

/// A value, or the name of the field it stands in.
pub(super) fn field<T, E>(name: &'static str, value: Result<T, E>) -> Result<T, Bad> {
    value.map_err(|_| Bad(name))
}

fn moment(name: &'static str, text: Option<&String>) -> Result<Option<Timestamp>, Bad> {
    text.map(|text| field(name, Timestamp::parse(text))).transpose()
}

/// A verdict's name or code.
fn word(name: &'static str, text: &str) -> Result<String, Bad> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let fits = !text.is_empty() && text.len() <= limits::PARTY_BYTES && text.bytes().all(plain);
    fits.then(|| text.to_owned()).ok_or(Bad(name))
}

impl Entry {
    fn read(wire: &Line) -> Result<Self, Bad> {
        let subject = Subject {
            project: field("project", ProjectName::parse(&wire.project))?,
            version: field("version", Version::parse(&wire.version))?,
            filename: field("file", FileName::parse(&wire.file))?,
            sha256: field("sha256", Sha256::parse(&wire.sha256))?,
        };
        let verdict = if wire.verdict.is_empty() { USUAL } else { &wire.verdict };
        let code = if wire.code.is_empty() { verdict } else { &wire.code };
        let seal = wire.seal.as_deref().map(|text| Seal::parse(text).ok_or(Bad("seal")));
        Ok(Self {
            as_of: field("as_of", Timestamp::parse(&wire.as_of))?,
            verdict: (word("verdict", verdict)?, word("code", code)?),
            until: moment("until", wire.until.as_ref())?,
            observed: observed(&wire.observed, &subject)?,
            seal: seal.transpose()?,
            subject,
        })
    }
}

fn observed(wire: &Found, subject: &Subject) -> Result<Observed, Bad> {
    let indexes = wire.indexes.iter().map(|index| {
        if index.files.len() > limits::OBSERVED_FILES {
            return Err(Bad("files"));
        }
        let unjudged = index.unjudged.iter().map(|name| field("unjudged", FileName::parse(name)));
        Ok(ObservedIndex {
            name: field("name", PartyName::parse(&index.name))?,
            at: index.at.clone(),
            has_project: index.has_project,
            files: index.files.iter().map(listed).collect::<Result<_, _>>()?,
            unjudged: unjudged.collect::<Result<_, _>>()?,
        })
    });
    let findings = wire.findings.iter().map(|found| {
        let party = field("party", PartyName::parse(&found.party))?;
        let source = SourceAt { name: party.clone(), at: found.at.clone() };
        let finding = Finding {
            party,
            level: Level::parse(&found.level).ok_or(Bad("level"))?,
            origin: found.origin.as_str().into(),
        };
        Ok((source, finding))
    });
    let publishers = wire.publishers.as_ref().map(|names| {
        names.iter().map(|name| field("publishers", PublisherName::parse(name))).collect::<Result<_, _>>()
    });
    let continuity = wire.continuity.as_deref().map(|text| {
        let all = [Continuity::Same, Continuity::Changed, Continuity::Lost, Continuity::NeverHad];
        all.into_iter().find(|one| one.as_str() == text).ok_or(Bad("continuity"))
    });
    let derivations = wire.derivations.iter().map(|compared| {
        let sdist = Subject {
            filename: field("sdist", FileName::parse(&compared.sdist))?,
            sha256: field("sha256", Sha256::parse(&compared.sha256))?,
            ..subject.clone()
        };
        let differences = compared.differences.iter().map(|text| text.as_str().into()).collect();
        Ok(Derivation { sdist, differences: Known::Is(differences) })
    });
    Ok(Observed {
        indexes: indexes.collect::<Result<_, _>>()?,
        findings: findings.collect::<Result<_, _>>()?,
        publishers: publishers.transpose()?,
        continuity: continuity.transpose()?,
        derivations: derivations.collect::<Result<_, _>>()?,
    })
}

fn listed(wire: &Listed) -> Result<ObservedFile, Bad> {
    Ok(ObservedFile {
        filename: field("file", FileName::parse(&wire.file))?,
        sha256: field("sha256", Sha256::parse(&wire.sha256))?,
        uploaded: moment("uploaded", wire.uploaded.as_ref())?,
        yanked: wire.yanked.as_deref().map(Into::into),
        status: wire.status.as_deref().map(|status| word("status", status)).transpose()?,
    })
}

/// A word that is left out where it is the one that is expected.
fn unless(expected: &str, word: &str) -> String {
    if word == expected { String::new() } else { word.to_owned() }
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        let Subject { project, version, filename, sha256 } = &entry.subject;
        let (verdict, code) = &entry.verdict;
        Self {
            file: filename.to_string(),
            project: project.to_string(),
            version: version.to_string(),
            sha256: sha256.to_string(),
            as_of: entry.as_of.to_string(),
            verdict: unless(USUAL, verdict),
            // Most verdicts are called as their codes are.
            code: unless(verdict, code),
            until: entry.until.map(|until| until.to_string()),
            observed: Found::from(&entry.observed),
            seal: entry.seal.as_ref().map(Seal::to_text),
            sum: String::new(),
        }
    }
}

impl From<&Observed> for Found {
    fn from(observed: &Observed) -> Self {
        let names = |names: &[FileName]| names.iter().map(ToString::to_string).collect();
        let index = |index: &ObservedIndex| Index {
            name: index.name.to_string(),
            at: index.at.clone(),
            has_project: index.has_project,
            files: index.files.iter().map(Listed::from).collect(),
            unjudged: names(&index.unjudged),
        };
        let word = |(source, found): &(SourceAt, Finding)| Word {
            at: source.at.clone(),
            party: found.party.to_string(),
            level: found.level.as_str().to_owned(),
            origin: found.origin.to_string(),
        };
        let compared = |derivation: &Derivation| {
            let Known::Is(differences) = &derivation.differences else { return None };
            Some(Compared {
                sdist: derivation.sdist.filename.to_string(),
                sha256: derivation.sdist.sha256.to_string(),
                differences: differences.iter().map(ToString::to_string).collect(),
            })
        };
        let publishers = observed.publishers.as_ref();
        Self {
            indexes: observed.indexes.iter().map(index).collect(),
            findings: observed.findings.iter().map(word).collect(),
            publishers: publishers.map(|names| names.iter().map(ToString::to_string).collect()),
            continuity: observed.continuity.map(|continuity| continuity.as_str().to_owned()),
            derivations: observed.derivations.iter().filter_map(compared).collect(),
        }
    }
}

impl From<&ObservedFile> for Listed {
    fn from(file: &ObservedFile) -> Self {
        Self {
            file: file.filename.to_string(),
            sha256: file.sha256.to_string(),
            uploaded: file.uploaded.map(|moment| moment.to_string()),
            yanked: file.yanked.as_deref().map(str::to_owned),
            status: file.status.clone(),
        }
    }
}
