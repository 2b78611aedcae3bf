//! A publisher as somebody writes one down: an index beside a provenance, or a lock file beside a release.

use std::{fmt, sync::Arc};

use super::{Publisher, PublisherName};

/// A publisher somebody expects, without the ids that only proofs have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpectedPublisher {
    /// Who.
    pub name: PublisherName,
    /// The workflow, or CircleCI's pipeline definition, where one is expected.
    pub workflow: Option<Arc<str>>,
    /// The deployment environment, where one is expected.
    pub environment: Option<Arc<str>>,
}

impl ExpectedPublisher {
    /// The first thing in which a proven publisher is another than the expected one, and what was expected of it.
    #[must_use]
    pub fn difference(&self, proven: &Publisher) -> Option<(&'static str, String)> {
        if self.name != proven.name {
            return Some(("publisher", self.name.to_string()));
        }
        if let Some(workflow) = self.workflow.as_deref().filter(|it| Some(*it) != proven.workflow.as_deref())
        {
            return Some(("workflow", workflow.to_owned()));
        }
        // Certificates have come to name the environment; an index knows it from the same token, case apart.
        match (&self.environment, &proven.environment) {
            (Some(expected), Some(proven)) if !expected.eq_ignore_ascii_case(proven) => {
                Some(("environment", expected.to_string()))
            }
            _ => None,
        }
    }
}

impl From<&Publisher> for ExpectedPublisher {
    fn from(proven: &Publisher) -> Self {
        Self {
            name: proven.name.clone(),
            workflow: proven.workflow.clone(),
            environment: proven.environment.clone(),
        }
    }
}

/// `github:psf/requests by release.yml`.
impl fmt::Display for ExpectedPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.name, f)?;
        self.workflow.as_ref().map_or(Ok(()), |workflow| write!(f, " by {workflow}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(name: &str, workflow: Option<&str>, environment: Option<&str>) -> ExpectedPublisher {
        ExpectedPublisher {
            name: PublisherName::parse(name).unwrap(),
            workflow: workflow.map(Into::into),
            environment: environment.map(Into::into),
        }
    }

    #[test]
    fn what_is_not_expected_may_be_anything() {
        let mut proven = Publisher::named(PublisherName::parse("github:org/demo").unwrap());
        proven.workflow = Some("release.yml".into());
        let differs = |expected: &ExpectedPublisher, proven: &Publisher| {
            expected.difference(proven).map(|(claim, _)| claim)
        };
        assert_eq!(differs(&expected("github:org/demo", None, None), &proven), None);
        assert_eq!(differs(&expected("github:Org/Demo", Some("release.yml"), Some("pypi")), &proven), None);
        proven.environment = Some("PyPI".into());
        assert_eq!(differs(&expected("github:org/demo", Some("release.yml"), Some("pypi")), &proven), None);
        for (other, claim) in [
            (expected("github:org/other", None, None), "publisher"),
            (expected("gitlab:org/demo", None, None), "publisher"),
            (expected("github:org/demo", Some("other.yml"), None), "workflow"),
            (expected("github:org/demo", None, Some("staging")), "environment"),
        ] {
            assert_eq!(differs(&other, &proven), Some(claim));
        }
    }
}
