//! Writes a page, in JSON and in HTML.
//!
//! # Invariants
//! - Everything the index said is written, in the form that has a place for it: HTML has none for upload times and
//!   sizes, and neither form takes over what only the other's unknown keys said.
//! - In HTML the address carries the file's name. A file whose address ends in another name is not written there:
//!   readers would take it for that other file.
//! - `versions` is counted from the files (PEP 700), so it never names a version that was taken off the page.
//! - What [`super::json`] reads back from [`json`] is the page that was written; so for [`super::html`], where a file
//!   has at most one digest (PEP 503 has room for one).

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{CoreMetadata, File, Hashes, Page, Status, Unknown, Yanked};

/// The media type of [`json`]'s output.
pub const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// The media type of [`html`]'s output; `text/html` is another name for it.
pub const HTML: &str = "application/vnd.pypi.simple.v1+html";

/// Writes the page in JSON (PEP 691).
#[must_use]
pub fn json(page: &Page) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "keys are texts and a vector takes every byte, so nothing can fail"
    )]
    serde_json::to_vec(&Json(page)).expect("a page is JSON")
}

/// A view of something that can be written in JSON.
struct Json<T>(T);

/// Writes keys that have a value.
struct Keys<S: Serializer>(S::SerializeMap);

impl<S: Serializer> Keys<S> {
    fn start(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Self)
    }

    fn key(mut self, key: &str, value: impl Serialize) -> Result<Self, S::Error> {
        self.0.serialize_entry(key, &value)?;
        Ok(self)
    }

    fn key_if_some(self, key: &str, value: Option<impl Serialize>) -> Result<Self, S::Error> {
        match value {
            Some(value) => self.key(key, value),
            None => Ok(self),
        }
    }

    fn end(mut self, unknown: &Unknown) -> Result<S::Ok, S::Error> {
        for (key, value) in &unknown.json {
            self.0.serialize_entry(key, value)?;
        }
        self.0.end()
    }
}

impl Serialize for Json<&Page> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.0;
        let locations = &page.alternate_locations;
        Keys::start(serializer)?
            .key("meta", Json(Meta(page)))?
            .key("name", page.project.as_str())?
            .key_if_some("project-status", page.status.as_ref().map(Json))?
            .key_if_some("alternate-locations", (!locations.is_empty()).then_some(locations))?
            .key("versions", page.versions().into_iter().map(ToString::to_string).collect::<Vec<_>>())?
            .key("files", page.files.iter().map(Json).collect::<Vec<_>>())?
            .end(&page.unknown)
    }
}

struct Meta<'a>(&'a Page);

impl Serialize for Json<Meta<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Meta(page) = self.0;
        Keys::start(serializer)?
            .key("api-version", page.api_version.to_string())?
            .key_if_some("tracks", (!page.tracks.is_empty()).then_some(&page.tracks))?
            .end(&page.unknown_meta)
    }
}

impl Serialize for Json<&Status> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Keys::start(serializer)?
            .key("status", self.0.marker.as_str())?
            .key_if_some("reason", self.0.reason())?
            .end(&self.0.unknown)
    }
}

impl Serialize for Json<&File> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let file = self.0;
        Keys::start(serializer)?
            .key("filename", file.filename().as_str())?
            .key("url", file.link())?
            .key("hashes", Json(&file.hashes))?
            .key_if_some("requires-python", file.requires_python())?
            .key_if_some("size", file.size)?
            .key_if_some("upload-time", file.upload_time.as_ref().map(super::UploadTime::as_str))?
            .key("yanked", Json(&file.yanked))?
            // PEP 714: the earlier names of this key are not written. In JSON they made installers fail.
            .key_if_some("core-metadata", file.core_metadata.as_ref().map(Json))?
            .key_if_some("gpg-sig", file.gpg_sig)?
            .key_if_some("provenance", file.provenance())?
            .end(&file.unknown)
    }
}

impl Serialize for Json<&Hashes> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl Serialize for Json<&Yanked> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Yanked::No => serializer.serialize_bool(false),
            Yanked::Yes(None) => serializer.serialize_bool(true),
            Yanked::Yes(Some(reason)) => serializer.serialize_str(reason),
        }
    }
}

impl Serialize for Json<&CoreMetadata> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            CoreMetadata::No => serializer.serialize_bool(false),
            CoreMetadata::Yes(hashes) if hashes.is_empty() => serializer.serialize_bool(true),
            CoreMetadata::Yes(hashes) => Json(hashes).serialize(serializer),
        }
    }
}

/// Writes the page in HTML (PEP 503).
#[must_use]
pub fn html(page: &Page) -> Vec<u8> {
    let mut out = Html(String::with_capacity(256 + page.files.len() * 384));
    out.raw("<!DOCTYPE html>\n<html>\n<head>\n");
    out.meta("pypi:repository-version", &page.api_version.to_string());
    if let Some(status) = &page.status {
        out.meta("pypi:project-status", status.marker.as_str());
        if let Some(reason) = status.reason() {
            out.meta("pypi:project-status-reason", reason);
        }
    }
    page.tracks().for_each(|address| out.meta("pypi:tracks", address));
    page.alternate_locations().for_each(|address| out.meta("pypi:alternate-locations", address));
    page.unknown.html().for_each(|(name, content)| out.meta(name, content));
    out.raw("<title>Links for ");
    out.text(page.project.as_str());
    out.raw("</title>\n</head>\n<body>\n<h1>Links for ");
    out.text(page.project.as_str());
    out.raw("</h1>\n");
    page.files.iter().filter(|file| file.is_named_by_link()).for_each(|file| out.file(file));
    out.raw("</body>\n</html>\n");
    out.0.into_bytes()
}

struct Html(String);

impl Html {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Text that cannot end the attribute or element it stands in. A carriage return would be read back as a line
    /// feed, and HTML has no way to write NUL.
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\r' => self.raw("&#13;"),
                '\0' => self.0.push('\u{fffd}'),
                other => self.0.push(other),
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.raw(" ");
        self.raw(name);
        self.raw("=\"");
        self.text(value);
        self.raw("\"");
    }

    fn meta(&mut self, name: &str, content: &str) {
        self.raw("<meta");
        self.attribute("name", name);
        self.attribute("content", content);
        self.raw(">\n");
    }

    fn file(&mut self, file: &File) {
        self.raw("<a");
        let link = match one_hash(&file.hashes) {
            Some(hash) => {
                format!("{}{}{hash}", file.link(), if file.link().contains('#') { '&' } else { '#' })
            }
            None => file.link().to_owned(),
        };
        self.attribute("href", &link);
        if let Some(specifiers) = file.requires_python() {
            self.attribute("data-requires-python", specifiers);
        }
        if let Yanked::Yes(reason) = &file.yanked {
            self.attribute("data-yanked", reason.as_deref().unwrap_or_default());
        }
        let metadata = file.core_metadata.as_ref().map(|metadata| match metadata {
            CoreMetadata::No => "false".to_owned(),
            CoreMetadata::Yes(hashes) => one_hash(hashes).unwrap_or_else(|| "true".to_owned()),
        });
        if let Some(value) = &metadata {
            // PEP 714: indexes write both names in HTML, since older installers know only the second.
            self.attribute("data-core-metadata", value);
            self.attribute("data-dist-info-metadata", value);
        }
        if let Some(signed) = file.gpg_sig {
            self.attribute("data-gpg-sig", if signed { "true" } else { "false" });
        }
        if let Some(address) = file.provenance() {
            self.attribute("data-provenance", address);
        }
        file.unknown.html().for_each(|(name, value)| self.attribute(name, value));
        self.raw(">");
        self.text(file.filename().as_str());
        self.raw("</a><br>\n");
    }
}

/// The one digest there is room for: the SHA-256, else the first.
fn one_hash(hashes: &Hashes) -> Option<String> {
    hashes.iter().next().map(|(algorithm, digest)| format!("{algorithm}={digest}"))
}
