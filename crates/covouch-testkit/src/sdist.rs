//! Builds small valid sdists, the same bytes on every machine, and if asked some that tell when they are run.
//!
//! An sdist carries its own build backend and needs nothing else to be built, unless [`Sdist::build_requires`] or
//! [`Sdist::setup_py`] say so.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use flate2::{Compression, GzBuilder};

use crate::{
    distribution::{Distribution, NameParts},
    wheel::{metadata, module_name},
};

/// The variable that names the file a marking sdist writes when its code runs.
pub const MARKER: &str = "COVOUCH_TEST_MARKER";

/// An sdist to be built.
#[derive(Clone, Debug)]
pub struct Sdist {
    filename: String,
    requires: Vec<String>,
    build_requires: Vec<String>,
    requires_python: Option<String>,
    files: BTreeMap<String, Vec<u8>>,
    builder: Builder,
    marks: bool,
}

/// What turns the sdist into a wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builder {
    /// A backend inside the sdist itself (PEP 517, `backend-path`).
    Own,
    /// `setup.py`, for which clients fetch setuptools.
    SetupPy,
}

impl Sdist {
    /// An sdist of this project and version.
    #[must_use]
    pub fn new(project: &str, version: &str) -> Self {
        Self::named(&format!("{}-{version}.tar.gz", project.replace('-', "_")))
    }

    /// An sdist with this very file name.
    ///
    /// # Panics
    /// When it is not the name of a `.tar.gz` sdist.
    #[must_use]
    pub fn named(filename: &str) -> Self {
        assert!(filename.ends_with(".tar.gz"), "`{filename}` is the name of an sdist");
        let parts = NameParts::parse(filename);
        let module = format!("__version__ = \"{}\"\n", parts.version);
        let files =
            BTreeMap::from([(format!("{}/__init__.py", module_name(parts.project)), module.into_bytes())]);
        Self {
            filename: filename.to_owned(),
            requires: Vec::new(),
            build_requires: Vec::new(),
            requires_python: None,
            files,
            builder: Builder::Own,
            marks: false,
        }
    }

    /// Needs this too when installed.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// Needs this too when built, so that clients fetch it first.
    #[must_use]
    pub fn build_requires(mut self, requirement: &str) -> Self {
        self.build_requires.push(requirement.to_owned());
        self
    }

    /// Runs on these Python versions only.
    #[must_use]
    pub fn requires_python(mut self, versions: &str) -> Self {
        self.requires_python = Some(versions.to_owned());
        self
    }

    /// Contains this file too, under its top folder.
    #[must_use]
    pub fn file(mut self, path: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), contents.into());
        self
    }

    /// Is built by `setup.py` and setuptools.
    #[must_use]
    pub const fn setup_py(mut self) -> Self {
        self.builder = Builder::SetupPy;
        self
    }

    /// Writes its file name to the file that [`MARKER`] names as soon as any of its code runs: a refused sdist must
    /// leave no marker.
    #[must_use]
    pub const fn marks(mut self) -> Self {
        self.marks = true;
        self
    }

    /// Builds the sdist.
    ///
    /// # Panics
    /// Never: it is written to memory.
    #[must_use]
    pub fn build(self) -> Distribution {
        let parts = NameParts::parse(&self.filename);
        let top = format!("{}-{}", parts.project, parts.version);
        let metadata = metadata(&parts, &self.requires, self.requires_python.as_deref());
        let mut entries = self.files.clone();
        entries.insert("PKG-INFO".to_owned(), metadata.clone().into_bytes());
        match self.builder {
            Builder::Own => {
                entries.insert("pyproject.toml".to_owned(), self.pyproject(&parts).into_bytes());
                entries.insert("backend.py".to_owned(), self.backend(&parts, &metadata).into_bytes());
            }
            Builder::SetupPy => {
                entries.insert("setup.py".to_owned(), self.setup(&parts).into_bytes());
            }
        }
        Distribution::new(&self.filename, tar_gz(&top, &entries)).with_requires_python(self.requires_python)
    }

    fn pyproject(&self, parts: &NameParts<'_>) -> String {
        format!(
            "[build-system]\nrequires = {}\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\n\
             [project]\nname = \"{}\"\nversion = \"{}\"\n",
            python_list(&self.build_requires),
            parts.project,
            parts.version
        )
    }

    fn marker(&self) -> String {
        if !self.marks {
            return String::new();
        }
        format!(
            "import os\nif os.environ.get(\"{MARKER}\"):\n    with open(os.environ[\"{MARKER}\"], \"a\") as marker:\n        \
             marker.write(\"{}\\n\")\n",
            self.filename
        )
    }

    fn backend(&self, parts: &NameParts<'_>, metadata: &str) -> String {
        let modules: Vec<String> = self.files.keys().cloned().collect();
        format!(
            "{}PROJECT, VERSION, FILES = \"{}\", \"{}\", {}\nMETADATA = \"\"\"{metadata}\"\"\"\n{BACKEND}",
            self.marker(),
            parts.project,
            parts.version,
            python_list(&modules)
        )
    }

    fn setup(&self, parts: &NameParts<'_>) -> String {
        format!(
            "{}from setuptools import setup\nsetup(name=\"{}\", version=\"{}\", packages=[\"{}\"], install_requires={})\n",
            self.marker(),
            parts.project,
            parts.version,
            module_name(parts.project),
            python_list(&self.requires)
        )
    }
}

/// The smallest PEP 517 backend: one pure wheel out of the files beside it.
const BACKEND: &str = r#"
def build_wheel(directory, config_settings=None, metadata_directory=None):
    import base64, hashlib, os, zipfile
    info = f"{PROJECT}-{VERSION}.dist-info"
    entries = {name: open(name, "rb").read() for name in FILES}
    entries[f"{info}/METADATA"] = METADATA.encode()
    entries[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for name, contents in entries.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(contents).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(contents)}\n"
    entries[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = f"{PROJECT}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, wheel), "w") as archive:
        for name, contents in entries.items():
            archive.writestr(name, contents)
    return wheel
"#;

fn python_list(items: &[String]) -> String {
    let mut text = String::from("[");
    for (index, item) in items.iter().enumerate() {
        let _ = write!(text, "{}\"{item}\"", if index == 0 { "" } else { ", " });
    }
    text + "]"
}

/// A gzipped tar without any trace of the machine or the moment.
fn tar_gz(top: &str, entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut builder = tar::Builder::new(gzip);
    for (path, contents) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(contents.len()).expect("a file in memory has a length"));
        header.set_mode(0o644);
        header.set_mtime(315_532_800); // 1980-01-01, the first moment that zips know
        builder
            .append_data(&mut header, format!("{top}/{path}"), contents.as_slice())
            .expect("memory takes it");
    }
    let mut gzip = builder.into_inner().expect("the archive ends");
    gzip.flush().expect("memory takes everything");
    gzip.finish().expect("the archive ends")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn read(sdist: &Distribution, path: &str) -> Option<String> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(sdist.bytes().as_ref()));
        let mut entries = archive.entries().unwrap().map(Result::unwrap);
        let mut entry = entries.find(|entry| entry.path().unwrap().to_str() == Some(path))?;
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn an_sdist_is_the_same_each_time() {
        let build = || Sdist::new("my-project", "1.0").requires("six").build();
        assert_eq!(build().sha256(), build().sha256());
        assert_eq!(build().filename(), "my_project-1.0.tar.gz");
        assert!(read(&build(), "my_project-1.0/PKG-INFO").unwrap().contains("Requires-Dist: six\n"));
    }

    #[test]
    fn only_a_marking_sdist_tells_when_it_runs() {
        let plain = Sdist::new("a", "1").build();
        assert!(!read(&plain, "a-1/backend.py").unwrap().contains(MARKER));
        let marks = Sdist::new("a", "1").marks().setup_py().build();
        assert!(read(&marks, "a-1/setup.py").unwrap().contains(MARKER));
        assert_eq!(read(&marks, "a-1/pyproject.toml"), None);
    }
}
