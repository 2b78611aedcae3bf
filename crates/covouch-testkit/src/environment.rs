//! An environment for child processes in which nothing of the machine's settings is left.
//!
//! # Invariants
//! A child sees the variables set here and no others: no `PIP_*`, `UV_*`, proxy, agent or configuration of whoever
//! runs the tests reaches it, and its home is a folder of the test.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

/// Variables a child keeps, without which programs do not start.
const KEPT: &[&str] = &["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT"];

/// Everything a child process is told.
#[derive(Clone, Debug)]
pub struct Environment {
    home: PathBuf,
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// An environment whose home, configuration, cache, state and temporary files are in this folder.
    ///
    /// # Panics
    /// When the folders cannot be made.
    #[must_use]
    pub fn in_home(home: &Path) -> Self {
        let mut environment = Self { home: home.to_owned(), variables: BTreeMap::new() };
        for name in KEPT {
            if let Some(value) = std::env::var_os(name) {
                environment = environment.set(name, value);
            }
        }
        for (name, folder) in [
            ("HOME", ""),
            ("USERPROFILE", ""),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("TMPDIR", "tmp"),
        ] {
            let folder = home.join(folder);
            std::fs::create_dir_all(&folder).expect("a folder in the test's own folder");
            environment = environment.set(name, folder);
        }
        environment
            .set("LANG", "C.UTF-8")
            // What is configured for the whole machine is no part of a test either.
            .set("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" })
            .set("UV_NO_SYSTEM_CONFIG", "1")
            // Nor are the mirrors its apt knows.
            .set("COVOUCH_SYSTEM", home.join("system"))
            // Questions to servers nobody asked for.
            .set("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .set("PIP_NO_INPUT", "1")
            .set("UV_PYTHON_DOWNLOADS", "never")
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The same with this variable.
    #[must_use]
    pub fn set(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// The same without this variable.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }

    /// The value of a variable, where it has one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// A command that runs in this environment, with nothing to read on its standard input.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).stdin(std::process::Stdio::null());
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_sees_only_what_it_is_told() {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::in_home(home.path()).set("SAID", "yes").unset("LANG");
        let output = environment.command("env").output().unwrap();
        let seen = String::from_utf8(output.stdout).unwrap();
        assert!(
            seen.contains("SAID=yes\n") && seen.contains(&format!("HOME={}", home.path().display())),
            "{seen}"
        );
        assert!(!seen.contains("CARGO_MANIFEST_DIR") && !seen.contains("LANG="), "{seen}");
        assert!(!seen.contains("PIP_INDEX_URL") && !seen.contains("PIP_FIND_LINKS"), "{seen}");
    }
}
