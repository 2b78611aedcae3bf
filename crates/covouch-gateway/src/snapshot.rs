//! What the gateway decides with at one moment: policies, indexes and statements. Swapped whole when they change.
//!
//! # Invariants
//! - The graph that judges was built for an interval in which no statement begins or ends to count, and the moment
//!   of the judgement lies in it.
//! - What cannot be judged is kept out.
//!
//! # Not here
//! What indexes say: that is asked per project, and kept beside the page ([`crate::cache::Project`]).

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use covouch_core::{
    digest::Sha256,
    evidence::{Evidence, Known, Lookup, Sourced},
    name::ProjectName,
    party::PartyName,
    statement::{Claim, Statement, Withdrawal},
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};
use covouch_graph::TrustGraph;
use covouch_io::{collect::Want, index::Index};
use covouch_policy::{
    Mode, Page, Policies, WantedIndex, reasons::sentence, report::Report, verdict::Verdict,
};
use covouch_python::simple;

use crate::{
    cache::Project,
    code,
    enforce::Judgement,
    limits,
    release::{Block, Permission, Release},
};

/// What the gateway decides with. Shells make it, and make a new one when a policy or a folder of statements changed.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The policies.
    pub policies: Policies,
    /// The indexes the policies name, with their addresses. One without an address cannot be asked: what it would
    /// say is unknown.
    pub indexes: Vec<Index>,
    /// Statements, and gaps where a folder could not be read. What indexes say is not in it.
    pub evidence: Evidence,
}

/// A [`Basis`] in use.
pub(crate) struct Snapshot {
    number: u64,
    policies: Policies,
    indexes: BTreeMap<PartyName, Index>,
    evidence: Evidence,
    unsigned: Evidence,
    /// All moments at which a statement begins or ends to count, in order.
    boundaries: Vec<Timestamp>,
    graph: Mutex<Option<Timed>>,
}

/// A graph and the interval in which it is right.
struct Timed {
    graph: Arc<TrustGraph>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Files that are judged together, and their places on the page.
#[derive(Default)]
struct Batch {
    places: Vec<usize>,
    files: Vec<Subject>,
}

/// The index a project comes from.
pub(crate) enum Home {
    /// This one.
    At(PartyName),
    /// No index has it.
    Nowhere,
    /// This index would have to be asked and cannot be: unreachable is not absent.
    Unknown(PartyName),
}

impl Snapshot {
    pub(crate) fn new(number: u64, basis: Basis) -> Self {
        let Basis { policies, indexes, evidence } = basis;
        let mut boundaries: Vec<Timestamp> =
            evidence.statements().iter().flat_map(|sourced| moments(sourced.statement.value())).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        Self {
            number,
            unsigned: evidence.without_statements(),
            policies,
            indexes: indexes.into_iter().map(|index| (index.name().clone(), index)).collect(),
            evidence,
            boundaries,
            graph: Mutex::default(),
        }
    }
}

impl Snapshot {
    /// Tells snapshots apart.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The index with this name.
    pub(crate) fn index(&self, name: &PartyName) -> Option<&Index> {
        self.indexes.get(name)
    }

    /// What is known beside the statements, as the evidence a project's pages are added to: votes that passed, and
    /// what could not be read.
    pub(crate) fn unsigned(&self) -> Evidence {
        self.unsigned.clone()
    }

    /// The pages still to be asked for before a project's files can be judged.
    pub(crate) fn wants(&self, project: &ProjectName, evidence: &Evidence) -> Vec<Want> {
        let indexes = self.policies.wants(evidence, project).into_iter();
        indexes.map(|index| Want { index: index.name, project: project.clone() }).collect()
    }

    /// The look-ups that could still change the verdict of one of a project's files.
    pub(crate) fn lookups(&self, evidence: &Evidence, now: Timestamp) -> Vec<Lookup> {
        self.policies.lookups(&self.graph(now), evidence, &|_| true, now).lookups
    }

    /// The index whose page of a project clients see: the pinned one, else the first that has the project.
    pub(crate) fn home(&self, project: &ProjectName, evidence: &Evidence, now: Timestamp) -> Home {
        let told = probe(project).map(|probe| self.policies.explain(&self.graph(now), evidence, &probe, now));
        // The project's own policy comes last. Where the base policy's home is another one, it refuses every file.
        let policies = told.map(|told| told.policies).unwrap_or_default();
        if let Some(home) = policies.into_iter().next_back().and_then(|policy| policy.home) {
            return match evidence.project(&home, project) {
                Some(Known::Is(true)) => Home::At(home),
                Some(Known::Is(false)) => Home::Nowhere,
                Some(Known::Unknown(_)) | None => Home::Unknown(home),
            };
        }
        let mut indexes = self.policies.indexes().into_iter();
        let is_unknown =
            |index: &WantedIndex| matches!(evidence.project(&index.name, project), Some(Known::Unknown(_)));
        match indexes.find(is_unknown) {
            Some(unknown) => Home::Unknown(unknown.name),
            None => Home::Nowhere,
        }
    }

    /// Judges one file of a project.
    pub(crate) fn judge(
        &self,
        project: &Project,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Release, Block> {
        let graph = self.graph(now);
        let verdict = self.policies.judge(&graph, &project.evidence, subject, now);
        let release = Release::of(subject, verdict)
            .map_err(|verdict| self.explained(&verdict, project, subject, now))?;
        self.heeds_index(project, release.permission())?;
        Ok(release)
    }

    /// Judges all files of a project's page, in order; and until when the judgements hold, where that is known.
    pub(crate) fn judge_page(
        &self,
        project: &Project,
        page: &simple::Page,
        now: Timestamp,
    ) -> (Vec<Judgement>, Option<Timestamp>) {
        let (graph, batches) = (self.graph(now), batches(page));
        let next = AtomicUsize::new(0);
        let judge = || {
            let mut done = Vec::new();
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push((batch, self.judge_batch(&graph, project, &batch.files, now)));
            }
            done
        };
        let mut judgements: Vec<Judgement> = Vec::new();
        judgements.resize_with(page.files().len(), || Err(unjudged()));
        let mut until = None;
        for (batch, (judged, event)) in on_threads(batches.len(), judge) {
            for (place, judgement) in batch.places.iter().zip(judged) {
                if let Some(here) = judgements.get_mut(*place) {
                    *here = judgement;
                }
            }
            until = until.into_iter().chain(event).min();
        }
        (judgements, until)
    }

    /// Judges whole releases; and until when the judgements hold, where that is known.
    fn judge_batch(
        &self,
        graph: &TrustGraph,
        project: &Project,
        files: &[Subject],
        now: Timestamp,
    ) -> (Vec<Judgement>, Option<Timestamp>) {
        let verdicts = self.policies.judge_page(graph, &project.evidence, Page { files }, now);
        let judgements = verdicts.into_iter().zip(files).map(|(verdict, subject)| {
            let permission = Permission::of(subject, &verdict)
                .ok_or_else(|| self.explained(&verdict, project, subject, now))?;
            self.heeds_index(project, permission)?;
            Ok(permission)
        });
        (judgements.collect(), files.iter().filter_map(|subject| graph.next_event(subject)).min())
    }

    /// Why a verdict keeps a file out.
    fn explained(&self, verdict: &Verdict, project: &Project, subject: &Subject, now: Timestamp) -> Block {
        let explanation = self.policies.explain(&self.graph(now), &project.evidence, subject, now);
        Block::new(verdict.code(), sentence(&explanation))
    }

    /// An index that holds a project to be unsafe is heeded whatever the policy asks, because no installer does
    /// (PEP 792).
    fn heeds_index(&self, project: &Project, permission: Permission) -> Result<(), Block> {
        // A project that only watches does not do so for the policy above it.
        let only_watches = self.policies.iter().all(|policy| policy.mode() == Mode::Monitor);
        if project.is_quarantined && !(only_watches && permission == Permission::Monitored) {
            let reason = format!("`{}` holds the project to be unsafe", project.home);
            return Err(Block::new(code::PROJECT_QUARANTINED, reason));
        }
        Ok(())
    }

    /// Everything there is to say about one file.
    pub(crate) fn report(&self, project: &Project, subject: &Subject, now: Timestamp) -> Report {
        let mut evidence = project.evidence.clone();
        for Sourced { statement, origin } in self.evidence.statements() {
            let files = statement.value().claim.files();
            if files.is_none_or(|files| *files.project() == subject.project) {
                evidence.add_statement(statement.clone(), Arc::clone(origin));
            }
        }
        self.policies.judge_all(&self.graph(now), &evidence, std::slice::from_ref(subject), now)
    }

    fn graph(&self, now: Timestamp) -> Arc<TrustGraph> {
        let mut kept = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(timed) = kept.as_ref().filter(|timed| timed.covers(now)) {
            return Arc::clone(&timed.graph);
        }
        let next = self.boundaries.partition_point(|boundary| *boundary <= now);
        let before = next.checked_sub(1).and_then(|last| self.boundaries.get(last));
        let graph = Arc::new(TrustGraph::build(&self.evidence, now));
        let timed = Timed {
            graph: Arc::clone(&graph),
            from: before.copied(),
            until: self.boundaries.get(next).copied(),
        };
        *kept = Some(timed);
        graph
    }
}

impl Timed {
    fn covers(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// The files that can be judged, with their places on the page, some hundred at a time: each admission carries its
/// proof, and those of ten thousand files would be megabytes that nobody looks at. Releases stay whole, because files
/// of one release depend on each other.
fn batches(page: &simple::Page) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut batch_of: HashMap<Version, usize> = HashMap::new();
    for (place, file) in page.files().iter().enumerate() {
        let Some(subject) = file.subject() else { continue };
        // Files of one release mostly stand together.
        let before = batches.last().and_then(|batch| batch.files.last());
        let batch = if before.is_some_and(|before| before.version == subject.version) {
            batches.len() - 1
        } else {
            *batch_of.entry(subject.version.clone()).or_insert_with(|| {
                if batches.last().is_none_or(|batch| batch.files.len() >= limits::JUDGED_FILES) {
                    batches.push(Batch::default());
                }
                batches.len() - 1
            })
        };
        if let Some(batch) = batches.get_mut(batch) {
            batch.places.push(place);
            batch.files.push(subject);
        }
    }
    batches
}

/// Does some work on as many threads as there are pieces of it and processors, [`limits::JUDGES`] at most.
fn on_threads<T: Send>(pieces: usize, work: impl Fn() -> Vec<T> + Sync) -> Vec<T> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let others = pieces.min(processors).min(limits::JUDGES).saturating_sub(1);
    if others == 0 {
        return work();
    }
    thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(&work)).collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked)));
        }
        done
    })
}

/// A file nobody can judge: no verdict is about it.
pub(crate) fn unjudged() -> Block {
    Block::new(
        code::FILE_UNHASHED,
        "its index gives no sha256 for it, or it is of a kind that nobody should install",
    )
}

/// The moments at which a statement begins or ends to count, or to take effect on others.
fn moments(statement: &Statement) -> impl Iterator<Item = Timestamp> + use<> {
    let validity = statement.claim.validity();
    let revoked = match &statement.claim {
        Claim::Withdrawal(Withdrawal::Key { from, .. }) => Some(*from),
        _ => None,
    };
    let edges = validity.into_iter().flat_map(|validity| [validity.not_before(), validity.not_after()]);
    [statement.issued].into_iter().chain(revoked).chain(edges)
}

/// A file of a project that does not exist: what is asked with it is about the project.
fn probe(project: &ProjectName) -> Option<Subject> {
    Some(Subject {
        project: project.clone(),
        version: Version::parse("0").ok()?,
        filename: FileName::parse("no-file").ok()?,
        sha256: Sha256::of(b""),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use covouch_python::simple::json;
    use url::Url;

    use super::*;

    #[test]
    fn releases_are_judged_whole_wherever_their_files_stand() {
        let files = (0..1500).map(|number| {
            let name = format!("six-{}.0-{number}-py3-none-any.whl", number % 700);
            let sha256 = Sha256::of(name.as_bytes());
            format!(r#"{{"filename": "{name}", "url": "{name}", "hashes": {{"sha256": "{sha256}"}}}}"#)
        });
        let nobody_can_judge = r#"{"filename": "six-1.0.tar.gz", "url": "six-1.0.tar.gz", "hashes": {}}"#;
        let files: Vec<String> = [nobody_can_judge.to_owned()].into_iter().chain(files).collect();
        let text =
            format!(r#"{{"meta": {{"api-version": "1.0"}}, "name": "six", "files": [{}]}}"#, files.join(","));
        let six = ProjectName::parse("six").unwrap();
        let page =
            json::parse(text.as_bytes(), &Url::parse("https://index.example/").unwrap(), &six).unwrap();
        let batches = batches(&page);
        assert!(batches.len() > 1);
        let mut places: Vec<usize> = batches.iter().flat_map(|batch| batch.places.clone()).collect();
        places.sort_unstable();
        assert_eq!(places, (1..=1500).collect::<Vec<_>>());
        let mut seen = BTreeSet::new();
        for batch in &batches {
            let versions: BTreeSet<&Version> = batch.files.iter().map(|subject| &subject.version).collect();
            assert!(versions.into_iter().all(|version| seen.insert(version)), "a release is in two batches");
        }
    }
}
