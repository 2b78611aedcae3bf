//! uv's project commands behind the gate: `sync`, `lock`, `add`, `remove`, `run`, `export`, `tree`.
//!
//! They work in two steps. In the [`Shadow`] of the project, where every address is the gate's, uv locks and
//! installs what comes from indexes. Then, in the real project and with `--frozen`, it installs the project itself
//! and whatever else lies on this machine; everything else is there already.

use std::{
    collections::HashMap,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName};
use covouch_python::lock::uv::{Address, rewrite};
use futures_util::{StreamExt as _, stream};
use url::Url;

use super::{
    Child,
    shadow::{self, Shadow},
    wrapped::{Installer, Wrapped},
};
use crate::{failure::Failure, gate::Gate, terminal::Terminal};

/// Projects that are asked about at the same time.
const PARALLEL: usize = 32;

/// What a project command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// Only reads or writes the lock.
    Lock,
    /// Writes the lock and installs.
    Sync,
    /// Changes `pyproject.toml` and the lock, and installs.
    Edit,
    /// Writes the lock, installs and runs something.
    Run,
}

/// A project command of uv, and the project it works on.
pub(super) struct Project {
    verb: Verb,
    root: PathBuf,
}

/// A file as a lock names it.
type Named = (ProjectName, FileName, Sha256);

/// How addresses of the lock and of the gate belong together.
struct Addresses {
    gate: String,
    /// The index that stands in the lock for the gate.
    index: String,
    to_gate: HashMap<Named, Url>,
    from_gate: HashMap<Named, String>,
}

impl Project {
    /// The project a command works on, when it is a project command of uv.
    pub(super) fn of(wrapped: &Wrapped) -> Result<Option<Self>, Failure> {
        let verb = match (wrapped.installer, wrapped.subcommand()) {
            (Installer::Uv, Some("lock" | "export" | "tree")) => Verb::Lock,
            (Installer::Uv, Some("sync")) => Verb::Sync,
            (Installer::Uv, Some("add" | "remove")) => Verb::Edit,
            (Installer::Uv, Some("run")) => Verb::Run,
            _ => return Ok(None),
        };
        let has = |option: &str| wrapped.arguments.iter().any(|argument| argument == option);
        if has("--script") || has("--no-project") {
            return Ok(None);
        }
        if let Some(option) = ["--project", "--directory"].into_iter().find(|option| has(option)) {
            return Err(Failure::usage(format!("`{option}` does not work behind the gate"))
                .hinting("go to the project's folder and run the command there"));
        }
        let here = env::current_dir().map_err(|error| Failure::new("file-unreadable", error.to_string()))?;
        Ok(shadow::project_root(&here).map(|root| Self { verb, root }))
    }

    /// Runs the command.
    pub(super) async fn run(
        &self,
        wrapped: &Wrapped,
        gate: &Gate,
        child: &Child,
        terminal: &Terminal,
    ) -> Result<u8, Failure> {
        let shadow = Shadow::make(&self.root, &child.shadows())?;
        let mut addresses = Addresses::of(gate, shadow.lock());
        if let Some(lock) = shadow.lock() {
            addresses.learn(lock, gate).await?;
            shadow.write_lock(&addresses.at_gate(lock)?)?;
        }
        let code = self.in_shadow(wrapped, &shadow, child).await?;
        if code != 0 {
            return Ok(code);
        }
        let mapped = match shadow.changed_lock() {
            Some(lock) => {
                addresses.learn_back(&lock, gate).await?;
                Some(addresses.at_index(&lock)?)
            }
            None => None,
        };
        for path in shadow.bring_back(mapped.as_deref())? {
            terminal.note(format_args!("wrote {}", path.display()));
        }
        self.in_project(wrapped, &shadow, child).await
    }

    /// The first step: what comes from indexes.
    async fn in_shadow(&self, wrapped: &Wrapped, shadow: &Shadow, child: &Child) -> Result<u8, Failure> {
        let here = env::current_dir().unwrap_or_default();
        let inside = here.strip_prefix(shadow.real()).unwrap_or(Path::new(""));
        let folder = shadow.folder().join(inside);
        let environment = [("UV_PROJECT_ENVIRONMENT", project_environment(shadow.real()))];
        let step = async |arguments: Vec<OsString>| child.run_with(&arguments, &folder, &environment).await;
        match self.verb {
            Verb::Lock => step(wrapped.arguments.clone()).await,
            Verb::Sync => step(with(&wrapped.arguments, &["--no-install-local", "--inexact"])).await,
            Verb::Run => {
                let mut arguments: Vec<OsString> =
                    ["sync", "--no-install-local", "--inexact"].map(OsString::from).into();
                arguments.extend(synced_options(wrapped));
                step(arguments).await
            }
            Verb::Edit => {
                let code = step(with(&wrapped.arguments, &["--no-sync"])).await?;
                if code != 0 || !installs(wrapped) {
                    return Ok(code);
                }
                step(["sync", "--frozen", "--no-install-local", "--inexact"].map(OsString::from).into()).await
            }
        }
    }

    /// The second step: the project itself, and what it runs.
    async fn in_project(&self, wrapped: &Wrapped, shadow: &Shadow, child: &Child) -> Result<u8, Failure> {
        let here = env::current_dir().unwrap_or_else(|_| shadow.real().to_owned());
        let frozen = |arguments: &[OsString]| with(&without_lock_options(arguments), &["--frozen"]);
        match self.verb {
            Verb::Lock => Ok(0),
            Verb::Sync if wrapped.arguments.iter().any(|argument| argument == "--dry-run") => Ok(0),
            Verb::Sync | Verb::Run => child.run(&frozen(&wrapped.arguments), &here).await,
            Verb::Edit if !installs(wrapped) => Ok(0),
            Verb::Edit => {
                let arguments: Vec<OsString> = ["sync", "--frozen", "--inexact"].map(OsString::from).into();
                child.run(&arguments, &here).await
            }
        }
    }
}

/// Where uv keeps the project's environment: where it would without a shadow.
fn project_environment(root: &Path) -> PathBuf {
    match env::var_os("UV_PROJECT_ENVIRONMENT") {
        Some(path) => root.join(path),
        None => root.join(".venv"),
    }
}

fn installs(wrapped: &Wrapped) -> bool {
    !wrapped.arguments.iter().any(|argument| argument == "--no-sync" || argument == "--frozen")
}

/// The arguments with options after the subcommand.
fn with(arguments: &[OsString], options: &[&str]) -> Vec<OsString> {
    let mut arguments = arguments.to_vec();
    let after = arguments
        .iter()
        .position(|argument| !argument.as_encoded_bytes().starts_with(b"-"))
        .map_or(0, |subcommand| subcommand + 1);
    arguments.splice(after..after, options.iter().map(OsString::from));
    arguments
}

/// Options of uv that take a value, and how `uv sync` and `uv run` read them.
const SYNC_VALUES: [&str; 8] =
    ["--extra", "--no-extra", "--group", "--no-group", "--only-group", "--package", "-p", "--python"];
const SYNC_FLAGS: [&str; 10] = [
    "--all-extras",
    "--all-groups",
    "--no-dev",
    "--only-dev",
    "--no-default-groups",
    "--all-packages",
    "--frozen",
    "--locked",
    "--no-editable",
    "--active",
];

/// Those options of a `uv run` that also decide what is installed.
fn synced_options(wrapped: &Wrapped) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut rest = wrapped.arguments.iter().skip_while(|argument| *argument != "run").skip(1);
    while let Some(argument) = rest.next() {
        let Some(text) = argument.to_str().filter(|text| text.starts_with('-') && *text != "--") else {
            break;
        };
        let name = text.split_once('=').map_or(text, |(name, _)| name);
        if SYNC_FLAGS.contains(&text) {
            options.push(argument.clone());
        } else if SYNC_VALUES.contains(&name) {
            options.push(argument.clone());
            if !text.contains('=') {
                options.extend(rest.next().cloned());
            }
        } else if ["--with", "--with-editable", "--with-requirements", "--env-file", "-m", "--module"]
            .contains(&text)
        {
            rest.next();
        }
    }
    options
}

/// The arguments without what only makes sense while locking.
fn without_lock_options(arguments: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("--locked" | "--frozen" | "-U" | "--upgrade") => {}
            Some("-P" | "--upgrade-package") => {
                rest.next();
            }
            _ => kept.push(argument.clone()),
        }
    }
    kept
}

impl Addresses {
    fn of(gate: &Gate, lock: Option<&str>) -> Self {
        let gate_index = gate.gateway.index_url();
        // Where the lock names an index, the gate stands for that; a new lock names the first index of the policy.
        let mut index = None;
        if let Some(lock) = lock {
            let look = &mut |address: Address<'_>| {
                if let Address::Registry(registry) = address {
                    index.get_or_insert_with(|| registry.to_owned());
                }
                None
            };
            // A lock that is no TOML is for uv to complain about.
            drop(rewrite(lock, look));
        }
        // As its owner writes it: uv takes an address with a slash at its end for another one than without.
        let named = gate.first_index().map(|index| index.address().url().to_string());
        Self {
            gate: gate_index.as_str().trim_end_matches('/').to_owned(),
            index: index.or(named).unwrap_or_default(),
            to_gate: HashMap::new(),
            from_gate: HashMap::new(),
        }
    }

    /// Learns where the files of the user's lock are at the gate.
    async fn learn(&mut self, lock: &str, gate: &Gate) -> Result<(), Failure> {
        let named = names(lock)?;
        self.from_gate = named.iter().cloned().collect();
        let located = stream::iter(named)
            .map(async |(name, _)| {
                let located = gate.gateway.locate(&name.0, &name.1).await;
                located.filter(|located| located.subject.sha256 == name.2).map(|located| (name, located.here))
            })
            .buffer_unordered(PARALLEL)
            .filter_map(std::future::ready);
        self.to_gate = located.collect().await;
        Ok(())
    }

    /// Learns where the files of the shadow's lock come from. Each must stand on its index with this digest.
    async fn learn_back(&mut self, lock: &str, gate: &Gate) -> Result<(), Failure> {
        for (name, _) in names(lock)? {
            if self.from_gate.contains_key(&name) {
                continue;
            }
            let located = gate.gateway.locate(&name.0, &name.1).await;
            match located.filter(|located| located.subject.sha256 == name.2) {
                Some(located) => {
                    self.from_gate.insert(name, located.upstream.to_string());
                }
                None => {
                    return Err(Failure::new(
                        "hash-mismatch",
                        format!("`{}` in the new lock is not the file its index lists", name.1),
                    ));
                }
            }
        }
        Ok(())
    }

    fn at_gate(&self, lock: &str) -> Result<String, Failure> {
        let replace = &mut |address: Address<'_>| match address {
            Address::Registry(registry) => (registry == self.index).then(|| self.gate.clone()),
            Address::File(file) => {
                let name = (file.project.clone()?, file.filename.clone()?, file.sha256?);
                self.to_gate.get(&name).map(Url::to_string)
            }
        };
        Ok(rewrite(lock, replace)?)
    }

    fn at_index(&self, lock: &str) -> Result<String, Failure> {
        let mut unknown = None;
        let replace = &mut |address: Address<'_>| match address {
            Address::Registry(registry) => {
                (registry.trim_end_matches('/') == self.gate).then(|| self.index.clone())
            }
            Address::File(file) => {
                let name = (file.project.clone()?, file.filename.clone()?, file.sha256?);
                let original = self.from_gate.get(&name).cloned();
                if original.is_none() {
                    unknown = Some(file.url.to_owned());
                }
                original
            }
        };
        let text = rewrite(lock, replace)?;
        match unknown {
            None => Ok(text),
            Some(url) => {
                Err(Failure::new("internal", format!("`{url}` in the new lock cannot be mapped back")))
            }
        }
    }
}

/// Every file a lock names with its digest, and its address.
fn names(lock: &str) -> Result<Vec<(Named, String)>, Failure> {
    let mut found = Vec::new();
    let look = &mut |address: Address<'_>| {
        if let Address::File(file) = address
            && let (Some(project), Some(filename), Some(sha256)) =
                (&file.project, &file.filename, file.sha256)
        {
            found.push(((project.clone(), filename.clone(), sha256), file.url.to_owned()));
        }
        None
    };
    rewrite(lock, look)?;
    Ok(found)
}
