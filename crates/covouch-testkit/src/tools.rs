//! Finds the Python programs that tests drive, which `cargo xtask tools` installed.
//!
//! They are in `$COVOUCH_TOOLS`, or in `.tools` at the top of the workspace, one virtual environment each.

use std::path::{Path, PathBuf};

/// The programs tests drive.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: PathBuf,
}

/// A program is not there.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{}` is missing: run `cargo xtask tools`", .0.display())]
pub struct ToolMissing(PathBuf);

impl Tools {
    /// The folder of tools of this workspace.
    #[must_use]
    pub fn find() -> Self {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
        Self { folder: std::env::var_os("COVOUCH_TOOLS").map_or_else(default, PathBuf::from) }
    }

    /// The Python that has securesystemslib, PyNaCl, in-toto-attestation, packaging, pypi-attestations and tuf.
    ///
    /// # Errors
    /// [`ToolMissing`], as for all of them.
    pub fn peers_python(&self) -> Result<PathBuf, ToolMissing> {
        self.program("peers", "python")
    }

    /// The oldest pip that we promise to work with, 23.2. Its virtual environment may be changed by nobody: give
    /// it `--target`, `--dry-run` or `--python`.
    ///
    /// # Errors
    /// [`ToolMissing`].
    pub fn pip_oldest(&self) -> Result<PathBuf, ToolMissing> {
        self.program("pip-23.2", "pip")
    }

    /// The newest pip. Its virtual environment may be changed by nobody.
    ///
    /// # Errors
    /// [`ToolMissing`].
    pub fn pip_newest(&self) -> Result<PathBuf, ToolMissing> {
        self.program("pip-newest", "pip")
    }

    /// The newest uv.
    ///
    /// # Errors
    /// [`ToolMissing`].
    pub fn uv(&self) -> Result<PathBuf, ToolMissing> {
        self.program("uv", "uv")
    }

    /// A server that speaks S3: `moto_server`.
    ///
    /// # Errors
    /// [`ToolMissing`].
    pub fn s3_server(&self) -> Result<PathBuf, ToolMissing> {
        self.program("s3", "moto_server")
    }

    fn program(&self, environment: &str, name: &str) -> Result<PathBuf, ToolMissing> {
        let bin = self.folder.join(environment).join(if cfg!(windows) { "Scripts" } else { "bin" });
        let program = bin.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        if program.exists() { Ok(program) } else { Err(ToolMissing(program)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_how_to_get_it() {
        let tools = Tools { folder: PathBuf::from("nowhere") };
        assert!(tools.uv().unwrap_err().to_string().ends_with("run `cargo xtask tools`"));
    }
}
