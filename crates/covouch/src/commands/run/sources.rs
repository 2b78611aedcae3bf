//! What a project of pdm, pipenv or poetry would go round the gate with: sources on this machine, and files.
//!
//! # Invariants
//! - Sources on other hosts are the guard's business: they are reached through the proxy, or not at all.
//!
//! # Not here
//! uv's configuration and lock: [`super::uv`].

use std::{fs, path::Path};

use serde_json::Value;

use super::{escape, local, uv::is_web, wrapped::Installer};
use crate::failure::Failure;

/// Deepest nesting that is looked into; no such file has half as much.
const DEPTH: usize = 32;

/// Looks through the files in which an installer's project says where packages come from.
///
/// # Errors
/// `argument-escapes-gate` when one leads to files on this machine.
pub(super) fn check(installer: Installer, here: &Path) -> Result<(), Failure> {
    let files: &[&str] = match installer {
        Installer::Pdm => &["pyproject.toml", "pdm.lock", "pdm.toml"],
        Installer::Pipenv => &["Pipfile", "Pipfile.lock"],
        Installer::Poetry => &["pyproject.toml", "poetry.lock", "poetry.toml"],
        Installer::Pip | Installer::Uv | Installer::Other => &[],
    };
    let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
    for path in here.ancestors().flat_map(|folder| files.iter().map(|name| folder.join(name))) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        // What cannot be read is for the installer to complain about.
        let Some(document) = read(&path, &text) else { continue };
        let folder = path.parent().unwrap_or(Path::new(""));
        let is_project = path.ends_with("pyproject.toml");
        let parts = if is_project { project_parts(&document) } else { vec![&document] };
        if let Some(what) = parts.into_iter().find_map(|part| leads_here(part, folder, DEPTH)) {
            return Err(escape(
                format!("`{}`: `{}` takes files nobody judged", path.display(), what.escape_debug()),
                "put them on an index, and name it in the policy",
            ));
        }
    }
    Ok(())
}

fn read(path: &Path, text: &str) -> Option<Value> {
    if path.ends_with("Pipfile.lock") { serde_json::from_str(text).ok() } else { toml::from_str(text).ok() }
}

/// The tables of a `pyproject.toml` that say what is installed, and from where.
fn project_parts(document: &Value) -> Vec<&Value> {
    let tool = |name: &str| document.get("tool").and_then(|tool| tool.get(name));
    [document.get("project"), document.get("dependency-groups"), tool("pdm"), tool("poetry")]
        .into_iter()
        .flatten()
        .collect()
}

/// What leads to a file or an index on this machine, at any depth.
fn leads_here(value: &Value, folder: &Path, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Array(values) => values.iter().find_map(|value| match value {
            // A requirement, as PEP 508 writes it.
            Value::String(text) if text.contains('@') && local::is_file(text, folder) => Some(text.clone()),
            value => leads_here(value, folder, depth),
        }),
        Value::Object(table) => table.iter().find_map(|(key, value)| match (key.as_str(), value) {
            ("path" | "file", Value::String(path)) if local::is_archive(path) && !is_web(path) => {
                Some(path.clone())
            }
            ("url", Value::String(url)) if is_local(url) => Some(url.clone()),
            ("source" | "sources", Value::Array(sources)) => {
                let urls = sources.iter().filter_map(|source| source.get("url").and_then(Value::as_str));
                let local = urls.map(str::to_owned).find(|url| !is_web(url) && !url.starts_with('$'));
                local.or_else(|| leads_here(value, folder, depth))
            }
            _ => leads_here(value, folder, depth),
        }),
        _ => None,
    }
}

fn is_local(url: &str) -> bool {
    url.trim().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_lead_to_no_file_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        for (installer, name, text, refused) in [
            (
                Installer::Pdm,
                "pyproject.toml",
                "[[tool.pdm.source]]\nname = 'x'\nurl = 'file:///wheels'",
                true,
            ),
            (
                Installer::Pdm,
                "pyproject.toml",
                "[[tool.pdm.source]]\nname = 'x'\nurl = 'wheels'\ntype = 'find_links'",
                true,
            ),
            (
                Installer::Pdm,
                "pyproject.toml",
                "[[tool.pdm.source]]\nname = 'x'\nurl = 'https://index.example/simple'",
                false,
            ),
            (
                Installer::Pdm,
                "pyproject.toml",
                "[project]\ndependencies = ['six @ file:///six-1.0.tar.gz']",
                true,
            ),
            (Installer::Pdm, "pyproject.toml", "[project]\ndependencies = ['six']", false),
            (Installer::Pdm, "pyproject.toml", "[tool.other]\npath = 'six-1.0.zip'", false),
            (Installer::Pdm, "pdm.lock", "[[package]]\nname = 'six'\npath = './six-1.0.tar.gz'", true),
            (Installer::Pipenv, "Pipfile", "[[source]]\nurl = 'file:///simple'\nname = 'x'", true),
            (Installer::Pipenv, "Pipfile", "[[source]]\nurl = '${INDEX}'\nname = 'x'", false),
            (Installer::Pipenv, "Pipfile", "[packages]\nsix = {file = 'six-1.0.tar.gz'}", true),
            (Installer::Pipenv, "Pipfile", "[packages]\nsix = {path = '.', editable = true}", false),
            (
                Installer::Pipenv,
                "Pipfile.lock",
                r#"{"_meta": {"x": null}, "default": {"six": {"file": "./six-1.0.tar.gz"}}}"#,
                true,
            ),
            (
                Installer::Poetry,
                "pyproject.toml",
                "[tool.poetry.dependencies]\nsix = {path = 'six-1.0.tar.gz'}",
                true,
            ),
            (
                Installer::Poetry,
                "poetry.lock",
                "[[package]]\nname = 'six'\n[package.source]\ntype = 'file'\nurl = 'file:///six-1.0.tar.gz'",
                true,
            ),
            (Installer::Uv, "pyproject.toml", "[[tool.pdm.source]]\nurl = 'file:///wheels'", false),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(check(installer, folder.path()).is_err(), refused, "{text}");
            fs::remove_file(&path).unwrap();
        }
    }
}
