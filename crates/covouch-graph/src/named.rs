//! Whom somebody names as an author of a project and who has no key: what is known of them comes from elsewhere.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use covouch_core::{
    name::{ProjectName, ProjectPattern},
    statement::Author,
};

use crate::{
    build::TrustGraph,
    edge::{Edge, Terms},
    node::{NodeIndex, Nodes},
};

/// Publishers and electorates by the projects for which somebody names them. Most grants name projects and not patterns,
/// and there may be thousands.
#[derive(Debug, Default)]
pub(crate) struct Named {
    authors: Vec<Author>,
    exactly: HashMap<Arc<str>, Vec<usize>>,
    like: Vec<(ProjectPattern, usize)>,
}

impl Named {
    pub(crate) fn of(edges: &[Edge], nodes: &Nodes) -> Self {
        let mut named = Self::default();
        let (mut positions, mut once) = (HashMap::<NodeIndex, usize>::new(), HashSet::new());
        for edge in edges.iter().filter(|edge| matches!(edge.terms, Terms::Author)) {
            let author = nodes.speaker(edge.to);
            if author.key().is_some() {
                continue;
            }
            let position = *positions.entry(edge.to).or_insert_with(|| {
                named.authors.push(author.clone());
                named.authors.len() - 1
            });
            for pattern in edge.projects.iter().filter(|pattern| once.insert((edge.to, (*pattern).clone()))) {
                if pattern.as_str().contains('*') {
                    named.like.push((pattern.clone(), position));
                } else {
                    named.exactly.entry(pattern.as_str().into()).or_default().push(position);
                }
            }
        }
        named
    }

    fn of_project(&self, project: &ProjectName) -> Vec<&Author> {
        let exactly = self.exactly.get(project.as_str()).into_iter().flatten();
        let like =
            self.like.iter().filter(|(pattern, _)| pattern.matches(project)).map(|(_, position)| position);
        let mut positions: Vec<usize> = exactly.chain(like).copied().collect();
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|position| self.authors.get(position)).collect()
    }
}

impl TrustGraph {
    /// The publishers and electorates that somebody, anybody, names as authors of a project.
    #[must_use]
    pub fn named(&self, project: &ProjectName) -> Vec<&Author> {
        self.named.of_project(project)
    }

    /// Whether anybody names a publisher or an electorate as an author of anything.
    #[must_use]
    pub fn names_anybody(&self) -> bool {
        !self.named.authors.is_empty()
    }
}
