//! What a page says about its files as far as it is evidence, kept beside the page: a lock file has hundreds of
//! pages with thousands of files, and asks about one release of each.
//!
//! # Invariants
//! - What a page says about a file is taken from it in one place ([`ListedFile::of`]), whether it is used at once or
//!   written into an extract.
//! - What the page does not state is not stated in the extract. One that cannot be read says nothing.
//!
//! # Format
//! ```text
//! the project's status as a JSON string, or null␊
//! then, for each run of files of one version in the page's order: version ␉ JSON array of files␊
//! a file: [filename, sha256, upload time in seconds or null, whether it is yanked, reason or null]
//! ```
//!
//! # Not here
//! Where it is kept, and that it is the page's: `state::Pages`.

use std::{borrow::Cow, sync::Arc};

use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    subject::{FileName, Subject},
    time::Timestamp,
    version::Version,
};
use covouch_python::simple::{File, Marker, Page, Yanked};
use serde::{Deserialize, Serialize};

/// What an index says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedFile {
    pub(crate) subject: Subject,
    /// `None` when the index does not say.
    pub(crate) uploaded: Option<Timestamp>,
    /// When the file is yanked, the reason, if one is given.
    pub(crate) yanked: Option<Option<Arc<str>>>,
}

impl ListedFile {
    /// Nothing about a file that is no subject.
    pub(crate) fn of(file: &File) -> Option<Self> {
        // PEP 592, PEP 691: a file that is not said to be yanked is not.
        let yanked = match file.yanked() {
            Yanked::No => None,
            Yanked::Yes(reason) => Some(reason.as_deref().map(Arc::from)),
        };
        Some(Self { subject: file.subject()?, uploaded: file.upload_time(), yanked })
    }
}

/// An extract, as it was kept with its page.
#[derive(Clone, Debug)]
pub(crate) struct Extract {
    project: ProjectName,
    text: String,
}

/// One file of an extract.
#[derive(Serialize, Deserialize)]
struct Entry<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    Option<i64>,
    bool,
    #[serde(borrow)] Option<Cow<'a, str>>,
);

impl Extract {
    /// The text to keep with a page.
    pub(crate) fn write(page: &Page) -> String {
        let mut text = json(&page.status().map(|status| status.marker().as_str()));
        text.push('\n');
        let files: Vec<ListedFile> = page.files().iter().filter_map(ListedFile::of).collect();
        // Versions that are equal but spelt differently stay apart: each line gives back what it was made of.
        let spelt = |file: &ListedFile| file.subject.version.to_string();
        for run in files.chunk_by(|one, next| spelt(one) == spelt(next)) {
            text.push_str(&run.first().map(spelt).unwrap_or_default());
            text.push('\t');
            text.push_str(&json(&run.iter().map(Entry::of).collect::<Vec<_>>()));
            text.push('\n');
        }
        text
    }

    /// What was kept with this project's page.
    pub(crate) fn new(project: ProjectName, text: String) -> Self {
        Self { project, text }
    }

    /// The project's status, and the files of the versions that are wanted, in the page's order. `None` when it
    /// cannot be read.
    pub(crate) fn read(
        &self,
        wanted: &dyn Fn(&Version) -> bool,
    ) -> Option<(Option<Marker>, Vec<ListedFile>)> {
        let mut lines = self.text.split_terminator('\n');
        let status: Option<Cow<'_, str>> = serde_json::from_str(lines.next()?).ok()?;
        let mut files = Vec::new();
        for line in lines {
            let (version, entries) = line.split_once('\t')?;
            let version = Version::parse(version).ok()?;
            if wanted(&version) {
                let entries: Vec<Entry<'_>> = serde_json::from_str(entries).ok()?;
                for entry in entries {
                    files.push(entry.listed(&self.project, &version)?);
                }
            }
        }
        Some((status.map(|marker| Marker::parse(&marker)), files))
    }
}

impl<'a> Entry<'a> {
    fn of(file: &'a ListedFile) -> Self {
        Self(
            file.subject.filename.as_str().into(),
            file.subject.sha256.to_string().into(),
            file.uploaded.map(Timestamp::unix),
            file.yanked.is_some(),
            file.yanked.as_ref().and_then(|reason| reason.as_deref().map(Cow::from)),
        )
    }

    fn listed(self, project: &ProjectName, version: &Version) -> Option<ListedFile> {
        let Self(filename, sha256, uploaded, is_yanked, reason) = self;
        let subject = Subject {
            project: project.clone(),
            version: version.clone(),
            filename: FileName::parse(&filename).ok()?,
            sha256: Sha256::parse(&sha256).ok()?,
        };
        let uploaded = match uploaded {
            Some(seconds) => Some(Timestamp::from_unix(seconds)?),
            None => None,
        };
        Some(ListedFile { subject, uploaded, yanked: is_yanked.then(|| reason.map(Arc::from)) })
    }
}

/// Texts and numbers always serialise.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use covouch_python::simple::json::parse;
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn six() -> ProjectName {
        ProjectName::parse("six").unwrap()
    }

    fn page(files: &str) -> Page {
        let text = format!(r#"{{"meta": {{"api-version": "1.4"}}, "name": "six", "files": [{files}]}}"#);
        parse(text.as_bytes(), &Url::parse("https://index.example/simple/six/").unwrap(), &six()).unwrap()
    }

    fn read(page: &Page, wanted: &dyn Fn(&Version) -> bool) -> (Option<Marker>, Vec<ListedFile>) {
        Extract::new(six(), Extract::write(page)).read(wanted).unwrap()
    }

    fn file(name: &str, more: &str) -> String {
        let sha256 = Sha256::of(name.as_bytes());
        format!(r#"{{"filename": "{name}", "url": "{name}", "hashes": {{"sha256": "{sha256}"}}{more}}}"#)
    }

    #[test]
    fn only_wanted_releases_are_read() {
        let names = ["six-1.0.tar.gz", "six-1.0-py3-none-any.whl", "six-2.0.tar.gz", "six-1.0.zip"];
        let page = page(&names.map(|name| file(name, "")).join(","));
        let one = Version::parse("1.0.0").unwrap();
        let (status, files) = read(&page, &|version| *version == one);
        assert_eq!(status, None);
        let found: Vec<_> = files.iter().map(|file| file.subject.filename.as_str()).collect();
        assert_eq!(found, [names[0], names[1], names[3]]);
    }

    #[test]
    fn what_is_no_subject_is_not_in_it() {
        let page = page(r#"{"filename": "six-1.0.tar.gz", "url": "a", "hashes": {}}"#);
        assert_eq!(read(&page, &|_| true).1, []);
    }

    #[test]
    fn a_text_that_is_no_extract_says_nothing() {
        let line = Extract::write(&page(&file("six-1.0.tar.gz", "")));
        let line = line.lines().nth(1).unwrap();
        for text in
            ["", "active\n", "null\n1.0\n", "null\nx\t[]\n", "null\n1.0\t[[]]\n", "null\n1.0\t[", line]
        {
            assert!(Extract::new(six(), text.to_owned()).read(&|_| true).is_none(), "{text}");
        }
    }

    fn entry() -> impl Strategy<Value = (u8, u8, Option<i64>, Option<Option<String>>)> {
        let reason = proptest::option::of(proptest::option::of("\\PC{0,12}|a\\nb|\\t"));
        (0..4_u8, 0..3_u8, proptest::option::of(0..4_000_000_000_i64), reason)
    }

    proptest! {
        #[test]
        fn an_extract_says_what_its_page_says(
            entries in proptest::collection::vec(entry(), 0..12),
            marker in proptest::option::of("active|archived|quarantined|deprecated|[a-z\\\\\"]{1,8}"),
        ) {
            let mut files = Vec::new();
            for (place, (version, build, uploaded, yanked)) in entries.into_iter().enumerate() {
                let name = format!("six-{version}.{}-{place}{build}-py3-none-any.whl", "0".repeat(usize::from(build)));
                let name = name.replace(".-", "-");
                let uploaded = uploaded.map(|seconds| Timestamp::from_unix(seconds).unwrap().to_string());
                let yanked = match yanked {
                    None => serde_json::json!(false),
                    Some(None) => serde_json::json!(true),
                    Some(Some(reason)) => serde_json::json!(reason),
                };
                files.push(file(&name, &format!(r#", "yanked": {yanked}, "upload-time": {}"#, json(&uploaded))));
            }
            let status = marker.as_ref().map(|marker| format!(r#", "project-status": {{"status": {}}}"#, json(marker)));
            let text = format!(
                r#"{{"meta": {{"api-version": "1.4"}}, "name": "six", "files": [{}]{}}}"#,
                files.join(","),
                status.unwrap_or_default()
            );
            let page = parse(text.as_bytes(), &Url::parse("https://index.example/").unwrap(), &six()).unwrap();
            let said: Vec<ListedFile> = page.files().iter().filter_map(ListedFile::of).collect();
            prop_assert_eq!(said.len(), files.len());
            prop_assert_eq!(read(&page, &|_| true), (page.status().map(|status| status.marker().clone()), said));
        }
    }
}
