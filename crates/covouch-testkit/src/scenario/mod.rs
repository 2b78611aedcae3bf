//! Stories: an attack or an ordinary day in TOML, the verdict expected, and a twin that differs by one fact.
//!
//! `scenarios/README.md` describes the format. The same story is played against the engine ([`World::evidence`]),
//! the command and the gateway ([`World::serve`], [`World::write_project`]).
//!
//! # Invariants
//! - The twin's world is the story's world with exactly one leaf changed; that is checked, not promised.
//! - The fact that changes is about the world, never the policy; and some file that the story keeps out is
//!   admitted in the twin.
//!
//! # Not here
//! Reading a policy: its text is handed on as it stands, with keys, digests and addresses filled in.

mod comparing;
mod evidence;
mod packaged;
mod project;
mod publishing;
mod records;
mod serve;
mod statements;
mod twin;
mod voting;
mod wire;
mod world;

use std::{collections::BTreeSet, fmt, path::Path};

use serde::Deserialize;

pub use self::{
    project::{Addresses, ProjectFolder},
    serve::Served,
    statements::SignedChain,
    twin::Twin,
    world::World,
};

/// A story, its world, what is expected of it, and its twin.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub title: String,
    /// The story in a sentence.
    pub says: String,
    /// Where its facts are from.
    pub source: String,
    /// How well they are known.
    pub facts: Facts,
    /// The world at the moment of the question.
    pub world: World,
    /// What is expected of its files.
    pub expect: Vec<Expectation>,
    /// The same with one fact changed.
    pub twin: Twin,
}

/// How well the facts of a story are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Facts {
    /// Read in the primary source.
    #[serde(rename = "V")]
    Verified,
    /// Read in a secondary source.
    #[serde(rename = "S")]
    Secondary,
    /// Ours, after a named pattern.
    #[serde(rename = "synthetic")]
    Synthetic,
}

/// A verdict as stories name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Let in.
    Admitted,
    /// Something says no.
    Refused,
    /// Not enough yes, or not known.
    Undecided,
    /// Let in by a waiver.
    Waived,
    /// Let in because the policy only monitors.
    Monitored,
}

impl Verdict {
    /// The verdict's name, as in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
            Self::Waived => "waived",
            Self::Monitored => "monitored",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is expected of one file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expectation {
    /// The file's label in the world.
    pub file: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The verdict's code, where the story cares.
    pub code: Option<String>,
    /// What the sentence about it must contain.
    #[serde(default)]
    pub says: Vec<String>,
}

impl Expectation {
    /// What is not as expected, in a line for the test's failure; `None` when everything is.
    #[must_use]
    pub fn mismatch(&self, verdict: &str, code: &str, sentence: &str) -> Option<String> {
        let seen = format!("`{}` is {verdict} ({code}): {sentence}", self.file);
        if verdict != self.verdict.as_str() {
            return Some(format!("{seen}; expected {}", self.verdict));
        }
        if let Some(expected) = self.code.as_ref().filter(|expected| *expected != code) {
            return Some(format!("{seen}; expected code {expected}"));
        }
        let missing = self.says.iter().find(|fragment| !sentence.contains(fragment.as_str()))?;
        Some(format!("{seen}; expected it to say `{missing}`"))
    }
}

/// Why a text is not a story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Not the TOML of a story.
    #[error("{0}")]
    Toml(String),
    /// A value that means nothing.
    #[error("`{at}`: {reason}")]
    Value {
        /// Where it stands.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The twin does not differ by exactly one fact, or does not let the file in.
    #[error("twin: {0}")]
    Twin(String),
}

impl ScenarioError {
    fn value(at: impl Into<String>, reason: impl ToString) -> Self {
        Self::Value { at: at.into(), reason: reason.to_string() }
    }
}

impl Scenario {
    /// Reads a story and checks its twin.
    ///
    /// # Errors
    /// [`ScenarioError`] when it is no story, or its twin is none.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let (story, to, facts) = wire::split(text)?;
        let world = World::from_facts(&facts)?;
        check_expectations("expect", &world, &story.expect)?;
        let twin = Twin::from_wire(story.twin, to, &facts, &story.expect)?;
        check_expectations("twin.expect", &twin.world, &twin.expect)?;
        Ok(Self {
            title: story.title,
            says: story.says,
            source: story.source,
            facts: story.facts,
            world,
            expect: story.expect,
            twin,
        })
    }

    /// Reads all stories of a folder, sorted by file name, each with its name without `.toml`.
    ///
    /// # Panics
    /// When one of them cannot be read.
    #[must_use]
    pub fn read_folder(folder: &Path) -> Vec<(String, Self)> {
        let entries = std::fs::read_dir(folder).expect("a folder of scenarios");
        let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
        let stories: BTreeSet<_> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        let read = |path: std::path::PathBuf| {
            let name = path.file_stem().expect("a file with a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a readable story");
            let story = Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (name, story)
        };
        stories.into_iter().map(read).collect()
    }

    /// All stories of this workspace.
    ///
    /// # Panics
    /// When one of them cannot be read.
    #[must_use]
    pub fn all() -> Vec<(String, Self)> {
        Self::read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios"))
    }
}

fn check_expectations(at: &str, world: &World, expectations: &[Expectation]) -> Result<(), ScenarioError> {
    if expectations.is_empty() {
        return Err(ScenarioError::value(at, "at least one file is expected to have a verdict"));
    }
    let unknown = expectations.iter().find(|expectation| world.file(&expectation.file).is_none());
    unknown
        .map_or(Ok(()), |unknown| Err(ScenarioError::value(at, format_args!("no file `{}`", unknown.file))))
}
