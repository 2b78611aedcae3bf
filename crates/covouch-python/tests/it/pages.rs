//! Laws of pages: what is written reads back as what it was.

use covouch_core::name::ProjectName;
use covouch_python::simple::{CoreMetadata, File, Page, html, json, render};
use proptest::{collection, option, prelude::*};
use serde_json::{Map, Value, json};
use url::Url;

fn base() -> Url {
    Url::parse("https://index.example/simple/ctx/").unwrap()
}

fn ctx() -> ProjectName {
    ProjectName::parse("ctx").unwrap()
}

fn read_json(bytes: &[u8]) -> Page {
    json::parse(bytes, &base(), &ctx()).unwrap()
}

fn read_html(bytes: &[u8]) -> Page {
    html::parse(bytes, &base(), &ctx()).unwrap()
}

/// Texts that end attributes, elements and JSON strings where they are not escaped.
fn text() -> impl Strategy<Value = String> {
    "([ -~]|[\"&<>\\\\'\r\n\té\u{2028}])*"
}

fn digest() -> impl Strategy<Value = String> {
    "[0-9a-f]{64}"
}

fn unknown_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        text().prop_map(Value::from),
        collection::vec(text(), 0..3).prop_map(Value::from),
    ]
}

fn metadata() -> impl Strategy<Value = Value> {
    prop_oneof![any::<bool>().prop_map(Value::from), digest().prop_map(|sha256| json!({"sha256": sha256}))]
}

fn yanked() -> impl Strategy<Value = Value> {
    prop_oneof![any::<bool>().prop_map(Value::from), text().prop_map(Value::from)]
}

fn file() -> impl Strategy<Value = Map<String, Value>> {
    let fields = (
        option::of(digest()),
        option::of(text()),
        option::of(yanked()),
        option::of(any::<u64>()),
        option::of(0..999_999_u32),
        option::of(metadata()),
        option::of(any::<bool>()),
        option::of(text()),
        option::of(unknown_value()),
        prop_oneof![
            Just("../../f/"),
            Just("https://files.example/%41/"),
            Just("//other.example/a&b;c=d/"),
            Just("")
        ],
    );
    fields.prop_map(
        |(sha256, python, yanked, size, micros, metadata, signed, provenance, unknown, folder)| {
            let mut file = Map::new();
            file.insert("url".into(), folder.into());
            file.insert("hashes".into(), sha256.map_or(json!({}), |sha256| json!({"sha256": sha256})));
            let optional = [
                ("requires-python", python.map(Value::from)),
                ("yanked", yanked),
                ("size", size.map(Value::from)),
                ("upload-time", micros.map(|micros| format!("2026-01-02T03:04:05.{micros:06}Z").into())),
                ("core-metadata", metadata),
                ("gpg-sig", signed.map(Value::from)),
                ("provenance", provenance.map(Value::from)),
                ("x-unknown", unknown),
            ];
            for (key, value) in optional {
                file.extend(value.map(|value| (key.to_owned(), value)));
            }
            file
        },
    )
}

fn page() -> impl Strategy<Value = Value> {
    let status = option::of(("(active|quarantined|archived|new)", option::of(text())));
    (collection::vec(file(), 0..6), status, 0..9_u32, option::of(unknown_value()), collection::vec(text(), 0..3)).prop_map(
        |(files, status, minor, unknown, locations)| {
            let mut page = json!({
                "meta": {"api-version": format!("1.{minor}"), "_last-serial": 17, "tracks": locations.clone()},
                "name": "ctx",
                "alternate-locations": locations,
            });
            let files = files.into_iter().enumerate().map(|(number, mut file)| {
                let name = match number % 3 {
                    0 => format!("ctx-{number}.tar.gz"),
                    1 => format!("ctx-{number}-py3-none-any.whl"),
                    _ => format!("ctx-{number}.egg"),
                };
                let url = format!("{}{name}", file["url"].as_str().unwrap());
                file.insert("url".into(), url.into());
                file.insert("filename".into(), name.into());
                Value::Object(file)
            });
            page["files"] = files.collect();
            if let Some((status, reason)) = status {
                page["project-status"] = json!({"status": status});
                if let Some(reason) = reason {
                    page["project-status"]["reason"] = reason.into();
                }
            }
            if let Some(unknown) = unknown {
                page["x-unknown"] = unknown;
            }
            page
        },
    )
}

proptest! {
    #[test]
    fn a_page_in_json_reads_back_as_it_was(page in page()) {
        let first = read_json(page.to_string().as_bytes());
        prop_assert!(first.left_out().is_empty());
        let written = render::json(&first);
        prop_assert_eq!(&read_json(&written), &first);
        prop_assert_eq!(render::json(&read_json(&written)), written);
    }

    #[test]
    fn a_page_in_html_reads_back_as_it_was(page in page()) {
        let source = read_json(page.to_string().as_bytes());
        let first = read_html(&render::html(&source));
        prop_assert_eq!(&read_html(&render::html(&first)), &first);
        prop_assert_eq!(first.status().map(|status| status.marker()), source.status().map(|status| status.marker()));
        prop_assert_eq!(first.status().and_then(|status| status.reason()), source.status().and_then(|status| status.reason()));
        for (ours, theirs) in first.files().iter().zip(source.files()) {
            prop_assert_eq!(ours.filename(), theirs.filename());
            prop_assert_eq!((ours.url(), ours.link()), (theirs.url(), theirs.link()));
            prop_assert_eq!((ours.sha256(), ours.yanked()), (theirs.sha256(), theirs.yanked()));
            prop_assert_eq!(ours.requires_python(), theirs.requires_python());
            prop_assert_eq!((ours.core_metadata(), ours.gpg_sig()), (theirs.core_metadata(), theirs.gpg_sig()));
            prop_assert_eq!(ours.provenance(), theirs.provenance());
        }
        prop_assert_eq!(first.files().len(), source.files().len());
    }

    #[test]
    fn nothing_an_index_said_is_lost(page in page()) {
        let written: Value = serde_json::from_slice(&render::json(&read_json(page.to_string().as_bytes()))).unwrap();
        for (before, after) in page["files"].as_array().unwrap().iter().zip(written["files"].as_array().unwrap()) {
            for (key, value) in before.as_object().unwrap() {
                // An empty reason is written as `true` (see `simple::json`).
                let value = if key == "yanked" && value == "" { &Value::Bool(true) } else { value };
                prop_assert_eq!(&after[key], value, "{}", key);
            }
        }
        prop_assert_eq!(&written["x-unknown"], &page["x-unknown"]);
        prop_assert_eq!(&written["meta"]["_last-serial"], 17);
        prop_assert_eq!(&written["project-status"], &page["project-status"]);
    }

    #[test]
    fn any_bytes_are_a_page_or_an_error(bytes in collection::vec(any::<u8>(), 0..200), text in "[<>a-z=\"'/! {}\\[\\]:,0-9-]*") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = json::parse(bytes, &base(), &ctx());
            let _ = html::parse(bytes, &base(), &ctx());
        }
    }
}

#[test]
fn an_edited_page_says_what_the_edit_said() {
    let page = read_json(
        br#"{"meta": {"api-version": "1.1"}, "name": "ctx", "versions": ["1", "2", "9"], "files": [
            {"filename": "ctx-1.tar.gz", "url": "ctx-1.tar.gz", "hashes": {}, "size": 1, "x": 1e400},
            {"filename": "ctx-2.tar.gz", "url": "ctx-2.tar.gz", "hashes": {}, "size": 1}]}"#,
    );
    let edited = page.edit(|file: File| {
        (file.filename().as_str() != "ctx-2.tar.gz").then(|| {
            file.with_url("/held/ctx-1.tar.gz").yank_with("no").with_metadata(Some(CoreMetadata::No))
        })
    });
    assert_eq!(edited.files()[0].url().as_str(), "https://index.example/simple/ctx/ctx-1.tar.gz");
    assert_eq!(
        String::from_utf8(render::json(&edited)).unwrap(),
        r#"{"meta":{"api-version":"1.1"},"name":"ctx","versions":["1"],"files":[{"filename":"ctx-1.tar.gz","url":"/held/ctx-1.tar.gz","hashes":{},"size":1,"yanked":"no","core-metadata":false,"x":1e400}]}"#
    );
    let html = String::from_utf8(render::html(&edited)).unwrap();
    assert!(
        html.contains(r#"<a href="/held/ctx-1.tar.gz" data-yanked="no" data-core-metadata="false""#),
        "{html}"
    );
}

#[test]
fn html_never_passes_a_file_off_as_another() {
    let page = read_json(
        br#"{"meta": {"api-version": "1.0"}, "name": "ctx", "files": [
            {"filename": "ctx-1.tar.gz", "url": "ctx-2.tar.gz", "hashes": {}},
            {"filename": "ctx-3.tar.gz", "url": "get?file=/ctx-3.tar.gz", "hashes": {}},
            {"filename": "ctx-4+a.tar.gz", "url": "ctx-4%2Ba.tar.gz#egg=x", "hashes": {"md5": "1"}}]}"#,
    );
    assert_eq!(page.files().len(), 3);
    let read = read_html(&render::html(&page));
    assert_eq!(read.files(), &page.files()[2..]);
}
