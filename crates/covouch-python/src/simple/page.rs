//! One project's page.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

use covouch_core::{name::ProjectName, version::Version};
use serde_json::value::RawValue;

use super::{File, FileFault, PageError};
use crate::shown::Shown;

/// What an index says of one project.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub(super) project: ProjectName,
    pub(super) api_version: ApiVersion,
    pub(super) tracks: Vec<Box<str>>,
    pub(super) alternate_locations: Vec<Box<str>>,
    pub(super) status: Option<Status>,
    pub(super) files: Vec<File>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) unknown: Unknown,
    pub(super) unknown_meta: Unknown,
}

/// The version of the API a page says it speaks, `1.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    minor: u32,
}

/// A project's status (PEP 792). A page without one has none: not stated, which is not the same as active.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub(super) marker: Marker,
    pub(super) reason: Option<Box<str>>,
    pub(super) unknown: Unknown,
}

/// The status markers of PEP 792.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Nothing out of the ordinary.
    Active,
    /// No more releases are expected.
    Archived,
    /// The index holds the project to be unsafe.
    Quarantined,
    /// The project is superseded.
    Deprecated,
    /// A marker later than this code.
    Other(Box<str>),
}

/// A file an index lists and this page does not, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The name as the index wrote it, fit to print.
    pub filename: Shown,
    /// What is wrong with it.
    pub fault: FileFault,
}

/// What stood on a page and is defined nowhere yet, kept word by word: JSON for JSON, attributes and `meta` tags for
/// HTML. Neither is translated into the other.
#[derive(Clone, Debug, Default)]
pub struct Unknown {
    pub(super) json: Vec<(Box<str>, Box<RawValue>)>,
    pub(super) html: Vec<(Box<str>, Box<str>)>,
}

impl Page {
    /// A page without files.
    #[must_use]
    pub fn new(project: ProjectName) -> Self {
        Self {
            project,
            api_version: ApiVersion::FIRST,
            tracks: Vec::new(),
            alternate_locations: Vec::new(),
            status: None,
            files: Vec::new(),
            left_out: Vec::new(),
            unknown: Unknown::default(),
            unknown_meta: Unknown::default(),
        }
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The version of the API the page speaks.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        self.api_version
    }

    /// The project's status; `None` when the index does not state one.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// The files, in the index's order.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file of this name.
    #[must_use]
    pub fn file(&self, filename: &str) -> Option<&File> {
        self.files.iter().find(|file| file.filename().as_str() == filename)
    }

    /// What the index lists and this page does not.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The other repositories' pages whose names this project takes over (PEP 708).
    pub fn tracks(&self) -> impl Iterator<Item = &str> {
        self.tracks.iter().map(AsRef::as_ref)
    }

    /// The other repositories where this project may be found (PEP 708).
    pub fn alternate_locations(&self) -> impl Iterator<Item = &str> {
        self.alternate_locations.iter().map(AsRef::as_ref)
    }

    /// The versions that have files here, in order (PEP 700). Always counted from the files: an index's own list would
    /// name versions that were taken off the page.
    #[must_use]
    pub fn versions(&self) -> BTreeSet<&Version> {
        self.files.iter().filter_map(|file| file.dist().version()).collect()
    }

    /// The page with every file passed through `edit`; where it gives `None` the file is gone.
    #[must_use]
    pub fn edit(mut self, edit: impl FnMut(File) -> Option<File>) -> Self {
        self.files = self.files.into_iter().filter_map(edit).collect();
        self
    }

    /// The page with another status.
    #[must_use]
    pub fn with_status(mut self, status: Option<Status>) -> Self {
        self.status = status;
        self
    }

    /// The page with another API version.
    #[must_use]
    pub fn with_api_version(mut self, api_version: ApiVersion) -> Self {
        self.api_version = api_version;
        self
    }

    /// The page with one more file.
    ///
    /// # Errors
    /// [`PageError::DuplicateFile`] when a file of this name is there, [`PageError::OtherProject`] when the file is
    /// another project's.
    pub fn with_file(mut self, file: File) -> Result<Self, PageError> {
        if self.file(file.filename().as_str()).is_some() {
            return Err(self.duplicate(file.filename().as_str()));
        }
        if let Some(found) = file.dist().project().filter(|found| **found != self.project) {
            return Err(PageError::OtherProject {
                expected: self.project,
                found: Shown::new(found.as_str()),
            });
        }
        self.files.push(file);
        Ok(self)
    }

    /// Takes the files that were read, in order, with the names the index gave them.
    pub(super) fn take<'a>(
        &mut self,
        files: impl Iterator<Item = (Cow<'a, str>, Result<File, FileFault>)>,
    ) -> Result<(), PageError> {
        let (mut listed, mut left_out) = (HashSet::new(), HashSet::new());
        for (filename, file) in files {
            // A name left out once and listed once is still two answers to one question.
            if listed.contains(&filename) || (file.is_ok() && left_out.contains(&filename)) {
                return Err(self.duplicate(&filename));
            }
            match file {
                Ok(file) => {
                    self.files.push(file);
                    listed.insert(filename);
                }
                Err(fault) => {
                    self.left_out.push(LeftOut { filename: Shown::new(&filename), fault });
                    left_out.insert(filename);
                }
            }
        }
        Ok(())
    }

    fn duplicate(&self, filename: &str) -> PageError {
        PageError::DuplicateFile { project: self.project.clone(), filename: Shown::new(filename) }
    }
}

impl ApiVersion {
    /// 1.0, which pages that name no version speak (PEP 629).
    pub const FIRST: Self = Self { minor: 0 };

    /// Version `1.minor`.
    #[must_use]
    pub const fn new(minor: u32) -> Self {
        Self { minor }
    }

    /// Reads `1.minor`; nothing when the major part is another (PEP 629: "clients MUST" stop there).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let minor = text.trim().strip_prefix("1.")?;
        let digits = minor.len() <= 5 && !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| minor.parse().ok().map(Self::new)).flatten()
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl Status {
    /// A status, with a reason when there is one.
    #[must_use]
    pub fn new(marker: Marker, reason: Option<&str>) -> Self {
        Self { marker, reason: reason.map(Into::into), unknown: Unknown::default() }
    }

    /// The marker.
    #[must_use]
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// The reason given.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl Marker {
    /// Reads a marker.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "archived" => Self::Archived,
            "quarantined" => Self::Quarantined,
            "deprecated" => Self::Deprecated,
            other => Self::Other(other.into()),
        }
    }

    /// The marker's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Quarantined => "quarantined",
            Self::Deprecated => "deprecated",
            Self::Other(text) => text,
        }
    }
}

impl Unknown {
    /// The JSON keys nobody here knows, with their values as they were written.
    pub fn json(&self) -> impl Iterator<Item = (&str, &str)> {
        self.json.iter().map(|(key, value)| (&**key, value.get()))
    }

    /// The HTML attributes or `meta` tags nobody here knows.
    pub fn html(&self) -> impl Iterator<Item = (&str, &str)> {
        self.html.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl PartialEq for Unknown {
    fn eq(&self, other: &Self) -> bool {
        self.json().eq(other.json()) && self.html == other.html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_version_one_is_understood() {
        for (text, minor) in [("1.0", 0), ("1.4", 4), ("1.99", 99)] {
            assert_eq!(ApiVersion::parse(text), Some(ApiVersion::new(minor)));
        }
        for text in ["", "1", "2.0", "1.", "10.1", "1.x", "-1.0", "1.999999", "1.+1"] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }
}
