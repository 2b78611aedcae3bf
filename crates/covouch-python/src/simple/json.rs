//! Reads a page in JSON (PEP 691, with PEPs 700, 708, 714, 740 and 792).
//!
//! # Invariants
//! - A key that is known stands once in its object. Two of them are an error: one reader would take the first,
//!   another the second.
//! - A key that is not known is kept as it was written.
//!
//! # Not here
//! `versions` is not read: it is counted from the files ([`Page::versions`]).

use covouch_core::name::ProjectName;
use url::Url;

use super::{
    ApiVersion, CoreMetadata, File, FileFault, Hashes, Marker, Page, PageError, Status, UploadTime, Yanked,
};
use crate::{limits, shown::Shown};

mod wire;

use wire::{Flagged, List, Object, Text, WireFile, WireHashes, WirePage, WireStatus};

/// Reads the page of a project.
///
/// # Errors
/// [`PageError`] when the bytes are not that project's page in JSON, API version 1.
pub fn parse(bytes: &[u8], base: &Url, expected: &ProjectName) -> Result<Page, PageError> {
    if bytes.len() > limits::PAGE_BYTES {
        return Err(PageError::TooLarge { project: expected.clone(), bytes: bytes.len() });
    }
    let malformed = |reason: &dyn ToString| PageError::Malformed {
        project: expected.clone(),
        reason: Shown::new(&reason.to_string()),
    };
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let Object(wire) =
        serde_json::from_str::<Object<WirePage<'_>>>(text).map_err(|error| malformed(&error))?;
    let missing = |key: &str| malformed(&format!("it has no `{key}`"));

    let mut page = Page::new(expected.clone());
    let Object(meta) = wire.meta.ok_or_else(|| missing("meta"))?;
    let version = meta.api_version.ok_or_else(|| missing("meta.api-version"))?.0;
    page.api_version = ApiVersion::parse(&version)
        .ok_or_else(|| PageError::ApiVersion { project: expected.clone(), version: Shown::new(&version) })?;
    page.tracks = texts(meta.tracks.flatten()).ok_or_else(|| malformed(&"`tracks` is too long"))?;
    page.unknown_meta.json = meta.unknown;

    let name = wire.name.ok_or_else(|| missing("name"))?.0;
    if ProjectName::parse(&name).ok().as_ref() != Some(expected) {
        return Err(PageError::OtherProject { expected: expected.clone(), found: Shown::new(&name) });
    }
    page.alternate_locations = texts(wire.alternate_locations.flatten())
        .ok_or_else(|| malformed(&"`alternate-locations` is too long"))?;
    page.status = match wire.status.flatten() {
        Some(Object(wire)) => Some(status(wire).ok_or_else(|| missing("project-status.status"))?),
        None => None,
    };
    page.unknown.json = wire.unknown;

    let files = wire.files.ok_or_else(|| missing("files"))?;
    if files.more {
        return Err(PageError::TooManyFiles { project: expected.clone() });
    }
    if files.first.iter().any(|Object(file)| file.filename.is_none() || file.url.is_none()) {
        return Err(malformed(&"a file has no `filename` or no `url`"));
    }
    page.take(files.first.into_iter().map(|Object(mut wire)| {
        let filename = wire.filename.take().unwrap_or_default().0;
        let file = file(&filename, wire, base, expected);
        (filename, file)
    }))?;
    Ok(page)
}

/// The texts of a list; nothing when the list was cut off.
fn texts<const LIMIT: usize>(wire: Option<List<Text<'_>, LIMIT>>) -> Option<Vec<Box<str>>> {
    match wire {
        None => Some(Vec::new()),
        Some(List { more: true, .. }) => None,
        Some(List { first, .. }) => Some(first.into_iter().map(|text| text.0.into()).collect()),
    }
}

fn status(wire: WireStatus<'_>) -> Option<Status> {
    let mut status =
        Status::new(Marker::parse(&wire.status?.0), wire.reason.flatten().as_ref().map(|text| &*text.0));
    status.unknown.json = wire.unknown;
    Some(status)
}

fn file(filename: &str, wire: WireFile<'_>, base: &Url, project: &ProjectName) -> Result<File, FileFault> {
    let mut file = File::linked(Some(filename), project, base, &wire.url.unwrap_or_default().0)?;
    insert(&mut file.hashes, wire.hashes.flatten().unwrap_or_default())?;
    file.requires_python = wire.requires_python.flatten().map(|text| text.0.into());
    file.yanked = match wire.yanked.flatten() {
        None | Some(Flagged::Flag(false)) => Yanked::No,
        Some(Flagged::Flag(true)) => Yanked::Yes(None),
        // PEP 691 wants a reason that is not empty. An empty one is falsy to some readers and a reason to others;
        // negative evidence is not dropped for that.
        Some(Flagged::Value(reason)) => Yanked::Yes((!reason.0.is_empty()).then(|| reason.0.into())),
    };
    file.upload_time = wire.upload_time.flatten().map(|text| UploadTime::parse(&text.0)).transpose()?;
    file.size = wire.size.flatten();
    // PEP 714: `core-metadata` goes before the names it had earlier.
    file.core_metadata = match [wire.core_metadata, wire.dist_info_metadata, wire.data_dist_info_metadata]
        .into_iter()
        .find_map(Option::flatten)
    {
        None => None,
        Some(Flagged::Flag(false)) => Some(CoreMetadata::No),
        Some(Flagged::Flag(true)) => Some(CoreMetadata::Yes(Hashes::default())),
        Some(Flagged::Value(wire)) => {
            let mut hashes = Hashes::default();
            insert(&mut hashes, wire)?;
            Some(CoreMetadata::Yes(hashes))
        }
    };
    file.gpg_sig = wire.gpg_sig.flatten();
    file.provenance = wire.provenance.flatten().map(|text| text.0.into());
    file.unknown.json = wire.unknown;
    Ok(file)
}

fn insert(hashes: &mut Hashes, wire: WireHashes<'_>) -> Result<(), FileFault> {
    wire.0.iter().try_for_each(|(algorithm, digest)| hashes.insert(&algorithm.0, &digest.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Page, PageError> {
        let base = Url::parse("https://index.example/simple/ctx/").unwrap();
        parse(text.as_bytes(), &base, &ProjectName::parse("ctx").unwrap())
    }

    fn read_files(files: &str) -> Result<Page, PageError> {
        read(&format!(r#"{{"meta": {{"api-version": "1.4"}}, "name": "Ctx", "files": [{files}]}}"#))
    }

    fn read_file(fields: &str) -> File {
        let page = read_files(&format!(r#"{{"filename": "ctx-1.tar.gz", "url": "f/ctx-1.tar.gz"{fields}}}"#))
            .unwrap();
        assert_eq!(page.left_out(), []);
        page.files()[0].clone()
    }

    #[test]
    fn what_is_not_stated_stays_unsaid() {
        let file = read_file("");
        assert_eq!(file.yanked(), &Yanked::No, "PEP 691: no `yanked` is not yanked");
        assert!(file.upload_time().is_none() && file.size().is_none() && file.sha256().is_none());
        assert!(file.core_metadata().is_none() && file.gpg_sig().is_none() && file.subject().is_none());
        assert!(read_files("").unwrap().status().is_none());
        let nulls = r#", "requires-python": null, "size": null, "upload-time": null, "provenance": null, "yanked": null,
            "core-metadata": null, "gpg-sig": null"#;
        let file = read_file(nulls);
        assert!(file.provenance().is_none() && !file.yanked().is_yanked());
        assert!(file.core_metadata().is_none());
    }

    #[test]
    fn every_field_is_read() {
        let sha256 = "ab".repeat(32);
        let file = read_file(&format!(
            r#", "hashes": {{"sha256": "{sha256}", "blake2b": "00"}}, "requires-python": ">=3.9", "yanked": "oops",
            "upload-time": "2022-05-14T07:49:36.123456Z", "size": 7, "core-metadata": {{"sha256": "{sha256}"}},
            "gpg-sig": false, "provenance": "https://index.example/p", "x-new": {{"a": [1.50]}}"#
        ));
        assert_eq!(file.subject().unwrap().sha256.to_string(), sha256);
        assert_eq!(file.url().as_str(), "https://index.example/simple/ctx/f/ctx-1.tar.gz");
        assert_eq!(file.yanked(), &Yanked::Yes(Some("oops".into())));
        assert_eq!(file.upload_time().unwrap().to_string(), "2022-05-14T07:49:36Z");
        assert_eq!(file.unknown().json().collect::<Vec<_>>(), [("x-new", r#"{"a": [1.50]}"#)]);
        assert_eq!(
            (file.size(), file.gpg_sig(), file.requires_python()),
            (Some(7), Some(false), Some(">=3.9"))
        );
        assert!(matches!(file.core_metadata(), Some(CoreMetadata::Yes(hashes)) if hashes.sha256().is_some()));
    }

    #[test]
    fn an_empty_reason_still_yanks() {
        assert_eq!(read_file(r#", "yanked": """#).yanked(), &Yanked::Yes(None));
        assert_eq!(read_file(r#", "yanked": true"#).yanked(), &Yanked::Yes(None));
    }

    #[test]
    fn the_newest_name_of_the_metadata_key_wins() {
        let file = read_file(r#", "data-dist-info-metadata": true, "core-metadata": false"#);
        assert_eq!(file.core_metadata(), Some(&CoreMetadata::No));
        let file = read_file(r#", "data-dist-info-metadata": true, "core-metadata": null"#);
        assert_eq!(file.core_metadata(), Some(&CoreMetadata::Yes(Hashes::default())));
    }

    #[test]
    fn a_quarantined_project_is_seen() {
        let page = read(
            r#"{"meta": {"api-version": "1.4", "_last-serial": 1}, "name": "ctx", "files": [],
            "project-status": {"status": "quarantined", "reason": "malware"}, "alternate-locations": ["https://a.example/"]}"#,
        )
        .unwrap();
        assert_eq!(page.status().unwrap().marker(), &Marker::Quarantined);
        assert_eq!(page.status().unwrap().reason(), Some("malware"));
        assert_eq!(page.alternate_locations().collect::<Vec<_>>(), ["https://a.example/"]);
        assert_eq!(page.unknown_meta.json().collect::<Vec<_>>(), [("_last-serial", "1")]);
    }

    #[test]
    fn a_page_that_is_not_the_one_asked_for_is_an_error() {
        let with = |version: &str, name: &str| {
            read(&format!(r#"{{"meta": {{"api-version": "{version}"}}, "name": "{name}", "files": []}}"#))
        };
        assert!(with("1.0", "CTX").is_ok());
        assert!(matches!(with("2.0", "ctx"), Err(PageError::ApiVersion { .. })));
        assert!(matches!(with("1.0", "cxt"), Err(PageError::OtherProject { .. })));
        for text in
            ["", "[]", "<html>", "{}", r#"{"meta": {}, "name": "ctx", "files": []}"#, "\u{feff}{}", "nul"]
        {
            assert!(matches!(read(text), Err(PageError::Malformed { .. })), "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_an_error() {
        let file = r#"{"filename": "ctx-1.tar.gz", "url": "a/ctx-1.tar.gz", "hashes": {}}"#;
        assert!(matches!(read_files(&format!("{file}, {file}")), Err(PageError::DuplicateFile { .. })));
        for twice in [
            r#"{"filename": "ctx-1.tar.gz", "url": "a", "url": "b"}"#,
            r#"{"filename": "ctx-1.tar.gz", "url": "a", "x": 1, "x": 2}"#,
            r#"{"filename": "ctx-1.tar.gz", "url": "a", "yanked": true, "yanked": false}"#,
        ] {
            assert!(matches!(read_files(twice), Err(PageError::Malformed { .. })), "{twice}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_right_is_left_out_with_its_reason() {
        let faults = [
            (r#""filename": "evil-1.tar.gz", "url": "a""#, "filename-other-project"),
            (r#""filename": "../ctx-1.tar.gz", "url": "a""#, "filename-malformed"),
            (r#""filename": "ctx-1.txt", "url": "a""#, "filename-kind"),
            (r#""filename": "ctx-1.tar.gz", "url": "file:///etc/passwd""#, "page-address"),
            (r#""filename": "ctx-1.tar.gz", "url": "a", "hashes": {"sha256": "12"}"#, "page-hash"),
            (r#""filename": "ctx-1.tar.gz", "url": "a#md5=1", "hashes": {"md5": "2"}"#, "page-hash"),
            (r#""filename": "ctx-1.tar.gz", "url": "a", "upload-time": "2022-05-14""#, "page-field"),
        ];
        for (fields, code) in faults {
            let page =
                read_files(&format!(r#"{{"filename": "ctx-2.zip", "url": "b"}}, {{{fields}}}"#)).unwrap();
            assert_eq!(page.files().len(), 1, "the other file stays");
            assert_eq!(page.left_out()[0].fault.code().as_str(), code, "{fields}");
        }
    }

    #[test]
    fn a_page_without_end_is_cut_off() {
        let files = vec![r#"{"filename":"a","url":"b"}"#; limits::PAGE_FILES + 1].join(",");
        assert!(matches!(read_files(&files), Err(PageError::TooManyFiles { .. })));
        let keys = (0..=limits::UNKNOWN_KEYS).map(|key| format!(r#", "{key}": 0"#)).collect::<String>();
        let file = format!(r#"{{"filename": "ctx-1.tar.gz", "url": "a"{keys}}}"#);
        assert!(matches!(read_files(&file), Err(PageError::Malformed { .. })));
        let deep = format!(r#"{{"filename": "ctx-1.tar.gz", "url": "a", "x": {}}}"#, "[".repeat(100_000));
        assert!(read_files(&deep).is_err());
    }
}
