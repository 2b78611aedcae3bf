//! What is measured against: folders of built projects, the servers that send them, and gateways in front.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Bench, load::plain, process::Server};
use crate::{Failure, workspace::run};

impl Bench<'_> {
    /// Builds what is measured, as users would run it.
    pub(super) fn build(&self) -> Result<(), Failure> {
        if self.is_built {
            return Ok(());
        }
        run(self.workspace.cargo().args(["build", "--release", "--package", "covouch"]))?;
        let examples = ["--example", "bare", "--example", "shelf"];
        run(self
            .workspace
            .cargo()
            .args(["build", "--release", "--package", "covouch-gateway"])
            .args(examples))
    }

    /// The command, as built.
    pub(super) fn covouch(&self) -> PathBuf {
        self.workspace.path("target/release/covouch")
    }

    /// A folder of projects, made when it is not there; see the `shelf` example.
    pub(super) fn shelf(&self, what: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(what);
        let done = folder.join("done");
        if !done.exists() {
            self.empty(what)?;
            let shelf = self.workspace.path("target/release/examples/shelf");
            run(self.workspace.command(shelf).arg(what).arg(&folder))?;
            fs::write(done, "").map_err(|error| error.to_string())?;
        }
        Ok(folder)
    }

    /// The bare server, sending this folder.
    pub(super) fn bare(&self, folder: &Path, milliseconds: u32) -> Result<Server, Failure> {
        let bare = self.workspace.path("target/release/examples/bare");
        Server::announced(self.workspace.command(bare).arg(folder).arg(milliseconds.to_string()))
    }

    /// The gateway before an index, with a home of its own, and the policy most people begin with.
    pub(super) fn gateway(&self, name: &str, index: &str) -> Result<Server, Failure> {
        let home = self.empty(name)?;
        let mut command = plain(self.workspace.command(self.covouch()));
        serve(command.env("HOME", &home).env_remove("XDG_CONFIG_HOME"), &home, index)
    }

    /// The same before the index that the user's installers are configured to use.
    pub(super) fn live_gateway(&self) -> Result<Server, Failure> {
        serve(&mut self.workspace.command(self.covouch()), &self.empty("gateway-live")?, "pypi")
    }
}

fn serve(command: &mut Command, home: &Path, index: &str) -> Result<Server, Failure> {
    fs::write(home.join("covouch.toml"), policy(index, WAIT, "")).map_err(|error| error.to_string())?;
    command.args(["gateway", "--listen", "127.0.0.1:0"]).env("COVOUCH_HOME", home.join("state"));
    Server::announced(command.current_dir(home))
}

/// What most people begin with.
pub(super) const WAIT: &str = "index and age >= 3d";

/// A policy with this index, and more parties.
pub(super) fn policy(index: &str, admit: &str, parties: &str) -> String {
    format!(
        "schema = 1\n[party.index]\nindex = \"{index}\"\n{parties}\n[policy]\nadmit = \"{admit}\"\nrefuse = \"quarantined\"\n"
    )
}

/// Copies the files of a folder into another one, made where it is not there.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("`{}`: {error}", to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)?.flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
    }
    Ok(())
}
