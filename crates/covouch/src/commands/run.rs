//! `covouch run -- COMMAND`: an installer behind the gate.
//!
//! # Invariants
//! - The gate is open before the command starts and closed after it ended; what happened is reported whatever the
//!   command said.
//! - An exit code of 0 means that the command succeeded and the policy has nothing to add.

mod environment;
mod local;
mod project;
mod report;
mod shadow;
mod sources;
mod uv;
mod wrapped;
mod wrappers;
mod written;

use std::{
    ffi::OsString,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
};

use covouch_core::digest::Sha256;
use covouch_io::installer;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

use self::wrapped::{Installer, Wrapped};
use crate::{
    args::Run,
    exit::Exit,
    failure::Failure,
    gate::{Gate, Renewing},
    policies::Loaded,
    settings::Settings,
    terminal::Terminal,
};

/// How the installers' caches for one command are called.
const CACHES: &str = "caches-";

pub(super) fn run(arguments: &Run, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let wrapped = Wrapped::parse(&arguments.command)?;
    if wrapped.installer == Installer::Poetry {
        terminal.warn("poetry cannot be pointed at another index; behind the guard it reaches none");
        terminal.hint("judge its lock instead: `covouch check poetry.lock`");
    }
    for started in wrapped.all() {
        sources::check(started.installer, Path::new("."))?;
        if started.installer == Installer::Uv {
            uv::check_configuration(Path::new("."), &uv_files(started, settings))?;
        }
    }
    check_unshadowed(&wrapped, terminal)?;
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    settings.block_on(async {
        let listener = listen(settings).await?;
        let asked = match wrapped.installer {
            Installer::Uv => installer::Wrapped::Uv,
            Installer::Pip => installer::Wrapped::Pip,
            _ => installer::Wrapped::Other,
        };
        let gate = Gate::open_for(listener, &loaded, (Renewing::Never, asked), settings, terminal).await?;
        let mut child = Child::new(&gate, &wrapped, settings).await?;
        // The terminal's interrupt reaches the command too; covouch stays to report.
        let interrupts = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        let ended = match project::Project::of(&wrapped)? {
            Some(project) => project.run(&wrapped, &gate, &child, terminal).await,
            None => child.run(&wrapped.arguments, Path::new(".")).await,
        };
        interrupts.abort();
        child.answer(&gate).await;
        written::mend_files(&wrapped, &gate, terminal).await?;
        let session = gate.gateway.shutdown().await;
        let ended = report::Ended { command: &wrapped, code: ended?, at: settings.now() };
        let outcome = report::conclude(&session, &gate.policies, &ended);
        report::print(&outcome, &session, terminal);
        if let Some(file) = &arguments.report {
            report::write(file, &session)?;
        }
        Ok(outcome.exit)
    })?
}

/// Looks at what uv would do with a lock, where something else starts it: there is no copy of the lock for it then.
fn check_unshadowed(wrapped: &Wrapped, terminal: &Terminal) -> Result<(), Failure> {
    let is_uv = |started: &&Wrapped| started.installer == Installer::Uv;
    if wrapped.installer == Installer::Uv || !wrapped.all().into_iter().any(|started| is_uv(&started)) {
        return Ok(());
    }
    let here = std::env::current_dir().map_err(|error| Failure::new("file-unreadable", error.to_string()))?;
    let lock = shadow::project_root(&here).map(|root| root.join("uv.lock"));
    let Some(lock) = lock.and_then(|lock| std::fs::read_to_string(lock).ok()) else { return Ok(()) };
    terminal
        .warn("what another program starts works on `uv.lock` itself, whose addresses lead past the gate");
    terminal.hint("let covouch start uv: `… covouch run -- uv …`");
    uv::check_lock(&lock)
}

fn escape(message: String, hint: &str) -> Failure {
    Failure::new("argument-escapes-gate", message).hinting(hint).exiting(Exit::Usage)
}

/// Where uv reads settings besides the project (uv, "Configuration files").
fn uv_files(wrapped: &Wrapped, settings: &Settings) -> Vec<PathBuf> {
    let variable = |name: &str| settings.environment(name).map(PathBuf::from);
    let user = variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")));
    let user = user.or_else(|| variable("APPDATA")).map(|folder| folder.join("uv/uv.toml"));
    let system = ["/etc/uv/uv.toml", "/etc/xdg/uv/uv.toml"].map(PathBuf::from);
    user.into_iter()
        .chain(system)
        .chain(variable("UV_CONFIG_FILE"))
        .chain(wrapped.values("--config-file"))
        .chain(wrapped.scripts())
        .collect()
}

/// A socket on a port that stays the same for this state folder: clients cache by the index's address.
async fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    let digest = Sha256::of(settings.state().root().as_os_str().as_encoded_bytes());
    let [high, low, ..] = *digest.as_bytes();
    let first = 20_000 + u16::from_be_bytes([high, low]) % 20_000;
    // Another run may be using it; after a few neighbours any port will do.
    for port in (first..first + 8).chain([0]) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if let Ok(listener) = TcpListener::bind(address).await {
            return Ok(listener);
        }
    }
    Err(Failure::new("address-in-use", "no port is free on this machine's loopback address"))
}

/// Starts commands behind the gate.
pub(super) struct Child {
    program: OsString,
    clients: PathBuf,
    /// Removed when the command ended.
    _caches: TempDir,
    /// What the command line sets; the changes stand above it.
    variables: Vec<(OsString, OsString)>,
    changes: Vec<(String, Option<OsString>)>,
    /// What it printed, where that is looked at before it is passed on.
    printed: Option<Mutex<Vec<u8>>>,
}

impl Child {
    async fn new(gate: &Gate, wrapped: &Wrapped, settings: &Settings) -> Result<Self, Failure> {
        let clients = settings.state().root().join("clients");
        let nothing = clients.join("nothing");
        for folder in [&clients, &nothing] {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::new("file-unwritable", format!("`{}`: {error}", folder.display()))
            })?;
        }
        settings.state().sweep();
        sweep(&clients);
        sweep(&clients.join("shadows"));
        let caches = tempfile::Builder::new()
            .prefix(CACHES)
            .tempdir_in(&clients)
            .map_err(|error| Failure::new("file-unwritable", format!("`{}`: {error}", clients.display())))?;
        let index = gate.gateway.index_url();
        let proxy = gate.gateway.proxy_url();
        let host = gate.gateway.address().to_string();
        let environment = environment::Gate {
            index: &index,
            proxy: proxy.as_str().trim_end_matches('/'),
            host: &host,
            caches: caches.path(),
            nothing: &nothing,
            git_proxies: &git_proxies().await,
        };
        let git = settings.environment("GIT_CONFIG_COUNT");
        let git = git.as_ref().and_then(|count| count.to_str());
        let changes = environment::changes(&environment, git);
        let program = wrapped.program.clone();
        let printed = written::prints(wrapped).then(Mutex::default);
        let variables = wrapped.variables.clone();
        Ok(Self { program, variables, changes, clients, _caches: caches, printed })
    }

    /// Passes on what was printed, with the addresses of the gate replaced.
    async fn answer(&mut self, gate: &Gate) {
        let Some(printed) = self.printed.take() else { return };
        let bytes = printed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mended = match std::str::from_utf8(&bytes) {
            Ok(text) => written::mend(text, gate).await,
            Err(_) => None,
        };
        let bytes = mended.map_or(bytes, String::into_bytes);
        // A reader who has gone does not want it.
        let mut stdout = std::io::stdout().lock();
        drop(stdout.write_all(&bytes).and_then(|()| stdout.flush()));
    }

    /// Where shadows of projects are made.
    fn shadows(&self) -> PathBuf {
        self.clients.join("shadows")
    }

    /// Runs the program with these arguments in this folder, and waits for its end.
    pub(super) async fn run(&self, arguments: &[OsString], folder: &Path) -> Result<u8, Failure> {
        self.run_with(arguments, folder, &[]).await
    }

    /// As [`Child::run`], with more variables.
    pub(super) async fn run_with(
        &self,
        arguments: &[OsString],
        folder: &Path,
        variables: &[(&str, PathBuf)],
    ) -> Result<u8, Failure> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(folder).envs(self.variables.iter().cloned());
        for (name, value) in &self.changes {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let not_started = |error: std::io::Error| {
            let program = self.program.to_string_lossy();
            Failure::new("command-not-started", format!("`{program}` cannot be started: {error}"))
        };
        let Some(printed) = &self.printed else {
            return Ok(code(command.status().await.map_err(not_started)?));
        };
        let started = command.stdout(Stdio::piped()).spawn().map_err(not_started)?;
        let ended = started.wait_with_output().await.map_err(not_started)?;
        printed.lock().unwrap_or_else(PoisonError::into_inner).extend(ended.stdout);
        Ok(code(ended.status))
    }
}

/// The settings of git, in all its configuration files, that name a proxy for one address or one remote.
async fn git_proxies() -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["config", "-z", "--name-only", "--get-regexp", r"^(http|remote)\..*\.proxy$"]);
    // Without git nothing is cloned.
    let Ok(asked) = git.stdin(Stdio::null()).output().await else { return Vec::new() };
    let names = String::from_utf8_lossy(&asked.stdout).into_owned();
    names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Removes what commands that were killed left here: caches and shadows nobody has touched for a day.
fn sweep(folder: &Path) {
    const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = [CACHES, shadow::PREFIX].iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        let touched = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = touched.and_then(|touched| touched.elapsed().ok());
        if ours && age.is_some_and(|age| age > DAY) {
            // What cannot be removed now is tried again by the next command. Links in it are removed, not followed.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// What shells report: the exit code, or 128 and the signal's number.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal =
        std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| signal.saturating_add(128));
    #[cfg(not(unix))]
    let signal = None;
    status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
