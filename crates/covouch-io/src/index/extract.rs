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
//! JSON array: the project's status or null, whether the page says who published files, a pattern of addresses or null␊
//! JSON array of the wheels nobody can judge, each [version, filename]␊
//! then, for each run of files of one version in the page's order: version ␉ JSON array of files␊
//! a file: [filename, sha256, upload time in seconds or null, whether it is yanked, reason or null, provenance or null]
//! ```
//! Where a file's provenance is, is empty when it is the pattern with `{version}` and `{filename}` filled in: on real
//! pages it always is, and a page of thousands of files has thousands of such addresses.
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
use covouch_python::{
    filename::DistFilename,
    simple::{ApiVersion, File, Marker, Page, Yanked},
};
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

/// The wheels of a page that are no subjects, because the index gives no sha256 for them or an entry that cannot be
/// read, each with its version. A client that cannot have them would build what nobody read.
pub(crate) fn unjudged(page: &Page) -> impl Iterator<Item = (Version, FileName)> + '_ {
    let unhashed =
        page.files().iter().filter(|file| file.sha256().is_none()).map(|file| file.filename().clone());
    let left_out = page.left_out().iter().filter_map(|file| FileName::parse(file.filename.as_str()).ok());
    // What does not have a wheel's name is a wheel to nobody: no installer would have chosen it.
    unhashed.chain(left_out).filter_map(|filename| {
        match DistFilename::parse(&filename, Some(page.project())) {
            Ok(DistFilename::Wheel(wheel)) => Some((wheel.version, filename)),
            Ok(DistFilename::Sdist(_) | DistFilename::Other(_)) | Err(_) => None,
        }
    })
}

/// What an extract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The project's status.
    pub(crate) marker: Option<Marker>,
    /// The files, in the page's order.
    pub(crate) files: Vec<ListedFile>,
    /// The wheels nobody can judge.
    pub(crate) unjudged: Vec<(Version, FileName)>,
}

/// An extract, as it was kept with its page.
#[derive(Clone, Debug)]
pub(crate) struct Extract {
    project: ProjectName,
    text: String,
}

/// A file, and where its index says its provenance is (PEP 740), as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) file: ListedFile,
    pub(crate) provenance: Option<Box<str>>,
}

/// What a page says of who published its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offers {
    pub(crate) project: ProjectName,
    /// Whether it says so at all. PEP 740 made it version 1.3 of the API; what an earlier version does not say is not
    /// known.
    pub(crate) says: bool,
    pub(crate) files: Vec<Offer>,
}

impl Offers {
    pub(crate) fn of(page: &Page) -> Self {
        let offers = page.files().iter().filter_map(|file| {
            // Nothing is at no address.
            let provenance = file.provenance().filter(|address| !address.is_empty());
            Some(Offer { file: ListedFile::of(file)?, provenance: provenance.map(Into::into) })
        });
        let says = page.api_version() >= ApiVersion::new(3)
            || page.files().iter().any(|file| file.provenance().is_some());
        Self { project: page.project().clone(), says, files: offers.collect() }
    }

    /// The pattern of the first address.
    fn pattern(&self) -> Option<String> {
        let offer = self.files.iter().find(|offer| offer.provenance.is_some())?;
        let Subject { version, filename, .. } = &offer.file.subject;
        let address = offer.provenance.as_deref()?.replacen(filename.as_str(), FILENAME, 1);
        Some(address.replacen(&format!("/{version}/"), &format!("/{VERSION}/"), 1))
    }
}

const FILENAME: &str = "{filename}";
const VERSION: &str = "{version}";

/// The address that a pattern means for a file.
fn filled(pattern: &str, file: &Subject) -> String {
    pattern.replace(VERSION, &file.version.to_string()).replace(FILENAME, file.filename.as_str())
}

/// The first line of an extract.
#[derive(Serialize, Deserialize)]
struct Head<'a>(#[serde(borrow)] Option<Cow<'a, str>>, bool, #[serde(borrow)] Option<Cow<'a, str>>);

/// One file of an extract.
#[derive(Serialize, Deserialize)]
struct Entry<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    Option<i64>,
    bool,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Option<Cow<'a, str>>,
);

impl Extract {
    /// The text to keep with a page.
    pub(crate) fn write(page: &Page) -> String {
        let offers = Offers::of(page);
        let (Offers { says, files, .. }, pattern) = (&offers, offers.pattern());
        let status = page.status().map(|status| status.marker().as_str().into());
        let mut text = json(&Head(status, *says, pattern.as_deref().map(Cow::from)));
        text.push('\n');
        let unjudged = unjudged(page).map(|(version, wheel)| (version.to_string(), wheel.to_string()));
        text.push_str(&json(&unjudged.collect::<Vec<_>>()));
        text.push('\n');
        // Versions that are equal but spelt differently stay apart: each line gives back what it was made of.
        let spelt = |offer: &Offer| offer.file.subject.version.to_string();
        for run in files.chunk_by(|one, next| spelt(one) == spelt(next)) {
            text.push_str(&run.first().map(spelt).unwrap_or_default());
            text.push('\t');
            text.push_str(&json(
                &run.iter().map(|offer| Entry::of(offer, pattern.as_deref())).collect::<Vec<_>>(),
            ));
            text.push('\n');
        }
        text
    }

    /// What was kept with this project's page.
    pub(crate) fn new(project: ProjectName, text: String) -> Self {
        Self { project, text }
    }

    /// What it says about the versions that are wanted. `None` when it cannot be read.
    pub(crate) fn read(&self, wanted: &dyn Fn(&Version) -> bool) -> Option<Told> {
        let mut lines = self.text.split_terminator('\n');
        let Head(status, _, _) = serde_json::from_str(lines.next()?).ok()?;
        let mut unjudged = Vec::new();
        let wheels: Vec<(Cow<'_, str>, Cow<'_, str>)> = serde_json::from_str(lines.next()?).ok()?;
        for (version, wheel) in wheels {
            unjudged.push((Version::parse(&version).ok()?, FileName::parse(&wheel).ok()?));
        }
        unjudged.retain(|(version, _)| wanted(version));
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
        Some(Told { marker: status.map(|marker| Marker::parse(&marker)), files, unjudged })
    }

    /// What it says of who published all files. `None` when it cannot be read.
    pub(crate) fn offers(&self) -> Option<Offers> {
        let mut lines = self.text.split_terminator('\n');
        let Head(_, says, pattern) = serde_json::from_str(lines.next()?).ok()?;
        let mut files = Vec::new();
        for line in lines.skip(1) {
            let (version, entries) = line.split_once('\t')?;
            let version = Version::parse(version).ok()?;
            let entries: Vec<Entry<'_>> = serde_json::from_str(entries).ok()?;
            for entry in entries {
                let written = entry.5.clone();
                let file = entry.listed(&self.project, &version)?;
                let provenance = match (written, &pattern) {
                    (None, _) => None,
                    (Some(written), Some(pattern)) if written.is_empty() => {
                        Some(filled(pattern, &file.subject).into())
                    }
                    (Some(written), _) => Some(written.into()),
                };
                files.push(Offer { file, provenance });
            }
        }
        Some(Offers { project: self.project.clone(), says, files })
    }
}

impl<'a> Entry<'a> {
    fn of(Offer { file, provenance }: &'a Offer, pattern: Option<&str>) -> Self {
        let usual = pattern.map(|pattern| filled(pattern, &file.subject));
        let provenance = provenance.as_deref().map(|written| {
            if usual.as_deref() == Some(written) { Cow::from("") } else { Cow::from(written) }
        });
        Self(
            file.subject.filename.as_str().into(),
            file.subject.sha256.to_string().into(),
            file.uploaded.map(Timestamp::unix),
            file.yanked.is_some(),
            file.yanked.as_ref().and_then(|reason| reason.as_deref().map(Cow::from)),
            provenance,
        )
    }

    fn listed(self, project: &ProjectName, version: &Version) -> Option<ListedFile> {
        let Self(filename, sha256, uploaded, is_yanked, reason, _) = self;
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

    fn read(page: &Page, wanted: &dyn Fn(&Version) -> bool) -> Told {
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
        let Told { marker, files, unjudged } = read(&page, &|version| *version == one);
        assert_eq!((marker, unjudged), (None, Vec::new()));
        let found: Vec<_> = files.iter().map(|file| file.subject.filename.as_str()).collect();
        assert_eq!(found, [names[0], names[1], names[3]]);
    }

    #[test]
    fn usual_addresses_of_provenance_take_three_bytes_each() {
        let address = |version: u32, name: &str| {
            format!(r#", "provenance": "https://index.example/integrity/six/{version}.0/{name}/provenance""#)
        };
        let attested = |with: bool| {
            let files = (0..2000).map(|version| {
                let name = format!("six-{version}.0.tar.gz");
                file(&name, &if with { address(version, &name) } else { String::new() })
            });
            page(&files.collect::<Vec<_>>().join(","))
        };
        let (with, without) = (Extract::write(&attested(true)), Extract::write(&attested(false)));
        // `""` for `null`, and the pattern once.
        assert!(with.len() < without.len(), "{} {}", with.len(), without.len());
        let offers = Extract::new(six(), with).offers().unwrap();
        assert_eq!(offers, Offers::of(&attested(true)));
    }

    #[test]
    fn what_is_no_subject_is_not_in_it() {
        let page = page(r#"{"filename": "six-1.0.tar.gz", "url": "a", "hashes": {}}"#);
        let told = read(&page, &|_| true);
        assert_eq!(
            (told.files, told.unjudged),
            (Vec::new(), Vec::new()),
            "an sdist beside which nothing stands"
        );
    }

    #[test]
    fn a_wheel_that_nobody_can_judge_is_named() {
        let md5 = r#""hashes": {"md5": "0cc175b9c0f1b6a831c399e269772661"}"#;
        let page = page(
            &[
                format!(r#"{{"filename": "six-1.0-py3-none-any.whl", "url": "a", {md5}}}"#),
                r#"{"filename": "six-1.0-1-py3-none-any.whl", "url": "b", "hashes": {"sha256": "short"}}"#
                    .to_owned(),
                r#"{"filename": "six-2.0-py3-none-any.whl", "url": "c", "hashes": {}}"#.to_owned(),
                r#"{"filename": "six-1.0.egg", "url": "d", "hashes": {}}"#.to_owned(),
                file("six-1.0-2-py3-none-any.whl", ""),
            ]
            .join(","),
        );
        let one = Version::parse("1.0").unwrap();
        let unjudged = read(&page, &|version| *version == one).unjudged;
        let names: Vec<_> = unjudged.iter().map(|(_, wheel)| wheel.as_str()).collect();
        assert_eq!(names, ["six-1.0-py3-none-any.whl", "six-1.0-1-py3-none-any.whl"]);
    }

    #[test]
    fn a_text_that_is_no_extract_says_nothing() {
        let line = Extract::write(&page(&file("six-1.0.tar.gz", "")));
        let line = line.lines().nth(2).unwrap();
        let head = "[null,true,null]";
        let texts = ["", "active\n[]", "null\n[]", "[null]\n[]", line].map(str::to_owned);
        let short = ["", "\n1.0\t[]", "\n[[]]", "\n[[\"x\", \"y\"]]"].map(|rest| format!("{head}{rest}"));
        let lines = ["1.0", "x\t[]", "1.0\t[[]]", "1.0\t["].map(|line| format!("{head}\n[]\n{line}"));
        for text in texts.into_iter().chain(short).chain(lines) {
            assert!(Extract::new(six(), text.clone()).read(&|_| true).is_none(), "{text}");
        }
    }

    fn provenance() -> impl Strategy<Value = Option<&'static str>> {
        proptest::sample::select(vec![
            None,
            Some("https://index.example/integrity/six/VERSION/NAME/provenance"),
            Some("NAME.provenance"),
            Some("/elsewhere/NAME"),
            Some(""),
            Some("{version}/{filename}"),
        ])
    }

    type Drawn = (u8, u8, Option<i64>, Option<Option<String>>, Option<&'static str>);

    fn entry() -> impl Strategy<Value = Drawn> {
        let reason = proptest::option::of(proptest::option::of("\\PC{0,12}|a\\nb|\\t"));
        (0..4_u8, 0..3_u8, proptest::option::of(0..4_000_000_000_i64), reason, provenance())
    }

    proptest! {
        #[test]
        fn an_extract_says_what_its_page_says(
            entries in proptest::collection::vec(entry(), 0..12),
            marker in proptest::option::of("active|archived|quarantined|deprecated|[a-z\\\\\"]{1,8}"),
        ) {
            let mut files = Vec::new();
            for (place, (version, build, uploaded, yanked, provenance)) in entries.into_iter().enumerate() {
                let name = format!("six-{version}.{}-{place}{build}-py3-none-any.whl", "0".repeat(usize::from(build)));
                let name = name.replace(".-", "-");
                let uploaded = uploaded.map(|seconds| Timestamp::from_unix(seconds).unwrap().to_string());
                let yanked = match yanked {
                    None => serde_json::json!(false),
                    Some(None) => serde_json::json!(true),
                    Some(Some(reason)) => serde_json::json!(reason),
                };
                let spelt = name.split('-').nth(1).unwrap().to_owned();
                let provenance = provenance.map(|it| it.replace("VERSION", &spelt).replace("NAME", &name));
                let more = format!(
                    r#", "yanked": {yanked}, "upload-time": {}, "provenance": {}"#, json(&uploaded), json(&provenance)
                );
                files.push(file(&name, &more));
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
            let marker = page.status().map(|status| status.marker().clone());
            let unjudged = unjudged(&page).collect();
            prop_assert_eq!(read(&page, &|_| true), Told { marker, files: said, unjudged });
            let offers = Extract::new(six(), Extract::write(&page)).offers();
            prop_assert_eq!(offers, Some(Offers::of(&page)));
        }
    }
}
