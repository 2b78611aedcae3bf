//! Runs an installer's query where no project can change the answer.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
};

use covouch_core::shown::Shown;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, process::Command};

use super::{InstallerError, Invocation, Question};
use crate::limits;

/// Files by which uv knows a project, looked for in every folder above the one it runs in.
const PROJECT_FILES: [&str; 2] = ["pyproject.toml", "uv.toml"];

/// Variables that would send the installer somewhere else, and one that is relative to where it runs.
const REMOVED: [&str; 4] = ["UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_FIND_LINKS"];

/// Variables that make the answer easy to read: no wrapping, no colour, and nothing fetched on the way.
const SET: [(&str, &str); 4] = [
    ("COLUMNS", "10000"),
    ("NO_COLOR", "1"),
    ("PYTHONIOENCODING", "utf-8"),
    ("UV_PYTHON_DOWNLOADS", "never"),
];

/// Runs the installer with these arguments and gives back what it prints.
pub(super) async fn output(
    name: &'static str,
    installer: &Invocation,
    args: &[&str],
    question: &Question,
) -> Result<String, InstallerError> {
    let quiet = QuietFolder::find(&question.folder)?;
    let mut command = Command::new(&installer.program);
    command
        .args(&installer.args)
        .args(args)
        .env_clear()
        .envs(question.environment.iter().filter(|(name, _)| !is_removed(name)).cloned())
        .envs(SET)
        .current_dir(quiet.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    tokio::time::timeout(limits::INSTALLER_TIME, run(name, command))
        .await
        .unwrap_or(Err(InstallerError::TimedOut(name)))
}

async fn run(name: &'static str, mut command: Command) -> Result<String, InstallerError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => InstallerError::NotThere(name),
        _ => InstallerError::Failed(name, Shown::new(&error.to_string())),
    };
    let mut child = command.spawn().map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (answer, complaint) = tokio::try_join!(read(stdout), read(stderr)).map_err(failed)?;
    if !child.wait().await.map_err(failed)?.success() {
        let last =
            complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gives no reason");
        return Err(InstallerError::Failed(name, Shown::new(last)));
    }
    Ok(answer)
}

/// Reads to the end; what is too long, or no text, is not an answer.
async fn read(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut text = String::new();
    if let Some(pipe) = pipe {
        pipe.take(limits::INSTALLER_BYTES).read_to_string(&mut text).await?;
    }
    Ok(text)
}

fn is_removed(name: &OsStr) -> bool {
    REMOVED.iter().any(|removed| name == *removed)
}

/// An empty folder without a project's files in or above it.
enum QuietFolder {
    Own(TempDir),
    Root(PathBuf),
}

impl QuietFolder {
    /// Not the system's folder for temporary files: others may write there, and a `uv.toml` of theirs would
    /// count for every folder below it.
    fn find(folder: &Path) -> Result<Self, InstallerError> {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        if is_quiet(&absolute)
            && let Ok(own) = tempfile::tempdir_in(&absolute)
        {
            return Ok(Self::Own(own));
        }
        match absolute.ancestors().last() {
            Some(root) if is_quiet(root) => Ok(Self::Root(root.to_owned())),
            _ => Err(InstallerError::NoQuietFolder),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Root(root) => root,
        }
    }
}

fn is_quiet(folder: &Path) -> bool {
    let has_project = |folder: &Path| PROJECT_FILES.iter().any(|name| folder.join(name).exists());
    !folder.ancestors().any(has_project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_below_a_project_is_not_quiet() {
        let project = tempfile::tempdir().unwrap();
        let state = project.path().join("state");
        std::fs::create_dir(&state).unwrap();
        assert!(QuietFolder::find(&state).unwrap().path().starts_with(&state));
        std::fs::write(project.path().join("uv.toml"), "").unwrap();
        assert!(!QuietFolder::find(&state).unwrap().path().starts_with(project.path()));
    }
}
