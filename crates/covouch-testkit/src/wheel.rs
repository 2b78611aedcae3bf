//! Builds small valid wheels, the same bytes on every machine.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use covouch_core::digest::Sha256;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::distribution::{Distribution, NameParts};

/// A wheel to be built. Its module only says its name and version.
#[derive(Clone, Debug)]
pub struct Wheel {
    filename: String,
    requires: Vec<String>,
    requires_python: Option<String>,
    files: BTreeMap<String, Vec<u8>>,
    padding: usize,
}

impl Wheel {
    /// A pure wheel of this project and version.
    #[must_use]
    pub fn new(project: &str, version: &str) -> Self {
        Self::named(&format!("{}-{version}-py3-none-any.whl", project.replace('-', "_")))
    }

    /// A wheel with this very file name, from which project, version, build and tags are read.
    ///
    /// # Panics
    /// When it is not the name of a wheel.
    #[must_use]
    pub fn named(filename: &str) -> Self {
        let parts = NameParts::parse(filename);
        assert!(parts.tags.is_some(), "`{filename}` is the name of a wheel");
        let module = format!("__version__ = \"{}\"\n", parts.version);
        let files =
            BTreeMap::from([(format!("{}/__init__.py", module_name(parts.project)), module.into_bytes())]);
        let filename = filename.to_owned();
        Self { filename, requires: Vec::new(), requires_python: None, files, padding: 0 }
    }

    /// Needs this too: one `Requires-Dist`.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// Runs on these Python versions only.
    #[must_use]
    pub fn requires_python(mut self, versions: &str) -> Self {
        self.requires_python = Some(versions.to_owned());
        self
    }

    /// Contains this file too.
    #[must_use]
    pub fn file(mut self, path: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), contents.into());
        self
    }

    /// Contains this many bytes that do not compress, for tests and benches of large files.
    #[must_use]
    pub const fn padded(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    /// Builds the wheel.
    ///
    /// # Panics
    /// Never: it is written to memory.
    #[must_use]
    pub fn build(self) -> Distribution {
        let parts = NameParts::parse(&self.filename);
        let dist_info = format!("{}-{}.dist-info", parts.project, parts.version);
        let metadata = metadata(&parts, &self.requires, self.requires_python.as_deref());
        let mut entries: Vec<(String, Vec<u8>)> = self.files.clone().into_iter().collect();
        if self.padding > 0 {
            entries.push((format!("{}/padding.bin", module_name(parts.project)), noise(self.padding)));
        }
        entries.push((format!("{dist_info}/METADATA"), metadata.clone().into_bytes()));
        entries.push((format!("{dist_info}/WHEEL"), wheel_file(&parts).into_bytes()));
        let record = format!("{dist_info}/RECORD");
        entries.push((record.clone(), record_file(&entries, &record).into_bytes()));
        Distribution::new(&self.filename, zip(&entries))
            .with_metadata(metadata)
            .with_requires_python(self.requires_python)
    }
}

/// The import name of a project: lower case, `_` for everything else.
pub(crate) fn module_name(project: &str) -> String {
    project.to_lowercase().replace(['-', '.'], "_")
}

/// Core metadata (packaging.python.org, "Core metadata specifications").
pub(crate) fn metadata(parts: &NameParts<'_>, requires: &[String], requires_python: Option<&str>) -> String {
    let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", parts.project, parts.version);
    if let Some(versions) = requires_python {
        let _ = writeln!(text, "Requires-Python: {versions}");
    }
    for requirement in requires {
        let _ = writeln!(text, "Requires-Dist: {requirement}");
    }
    text
}

fn wheel_file(parts: &NameParts<'_>) -> String {
    let [python, abi, platform] = parts.tags.unwrap_or(["py3", "none", "any"]);
    let pure = abi == "none" && platform == "any";
    let mut text = format!("Wheel-Version: 1.0\nGenerator: covouch-testkit\nRoot-Is-Purelib: {pure}\n");
    if let Some(build) = parts.build {
        let _ = writeln!(text, "Build: {build}");
    }
    for python in python.split('.') {
        for platform in platform.split('.') {
            let _ = writeln!(text, "Tag: {python}-{abi}-{platform}");
        }
    }
    text
}

fn record_file(entries: &[(String, Vec<u8>)], record: &str) -> String {
    let mut text = String::new();
    for (path, contents) in entries {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::of(contents).as_bytes());
        let _ = writeln!(text, "{path},sha256={digest},{}", contents.len());
    }
    let _ = writeln!(text, "{record},,");
    text
}

/// A zip whose entries all carry the format's first moment, so that the bytes never change.
fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, contents) in entries {
        writer.start_file(path, options).expect("an entry begins");
        writer.write_all(contents).expect("memory takes everything");
    }
    writer.finish().expect("the archive ends").into_inner()
}

/// Bytes that do not compress: a chain of digests.
fn noise(length: usize) -> Vec<u8> {
    let mut block = Sha256::of(b"covouch-testkit padding");
    let mut bytes = Vec::with_capacity(length + 32);
    while bytes.len() < length {
        bytes.extend_from_slice(block.as_bytes());
        block = Sha256::of(block.as_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_wheel_is_the_same_each_time_and_lists_what_it_holds() {
        let build = || {
            Wheel::named("ctx-0.1.2-1-py2.py3-none-any.whl").requires("six>=1").file("ctx.py", "x").build()
        };
        let (wheel, again) = (build(), build());
        assert_eq!(wheel.sha256(), again.sha256());
        let mut archive = zip::ZipArchive::new(Cursor::new(wheel.bytes())).unwrap();
        let mut text = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(text("ctx-0.1.2.dist-info/METADATA").as_bytes(), wheel.metadata().unwrap());
        assert!(text("ctx-0.1.2.dist-info/METADATA").contains("Requires-Dist: six>=1\n"));
        let tags = text("ctx-0.1.2.dist-info/WHEEL");
        assert!(tags.contains("Build: 1\nTag: py2-none-any\nTag: py3-none-any\n"), "{tags}");
        let record = text("ctx-0.1.2.dist-info/RECORD");
        let ctx = URL_SAFE_NO_PAD.encode(Sha256::of(b"x").as_bytes());
        assert!(record.contains(&format!("ctx.py,sha256={ctx},1\n")), "{record}");
        assert_eq!(record.lines().count(), archive.len(), "{record}");
    }

    #[test]
    fn other_contents_are_another_file() {
        let plain = Wheel::new("my-project", "1.0");
        assert_eq!(plain.clone().build().filename(), "my_project-1.0-py3-none-any.whl");
        assert_ne!(plain.clone().file("x.pth", "import x").build().sha256(), plain.clone().build().sha256());
        assert!(plain.padded(100_000).build().bytes().len() > 100_000);
    }
}
