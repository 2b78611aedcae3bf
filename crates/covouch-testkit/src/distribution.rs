//! A distribution file that was built here: its name, its bytes, and what an index says beside them.

use std::fmt;

use bytes::Bytes;
use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    subject::{FileName, Subject},
    version::Version,
};

/// A built wheel or sdist, or any other bytes under a file's name.
#[derive(Clone)]
pub struct Distribution {
    subject: Subject,
    bytes: Bytes,
    metadata: Option<Bytes>,
    requires_python: Option<String>,
}

impl Distribution {
    /// Any bytes under the name of a wheel or an sdist.
    ///
    /// # Panics
    /// When the name is not that of a wheel or an sdist.
    #[must_use]
    pub fn new(filename: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let parts = NameParts::parse(filename);
        let subject = Subject {
            project: ProjectName::parse(parts.project).expect("a distribution is named after its project"),
            version: Version::parse(parts.version).expect("a distribution's name has a version"),
            filename: FileName::parse(filename).expect("the name of a file"),
            sha256: Sha256::of(&bytes),
        };
        Self { subject, bytes, metadata: None, requires_python: None }
    }

    /// The same with its core metadata, which an index may serve beside it (PEP 658).
    #[must_use]
    pub fn with_metadata(self, metadata: impl Into<Bytes>) -> Self {
        Self { metadata: Some(metadata.into()), ..self }
    }

    /// The same with what it says of Python versions, which an index repeats on its page.
    #[must_use]
    pub fn with_requires_python(self, requires_python: Option<String>) -> Self {
        Self { requires_python, ..self }
    }

    /// The file as verdicts and statements speak of it.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The project it belongs to.
    #[must_use]
    pub const fn project(&self) -> &ProjectName {
        &self.subject.project
    }

    /// The release it belongs to.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.subject.version
    }

    /// Its name.
    #[must_use]
    pub fn filename(&self) -> &str {
        self.subject.filename.as_str()
    }

    /// The digest of its bytes.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.subject.sha256
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its core metadata, where it is a wheel built here.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Bytes> {
        self.metadata.as_ref()
    }

    /// Which Python versions it says it runs on.
    #[must_use]
    pub fn requires_python(&self) -> Option<&str> {
        self.requires_python.as_deref()
    }
}

/// Prints the name and the digest: bytes say nothing to whoever reads a failure.
impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.subject, f)
    }
}

/// What a file's name says (packaging.python.org, "Binary distribution format" and "Source distribution format").
///
/// Reads only well-formed names; judging strange ones is `covouch-python`'s work, and tests of that crate must not
/// find it here.
pub(crate) struct NameParts<'a> {
    pub(crate) project: &'a str,
    pub(crate) version: &'a str,
    pub(crate) build: Option<&'a str>,
    /// `None` for an sdist.
    pub(crate) tags: Option<[&'a str; 3]>,
}

impl<'a> NameParts<'a> {
    pub(crate) fn parse(filename: &'a str) -> Self {
        Self::read(filename).expect("the name of a wheel or of an sdist")
    }

    pub(crate) fn read(filename: &'a str) -> Option<Self> {
        let Some(stem) = filename.strip_suffix(".whl") else {
            let stem = filename.strip_suffix(".tar.gz").or_else(|| filename.strip_suffix(".zip"))?;
            let (project, version) = stem.rsplit_once('-')?;
            return Some(Self { project, version, build: None, tags: None });
        };
        match stem.split('-').collect::<Vec<_>>().as_slice() {
            [project, version, python, abi, platform] => {
                Some(Self { project, version, build: None, tags: Some([python, abi, platform]) })
            }
            [project, version, build, python, abi, platform] => {
                Some(Self { project, version, build: Some(build), tags: Some([python, abi, platform]) })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_tag_is_no_part_of_the_version() {
        let ctx = Distribution::new("ctx-0.1.2-1-py2.py3-none-any.whl", "");
        assert_eq!((ctx.project().as_str(), ctx.version().to_string().as_str()), ("ctx", "0.1.2"));
        assert_eq!(NameParts::parse(ctx.filename()).build, Some("1"));
    }

    #[test]
    fn other_names_are_not_read() {
        for name in ["a.whl", "a-1-py3-none.whl", "a-1.egg", "a.tar.gz"] {
            assert!(NameParts::read(name).is_none(), "{name}");
        }
    }
}
