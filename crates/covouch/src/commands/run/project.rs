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
    uv,
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
    /// Writes the lock and shows something of it.
    Show,
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
            (Installer::Uv, Some("lock" | "version" | "audit")) => Verb::Lock,
            (Installer::Uv, Some("export" | "tree")) => Verb::Show,
            (Installer::Uv, Some("sync")) => Verb::Sync,
            (Installer::Uv, Some("add" | "remove")) => Verb::Edit,
            (Installer::Uv, Some("run")) => Verb::Run,
            _ => return Ok(None),
        };
        // What `uv run` starts has options of its own.
        let own = wrapped.own();
        let has = |option: &str| {
            own.iter().any(|argument| argument.to_string_lossy().split('=').next() == Some(option))
        };
        if let Some(option) = ["--project", "--directory"].into_iter().find(|option| has(option)) {
            return Err(elsewhere(option));
        }
        let variable = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if let Some(name) =
            ["UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"].into_iter().find(variable)
        {
            return Err(elsewhere(name));
        }
        let is_locked = |script: PathBuf| {
            let mut lock = script.into_os_string();
            lock.push(".lock");
            Path::new(&lock).is_file()
        };
        // Its lock has no shadow: uv would write the gate's addresses into it.
        if (has("--script") && wrapped.subcommand() == Some("lock")) || wrapped.scripts().any(is_locked) {
            return Err(Failure::usage("the lock of a script does not work behind the gate")
                .hinting("put the script into a project, or remove its lock"));
        }
        if has("--script") || has("--no-project") {
            return Ok(None);
        }
        if wrapped.arguments.first().is_some_and(|first| first.to_string_lossy().ends_with('m')) {
            return Err(Failure::usage(
                "uv as a module of Python does not work on a project behind the gate",
            )
            .hinting("run `uv` itself"));
        }
        let here = env::current_dir().map_err(|error| Failure::new("file-unreadable", error.to_string()))?;
        let Some(root) = shadow::project_root(&here) else { return Ok(None) };
        if let Some(path) = outside(own, &here, &root).filter(|_| verb == Verb::Edit) {
            return Err(Failure::usage(format!("`{path}` lies outside the project, and uv would write where it is from the copy of the project it works on"))
                .hinting("add it without covouch, and look at the lock: `covouch check`"));
        }
        Ok(Some(Self { verb, root }))
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
            uv::check_lock(lock)?;
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
        for path in shadow.bring_back(mapped.as_deref(), gate.gateway.index_url().as_str())? {
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
            // uv would write the lock and the environment: the environment follows with the next `uv sync`.
            Verb::Lock if wrapped.subcommand() == Some("version") => {
                step(with(wrapped, &["--no-sync"])).await
            }
            Verb::Lock => step(wrapped.arguments.clone()).await,
            // What is shown must not be the gate's addresses: only the lock is made here.
            Verb::Show if has(wrapped, "--frozen") => Ok(0),
            Verb::Show => {
                let locked = has(wrapped, "--locked").then(|| OsString::from("--locked"));
                step([OsString::from("lock")].into_iter().chain(locked).collect()).await
            }
            Verb::Sync => step(with(wrapped, &["--no-install-local", "--inexact"])).await,
            // It implies that the lock stays as it is.
            Verb::Run if wrapped.own().iter().any(|option| option == "--no-sync") || is_set("UV_NO_SYNC") => {
                Ok(0)
            }
            Verb::Run => {
                let mut arguments: Vec<OsString> =
                    ["sync", "--no-install-local", "--inexact"].map(OsString::from).into();
                arguments.extend(synced_options(wrapped));
                step(arguments).await
            }
            Verb::Edit => {
                let code = step(with(wrapped, &["--no-sync"])).await?;
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
        match self.verb {
            Verb::Lock => Ok(0),
            Verb::Sync if wrapped.arguments.iter().any(|argument| argument == "--dry-run") => Ok(0),
            Verb::Show | Verb::Sync | Verb::Run => child.run(&frozen(wrapped), &here).await,
            Verb::Edit if !installs(wrapped) => Ok(0),
            Verb::Edit => {
                let arguments: Vec<OsString> = ["sync", "--frozen", "--inexact"].map(OsString::from).into();
                child.run(&arguments, &here).await
            }
        }
    }
}

/// A folder among arguments that lies outside the project.
fn outside(arguments: &[OsString], here: &Path, root: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    arguments.iter().find_map(|argument| {
        let text = argument.to_string_lossy();
        let place = text.split_once('=').filter(|_| text.starts_with('-')).map_or(&*text, |(_, value)| value);
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place).trim();
        let place = place.strip_prefix("file://").unwrap_or(place);
        let folder = here.join(place).canonicalize().ok().filter(|folder| folder.is_dir())?;
        // A name of a project is a folder too, where one is called like it: uv takes it for a name.
        let is_path = place.starts_with('.') || place.contains(['/', '\\']);
        (is_path && !folder.starts_with(&root)).then(|| place.to_owned())
    })
}

/// Where uv keeps the project's environment: where it would without a shadow.
fn project_environment(root: &Path) -> PathBuf {
    match env::var_os("UV_PROJECT_ENVIRONMENT") {
        Some(path) => root.join(path),
        None => root.join(".venv"),
    }
}

/// Whether a variable that is a flag is set (uv takes what clap takes for true).
fn is_set(name: &str) -> bool {
    env::var(name).is_ok_and(|value| {
        !["", "0", "false", "no", "off", "n", "f"].contains(&value.to_lowercase().as_str())
    })
}

fn installs(wrapped: &Wrapped) -> bool {
    !has(wrapped, "--no-sync") && !is_set("UV_NO_SYNC") && !has(wrapped, "--frozen")
}

fn has(wrapped: &Wrapped, option: &str) -> bool {
    wrapped.arguments.iter().any(|argument| argument == option)
}

/// The arguments with options after the subcommand.
fn with(wrapped: &Wrapped, options: &[&str]) -> Vec<OsString> {
    let after = wrapped.subcommand_at().map_or(0, |subcommand| subcommand + 1);
    let mut arguments = wrapped.arguments.clone();
    arguments.splice(after..after, options.iter().map(OsString::from));
    arguments
}

fn elsewhere(option: &str) -> Failure {
    Failure::usage(format!("`{option}` does not work behind the gate"))
        .hinting("go to the project's folder and run the command there")
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

/// The arguments with `--frozen`, and without what only makes sense while locking. Those of what `uv run` starts
/// stay as they are.
fn frozen(wrapped: &Wrapped) -> Vec<OsString> {
    let own = wrapped.own();
    let (before, after) =
        own.split_at(wrapped.subcommand_at().map_or(0, |subcommand| subcommand + 1).min(own.len()));
    let mut kept = before.to_vec();
    kept.push("--frozen".into());
    let mut rest = after.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            Some("--locked" | "--frozen" | "-U" | "--upgrade") => {}
            Some("-P" | "--upgrade-package") => {
                rest.next();
            }
            _ => kept.push(argument.clone()),
        }
    }
    kept.extend(wrapped.arguments.iter().skip(own.len()).cloned());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(line: &str) -> Wrapped {
        Wrapped::parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_uv_run_starts_keeps_its_own_options() {
        for (line, expected) in [
            ("uv run --locked tool --frozen -U -P x", "run --frozen tool --frozen -U -P x"),
            ("uv --color never run -U tool -U", "--color never run --frozen tool -U"),
            ("uv sync --locked --no-dev", "sync --frozen --no-dev"),
        ] {
            let expected: Vec<OsString> = expected.split(' ').map(OsString::from).collect();
            assert_eq!(frozen(&wrapped(line)), expected, "{line}");
        }
    }

    #[test]
    fn a_folder_outside_the_project_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        for name in ["project/member", "project/six", "library"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let absolute = folder.path().join("library").display().to_string();
        let found = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            outside(&arguments, &root, &root).is_some()
        };
        for line in [
            "add ../library",
            "add --editable=../library",
            "add library@../library",
            &format!("add {absolute}"),
        ] {
            assert!(found(line), "{line}");
        }
        for line in
            ["add ./member", "add six", "add six@1.0", "add ../absent", "add git+https://index.example/x"]
        {
            assert!(!found(line), "{line}");
        }
    }

    #[test]
    fn the_lock_of_a_script_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("tool.py");
        std::fs::write(&script, "").unwrap();
        let script = script.display();
        assert!(Project::of(&wrapped(&format!("uv lock --script {script}"))).is_err());
        for line in [
            format!("uv run {script}"),
            format!("uv run --script {script} --lock"),
            format!("uv add --script {script} six"),
        ] {
            assert!(Project::of(&wrapped(&line)).is_ok(), "{line}");
        }
        std::fs::write(format!("{script}.lock"), "version = 1\n").unwrap();
        for line in [
            format!("uv run {script}"),
            format!("uv run --script {script} --lock"),
            format!("uv add --script {script} six"),
        ] {
            assert!(Project::of(&wrapped(&line)).is_err(), "{line}");
        }
    }

    #[test]
    fn a_project_elsewhere_is_refused_however_it_is_written() {
        for line in
            ["uv sync --project=x", "uv --directory=x sync", "uv --directory x lock", "python -m uv sync"]
        {
            assert!(Project::of(&wrapped(line)).is_err(), "{line}");
        }
        for line in ["uv run tool --project=x", "uv run tool --script", "uv --color never sync", "uv version"]
        {
            // Tests run in the folder of this crate, which is no project of uv's, below one that may be.
            assert!(Project::of(&wrapped(line)).is_ok(), "{line}");
        }
    }
}
