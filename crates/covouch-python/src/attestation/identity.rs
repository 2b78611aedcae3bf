//! From a signing certificate's claims to a publisher, and whether the index names the same one.
//!
//! The claims are those of Fulcio's certificate extensions (sigstore/fulcio, `docs/oid-info.md`); which kind of
//! publisher they mean follows from the issuer alone, so a certificate of one forge never passes for another's.

use covouch_core::publisher::{ExpectedPublisher, Publisher, PublisherKind, PublisherName};
use serde::Deserialize;
use serde_json::Value;

use super::ClaimError;
use crate::{limits, shown::Shown};

/// What a signing certificate claims; whoever read it from a certificate has verified that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateClaims<'a> {
    /// On whose word the certificate was issued (extension 1.8, earlier 1.1).
    pub issuer: &'a str,
    /// To whom: the subject alternative name.
    pub identity: Identity<'a>,
    /// What signed, on the forge (1.9).
    pub signer_uri: Option<&'a str>,
    /// The repository (1.12).
    pub repository_uri: Option<&'a str>,
    /// The commit (1.13).
    pub repository_digest: Option<&'a str>,
    /// The branch or tag (1.14). Missing when a detached commit was built.
    pub repository_ref: Option<&'a str>,
    /// The repository's id (1.15).
    pub repository_id: Option<&'a str>,
    /// The id of the account or group it belongs to (1.17).
    pub owner_id: Option<&'a str>,
    /// The workflow (1.18).
    pub config_uri: Option<&'a str>,
    /// The deployment environment (1.23). Certificates from before 2026 do not say.
    pub environment: Option<&'a str>,
}

/// A subject alternative name, of the kinds that publishers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// An e-mail address.
    Email(&'a str),
    /// An address.
    Uri(&'a str),
}

/// Whom an index names as the publisher (PEP 740, `publisher`). An index can err or lie; see [`StatedPublisher::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedPublisher {
    expected: ExpectedPublisher,
    origin: Option<String>,
    reference: Option<String>,
    fields: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
pub(super) struct WirePublisher {
    pub(super) kind: String,
    repository: Option<String>,
    workflow: Option<String>,
    workflow_filepath: Option<String>,
    environment: Option<String>,
    email: Option<String>,
    project_id: Option<String>,
    pipeline_definition_id: Option<String>,
    vcs_origin: Option<String>,
    vcs_ref: Option<String>,
}

const GITHUB: &str = "https://github.com/";
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
const GITLAB: &str = "https://gitlab.com/";
const GITLAB_ISSUER: &str = "https://gitlab.com";
const GOOGLE_ISSUER: &str = "https://accounts.google.com";
const CIRCLECI: &str = "https://circleci.com/api/v2/projects/";
const CIRCLECI_ISSUER: &str = "https://oidc.circleci.com";

/// The publisher whom a certificate shows.
///
/// # Errors
/// [`ClaimError::Issuer`] when it is nobody who publishes, [`ClaimError::Claim`] when a claim is missing that such a
/// publisher's certificate has, or contradicts another.
pub fn publisher(claims: &CertificateClaims<'_>) -> Result<Publisher, ClaimError> {
    let mut publisher = match claims.issuer {
        GITHUB_ISSUER => forge(PublisherKind::GitHub, GITHUB, "/.github/workflows/", claims)?,
        GITLAB_ISSUER => forge(PublisherKind::GitLab, GITLAB, "//", claims)?,
        GOOGLE_ISSUER => google(claims)?,
        CIRCLECI_ISSUER => circleci(claims)?,
        other => return Err(ClaimError::Issuer(Shown::new(other))),
    };
    publisher.environment = claims.environment.map(Into::into);
    Ok(publisher)
}

/// A workflow of a repository: the configuration's address is the repository's, what stands between the two, the
/// workflow's file, and `@` with the branch, tag or commit the certificate names besides.
fn forge(
    kind: PublisherKind,
    host: &str,
    between: &str,
    claims: &CertificateClaims<'_>,
) -> Result<Publisher, ClaimError> {
    let wrong = |claim, found: Option<&str>| wrong(kind, claim, found);
    let repository_uri = claims.repository_uri.ok_or_else(|| wrong("repository", None))?;
    let name = repository_uri.strip_prefix(host).and_then(|path| PublisherName::new(kind, path).ok());
    let name = name.ok_or_else(|| wrong("repository", Some(repository_uri)))?;
    let within = |uri: &'_ str| -> Option<usize> {
        let rest = uri.strip_prefix(repository_uri)?.strip_prefix(between)?;
        Some(uri.len() - rest.len())
    };
    let config = claims.config_uri.ok_or_else(|| wrong("workflow", None))?;
    let file = within(config).and_then(|start| config.get(start..));
    let workflow = [claims.repository_ref, claims.repository_digest]
        .into_iter()
        .flatten()
        .find_map(|suffix| file?.strip_suffix(suffix)?.strip_suffix('@'))
        .filter(|workflow| !workflow.is_empty());
    let workflow = workflow.ok_or_else(|| wrong("workflow", Some(config)))?;
    // A workflow of another repository may be called by one of this repository; then it is not this one that signed.
    match claims.identity {
        Identity::Uri(uri) if within(uri).is_some() => {}
        Identity::Uri(text) | Identity::Email(text) => return Err(wrong("subject", Some(text))),
    }
    Ok(Publisher {
        name,
        workflow: Some(workflow.into()),
        environment: None,
        repository_id: Some(
            id(claims.repository_id).ok_or_else(|| wrong("repository id", claims.repository_id))?,
        ),
        owner_id: Some(id(claims.owner_id).ok_or_else(|| wrong("owner id", claims.owner_id))?),
    })
}

/// A service account. The account has no id in the certificate; its address is never given to another.
fn google(claims: &CertificateClaims<'_>) -> Result<Publisher, ClaimError> {
    let (Identity::Email(text) | Identity::Uri(text)) = claims.identity;
    let name = match claims.identity {
        Identity::Email(email) => PublisherName::new(PublisherKind::Google, email).ok(),
        Identity::Uri(_) => None,
    };
    let name = name.ok_or_else(|| wrong(PublisherKind::Google, "subject", Some(text)))?;
    Ok(Publisher::named(name))
}

/// A pipeline. Project and pipeline definition are ids, so a name is nothing that could be taken over.
fn circleci(claims: &CertificateClaims<'_>) -> Result<Publisher, ClaimError> {
    let kind = PublisherKind::CircleCi;
    let signer = claims.signer_uri.ok_or_else(|| wrong(kind, "signer", None))?;
    let parts = signer.strip_prefix(CIRCLECI).and_then(|path| path.split_once("/pipeline-definitions/"));
    let (project, definition) = parts.ok_or_else(|| wrong(kind, "signer", Some(signer)))?;
    let [name, definition] = [project, definition].map(|id| PublisherName::new(kind, id));
    let (Ok(name), Ok(definition)) = (name, definition) else {
        return Err(wrong(kind, "signer", Some(signer)));
    };
    match claims.identity {
        Identity::Uri(uri) if uri == signer => {}
        Identity::Uri(text) | Identity::Email(text) => return Err(wrong(kind, "subject", Some(text))),
    }
    Ok(Publisher { workflow: Some(definition.repository().into()), ..Publisher::named(name) })
}

fn wrong(kind: PublisherKind, claim: &'static str, found: Option<&str>) -> ClaimError {
    ClaimError::Claim { kind, claim, found: Shown::new(found.unwrap_or_default()) }
}

/// A forge's id for something: a number.
fn id(text: Option<&str>) -> Option<std::sync::Arc<str>> {
    text.filter(|text| matches!(text.len(), 1..=20) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .map(Into::into)
}

impl WirePublisher {
    /// The fields that are there.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let optional = [
            ("repository", &self.repository),
            ("workflow", &self.workflow),
            ("workflow_filepath", &self.workflow_filepath),
            ("environment", &self.environment),
            ("email", &self.email),
            ("project_id", &self.project_id),
            ("pipeline_definition_id", &self.pipeline_definition_id),
            ("vcs_origin", &self.vcs_origin),
            ("vcs_ref", &self.vcs_ref),
        ];
        let there = optional.into_iter().filter_map(|(field, value)| Some((field, value.clone()?)));
        [("kind", self.kind.clone())].into_iter().chain(there).collect()
    }

    /// Whom it names, with as much as it says; an error says what is missing.
    fn expected(&self) -> Result<ExpectedPublisher, Shown> {
        if self.fields().iter().any(|(_, value)| value.len() > limits::PUBLISHER_FIELD_BYTES) {
            return Err(Shown::new("a field of it is too long"));
        }
        let (kind, field, value, workflow) = match self.kind.as_str() {
            "GitHub" => (PublisherKind::GitHub, "repository", &self.repository, &self.workflow),
            "GitLab" => (PublisherKind::GitLab, "repository", &self.repository, &self.workflow_filepath),
            "Google" => (PublisherKind::Google, "email", &self.email, &None),
            "CircleCI" => {
                (PublisherKind::CircleCi, "project_id", &self.project_id, &self.pipeline_definition_id)
            }
            _ => return Err(Shown::new("the kind is not known")),
        };
        let value = value.as_deref().ok_or_else(|| missing(field))?;
        Ok(ExpectedPublisher {
            name: PublisherName::new(kind, value).map_err(|error| Shown::new(&error.to_string()))?,
            workflow: workflow.as_deref().map(Into::into),
            environment: self.environment.as_deref().map(Into::into),
        })
    }
}

/// A publisher as a lock repeats it, field by field with its `kind` (PEP 751, `packages.attestation-identities`);
/// nothing when it is none that is known. What a lock leaves out is not expected.
pub fn expected<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<ExpectedPublisher> {
    let fields = fields.into_iter().map(|(field, text)| (field.to_owned(), Value::from(text)));
    let wire: WirePublisher = serde_json::from_value(fields.collect()).ok()?;
    wire.expected().ok()
}

fn missing(field: &str) -> Shown {
    Shown::new(&format!("it has no `{field}`"))
}

impl StatedPublisher {
    /// The publisher an index names; an error says what is missing.
    pub(super) fn parse(wire: &WirePublisher) -> Result<Self, Shown> {
        let expected = wire.expected()?;
        let workflow = match expected.name.kind() {
            PublisherKind::GitHub => Some("workflow"),
            PublisherKind::GitLab => Some("workflow_filepath"),
            PublisherKind::CircleCi => Some("pipeline_definition_id"),
            PublisherKind::Google => None,
        };
        if let (Some(field), None) = (workflow, &expected.workflow) {
            return Err(missing(field));
        }
        let (origin, reference) = (wire.vcs_origin.clone(), wire.vcs_ref.clone());
        Ok(Self { expected, origin, reference, fields: wire.fields() })
    }

    /// What the index writes, `kind` first: what a lock repeats (PEP 751, `packages.attestation-identities`).
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// The name the index gives.
    #[must_use]
    pub fn name(&self) -> &PublisherName {
        &self.expected.name
    }

    /// Holds what the index says against the certificate and the publisher it shows.
    ///
    /// # Errors
    /// [`ClaimError::OtherPublisher`] where they differ.
    pub fn check(&self, claims: &CertificateClaims<'_>, proven: &Publisher) -> Result<(), ClaimError> {
        let differ = |claim, stated: &str| {
            Err(ClaimError::OtherPublisher {
                stated: Shown::new(stated),
                claim,
                proven: Box::new(proven.clone()),
            })
        };
        if let Some((claim, stated)) = self.expected.difference(proven) {
            return differ(claim, &stated);
        }
        if let Some(origin) = self.origin.as_deref().filter(|it| Some(*it) != claims.repository_uri) {
            return differ("origin", origin);
        }
        match self.reference.as_deref() {
            Some(reference) if Some(reference) != claims.repository_ref => differ("branch or tag", reference),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNER: &str = "https://github.com/Org/project/.github/workflows/release.yml@refs/tags/v1";

    fn github() -> CertificateClaims<'static> {
        CertificateClaims {
            issuer: GITHUB_ISSUER,
            identity: Identity::Uri(SIGNER),
            signer_uri: Some(SIGNER),
            repository_uri: Some("https://github.com/Org/project"),
            repository_digest: Some("153c9a3f5c152ef5405cba227676534658acde27"),
            repository_ref: Some("refs/tags/v1"),
            repository_id: Some("772247423"),
            owner_id: Some("2314423"),
            config_uri: Some(SIGNER),
            environment: None,
        }
    }

    fn circleci() -> CertificateClaims<'static> {
        let signer = "https://circleci.com/api/v2/projects/fdd9283f/pipeline-definitions/8e4f8ab2";
        CertificateClaims {
            issuer: CIRCLECI_ISSUER,
            identity: Identity::Uri(signer),
            signer_uri: Some(signer),
            repository_uri: Some("github.com/Org/project"),
            repository_ref: Some("refs/heads/main"),
            ..bare()
        }
    }

    fn bare() -> CertificateClaims<'static> {
        CertificateClaims {
            issuer: GOOGLE_ISSUER,
            identity: Identity::Email("bot@project.example"),
            signer_uri: None,
            repository_uri: None,
            repository_digest: None,
            repository_ref: None,
            repository_id: None,
            owner_id: None,
            config_uri: None,
            environment: None,
        }
    }

    fn stated(json: &str) -> StatedPublisher {
        StatedPublisher::parse(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn check(json: &str, claims: &CertificateClaims<'_>) -> Result<(), ClaimError> {
        stated(json).check(claims, &publisher(claims).unwrap())
    }

    #[test]
    fn a_workflow_is_its_repository_with_both_ids() {
        let shown = publisher(&github()).unwrap();
        assert_eq!(shown.to_string(), "github:org/project");
        assert_eq!(shown.workflow.as_deref(), Some("release.yml"));
        assert_eq!(
            (shown.repository_id.as_deref(), shown.owner_id.as_deref()),
            (Some("772247423"), Some("2314423"))
        );
    }

    #[test]
    fn a_commit_stands_for_a_branch_that_is_not_named() {
        let uri =
            "https://github.com/Org/project/.github/workflows/p.yml@153c9a3f5c152ef5405cba227676534658acde27";
        let detached = CertificateClaims {
            identity: Identity::Uri(uri),
            config_uri: Some(uri),
            repository_ref: None,
            ..github()
        };
        assert_eq!(publisher(&detached).unwrap().workflow.as_deref(), Some("p.yml"));
        let neither = CertificateClaims { repository_digest: None, ..detached };
        assert!(matches!(publisher(&neither), Err(ClaimError::Claim { claim: "workflow", .. })));
    }

    #[test]
    fn a_nested_group_and_a_service_account_are_publishers() {
        let uri = "https://gitlab.com/a/b/c//ci/release.yml@refs/heads/main";
        let gitlab = CertificateClaims {
            issuer: GITLAB_ISSUER,
            identity: Identity::Uri(uri),
            repository_uri: Some("https://gitlab.com/a/b/c"),
            repository_ref: Some("refs/heads/main"),
            config_uri: Some(uri),
            ..github()
        };
        let shown = publisher(&gitlab).unwrap();
        assert_eq!(
            (shown.to_string().as_str(), shown.workflow.as_deref()),
            ("gitlab:a/b/c", Some("ci/release.yml"))
        );
        assert_eq!(publisher(&bare()).unwrap().to_string(), "google:bot@project.example");
        assert_eq!(publisher(&circleci()).unwrap().to_string(), "circleci:fdd9283f");
    }

    #[test]
    fn a_certificate_that_contradicts_itself_shows_nobody() {
        let other = "https://github.com/evil/project/.github/workflows/release.yml@refs/tags/v1";
        let twins = [
            ("repository", CertificateClaims { repository_uri: None, ..github() }),
            ("repository", CertificateClaims { repository_uri: Some("https://github.com/Org"), ..github() }),
            (
                "repository",
                CertificateClaims { repository_uri: Some("https://gitlab.com/Org/project"), ..github() },
            ),
            ("workflow", CertificateClaims { config_uri: None, ..github() }),
            ("workflow", CertificateClaims { config_uri: Some(other), ..github() }),
            ("workflow", CertificateClaims { repository_ref: Some("refs/tags/v2"), ..github() }),
            ("subject", CertificateClaims { identity: Identity::Uri(other), ..github() }),
            ("subject", CertificateClaims { identity: Identity::Email("bot@project.example"), ..github() }),
            ("repository id", CertificateClaims { repository_id: None, ..github() }),
            ("repository id", CertificateClaims { repository_id: Some("12x"), ..github() }),
            ("owner id", CertificateClaims { owner_id: None, ..github() }),
            (
                "subject",
                CertificateClaims { identity: Identity::Uri("https://bot@project.example"), ..bare() },
            ),
            ("signer", CertificateClaims { signer_uri: None, ..circleci() }),
            ("signer", CertificateClaims { signer_uri: Some(SIGNER), ..circleci() }),
            ("subject", CertificateClaims { identity: Identity::Uri(SIGNER), ..circleci() }),
        ];
        for (expected, claims) in twins {
            match publisher(&claims) {
                Err(ClaimError::Claim { claim, .. }) => assert_eq!(claim, expected, "{claims:?}"),
                other => panic!("{other:?} for {claims:?}"),
            }
        }
    }

    #[test]
    fn a_person_who_logged_in_is_no_publisher() {
        let claims = CertificateClaims { issuer: "https://github.com/login/oauth", ..bare() };
        assert_eq!(publisher(&claims).unwrap_err().code().as_str(), "attestation-issuer");
    }

    #[test]
    fn an_index_that_names_another_publisher_is_not_believed() {
        let good = r#"{"kind": "GitHub", "repository": "org/Project", "workflow": "release.yml", "environment": "Pypi"}"#;
        assert_eq!(check(good, &github()), Ok(()));
        let named = CertificateClaims { environment: Some("pypi"), ..github() };
        assert_eq!(check(good, &named), Ok(()));
        let elsewhere = CertificateClaims { environment: Some("test"), ..github() };
        for (claim, stated, claims) in [
            ("publisher", good.replace("Project", "other"), github()),
            (
                "publisher",
                good.replace("GitHub", "GitLab").replace("workflow", "workflow_filepath"),
                github(),
            ),
            ("workflow", good.replace("release", "Release"), github()),
            ("environment", good.to_owned(), elsewhere),
        ] {
            match check(&stated, &claims) {
                Err(ClaimError::OtherPublisher { claim: found, .. }) => assert_eq!(found, claim, "{stated}"),
                other => panic!("{other:?} for {stated}"),
            }
        }
    }

    #[test]
    fn a_pipeline_may_be_bound_to_an_origin_and_a_branch() {
        let ids = r#"{"kind": "CircleCI", "project_id": "fdd9283f", "pipeline_definition_id": "8e4f8ab2""#;
        for (more, holds) in [
            ("}", true),
            (r#", "vcs_origin": "github.com/Org/project", "vcs_ref": "refs/heads/main"}"#, true),
            (r#", "vcs_origin": "github.com/evil/project"}"#, false),
            (r#", "vcs_ref": "refs/heads/evil"}"#, false),
        ] {
            assert_eq!(check(&format!("{ids}{more}"), &circleci()).is_ok(), holds, "{more}");
        }
        let other = ids.replace("8e4f8ab2", "00000000");
        assert!(check(&format!("{other}}}"), &circleci()).is_err(), "another pipeline of the project");
    }
}
