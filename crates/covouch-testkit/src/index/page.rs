//! Writes pages in JSON (PEP 691, 700, 714, 740, 792) and in HTML (PEP 503, 592, 714, 740, 792).

use std::{collections::BTreeSet, fmt::Write as _};

use covouch_core::{digest::Sha256, evidence::ProjectStatus, name::ProjectName};
use serde_json::{Value, json};

use super::{
    route,
    site::{Feature, Listed, Project, Site},
};

pub(super) const JSON: &str = "application/vnd.pypi.simple.v1+json";
pub(super) const HTML: &str = "application/vnd.pypi.simple.v1+html";
pub(super) const LEGACY_HTML: &str = "text/html";

/// A page in JSON. `origin` is where the index is reached.
pub(super) fn json(site: &Site, origin: &str, name: &ProjectName, project: &Project) -> String {
    let versions: BTreeSet<String> =
        project.files.iter().map(|file| file.distribution.version().to_string()).collect();
    let files: Vec<Value> = project.files.iter().map(|file| json_file(site, origin, file)).collect();
    let mut page =
        json!({ "meta": { "api-version": api_version(site) }, "name": name.as_str(), "files": files });
    if let Some(fields) = page.as_object_mut() {
        if site.does(Feature::UploadTimes) {
            fields.insert("versions".into(), json!(versions));
        }
        if site.does(Feature::Status) {
            fields.insert("project-status".into(), json!({ "status": status(project.status) }));
        }
    }
    page.to_string()
}

/// The list of projects in JSON.
pub(super) fn json_root(site: &Site) -> String {
    let projects: Vec<Value> = site.projects().keys().map(|name| json!({ "name": name.as_str() })).collect();
    json!({ "meta": { "api-version": api_version(site) }, "projects": projects }).to_string()
}

/// A version promises fields: 1.1 sizes and versions (PEP 700), 1.4 the status (PEP 792).
fn api_version(site: &Site) -> &'static str {
    match (site.does(Feature::Status), site.does(Feature::UploadTimes)) {
        (true, _) => "1.4",
        (false, true) => "1.1",
        (false, false) => "1.0",
    }
}

fn json_file(site: &Site, origin: &str, file: &Listed) -> Value {
    let distribution = &file.distribution;
    let mut entry = json!({
        "filename": distribution.filename(),
        "url": format!("{origin}{}", route::file_path(distribution)),
        "hashes": if file.hashed { json!({ "sha256": distribution.sha256().to_string() }) } else { json!({}) },
        "size": distribution.bytes().len(),
        "yanked": match file.yanked.as_deref() {
            None => json!(false),
            Some("") => json!(true),
            Some(reason) => json!(reason),
        },
    });
    let Some(fields) = entry.as_object_mut() else { return entry };
    if let Some(versions) = distribution.requires_python() {
        fields.insert("requires-python".into(), json!(versions));
    }
    if site.does(Feature::UploadTimes) {
        fields.insert("upload-time".into(), json!(file.uploaded.to_string()));
    }
    if file.provenance.is_some() {
        let address = format!("{origin}{}.provenance", route::file_path(distribution));
        fields.insert("provenance".into(), json!(address));
    }
    if let Some(sha256) = metadata_sha256(site, file) {
        let hashes = json!({ "sha256": sha256.to_string() });
        fields.insert("core-metadata".into(), hashes.clone());
        fields.insert("dist-info-metadata".into(), hashes);
    }
    entry
}

fn metadata_sha256(site: &Site, file: &Listed) -> Option<Sha256> {
    let metadata = file.distribution.metadata().filter(|_| site.does(Feature::Metadata))?;
    Some(Sha256::of(metadata))
}

const fn status(status: ProjectStatus) -> &'static str {
    match status {
        ProjectStatus::Active => "active",
        ProjectStatus::Archived => "archived",
        ProjectStatus::Quarantined => "quarantined",
        ProjectStatus::Deprecated => "deprecated",
    }
}

/// A page in HTML; it has no upload times.
pub(super) fn html(site: &Site, origin: &str, name: &ProjectName, project: &Project) -> String {
    let mut head = format!("<meta name=\"pypi:repository-version\" content=\"{}\">", api_version(site));
    if site.does(Feature::Status) {
        let _ = write!(head, "<meta name=\"pypi:project-status\" content=\"{}\">", status(project.status));
    }
    let mut anchors = String::new();
    for file in &project.files {
        let distribution = &file.distribution;
        let _ = write!(
            anchors,
            "<a href=\"{origin}{}{}\"",
            route::file_path(distribution),
            if file.hashed { format!("#sha256={}", distribution.sha256()) } else { String::new() }
        );
        if let Some(versions) = distribution.requires_python() {
            let _ = write!(anchors, " data-requires-python=\"{}\"", escape(versions));
        }
        if let Some(reason) = &file.yanked {
            let _ = write!(anchors, " data-yanked=\"{}\"", escape(reason));
        }
        if file.provenance.is_some() {
            let path = route::file_path(distribution);
            let _ = write!(anchors, " data-provenance=\"{origin}{path}.provenance\"");
        }
        if let Some(sha256) = metadata_sha256(site, file) {
            let _ = write!(
                anchors,
                " data-core-metadata=\"sha256={sha256}\" data-dist-info-metadata=\"sha256={sha256}\""
            );
        }
        let _ = writeln!(anchors, ">{}</a><br>", escape(distribution.filename()));
    }
    document(&head, &format!("Links for {name}"), &anchors)
}

/// The list of projects in HTML.
pub(super) fn html_root(site: &Site) -> String {
    let anchors: String = site
        .projects()
        .keys()
        .map(|name| format!("<a href=\"{}\">{name}</a>\n", route::page_path(name)))
        .collect();
    document("", "Simple index", &anchors)
}

fn document(head: &str, title: &str, body: &str) -> String {
    format!("<!DOCTYPE html>\n<html><head>{head}<title>{title}</title></head><body>\n{body}</body></html>\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
