//! What uv's own configuration, scripts and lock would go round the gate with.
//!
//! # Not here
//! Its command line: [`super::wrapped`]. Its project commands: [`super::project`].

use std::path::{Path, PathBuf};

use super::{escape, local};
use crate::failure::Failure;

/// Looks for what uv's configuration would go round the gate with: files on this machine, and proxies of its own,
/// which it prefers to those of the environment. No variable overrides either.
///
/// # Errors
/// `argument-escapes-gate` when a `uv.toml` or `[tool.uv]` that uv reads has some.
pub(super) fn check_configuration(here: &Path, named: &[PathBuf]) -> Result<(), Failure> {
    let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
    let found =
        here.ancestors().flat_map(|folder| ["uv.toml", "pyproject.toml"].map(|name| folder.join(name)));
    for path in found.chain(named.iter().cloned()) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // What is no TOML is for uv to complain about.
        let is_script = path.extension().is_none_or(|extension| extension != "toml");
        let text = if is_script { script_metadata(&text) } else { text };
        let Ok(table) = toml::from_str::<toml::Table>(&text) else { continue };
        let is_project = is_script || path.file_name().is_some_and(|name| name == "pyproject.toml");
        let dependencies = table.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut dependencies = dependencies.filter_map(toml::Value::as_str);
        if is_script && dependencies.any(|dependency| local::is_file(dependency, folder)) {
            return Err(escape(
                format!("`{}`: a dependency that is a file is one nobody judged", path.display()),
                "put it on an index, and name it in the policy",
            ));
        }
        if let Some(what) = goes_round(&table, is_project) {
            return Err(escape(
                format!("`{}`: {what}", path.display()),
                "put files on an index and name it in the policy; the gate is the proxy",
            ));
        }
    }
    Ok(())
}

/// Looks for files on this machine in a `uv.lock`: with `--frozen` uv installs them whatever the project says.
///
/// # Errors
/// `argument-escapes-gate` when it names one.
pub(super) fn check_lock(lock: &str) -> Result<(), Failure> {
    // What is no TOML is for uv to complain about.
    let Ok(table) = toml::from_str::<toml::Table>(lock) else { return Ok(()) };
    let list = |table: &toml::Value, key: &str| -> Vec<toml::Value> {
        table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default()
    };
    for package in list(&toml::Value::Table(table), "package") {
        let files = list(&package, "wheels").into_iter().chain(package.get("sdist").cloned());
        let mut files = files.chain(package.get("source").cloned());
        if files.any(|file| is_file_source(&file)) {
            let name = package.get("name").and_then(toml::Value::as_str).unwrap_or_default();
            return Err(escape(
                format!("`uv.lock`: `{}` is a file nobody judged", name.escape_debug()),
                "put it on an index, and name it in the policy",
            ));
        }
    }
    Ok(())
}

/// The metadata in a script's comments (PEP 723).
fn script_metadata(text: &str) -> String {
    let block = text.lines().map(str::trim_end).skip_while(|line| *line != "# /// script").skip(1);
    let block = block.take_while(|line| *line != "# ///" && line.starts_with('#'));
    block.map(|line| line.strip_prefix("# ").unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn goes_round(table: &toml::Table, is_project: bool) -> Option<&'static str> {
    let settings = if is_project { table.get("tool")?.get("uv")?.as_table()? } else { table };
    let pip = settings.get("pip").and_then(toml::Value::as_table);
    for table in [Some(settings), pip].into_iter().flatten() {
        if table.contains_key("find-links") {
            return Some("`find-links` takes files nobody judged");
        }
        if ["http-proxy", "https-proxy", "no-proxy"].iter().any(|key| table.contains_key(*key)) {
            return Some("a proxy of its own goes round the gate's guard");
        }
        let list = |key: &str| table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let indexes = list("index").filter_map(|index| index.get("url"));
        let named = indexes.chain(list("extra-index-url")).chain(table.get("index-url"));
        if named.filter_map(toml::Value::as_str).any(|url| !is_web(url)) {
            return Some("an index on this machine takes files nobody judged");
        }
        let flat = |index: &toml::Value| index.get("format").and_then(toml::Value::as_str) == Some("flat");
        if list("index").any(flat) {
            return Some("an index with `format = \"flat\"` takes files nobody judged");
        }
    }
    let sources = settings.get("sources").and_then(toml::Value::as_table)?;
    sources.values().any(is_file_source).then_some("a source that is a file is one nobody judged")
}

pub(super) fn is_web(url: &str) -> bool {
    let url = url.trim().to_ascii_lowercase();
    url.starts_with("http://") || url.starts_with("https://")
}

/// A source is a table, or one for each marker.
fn is_file_source(source: &toml::Value) -> bool {
    if let Some(sources) = source.as_array() {
        return sources.iter().any(is_file_source);
    }
    let text = |key: &str| source.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    local::is_archive(text("path")) || text("url").trim().to_ascii_lowercase().starts_with("file:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uv_is_not_led_to_files_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("pyproject.toml");
        for (text, refused) in [
            ("[tool.uv]\nfind-links = [\"wheels\"]", true),
            ("[tool.uv.pip]\nfind-links = [\"wheels\"]", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"wheels\"\nformat = \"flat\"", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"https://index.example/simple\"", false),
            ("[tool.uv]\nhttp-proxy = \"http://index.example\"\nno-proxy = [\"index.example\"]", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"file:///simple\"", true),
            ("[tool.uv]\nextra-index-url = [\"simple\"]", true),
            ("[tool.uv.sources]\nsix = { path = \"six-1.0-py3-none-any.whl\" }", true),
            ("[tool.uv.sources]\nsix = [{ url = \"file:///six-1.0.tar.gz\" }]", true),
            ("[tool.uv.sources]\nsix = { path = \"packages/six\", editable = true }", false),
            ("[project]\nname = \"find-links\"", false),
        ] {
            std::fs::write(&project, text).unwrap();
            assert_eq!(check_configuration(folder.path(), &[]).is_err(), refused, "{text}");
        }
        let script = folder.path().join("tool.py");
        for (metadata, refused) in [
            ("# dependencies = [\"six\"]", false),
            ("# dependencies = [\"six @ file:///six-1.0.zip\"]", true),
            ("# [tool.uv]\n# find-links = [\"wheels\"]", true),
            ("# [tool.uv.sources]\n# six = { path = \"six-1.0-py3-none-any.whl\" }", true),
        ] {
            std::fs::write(
                &script,
                format!("#!/usr/bin/env python\n# /// script\n{metadata}\n# ///\nprint()\n"),
            )
            .unwrap();
            let named = std::slice::from_ref(&script);
            assert_eq!(check_configuration(folder.path(), named).is_err(), refused, "{metadata}");
        }
    }

    #[test]
    fn a_lock_leads_to_no_file_on_this_machine() {
        for (text, refused) in [
            (
                "source = { registry = \"https://index.example/simple\" }\nwheels = [{ url = \"https://index.example/six-1.0-py3-none-any.whl\" }]",
                false,
            ),
            ("source = { editable = \".\" }", false),
            (
                "source = { registry = \"https://index.example/simple\" }\nwheels = [{ url = \"file:///six-1.0-py3-none-any.whl\" }]",
                true,
            ),
            ("source = { registry = \"wheels\" }\nsdist = { path = \"six-1.0.tar.gz\" }", true),
            ("source = { path = \"six-1.0-py3-none-any.whl\" }", true),
        ] {
            let lock = format!("version = 1\n[[package]]\nname = \"six\"\n{text}\n");
            assert_eq!(check_lock(&lock).is_err(), refused, "{text}");
        }
    }
}
