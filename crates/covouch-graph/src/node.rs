//! Who can speak: keys, publisher identities and electorates, each with one number.

#![expect(clippy::indexing_slicing, reason = "a node's index is made by this table")]

use std::collections::HashMap;

use covouch_core::{key::PublicKey, statement::Author};

pub(crate) use crate::index::NodeIndex;

/// All who can speak.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    speakers: Vec<Author>,
    index: HashMap<Author, NodeIndex>,
}

impl Nodes {
    /// The number of somebody, a new one for somebody new.
    pub(crate) fn intern(&mut self, speaker: &Author) -> NodeIndex {
        if let Some(known) = self.index.get(speaker) {
            return *known;
        }
        let node = NodeIndex::new(self.speakers.len());
        self.speakers.push(speaker.clone());
        self.index.insert(speaker.clone(), node);
        node
    }

    pub(crate) fn find(&self, key: &PublicKey) -> Option<NodeIndex> {
        self.find_speaker(&Author::Key(*key))
    }

    pub(crate) fn find_speaker(&self, speaker: &Author) -> Option<NodeIndex> {
        self.index.get(speaker).copied()
    }

    pub(crate) fn speaker(&self, node: NodeIndex) -> &Author {
        &self.speakers[node.position()]
    }

    /// The key of a node; only keys have one.
    pub(crate) fn key(&self, node: NodeIndex) -> Option<&PublicKey> {
        self.speaker(node).key()
    }

    pub(crate) fn len(&self) -> usize {
        self.speakers.len()
    }
}
