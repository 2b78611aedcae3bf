//! Installs the programs that tests drive: one virtual environment each in `.tools`, from the user's own index.
//!
//! # Invariants
//! - An environment with its stamp is complete: the stamp is written last and holds the recipe.
//! - The user's pip configuration decides where packages come from. Only `PIP_FIND_LINKS` is taken away, because
//!   what lies in a local folder is not the newest of anything.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Failure,
    workspace::{Workspace, output, run, succeeds},
};

/// An environment's name and what is installed in it.
type Recipe = (&'static str, &'static [&'static str]);

const RECIPES: &[Recipe] = &[
    (
        "peers",
        &[
            "securesystemslib[crypto]",
            "PyNaCl",
            "in-toto-attestation",
            "packaging",
            "pypi-attestations",
            "tuf",
        ],
    ),
    ("pip-23.2", &["pip==23.2"]),
    ("pip-newest", &["pip"]),
    ("uv", &["uv"]),
    ("s3", &["moto[server]"]),
];

/// How often an installation is tried, for indexes that stumble.
const TRIES: u32 = 3;

/// Installs what is missing.
pub(crate) fn install(workspace: &Workspace) -> Result<(), Failure> {
    let folder = env::var_os("COVOUCH_TOOLS").map_or_else(|| workspace.path(".tools"), PathBuf::from);
    for (name, packages) in RECIPES {
        install_one(workspace, &folder.join(name), packages)
            .map_err(|error| format!("tools `{name}`: {error}"))?;
    }
    install_openssh(workspace)
}

/// Installs packages into a virtual environment, unless they are there.
pub(crate) fn install_one(
    workspace: &Workspace,
    environment: &Path,
    packages: &[&str],
) -> Result<(), Failure> {
    let stamp = environment.join("covouch-stamp");
    let recipe = packages.join("\n") + "\n";
    if fs::read_to_string(&stamp).is_ok_and(|written| written == recipe) {
        return Ok(());
    }
    eprintln!("installing {} into {}", packages.join(" "), environment.display());
    if environment.exists() {
        fs::remove_dir_all(environment).map_err(|error| error.to_string())?;
    }
    let python = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    run(workspace.command(python).args(["-m", "venv"]).arg(environment))?;
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let mut tried = Err(String::new());
    for _ in 0..TRIES {
        let mut pip = workspace.command(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"])
            .args(packages);
        tried = run(pip.env_remove("PIP_FIND_LINKS"));
        if tried.is_ok() {
            break;
        }
    }
    tried?;
    fs::write(&stamp, recipe).map_err(|error| error.to_string())
}

/// Tests of ssh-agents need `ssh-agent` and `ssh-keygen`; nothing is installed where they are.
fn install_openssh(workspace: &Workspace) -> Result<(), Failure> {
    // ssh-keygen without a terminal or arguments fails, but it starts.
    if workspace.command("ssh-keygen").arg("-?").output().is_ok() {
        return Ok(());
    }
    let root = output(workspace.command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || !succeeds(workspace.command("apt-get").arg("--version")) {
        return Err("`ssh-keygen` is missing: install OpenSSH's client programs".into());
    }
    run(workspace.command("apt-get").args(["install", "--yes", "--no-install-recommends", "openssh-client"]))
}
