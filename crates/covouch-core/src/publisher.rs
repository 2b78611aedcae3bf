//! Who published a file: the account on a forge or a cloud whose identity an attestation proves (PEP 740).
//!
//! # Invariants
//! - A [`PublisherName`] has one spelling: `github:psf/requests`, lower case, visible ASCII only, so that no two
//!   names look alike and differ.
//! - Two publishers are compared by their ids when both have them: a repository that was renamed is the same one,
//!   and an account somebody registered anew under an old name is another.
//!
//! # Not here
//! How an identity is proven: `covouch-io` verifies attestations, `covouch-python` compares what they claim.

mod continuity;
mod expected;

use std::{fmt, sync::Arc};

pub use self::{
    continuity::{Attested, Continuity, PublishedFile, SETTLED, continuity, reference},
    expected::ExpectedPublisher,
};
use crate::limits;

/// What kind of place a file is published from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublisherKind {
    /// A GitHub Actions workflow.
    GitHub,
    /// A GitLab CI pipeline.
    GitLab,
    /// A Google Cloud service account.
    Google,
    /// A CircleCI pipeline.
    CircleCi,
}

impl PublisherKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::GitHub, Self::GitLab, Self::Google, Self::CircleCi];

    /// The kind's name as policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Google => "google",
            Self::CircleCi => "circleci",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for PublisherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A publisher as a policy names it: `github:psf/requests`, `gitlab:group/project`, `google:` with a service
/// account's e-mail address, `circleci:` with a project's id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherName {
    kind: PublisherKind,
    repository: Arc<str>,
}

/// Why a text names no publisher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublisherError {
    /// There is no kind in front of a colon, or none that is known.
    #[error("`{0}` names no publisher: it begins with none of `github:`, `gitlab:`, `google:`, `circleci:`")]
    Kind(String),
    /// What follows the kind is empty, too long, or has a character no repository has.
    #[error("`{repository}` is not what {kind} calls a publisher")]
    Repository {
        /// The kind that was given.
        kind: PublisherKind,
        /// What was written after it.
        repository: String,
    },
}

impl PublisherName {
    /// Parses `kind:repository`.
    ///
    /// # Errors
    /// [`PublisherError`] when the kind is unknown or the rest cannot be a repository of that kind.
    pub fn parse(text: &str) -> Result<Self, PublisherError> {
        let (kind, repository) = text
            .split_once(':')
            .and_then(|(kind, repository)| Some((PublisherKind::parse(kind)?, repository)))
            .ok_or_else(|| PublisherError::Kind(text.to_owned()))?;
        Self::new(kind, repository)
    }

    /// The publisher of this kind whose repository, account or project is called so.
    ///
    /// # Errors
    /// [`PublisherError::Repository`] when the text cannot be a repository of that kind.
    pub fn new(kind: PublisherKind, repository: &str) -> Result<Self, PublisherError> {
        if is_repository(kind, repository) {
            return Ok(Self { kind, repository: repository.to_ascii_lowercase().into() });
        }
        Err(PublisherError::Repository { kind, repository: repository.to_owned() })
    }

    /// What kind of place it is.
    #[must_use]
    pub fn kind(&self) -> PublisherKind {
        self.kind
    }

    /// The repository, account or project, in lower case.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }
}

/// Whether a text can be what this kind calls a repository, account or project.
fn is_repository(kind: PublisherKind, text: &str) -> bool {
    let shape = match kind {
        PublisherKind::GitHub => has_parts(text, |count| count == 2),
        PublisherKind::GitLab => has_parts(text, |count| count >= 2),
        PublisherKind::Google => {
            text.split_once('@').is_some_and(|(user, host)| is_part(user) && is_part(host))
        }
        PublisherKind::CircleCi => is_part(text),
    };
    shape && text.len() <= limits::PUBLISHER_BYTES
}

fn has_parts(text: &str, count: impl Fn(usize) -> bool) -> bool {
    text.split('/').all(is_part) && count(text.split('/').count())
}

/// Whether a text can stand between two slashes; `.` and `..` would make one address out of another.
fn is_part(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !matches!(part, "" | "." | "..") && part.bytes().all(allowed)
}

impl fmt::Display for PublisherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.repository)
    }
}

impl fmt::Debug for PublisherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A proven publisher: a name, and what the proof says besides.
///
/// The ids are the forge's own, which outlive names. Workflow and environment say what inside the repository
/// published; they change in ordinary maintenance, so [`Publisher::same_as`] does not look at them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Publisher {
    /// The kind, and the repository as it was called at the time.
    pub name: PublisherName,
    /// The workflow file, or CircleCI's pipeline definition.
    pub workflow: Option<Arc<str>>,
    /// The deployment environment, when the proof names one; certificates from before 2026 do not.
    pub environment: Option<Arc<str>>,
    /// The repository's id.
    pub repository_id: Option<Arc<str>>,
    /// The id of the account or group the repository belongs to.
    pub owner_id: Option<Arc<str>>,
}

impl Publisher {
    /// A publisher of whom no more than the name is known.
    #[must_use]
    pub fn named(name: PublisherName) -> Self {
        Self { name, workflow: None, environment: None, repository_id: None, owner_id: None }
    }

    /// Whether both are one publisher. By ids when both have them, by name otherwise.
    ///
    /// A repository handed to another owner keeps its id and is yet another publisher: somebody else publishes.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        if self.name.kind != other.name.kind {
            return false;
        }
        let owners = differ(self.owner_id.as_deref(), other.owner_id.as_deref());
        match differ(self.repository_id.as_deref(), other.repository_id.as_deref()) {
            Some(repositories) => !repositories && owners != Some(true),
            None => self.name == other.name && owners != Some(true),
        }
    }
}

/// Whether two ids differ, where both are known.
fn differ(one: Option<&str>, other: Option<&str>) -> Option<bool> {
    Some(one? != other?)
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.name, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher(name: &str, ids: Option<[&str; 2]>) -> Publisher {
        let mut publisher = Publisher::named(PublisherName::parse(name).unwrap());
        if let Some([repository, owner]) = ids {
            publisher.repository_id = Some(repository.into());
            publisher.owner_id = Some(owner.into());
        }
        publisher
    }

    #[test]
    fn a_publisher_has_one_spelling() {
        let name = PublisherName::parse("github:PyCQA/Flake8").unwrap();
        assert_eq!(name.to_string(), "github:pycqa/flake8");
        assert_eq!(PublisherName::parse(&name.to_string()), Ok(name));
        for text in ["gitlab:group/sub/project", "google:bot@project.example", "circleci:fdd9283f-e619-46af"]
        {
            assert_eq!(PublisherName::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_no_forge_calls_a_publisher_is_refused() {
        for text in ["", "psf/requests", "sourcehut:a/b", "GitHub:a/b"] {
            assert!(matches!(PublisherName::parse(text), Err(PublisherError::Kind(_))), "{text}");
        }
        let refused = [
            "github:",
            "github:a",
            "github:a/b/c",
            "github:a/..",
            "github:a/b@v1",
            "github:a/b ",
            "gitlab:a",
        ];
        for text in refused.into_iter().chain(["google:bot", "google:@x", "circleci:a/b", "github:а/b"]) {
            assert!(matches!(PublisherName::parse(text), Err(PublisherError::Repository { .. })), "{text}");
        }
        let long = format!("github:a/{}", "b".repeat(limits::PUBLISHER_BYTES));
        assert!(PublisherName::parse(&long).is_err());
    }

    #[test]
    fn a_renamed_repository_is_the_same_publisher() {
        let before = publisher("github:org/models", Some(["7", "9"]));
        let after = publisher("github:org/attestations", Some(["7", "9"]));
        assert!(before.same_as(&after) && after.same_as(&before));
        assert!(!before.same_as(&publisher("github:org/attestations", None)), "without ids names must agree");
    }

    #[test]
    fn an_old_name_with_a_new_id_is_another_publisher() {
        let before = publisher("github:org/project", Some(["7", "9"]));
        assert!(!before.same_as(&publisher("github:org/project", Some(["8", "9"]))));
        assert!(before.same_as(&publisher("github:org/project", Some(["7", "9"]))));
    }

    #[test]
    fn a_repository_handed_to_another_owner_is_another_publisher() {
        let before = publisher("github:org/project", Some(["7", "9"]));
        assert!(!before.same_as(&publisher("github:other/project", Some(["7", "10"]))));
    }

    #[test]
    fn the_same_id_on_another_forge_is_another_publisher() {
        let before = publisher("github:org/project", Some(["7", "9"]));
        assert!(!before.same_as(&publisher("gitlab:org/project", Some(["7", "9"]))));
    }
}
