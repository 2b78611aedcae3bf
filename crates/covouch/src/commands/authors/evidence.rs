//! What a run looks at: the folder's statements, the index's pages and attestations, Debian's packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    level::Level,
    name::ProjectName,
    statement::{Author, AuthorGrant, Claim, Statement, StatementId, Verified, Withdrawal},
    subject::Subject,
    time::Timestamp,
};
use covouch_graph::tally::{Poll, Votes};
use covouch_io::{
    attestation,
    debian::{Debian, Suite},
    electorate::Records,
    folder,
    index::{FetchedPage, Freshness, Index, PageAnswer, PageFetcher},
    provenance::{self, ProvenanceAnswer, ProvenanceFetcher},
};
use covouch_policy::authors::{Facts, ReleasedFile};
use covouch_python::{attestation::DistributionFile, simple::File};
use futures_util::{StreamExt as _, stream};

use crate::{
    args::authors::AuthorsDerive, commands::electorate, failure::Failure, indexes, settings::Settings,
    terminal::Terminal, votes::signed,
};

/// Files whose provenance is asked for at the same time.
const PARALLEL: usize = 16;

/// What the keys of the folder said, and took not back.
pub(super) struct Spoken {
    signer: PublicKey,
    statements: Vec<Verified<Statement>>,
    /// Keys whose signed releases count.
    authors: BTreeSet<PublicKey>,
    now: Timestamp,
}

impl Spoken {
    pub(super) fn read(
        folder: &Path,
        signer: PublicKey,
        authors: &[PublicKey],
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let roots: Vec<PublicKey> = [signer].iter().chain(authors).copied().collect();
        let chains = folder::read(folder, &roots)?;
        let all: Vec<_> = chains.into_iter().flat_map(|chain| chain.into_statements()).collect();
        let withdrawn: BTreeSet<(PublicKey, StatementId)> = all
            .iter()
            .filter_map(|statement| match &statement.value().claim {
                Claim::Withdrawal(Withdrawal::Statement(id)) => Some((*statement.issuer(), *id)),
                _ => None,
            })
            .collect();
        let stands = |statement: &Verified<Statement>| {
            statement.value().issued <= now && !withdrawn.contains(&(*statement.issuer(), statement.id()))
        };
        let statements = all.into_iter().filter(stands).collect();
        let mut spoken = Self { signer, statements, authors: authors.iter().copied().collect(), now };
        let granted: Vec<_> = spoken.grants().into_iter().map(|(_, grant)| grant.author).collect();
        spoken.authors.extend(granted.iter().filter_map(Author::key));
        Ok(spoken)
    }

    /// The signer's grants that hold, in the order they were signed. An electorate is no author that a rule finds.
    pub(super) fn grants(&self) -> Vec<(StatementId, AuthorGrant)> {
        let own = self.statements.iter().filter(|statement| *statement.issuer() == self.signer);
        own.filter_map(|statement| match &statement.value().claim {
            Claim::Author(grant)
                if grant.validity.covers(self.now) && !matches!(grant.author, Author::Electorate(_)) =>
            {
                Some((statement.id(), grant.clone()))
            }
            _ => None,
        })
        .collect()
    }

    /// The signer, and everybody they let speak: whose vetoes are heard.
    fn voices(&self) -> BTreeSet<PublicKey> {
        let mut voices = BTreeSet::new();
        let mut wanted = vec![self.signer];
        while let Some(key) = wanted.pop() {
            if voices.insert(key) {
                let own = self.statements.iter().filter(|statement| *statement.issuer() == key);
                wanted.extend(own.filter_map(|statement| match &statement.value().claim {
                    Claim::Delegation(to) if to.validity.covers(self.now) => Some(to.to),
                    _ => None,
                }));
            }
        }
        voices
    }

    /// Keys that the signer, or they themselves, declared lost.
    fn revoked(&self) -> BTreeSet<PublicKey> {
        let entitled = |statement: &&Verified<Statement>, key: &PublicKey| {
            *statement.issuer() == self.signer || statement.issuer() == key
        };
        self.statements
            .iter()
            .filter_map(|statement| match &statement.value().claim {
                Claim::Withdrawal(Withdrawal::Key { key, .. }) if entitled(&statement, key) => Some(*key),
                _ => None,
            })
            .collect()
    }

    /// Who signed what, by the digests of the files.
    fn by_digest(&self) -> BTreeMap<Sha256, Vec<&Verified<Statement>>> {
        let mut found: BTreeMap<Sha256, Vec<&Verified<Statement>>> = BTreeMap::new();
        let voices = self.voices();
        for statement in &self.statements {
            let (claim, issuer) = (&statement.value().claim, statement.issuer());
            let counts = match claim {
                // That somebody signed a release stays true when the signature may no longer be used.
                Claim::Release(_) => self.authors.contains(issuer),
                Claim::Veto(veto) => veto.validity.covers(self.now) && voices.contains(issuer),
                _ => false,
            };
            for (_, sha256) in claim.files().filter(|_| counts).into_iter().flat_map(|files| files.iter()) {
                found.entry(*sha256).or_default().push(statement);
            }
        }
        found
    }
}

/// Everything known of the files of these projects.
pub(super) fn facts(
    projects: &BTreeSet<ProjectName>,
    spoken: &Spoken,
    arguments: &AuthorsDerive,
    (settings, terminal): (&Settings, &Terminal),
) -> Result<Facts, Failure> {
    let suites = arguments.suites.iter().map(|text| Suite::parse(text));
    let suites: Vec<Suite> =
        suites.collect::<Result<_, _>>().map_err(|error| Failure::usage(error.to_string()))?;
    let debian = Debian::load(settings.state(), &suites)?;
    if let Some(gap) = debian.gap(settings.now()) {
        terminal.warn(gap);
        terminal.hint("covouch debian refresh");
    }
    let index = indexes::resolve_one(&arguments.index, settings, terminal)?;
    let root = Arc::new(crate::commands::attestation::root(&arguments.root, settings)?);
    let fetcher = ProvenanceFetcher::new(settings.network().clone(), settings.state(), root);
    let pages = settings.block_on(pages(projects, &index, settings))??;
    let by_digest = spoken.by_digest();
    let voted = voted(arguments, settings)?;
    let mut files = Vec::new();
    for page in &pages {
        let published = settings.block_on(publishers(page, &index, &fetcher, terminal))??;
        for (file, publishers) in published {
            let Some(subject) = file.subject() else { continue };
            let said = by_digest.get(&subject.sha256).map(Vec::as_slice).unwrap_or_default();
            let packaged = debian.sighting(&subject).map(|sighting| sighting.to_string().into());
            let recognised = packaged.or_else(|| voted.get(&subject).cloned());
            files.push(ReleasedFile {
                uploaded: file.upload_time(),
                publishers,
                keys: issuers(said, &subject, "release").into_iter().collect(),
                recognised,
                vetoes: issuers(said, &subject, "veto").len(),
                project: subject.project,
                version: subject.version,
                filename: subject.filename,
            });
        }
    }
    Ok(Facts { projects: projects.clone(), files, revoked: spoken.revoked() })
}

/// The files that electorates let pass, as their ballots in the folder say now.
fn voted(arguments: &AuthorsDerive, settings: &Settings) -> Result<BTreeMap<Subject, Arc<str>>, Failure> {
    let folder = arguments.signing.to.as_path();
    let now = settings.now();
    let mut voted = BTreeMap::new();
    for named in &arguments.electorates {
        let id = electorate::find(folder, named)?;
        let register = Records::new(Some(folder), []).register(&id)?;
        let (votes, graph) =
            (Votes::read(&register.statements, &register.heads), signed(&register).graph(now));
        let name = &votes.succession(&id, now)?.electorate.terms().name;
        for subject in votes.subjects(&id) {
            let tally = votes.tally(&graph, &Poll { electorate: id, subject: &subject, now })?;
            if tally.level() == Some(Level::Voted) {
                let by = format!("voted for by `{name}`, version {}", tally.version);
                voted.entry(subject).or_insert_with(|| by.into());
            }
        }
    }
    Ok(voted)
}

/// Who made a statement of this kind about this very file.
fn issuers(said: &[&Verified<Statement>], subject: &Subject, kind: &str) -> BTreeSet<PublicKey> {
    let about = |statement: &&&Verified<Statement>| {
        let claim = &statement.value().claim;
        claim.kind() == kind && claim.files().is_some_and(|files| files.lists(subject))
    };
    said.iter().filter(about).map(|statement| *statement.issuer()).collect()
}

/// The pages of the projects. One that cannot be had ends the run: its authors would be withdrawn.
async fn pages(
    projects: &BTreeSet<ProjectName>,
    index: &Index,
    settings: &Settings,
) -> Result<Vec<FetchedPage>, Failure> {
    let questions: Vec<_> = projects.iter().map(|project| (index.clone(), project.clone())).collect();
    let fetcher = PageFetcher::new(settings.network().clone(), settings.state().clone(), settings.clock());
    let mut pages = Vec::new();
    for answer in fetcher.fetch_all(&questions, Freshness::Recent, |_| ()).await {
        match answer {
            PageAnswer::Page(page) => pages.push((*page).clone()),
            PageAnswer::Absent => {}
            PageAnswer::Unreachable(error) => return Err(error.into()),
            PageAnswer::Wrong(error) => return Err(error.into()),
        }
    }
    Ok(pages)
}

type Published<'a> = Vec<(&'a File, Vec<covouch_core::publisher::Publisher>)>;

/// Whose attestations hold for each file of a page. Not learning it ends the run, as a page that cannot be had does;
/// what does not hold is nobody's.
async fn publishers<'a>(
    page: &'a FetchedPage,
    index: &Index,
    fetcher: &ProvenanceFetcher,
    terminal: &Terminal,
) -> Result<Published<'a>, Failure> {
    let mut answers = stream::iter(page.page.files())
        .map(async |file| {
            let address = provenance::address(index, page.page.project(), file);
            let (Some(address), Some(sha256)) = (address, file.sha256()) else {
                return (file, ProvenanceAnswer::Absent);
            };
            let asked = DistributionFile { name: file.filename().clone(), sha256 };
            (file, fetcher.fetch(index, &asked, &address, page.reach).await)
        })
        .buffered(PARALLEL);
    let mut published = Vec::new();
    while let Some((file, answer)) = answers.next().await {
        let publishers = match answer {
            ProvenanceAnswer::Proven(proofs) => attestation::publishers(&proofs),
            ProvenanceAnswer::Absent | ProvenanceAnswer::NotServed => Vec::new(),
            ProvenanceAnswer::Unreachable(error) => return Err(error.into()),
            ProvenanceAnswer::Refused(error) => {
                terminal.warn(format_args!("`{}`: {error}", file.filename()));
                Vec::new()
            }
        };
        published.push((file, publishers));
    }
    Ok(published)
}
