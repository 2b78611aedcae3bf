//! uv's project, shadowed: uv works on a private copy of `uv.lock` and the `pyproject.toml` files.
//!
//! A `uv.lock` names every file by its address, and those are not the gate's. So uv is given a folder in which
//! everything is a link to the real project, except the files uv writes: those are copies, with the lock's
//! addresses replaced by the gate's. Afterwards they are mapped back.
//!
//! # Invariants
//! - The user's files are replaced atomically, after every entry was mapped back, and only if they had not
//!   changed meanwhile. Until then nothing of theirs is touched, so a kill at any moment leaves them whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use covouch_io::state;
use tempfile::TempDir;

use crate::failure::Failure;

/// Deepest folder in which a `pyproject.toml` of a workspace is looked for.
const DEPTH: usize = 6;
/// Most entries that are looked at on the way; what lies beyond is linked as it is.
const ENTRIES: usize = 20_000;
/// How shadows are called.
pub(super) const PREFIX: &str = "shadow-";
/// What uv writes.
const COPIED: [&str; 2] = ["pyproject.toml", "uv.lock"];
/// What is never part of a project, and can be large.
const SKIPPED: [&str; 4] = [".venv", "node_modules", "__pycache__", ".tox"];

/// A shadow of a project.
pub(super) struct Shadow {
    real: PathBuf,
    folder: TempDir,
    copies: Vec<Copy>,
}

/// A file that uv may change, as it was.
struct Copy {
    relative: PathBuf,
    before: Option<Vec<u8>>,
}

impl Shadow {
    /// Makes a shadow of the project in this folder, below `place`.
    pub(super) fn make(real: &Path, place: &Path) -> Result<Self, Failure> {
        let real = real.canonicalize().map_err(|error| unwritable(real, &error))?;
        fs::create_dir_all(place).map_err(|error| unwritable(place, &error))?;
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(place)
            .map_err(|error| unwritable(place, &error))?;
        let mut shadow = Self { real: real.clone(), folder, copies: Vec::new() };
        let mut budget = ENTRIES;
        let root = shadow.folder.path().to_owned();
        shadow.mirror(Path::new(""), &root, DEPTH, &mut budget).map_err(|error| unwritable(&real, &error))?;
        // uv may make a lock where there is none.
        if !shadow.copies.iter().any(|copy| copy.relative == Path::new("uv.lock")) {
            shadow.copies.push(Copy { relative: "uv.lock".into(), before: None });
        }
        Ok(shadow)
    }

    fn mirror(&mut self, relative: &Path, into: &Path, depth: usize, budget: &mut usize) -> io::Result<()> {
        for entry in fs::read_dir(self.real.join(relative))? {
            let entry = entry?;
            *budget = budget.saturating_sub(1);
            let name = entry.file_name();
            let (from, to, relative) = (entry.path(), into.join(&name), relative.join(&name));
            let text = name.to_string_lossy();
            if SKIPPED.contains(&&*text) {
                continue;
            }
            let kind = entry.file_type()?;
            // Also where it is a link: uv would write through it into the user's file.
            if COPIED.contains(&&*text) && from.is_file() {
                let bytes = fs::read(&from)?;
                fs::write(&to, &bytes)?;
                self.copies.push(Copy { relative, before: Some(bytes) });
            } else if kind.is_dir() && depth > 0 && *budget > 0 && has_project(&from, depth - 1, budget) {
                fs::create_dir(&to)?;
                self.mirror(&relative, &to, depth - 1, budget)?;
            } else {
                link(&from, &to)?;
            }
        }
        Ok(())
    }

    /// The shadow's folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The real project's folder.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    /// The user's lock as it was.
    pub(super) fn lock(&self) -> Option<&str> {
        let copy = self.copies.iter().find(|copy| copy.relative == Path::new("uv.lock"))?;
        std::str::from_utf8(copy.before.as_deref()?).ok()
    }

    /// Replaces the shadow's lock.
    pub(super) fn write_lock(&self, text: &str) -> Result<(), Failure> {
        let path = self.folder().join("uv.lock");
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))
    }

    /// The shadow's lock as uv left it.
    pub(super) fn changed_lock(&self) -> Option<String> {
        fs::read_to_string(self.folder().join("uv.lock")).ok()
    }

    /// Brings back what uv changed. `lock` is the shadow's lock, mapped back; `gate` is the gate's index, which
    /// `uv add` writes into `pyproject.toml` because it was told to use it.
    ///
    /// # Errors
    /// `lock-changed-meanwhile` when somebody else changed one of the files since; nothing is written then.
    pub(super) fn bring_back(&self, lock: Option<&str>, gate: &str) -> Result<Vec<PathBuf>, Failure> {
        let mut changed = Vec::new();
        for copy in &self.copies {
            let after = if copy.relative == Path::new("uv.lock") {
                lock.map(|text| text.as_bytes().to_vec())
            } else {
                fs::read(self.folder().join(&copy.relative)).ok().map(|bytes| without_index(bytes, gate))
            };
            if let Some(after) = after.filter(|after| Some(after) != copy.before.as_ref()) {
                changed.push((copy, after));
            }
        }
        for (copy, _) in &changed {
            let real = self.real.join(&copy.relative);
            if fs::read(&real).ok() != copy.before {
                return Err(Failure::new(
                    "lock-changed-meanwhile",
                    format!("`{}` changed while the command ran; it was left as it is", real.display()),
                )
                .hinting("run the command again"));
            }
        }
        let mut written = Vec::new();
        for (copy, after) in changed {
            let real = self.real.join(&copy.relative);
            // A link stays one: what it leads to is replaced.
            let target = real.canonicalize().unwrap_or_else(|_| real.clone());
            state::write_project_file(&target, &after)?;
            written.push(real);
        }
        Ok(written)
    }
}

/// A `pyproject.toml` without the entry of `[[tool.uv.index]]` that names the gate.
fn without_index(bytes: Vec<u8>, gate: &str) -> Vec<u8> {
    let text = std::str::from_utf8(&bytes).ok();
    let Some(mut document) = text.and_then(|text| text.parse::<toml_edit::DocumentMut>().ok()) else {
        return bytes;
    };
    let Some(tool) = document.get_mut("tool").and_then(toml_edit::Item::as_table_like_mut) else {
        return bytes;
    };
    let Some(uv) = tool.get_mut("uv").and_then(toml_edit::Item::as_table_like_mut) else { return bytes };
    let Some(indexes) = uv.get_mut("index").and_then(toml_edit::Item::as_array_of_tables_mut) else {
        return bytes;
    };
    let before = indexes.len();
    let names_gate = |index: &toml_edit::Table| {
        let url = index.get("url").and_then(toml_edit::Item::as_str);
        url.is_some_and(|url| url.trim_end_matches('/') == gate.trim_end_matches('/'))
    };
    indexes.retain(|index| !names_gate(index));
    if indexes.len() == before {
        return bytes;
    }
    if indexes.is_empty() {
        uv.remove("index");
    }
    if uv.is_empty() {
        tool.remove("uv");
    }
    if tool.is_empty() {
        document.remove("tool");
    }
    document.to_string().into_bytes()
}

fn has_project(folder: &Path, depth: usize, budget: &mut usize) -> bool {
    if folder.join("pyproject.toml").is_file() {
        return true;
    }
    if depth == 0 {
        return false;
    }
    let Ok(entries) = fs::read_dir(folder) else { return false };
    for entry in entries.flatten() {
        *budget = budget.saturating_sub(1);
        if *budget == 0 {
            return false;
        }
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let skipped = hidden || SKIPPED.iter().any(|skipped| *skipped == name);
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if folder && !skipped && has_project(&entry.path(), depth - 1, budget) {
            return true;
        }
    }
    false
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        std::os::windows::fs::symlink_dir(from, to)
    } else {
        std::os::windows::fs::symlink_file(from, to)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new("file-unwritable", format!("`{}`: {error}", path.display()))
}

/// The project a command in this folder works on: the nearest folder upwards with a `uv.lock`, else with a
/// `pyproject.toml`.
pub(super) fn project_root(from: &Path) -> Option<PathBuf> {
    let with = |name: &str| from.ancestors().find(|folder| folder.join(name).is_file()).map(Path::to_owned);
    with("uv.lock").or_else(|| with("pyproject.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: &str = "http://127.0.0.1:20000/simple/";

    #[test]
    fn the_gates_address_never_reaches_a_pyproject() {
        let project = "[project]\nname = \"demo\"  # mine\n";
        let added = format!(
            "{project}\n[[tool.uv.index]]\nurl = \"http://127.0.0.1:20000/simple\"\ndefault = true\n"
        );
        let cleaned = without_index(added.into_bytes(), GATE);
        assert_eq!(String::from_utf8(cleaned).unwrap().trim_end(), project.trim_end());
        let own = format!("{project}\n[[tool.uv.index]]\nurl = \"https://index.example/simple\"\n");
        assert_eq!(without_index(own.clone().into_bytes(), GATE), own.into_bytes());
    }

    fn project() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("pyproject.toml", "[project]\n"),
            ("uv.lock", "version = 1\n"),
            ("src/demo/__init__.py", ""),
            ("packages/one/pyproject.toml", "[project]\n"),
            ("packages/one/one.py", ""),
            (".venv/pyvenv.cfg", ""),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_uv_writes_is_copied_and_the_rest_is_linked() {
        let (real, place) = (project(), tempfile::tempdir().unwrap());
        let shadow = Shadow::make(real.path(), place.path()).unwrap();
        let is_link = |name: &str| fs::symlink_metadata(shadow.folder().join(name)).unwrap().is_symlink();
        assert!(is_link("src") && is_link("packages/one/one.py"));
        assert!(!is_link("uv.lock") && !is_link("packages/one/pyproject.toml"));
        assert!(!shadow.folder().join(".venv").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_a_link_is_copied_too() {
        let (real, place) = (project(), tempfile::tempdir().unwrap());
        let lock = real.path().join("uv.lock");
        fs::rename(&lock, real.path().join("kept.lock")).unwrap();
        std::os::unix::fs::symlink("kept.lock", &lock).unwrap();
        let shadow = Shadow::make(real.path(), place.path()).unwrap();
        assert_eq!(shadow.lock(), Some("version = 1\n"));
        shadow.write_lock("version = 2\n").unwrap();
        assert_eq!(
            fs::read_to_string(&lock).unwrap(),
            "version = 1\n",
            "the user's own is not written through"
        );
    }

    #[test]
    fn a_change_comes_back_unless_somebody_else_was_faster() {
        let (real, place) = (project(), tempfile::tempdir().unwrap());
        let shadow = Shadow::make(real.path(), place.path()).unwrap();
        fs::write(shadow.folder().join("pyproject.toml"), "[project]\nname = \"new\"\n").unwrap();
        assert_eq!(shadow.bring_back(Some("version = 1\n"), GATE).unwrap().len(), 1);
        assert!(fs::read_to_string(real.path().join("pyproject.toml")).unwrap().contains("new"));

        let shadow = Shadow::make(real.path(), place.path()).unwrap();
        fs::write(real.path().join("uv.lock"), "version = 2\n").unwrap();
        let error = shadow.bring_back(Some("version = 3\n"), GATE).unwrap_err();
        assert_eq!(error.code().as_str(), "lock-changed-meanwhile");
        assert_eq!(fs::read_to_string(real.path().join("uv.lock")).unwrap(), "version = 2\n");
    }
}
