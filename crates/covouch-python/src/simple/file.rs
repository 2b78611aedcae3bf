//! One file on a page.

use std::fmt;

use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    subject::{FileName, Subject},
    time::Timestamp,
};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{FileFault, Hashes, Unknown, hashes};
use crate::{address, filename::DistFilename, shown::Shown};

/// What an index says of one file.
#[derive(Clone, PartialEq)]
pub struct File {
    filename: FileName,
    dist: DistFilename,
    url: Url,
    link: Box<str>,
    pub(super) hashes: Hashes,
    pub(super) requires_python: Option<Box<str>>,
    pub(super) yanked: Yanked,
    pub(super) upload_time: Option<UploadTime>,
    pub(super) size: Option<u64>,
    pub(super) core_metadata: Option<CoreMetadata>,
    pub(super) gpg_sig: Option<bool>,
    pub(super) provenance: Option<Box<str>>,
    pub(super) unknown: Unknown,
}

/// Whether a file is yanked (PEP 592). An index that says nothing says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yanked {
    /// Not yanked.
    No,
    /// Yanked, perhaps with a reason.
    Yes(Option<Box<str>>),
}

/// Whether a file's metadata is served beside it, as `….metadata` (PEP 658, PEP 714).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreMetadata {
    /// The index says that it is not.
    No,
    /// It is, with these digests; none when the index gives none.
    Yes(Hashes),
}

/// When a file was uploaded (PEP 700): the moment, and the text to the microsecond the index wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTime {
    text: Box<str>,
    moment: Timestamp,
}

impl File {
    /// A file of which nothing is known but its name and where it is.
    ///
    /// # Errors
    /// [`FileFault::Distribution`] when the name is not that of a distribution file of this project.
    pub fn new(filename: FileName, project: &ProjectName, url: Url) -> Result<Self, FileFault> {
        let link = url.as_str().into();
        Self::at(filename, project, url, link)
    }

    fn at(filename: FileName, project: &ProjectName, url: Url, link: Box<str>) -> Result<Self, FileFault> {
        Ok(Self {
            dist: DistFilename::parse(&filename, Some(project))?,
            filename,
            url,
            link,
            hashes: Hashes::default(),
            requires_python: None,
            yanked: Yanked::No,
            upload_time: None,
            size: None,
            core_metadata: None,
            gpg_sig: None,
            provenance: None,
            unknown: Unknown::default(),
        })
    }

    /// A file as a page links to it, the digests behind the `#` included (PEP 503). With no `filename` the end of the
    /// address is the name.
    pub(super) fn linked(
        filename: Option<&str>,
        project: &ProjectName,
        base: &Url,
        link: &str,
    ) -> Result<Self, FileFault> {
        // HTML, "Valid URL potentially surrounded by spaces".
        let link = link.trim_matches(' ');
        let mut url = address::resolve(base, link)?;
        url.set_fragment(None);
        let filename = match filename {
            Some(text) => FileName::parse(text)?,
            None => address::filename(&url)?,
        };
        let (link, fragment) = link.split_once('#').unwrap_or((link, ""));
        let is_hash = |part: &&str| part.split_once('=').is_some_and(|(name, _)| hashes::is_algorithm(name));
        let (digests, others): (Vec<&str>, Vec<&str>) = fragment.split('&').partition(is_hash);
        let others = others.join("&");
        let link = if others.is_empty() { link.into() } else { format!("{link}#{others}").into() };
        let mut file = Self::at(filename, project, url, link)?;
        for (algorithm, digest) in digests.iter().filter_map(|part| part.split_once('=')) {
            file.hashes.insert(algorithm, digest)?;
        }
        Ok(file)
    }

    /// Whether the address on the page ends in the file's name, as it must in HTML.
    pub(super) fn is_named_by_link(&self) -> bool {
        let path = self.link.split(['?', '#']).next().unwrap_or_default();
        let segment = path.rsplit(['/', '\\']).next().unwrap_or_default();
        percent_decode_str(segment).eq(self.filename.as_str().bytes())
    }

    /// The file's name.
    #[must_use]
    pub fn filename(&self) -> &FileName {
        &self.filename
    }

    /// What the name says.
    #[must_use]
    pub fn dist(&self) -> &DistFilename {
        &self.dist
    }

    /// Where the index says the bytes are, absolute, without a fragment.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What a page writes as the file's address: the index's own words, perhaps relative, or what
    /// [`File::with_url`] put there.
    #[must_use]
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The file's digests.
    #[must_use]
    pub fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// The SHA-256, when the index gives it.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256> {
        self.hashes.sha256()
    }

    /// The subject of a verdict on this file; nothing without a SHA-256, and nothing for a kind of file that nobody
    /// should install.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        Some(Subject {
            project: self.dist.project()?.clone(),
            version: self.dist.version()?.clone(),
            filename: self.filename.clone(),
            sha256: self.sha256()?,
        })
    }

    /// The interpreters the file says it is for, as written.
    #[must_use]
    pub fn requires_python(&self) -> Option<&str> {
        self.requires_python.as_deref()
    }

    /// Whether the file is yanked.
    #[must_use]
    pub fn yanked(&self) -> &Yanked {
        &self.yanked
    }

    /// When the file was uploaded; `None` when the index does not say.
    #[must_use]
    pub fn upload_time(&self) -> Option<Timestamp> {
        self.upload_time.as_ref().map(|time| time.moment)
    }

    /// The file's size in bytes, when the index gives it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether the file's metadata is served; `None` when the index does not say.
    #[must_use]
    pub fn core_metadata(&self) -> Option<&CoreMetadata> {
        self.core_metadata.as_ref()
    }

    /// Whether there is a PGP signature (`….asc`).
    #[must_use]
    pub fn gpg_sig(&self) -> Option<bool> {
        self.gpg_sig
    }

    /// The address of the file's provenance (PEP 740), as written.
    #[must_use]
    pub fn provenance(&self) -> Option<&str> {
        self.provenance.as_deref()
    }

    /// What else stood there.
    #[must_use]
    pub fn unknown(&self) -> &Unknown {
        &self.unknown
    }

    /// The file with another address on the page. [`File::url`] stays: it is where the index has the bytes.
    #[must_use]
    pub fn with_url(mut self, link: &str) -> Self {
        self.link = link.into();
        self
    }

    /// The file, listed as yanked for this reason.
    #[must_use]
    pub fn yank_with(mut self, reason: &str) -> Self {
        self.yanked = Yanked::Yes(Some(reason.into()));
        self
    }

    /// The file with these digests.
    #[must_use]
    pub fn with_hashes(mut self, hashes: Hashes) -> Self {
        self.hashes = hashes;
        self
    }

    /// The file with its metadata said to be served, not served, or neither.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Option<CoreMetadata>) -> Self {
        self.core_metadata = metadata;
        self
    }

    /// The file with an upload time.
    #[must_use]
    pub fn with_upload_time(mut self, time: Option<UploadTime>) -> Self {
        self.upload_time = time;
        self
    }

    /// The file with a size.
    #[must_use]
    pub fn with_size(mut self, size: Option<u64>) -> Self {
        self.size = size;
        self
    }

    /// The file with the interpreters it is for.
    #[must_use]
    pub fn with_requires_python(mut self, specifiers: Option<&str>) -> Self {
        self.requires_python = specifiers.map(Into::into);
        self
    }

    /// The file with the address of its provenance.
    #[must_use]
    pub fn with_provenance(mut self, address: Option<&str>) -> Self {
        self.provenance = address.map(Into::into);
        self
    }
}

/// Prints what identifies the file, and no addresses: they may carry credentials.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("filename", &self.filename)
            .field("hashes", &self.hashes)
            .field("yanked", &self.yanked)
            .field("upload_time", &self.upload_time)
            .finish_non_exhaustive()
    }
}

impl Yanked {
    /// Whether the file is yanked.
    #[must_use]
    pub fn is_yanked(&self) -> bool {
        matches!(self, Self::Yes(_))
    }
}

impl UploadTime {
    /// Reads an upload time. PEP 700 wants a date and a time: a bare date would make the file look up to a day older
    /// than it is.
    ///
    /// # Errors
    /// [`FileFault::Field`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FileFault> {
        match Timestamp::parse(text) {
            Ok(moment) if text.contains(['T', 't']) => Ok(Self { text: text.into(), moment }),
            _ => Err(FileFault::Field { field: "upload-time", value: Shown::new(text) }),
        }
    }

    /// The text, fractions of a second included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment, in whole seconds.
    #[must_use]
    pub fn moment(&self) -> Timestamp {
        self.moment
    }
}

impl From<Timestamp> for UploadTime {
    fn from(moment: Timestamp) -> Self {
        Self { text: moment.to_string().into(), moment }
    }
}
