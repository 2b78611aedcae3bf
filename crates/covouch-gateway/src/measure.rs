//! The pure part of the gateway, laid open for its bench: judging a page's files, and the page as clients see it.
//!
//! # Not here
//! Anything a shell would use.

use std::collections::HashMap;

use covouch_core::{evidence::Evidence, party::PartyName, time::Timestamp};
use covouch_io::collect;
use covouch_policy::Blocked;
use covouch_python::simple::{File, Page};

use crate::{
    cache::{Holds, Project},
    enforce::{self, Style},
    snapshot::{Basis, Snapshot},
};

/// Everything that is ready before a page is made.
pub struct Enforcing {
    snapshot: Snapshot,
    project: Project,
    now: Timestamp,
}

impl Enforcing {
    /// Takes what the page's own index says of its files as evidence.
    #[must_use]
    pub fn new(basis: Basis, home: PartyName, page: &Page, now: Timestamp) -> Self {
        let mut evidence = Evidence::new();
        collect::add_page(&mut evidence, &home, page, None);
        let project = Project {
            holds: Holds { snapshot: 0, until: now },
            name: page.project().clone(),
            home,
            evidence,
            is_quarantined: false,
            files: HashMap::new(),
        };
        Self { snapshot: Snapshot::new(0, basis), project, now }
    }

    /// Judges every file and edits the page; says as well whether any file is let through.
    #[must_use]
    pub fn enforce(&self, page: Page) -> (Page, bool) {
        let (judgements, _) = self.snapshot.judge_page(&self.project, &page, self.now);
        let style = Style {
            blocked: Blocked::Yank,
            index: &self.project.home,
            why: &|file: &File| file.filename().to_string(),
            metadata: &|_| None,
        };
        let enforced = enforce::enforce(page, judgements, &style);
        (enforced.page, enforced.admits_any)
    }
}
