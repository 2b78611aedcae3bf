//! Evidence: verified statements and adapters' findings, each with where it came from, and the three values.
//!
//! *Yes*, *no* and *unknown* are three answers; a source that never says a thing at all is a fourth for negative
//! evidence ([`Stated::NotStated`]). Nothing here turns one into another.

mod adapters;
mod lookup;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, OnceLock},
};

pub use self::{
    adapters::{Derivation, Finding, MalwareRecord},
    lookup::Lookup,
};
use crate::{
    code::Code,
    digest::Sha256,
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, ExpectedPublisher, Publisher},
    statement::{ElectorateId, Statement, Verified},
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};

/// Something that could not be learned, why, and what would teach it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The message's stable code, such as `index-unreachable`.
    pub code: Code,
    /// Who would know: a party, or an address without credentials.
    pub source: Arc<str>,
    /// A lower-case clause that says what happened.
    pub detail: Arc<str>,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.source, self.detail)
    }
}

/// A fact that is known, with its value, or unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It is so.
    Is(T),
    /// Nobody could be asked, or whoever was asked does not say.
    Unknown(Gap),
}

impl<T> Known<T> {
    /// Why it is not known, where it is not.
    #[must_use]
    pub const fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Is(_) => None,
            Self::Unknown(gap) => Some(gap),
        }
    }
}

/// Negative evidence: said, known never to be said by this source, or unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated<T> {
    /// The source says so.
    Is(T),
    /// The source does not publish such things; refuses nothing.
    NotStated,
    /// The source publishes them and could not be asked.
    Unknown(Gap),
}

/// A project's status on its index (PEP 792).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectStatus {
    /// Nothing special.
    Active,
    /// No more updates are expected.
    Archived,
    /// Kept out by the index while it looks into it.
    Quarantined,
    /// The project advises against its use.
    Deprecated,
}

/// From when until when something holds that is known to change by time alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// From this moment on; from ever where there is none.
    pub from: Option<Timestamp>,
    /// Before this moment; for ever where there is none.
    pub until: Option<Timestamp>,
}

impl Span {
    /// From ever and for ever.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether it holds at this moment.
    #[must_use]
    pub fn covers(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    fn ends(&self) -> impl Iterator<Item = Timestamp> + use<> {
        self.from.into_iter().chain(self.until)
    }
}

/// A file on which a vote passed, or may have, and when that is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The file.
    pub subject: Subject,
    /// The version of the rules it passed by; unknown where nobody here can say.
    pub version: Known<u32>,
    /// When.
    pub span: Span,
}

/// What one index says about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Whether the file is listed under this name with this sha256.
    pub listed: Known<bool>,
    /// When the file was uploaded (PEP 700 `upload-time`).
    pub uploaded: Known<Timestamp>,
    /// `Is` when the file is yanked, with the reason if one is given; a file an index does not call yanked is
    /// not (PEP 592), which is `NotStated`.
    pub yanked: Stated<Option<Arc<str>>>,
    /// The project's status (PEP 792).
    pub status: Stated<ProjectStatus>,
}

impl Listing {
    /// Nothing is known: the index could not be asked.
    #[must_use]
    pub fn unknown(gap: &Gap) -> Self {
        Self {
            listed: Known::Unknown(gap.clone()),
            uploaded: Known::Unknown(gap.clone()),
            yanked: Stated::Unknown(gap.clone()),
            status: Stated::Unknown(gap.clone()),
        }
    }
}

/// What an index says about the files of one project.
#[derive(Clone, Debug, Default)]
struct ListedFiles {
    by_digest: HashMap<Sha256, (Subject, Listing)>,
    /// The digests of each release; made when a release is first asked for.
    releases: OnceLock<HashMap<Version, Vec<Sha256>>>,
}

impl ListedFiles {
    fn add(&mut self, subject: Subject, listing: Listing) {
        self.releases.take();
        self.by_digest.insert(subject.sha256, (subject, listing));
    }

    fn release(&self, version: &Version) -> impl Iterator<Item = (&Subject, &Listing)> {
        let releases = self.releases.get_or_init(|| {
            let mut releases: HashMap<Version, Vec<Sha256>> = HashMap::new();
            for (subject, _) in self.by_digest.values() {
                releases.entry(subject.version.clone()).or_default().push(subject.sha256);
            }
            releases
        });
        let digests = releases.get(version).map_or(&[][..], Vec::as_slice).iter();
        digests.filter_map(|digest| self.by_digest.get(digest)).map(|(subject, listing)| (subject, listing))
    }
}

/// Everything at hand for one judgement of many files.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    statements: Vec<Sourced>,
    listings: BTreeMap<PartyName, HashMap<ProjectName, ListedFiles>>,
    projects: BTreeMap<PartyName, HashMap<ProjectName, Known<bool>>>,
    unjudged: BTreeMap<PartyName, HashMap<ProjectName, BTreeSet<(Version, FileName)>>>,
    findings: HashMap<Sha256, Vec<(Subject, Known<Finding>, Span)>>,
    consulted: BTreeSet<PartyName>,
    records: BTreeMap<PartyName, HashMap<ProjectName, Vec<(Version, MalwareRecord)>>>,
    derivations: HashMap<Sha256, Vec<(Subject, Derivation)>>,
    publishers: HashMap<Sha256, (Subject, Known<Vec<Publisher>>)>,
    continuity: HashMap<Sha256, (Subject, Known<Continuity>)>,
    expected: HashMap<Sha256, Vec<Expectation>>,
    gaps: BTreeMap<PartyName, Gap>,
    votes: HashMap<ElectorateId, Votes>,
}

/// What counting an electorate's ballots found.
#[derive(Clone, Debug)]
enum Votes {
    /// The files on which a vote passed, or may have.
    Counted(HashMap<Sha256, Vec<Passed>>),
    /// They could not be counted.
    Uncountable(Gap),
}

/// Whom a lock names as the publishers of a file.
#[derive(Clone, Debug)]
struct Expectation {
    about: Subject,
    publishers: Arc<[ExpectedPublisher]>,
}

/// A verified statement and the party through whose source it came.
#[derive(Clone, Debug)]
pub struct Sourced {
    /// The statement.
    pub statement: Verified<Statement>,
    /// The source it was read from: a folder, a feed.
    pub origin: Arc<str>,
}

impl Evidence {
    /// The same without statements: what the graph is built of, and judging does not read again.
    #[must_use]
    pub fn without_statements(&self) -> Self {
        Self { statements: Vec::new(), ..self.clone() }
    }

    /// No evidence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a verified statement and where it was read.
    pub fn add_statement(&mut self, statement: Verified<Statement>, origin: Arc<str>) {
        self.statements.push(Sourced { statement, origin });
    }

    /// Says whether an index has a project of this name; an index that could not be asked is unknown, not absent.
    pub fn add_project(&mut self, index: PartyName, project: ProjectName, known: Known<bool>) {
        self.projects.entry(index).or_default().insert(project, known);
    }

    /// Adds what an index says about a file; the last word of an index about a file counts.
    pub fn add_listing(&mut self, index: PartyName, subject: Subject, listing: Listing) {
        let project = self.listings.entry(index).or_default().entry(subject.project.clone()).or_default();
        project.add(subject, listing);
    }

    /// Says that an index lists a wheel of which there is no listing, because it gives no digest or an entry that
    /// cannot be read. Nobody can judge such a wheel, and nobody may mistake its release for one without wheels.
    pub fn add_unjudged(
        &mut self,
        index: PartyName,
        project: ProjectName,
        version: Version,
        wheel: FileName,
    ) {
        let wheels = self.unjudged.entry(index).or_default().entry(project).or_default();
        wheels.insert((version, wheel));
    }

    /// Adds an adapter's finding about a file, or that it could not be had.
    pub fn add_finding(&mut self, subject: Subject, finding: Known<Finding>) {
        self.add_finding_in(subject, finding, Span::ALWAYS);
    }

    /// Adds a finding that holds for a time only.
    pub fn add_finding_in(&mut self, subject: Subject, finding: Known<Finding>, span: Span) {
        self.findings.entry(subject.sha256).or_default().push((subject, finding, span));
    }

    /// Says that a party's adapter was asked about every file of this evidence: what it has not said, it does not
    /// say.
    pub fn add_consulted(&mut self, party: PartyName) {
        self.consulted.insert(party);
    }

    /// Adds an automated source's record about a release.
    pub fn add_record(
        &mut self,
        party: PartyName,
        project: ProjectName,
        version: Version,
        record: MalwareRecord,
    ) {
        self.records.entry(party).or_default().entry(project).or_default().push((version, record));
    }

    /// Adds what comparing a wheel with an sdist found.
    pub fn add_derivation(&mut self, wheel: Subject, derivation: Derivation) {
        self.derivations.entry(wheel.sha256).or_default().push((wheel, derivation));
    }

    /// Adds who published a file, as its attestations prove: nobody, where it has none.
    pub fn add_publishers(&mut self, subject: Subject, publishers: Known<Vec<Publisher>>) {
        self.publishers.insert(subject.sha256, (subject, publishers));
    }

    /// Adds how a file's publisher stands to that of the release before.
    pub fn add_continuity(&mut self, subject: Subject, continuity: Known<Continuity>) {
        self.continuity.insert(subject.sha256, (subject, continuity));
    }

    /// Adds the files on which an electorate's vote passed, and those of which nobody here can say; on no other file it
    /// did.
    pub fn add_votes(&mut self, electorate: ElectorateId, passed: impl IntoIterator<Item = Passed>) {
        let mut counted: HashMap<Sha256, Vec<_>> = HashMap::new();
        for passed in passed {
            counted.entry(passed.subject.sha256).or_default().push(passed);
        }
        self.votes.insert(electorate, Votes::Counted(counted));
    }

    /// Says that an electorate's ballots could not be counted.
    pub fn add_uncountable(&mut self, electorate: ElectorateId, gap: Gap) {
        self.votes.insert(electorate, Votes::Uncountable(gap));
    }

    /// Whether an electorate's vote on this file passed at a moment, and by which version of its rules; unknown also
    /// when nobody counted. All four fields must match.
    #[must_use]
    pub fn vote(&self, electorate: &ElectorateId, subject: &Subject, now: Timestamp) -> Known<Option<u32>> {
        match self.votes.get(electorate) {
            Some(Votes::Counted(counted)) => {
                let mut about = counted.get(&subject.sha256).into_iter().flatten();
                match about.find(|passed| passed.subject == *subject && passed.span.covers(now)) {
                    None => Known::Is(None),
                    Some(Passed { version: Known::Is(version), .. }) => Known::Is(Some(*version)),
                    Some(Passed { version: Known::Unknown(gap), .. }) => Known::Unknown(gap.clone()),
                }
            }
            Some(Votes::Uncountable(gap)) => Known::Unknown(gap.clone()),
            None => Known::Unknown(Gap {
                code: Code::new("electorate-unknown"),
                source: electorate.to_string().into(),
                detail: "nobody counted the ballots of this electorate".into(),
            }),
        }
    }

    /// Says that one of these publishers has to have published a file, because a lock names them. What a lock expects
    /// speaks against files and never for one.
    pub fn add_expected(&mut self, subject: Subject, publishers: Arc<[ExpectedPublisher]>) {
        let expectation = Expectation { about: subject, publishers };
        self.expected.entry(expectation.about.sha256).or_default().push(expectation);
    }

    /// Says that a party's source could not be read, so that its grants and its vetoes are unknown.
    pub fn add_gap(&mut self, party: PartyName, gap: Gap) {
        self.gaps.insert(party, gap);
    }

    /// All statements.
    #[must_use]
    pub fn statements(&self) -> &[Sourced] {
        &self.statements
    }

    /// Whether this index has a project of this name; `None` when it was not asked.
    #[must_use]
    pub fn project(&self, index: &PartyName, project: &ProjectName) -> Option<&Known<bool>> {
        self.projects.get(index)?.get(project)
    }

    /// All files this index lists in the release this file belongs to, in no particular order.
    pub fn release(&self, index: &PartyName, about: &Subject) -> impl Iterator<Item = (&Subject, &Listing)> {
        self.files(index, &about.project, &about.version)
    }

    /// All files this index lists in a release, in no particular order.
    pub fn files(
        &self,
        index: &PartyName,
        project: &ProjectName,
        version: &Version,
    ) -> impl Iterator<Item = (&Subject, &Listing)> {
        let project = self.listings.get(index).and_then(|projects| projects.get(project));
        project.into_iter().flat_map(|project| project.release(version))
    }

    /// The wheels this index lists beside this file, in the same release, that nobody can judge; in order.
    pub fn unjudged(&self, index: &PartyName, about: &Subject) -> impl Iterator<Item = &FileName> {
        let wheels = self.unjudged.get(index).and_then(|projects| projects.get(&about.project));
        let beside = wheels.into_iter().flatten().filter(|(version, _)| *version == about.version);
        beside.map(|(_, wheel)| wheel)
    }

    /// All files that indexes list, in no particular order; one that two indexes list comes twice.
    pub fn listed(&self) -> impl Iterator<Item = &Subject> {
        let projects = self.listings.values().flat_map(HashMap::values);
        projects.flat_map(|project| project.by_digest.values()).map(|(subject, _)| subject)
    }

    /// What this index says about this file; `None` when it was not asked. All four fields must match.
    #[must_use]
    pub fn listing(&self, index: &PartyName, subject: &Subject) -> Option<&Listing> {
        let (listed, listing) =
            self.listings.get(index)?.get(&subject.project)?.by_digest.get(&subject.sha256)?;
        (listed == subject).then_some(listing)
    }

    /// What adapters found about this file, as of a moment. All four fields must match.
    pub fn findings(&self, subject: &Subject, now: Timestamp) -> impl Iterator<Item = &Known<Finding>> {
        let found = self.findings.get(&subject.sha256).map_or(&[][..], Vec::as_slice);
        let holds = move |about: &Subject, span: &Span| about == subject && span.covers(now);
        found.iter().filter(move |(about, _, span)| holds(about, span)).map(|(_, finding, _)| finding)
    }

    /// The moments at which time alone changes what is found about a file or what a vote on it says.
    pub fn changes(&self, subject: &Subject) -> impl Iterator<Item = Timestamp> {
        let found = self.findings.get(&subject.sha256).into_iter().flatten();
        let found = found.filter(move |(about, _, _)| about == subject).map(|(_, _, span)| span);
        let counted = self.votes.values().filter_map(move |votes| match votes {
            Votes::Counted(counted) => counted.get(&subject.sha256),
            Votes::Uncountable(_) => None,
        });
        let counted =
            counted.flatten().filter(move |passed| passed.subject == *subject).map(|passed| &passed.span);
        found.chain(counted).flat_map(Span::ends)
    }

    /// Whether this party's adapter was asked about every file.
    #[must_use]
    pub fn is_consulted(&self, party: &PartyName) -> bool {
        self.consulted.contains(party)
    }

    /// What an automated source has recorded about a release.
    pub fn records(
        &self,
        party: &PartyName,
        project: &ProjectName,
        version: &Version,
    ) -> impl Iterator<Item = &MalwareRecord> {
        let project = self.records.get(party).and_then(|projects| projects.get(project));
        let records = project.map_or(&[][..], Vec::as_slice).iter();
        records.filter(move |(about, _)| about == version).map(|(_, record)| record)
    }

    /// What comparing this wheel with sdists found. All four fields must match.
    pub fn derivations(&self, wheel: &Subject) -> impl Iterator<Item = &Derivation> {
        let found = self.derivations.get(&wheel.sha256).map_or(&[][..], Vec::as_slice);
        found.iter().filter(move |(about, _)| about == wheel).map(|(_, derivation)| derivation)
    }

    /// Who published this file; `None` when nobody looked. All four fields must match.
    #[must_use]
    pub fn publishers(&self, subject: &Subject) -> Option<&Known<Vec<Publisher>>> {
        self.publishers.get(&subject.sha256).filter(|(about, _)| about == subject).map(|(_, known)| known)
    }

    /// How this file's publisher stands to that of the release before; `None` when nobody looked. All four fields
    /// must match.
    #[must_use]
    pub fn continuity(&self, subject: &Subject) -> Option<&Known<Continuity>> {
        self.continuity.get(&subject.sha256).filter(|(about, _)| about == subject).map(|(_, known)| known)
    }

    /// Whom each lock expects to have published this file: one of these. All four fields must match.
    pub fn expected(&self, subject: &Subject) -> impl Iterator<Item = &[ExpectedPublisher]> {
        let expected = self.expected.get(&subject.sha256).map_or(&[][..], Vec::as_slice);
        expected
            .iter()
            .filter(move |expected| expected.about == *subject)
            .map(|expected| &*expected.publishers)
    }

    /// Why this party's source could not be read, when it could not.
    #[must_use]
    pub fn gap(&self, party: &PartyName) -> Option<&Gap> {
        self.gaps.get(party)
    }
}
