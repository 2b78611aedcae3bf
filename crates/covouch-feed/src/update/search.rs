//! Finding who lists a target: through delegations, depth first, in the order they are written (TUF §5.6.7).

use std::{collections::BTreeSet, mem};

use covouch_core::time::Timestamp as Moment;

use super::{Answer, News, Source, Trusted, UpdateError, Want, Why};
use crate::{
    limits,
    path::role_file,
    role::{Delegations, Target, Targets},
    threshold::Signers,
};

/// One search. It asks for lists as [`super::Update`] asks for files.
pub struct Search<'a> {
    trusted: &'a Trusted,
    path: String,
    now: Moment,
    /// Roles still to ask, the next one last.
    ahead: Vec<(String, Signers)>,
    asked: BTreeSet<String>,
    source: Source,
    found: Option<Target>,
    news: Vec<News>,
}

impl<'a> Search<'a> {
    /// Looks for a target from the top-level targets on.
    #[must_use]
    pub fn new(trusted: &'a Trusted, path: &str, now: Moment) -> Self {
        let mut search = Self {
            trusted,
            path: path.to_owned(),
            now,
            ahead: Vec::new(),
            asked: BTreeSet::new(),
            source: Source::Kept,
            found: None,
            news: Vec::new(),
        };
        search.look(trusted.targets().role());
        search.settle();
        search
    }

    /// The list that is needed next; `None` when the search has ended.
    ///
    /// # Errors
    /// [`UpdateError`] when the snapshot does not name it.
    pub fn wants(&self) -> Result<Option<Want>, UpdateError> {
        self.ahead.last().map(|(role, _)| self.trusted.want(role, self.source)).transpose()
    }

    /// Gives the list that was wanted.
    ///
    /// # Errors
    /// [`UpdateError`]: a list that cannot be believed ends the search, or whoever holds it back could pass the word
    /// to the next one.
    pub fn give(&mut self, answer: Answer<'_>) -> Result<(), UpdateError> {
        let Some((role, signers)) = self.ahead.last().cloned() else { return Ok(()) };
        let bytes = match answer {
            Answer::Bytes(bytes) => Ok(bytes),
            Answer::Absent => Err(UpdateError::new(&role, Why::Missing)),
        };
        let checked = bytes
            .and_then(|bytes| Ok((self.trusted.check_in_time(&role, &signers, bytes, self.now)?, bytes)));
        match (checked, self.source) {
            // An older list is kept, or none.
            (Err(_), Source::Kept) => self.source = Source::Repository,
            (Err(error), Source::Repository) => return Err(error),
            (Ok((targets, bytes)), source) => {
                if source == Source::Repository {
                    self.news.push(News { file: role_file(&role), bytes: bytes.to_vec() });
                }
                self.source = Source::Kept;
                self.ahead.pop();
                self.asked.insert(role);
                self.look(targets.role());
                self.settle();
            }
        }
        Ok(())
    }

    /// What is to be kept since this was last asked.
    pub fn news(&mut self) -> Vec<News> {
        mem::take(&mut self.news)
    }

    /// What was found; `None` when nobody who may lists it.
    #[must_use]
    pub fn finish(self) -> Option<Target> {
        self.found
    }

    fn look(&mut self, targets: &Targets) {
        if let Some(target) = targets.targets.get(&self.path) {
            self.found = Some(target.clone());
            self.ahead.clear();
            return;
        }
        match &targets.delegations {
            Delegations::None => {}
            Delegations::Bins(bins) => {
                self.ahead.push((bins.role_of(&self.path), bins.signers().clone()));
            }
            Delegations::Listed(roles) => {
                let mut next = Vec::new();
                for role in roles.iter().filter(|role| role.paths.contain(&self.path)) {
                    next.push((role.name.clone(), role.signers.clone()));
                    // TUF §5.6.7.2.1: nobody after a terminating role is asked, in no list above it either.
                    if role.terminating {
                        self.ahead.clear();
                        break;
                    }
                }
                self.ahead.extend(next.into_iter().rev());
            }
        }
    }

    /// Drops roles that were asked already, so that a circle ends, and everything once enough were.
    fn settle(&mut self) {
        while self.ahead.last().is_some_and(|(role, _)| self.asked.contains(role)) {
            self.ahead.pop();
        }
        if self.asked.len() >= limits::SEARCH_ROLES {
            self.ahead.clear();
        }
    }
}
