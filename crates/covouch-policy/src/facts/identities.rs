//! Who stands behind a file without a key of their own: publishers whose attestations hold for it, electorates whose vote
//! on it passed.
//!
//! # Invariants
//! - Only those matter whom somebody names as an author of the project: nothing is looked up for anybody else.
//! - Who could stand behind the file, for all that is known, counts in no pessimistic view.

use covouch_core::{
    evidence::{Gap, Known},
    level::Level,
    statement::Author,
};
use covouch_graph::Identity;

use super::Case;
use crate::code;

/// Who stands behind one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities {
    /// Those of whom it is known.
    pub(crate) known: Vec<Identity>,
    /// Those, and those of whom it is not known.
    pub(crate) possible: Vec<Identity>,
    /// Why it is not.
    pub(crate) gaps: Vec<Gap>,
    /// Whether nobody looked who published the file, although it matters.
    pub(crate) wants_publisher: bool,
}

impl Identities {
    /// Whether there is somebody of whom it is not known.
    pub(crate) fn are_open(&self) -> bool {
        self.possible.len() > self.known.len()
    }

    fn add(&mut self, who: &Author, level: Level, found: Known<Option<String>>) {
        let identity = |origin: String| Identity { who: who.clone(), level, origin: origin.into() };
        match found {
            Known::Is(None) => {}
            Known::Is(Some(origin)) => {
                self.known.push(identity(origin.clone()));
                self.possible.push(identity(origin));
            }
            Known::Unknown(gap) => {
                self.possible.push(identity(gap.to_string()));
                self.gaps.push(gap);
            }
        }
    }
}

impl Case<'_> {
    /// Who stands behind the file and has no key.
    pub(crate) fn identities(&self) -> &Identities {
        self.identities.get_or_init(|| {
            let mut identities = Identities::default();
            for author in self.graph.named(&self.subject.project) {
                match author {
                    Author::Key(_) => {}
                    Author::Publisher(name) => {
                        identities.wants_publisher |= self.evidence.publishers(self.subject).is_none();
                        identities.add(author, Level::Author, self.published_by(name));
                    }
                    Author::Electorate(id) => {
                        let found =
                            match self.evidence.vote(id, self.subject, self.now) {
                                Known::Is(passed) => Known::Is(passed.map(|version| {
                                    format!("voted for by electorate {id}, version {version}")
                                })),
                                Known::Unknown(gap) => Known::Unknown(gap),
                            };
                        identities.add(author, Level::Voted, found);
                    }
                }
            }
            identities
        })
    }

    /// What shows that this publisher published the file.
    fn published_by(&self, name: &str) -> Known<Option<String>> {
        match self.evidence.publishers(self.subject) {
            Some(Known::Is(publishers)) => {
                let is_it = publishers.iter().any(|publisher| publisher.name.to_string() == name);
                Known::Is(is_it.then(|| format!("attested by {name}")))
            }
            Some(Known::Unknown(gap)) => Known::Unknown(gap.clone()),
            None => Known::Unknown(Gap {
                code: code::PUBLISHER_NOT_ASKED,
                source: self.subject.filename.as_str().into(),
                detail: "who published it was not looked at".into(),
            }),
        }
    }
}
