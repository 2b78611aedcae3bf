//! The wrapped command: which installer it is, and what its command line may not say.
//!
//! The guard stops what goes through proxies; what is refused here would go round it.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::local;
use crate::{exit::Exit, failure::Failure};

/// Version control that does not go through the gate: it knows no proxies, or takes them from its own settings.
const PAST_PROXIES: [&str; 6] = ["git+ssh:", "git+file:", "hg+ssh:", "hg+file:", "svn+", "bzr+"];

/// uv's options before its subcommand that take a value, and Python's `-m`.
const GLOBAL_VALUES: [&str; 7] =
    ["--color", "--allow-insecure-host", "--directory", "--project", "--config-file", "--cache-dir", "-m"];

/// Options of `uv run` that are known to take no value.
const FLAGS: [&str; 27] = [
    "--locked",
    "--frozen",
    "--no-sync",
    "--isolated",
    "--active",
    "--exact",
    "--all-extras",
    "--all-groups",
    "--dev",
    "--no-dev",
    "--only-dev",
    "--no-default-groups",
    "--all-packages",
    "--no-editable",
    "--no-project",
    "--no-config",
    "--no-env-file",
    "--offline",
    "--upgrade",
    "-U",
    "--script",
    "-s",
    "--quiet",
    "-q",
    "--verbose",
    "-v",
    "--no-cache",
];

/// Which installer a command line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Installer {
    Pip,
    Uv,
    Pdm,
    Pipenv,
    Poetry,
    /// Something else, which may start an installer itself.
    Other,
}

/// A command line that was looked at.
#[derive(Debug)]
pub(super) struct Wrapped {
    pub(super) installer: Installer,
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl Wrapped {
    /// Looks at a command line.
    ///
    /// # Errors
    /// `argument-escapes-gate` when it names a way round the gate.
    pub(super) fn parse(command: &[OsString]) -> Result<Self, Failure> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(Failure::usage("no command to run"));
        };
        let wrapped = Self {
            installer: installer(program, arguments),
            program: program.clone(),
            arguments: arguments.to_vec(),
        };
        wrapped.check()?;
        Ok(wrapped)
    }

    fn check(&self) -> Result<(), Failure> {
        if !matches!(self.installer, Installer::Pip | Installer::Uv) {
            return Ok(());
        }
        let here = Path::new("");
        for argument in self.own() {
            let text = argument.to_string_lossy();
            let option = local::option(&text);
            if let Some(reason) = self.escaping_option(option) {
                return Err(escape(
                    format!("`{option}` {reason}"),
                    "leave it out; the gate is the index and the proxy",
                ));
            }
            if local::is_file(&text, here) {
                return Err(escape(
                    format!("`{text}` is a file nobody judged"),
                    "install it by name, or check its sha256 with `covouch why` and install it without covouch",
                ));
            }
            if PAST_PROXIES.iter().any(|scheme| text.contains(scheme)) {
                return Err(escape(
                    format!("`{text}` does not go through the gate"),
                    "use a release from an index",
                ));
            }
        }
        self.check_started()?;
        match local::in_requirements(self.own(), here) {
            None => Ok(()),
            Some((file, what)) => Err(escape(
                format!("`{}`: {what} takes files nobody judged", file.display()),
                "put them on an index, and name it in the policy",
            )),
        }
    }

    fn escaping_option(&self, option: &str) -> Option<&'static str> {
        match option {
            // uv installs from its cache without asking the gate again. pip asks.
            "--cache-dir" if self.installer == Installer::Uv => Some("may hold what is kept out by now"),
            option => escaping_option(option),
        }
    }

    /// The installer's own arguments: those of what `uv run` and `uvx` start are that program's.
    pub(super) fn own(&self) -> &[OsString] {
        let started = self.started().map_or(self.arguments.len(), |(_, at)| at + 1);
        self.arguments.get(..started).unwrap_or(&self.arguments)
    }

    /// Where the name of the program that uv starts can stand, at the earliest and at the latest.
    fn started(&self) -> Option<(usize, usize)> {
        let is_uvx = Path::new(&self.program).file_stem().is_some_and(|name| name == "uvx");
        let first = match (self.installer, self.subcommand()) {
            (Installer::Uv, _) if is_uvx => 0,
            (Installer::Uv, Some("run")) => self.subcommand_at()? + 1,
            (Installer::Uv, Some("tool")) => {
                let verb = self.subcommand_at()? + 1;
                self.arguments.get(verb).filter(|verb| *verb == "run")?;
                verb + 1
            }
            _ => return None,
        };
        let mut after_option = false;
        let latest = self.arguments.iter().skip(first).position(|argument| {
            let text = argument.to_string_lossy();
            let is_program = text == "--" || !text.starts_with('-') && !after_option;
            // What follows may be the option's value, so it is not yet taken for the program.
            after_option = text.starts_with('-') && !text.contains('=') && !FLAGS.contains(&&*text);
            is_program
        });
        Some((first, first + latest?))
    }

    /// What uv starts may be an installer too.
    fn check_started(&self) -> Result<(), Failure> {
        let Some((earliest, latest)) = self.started() else { return Ok(()) };
        for at in earliest..=latest + 1 {
            let command = self.arguments.get(at..).unwrap_or_default();
            let is_name = |name: &OsString| !name.as_encoded_bytes().starts_with(b"-");
            if command.first().is_some_and(is_name) {
                Self::parse(command)?;
            }
        }
        Ok(())
    }

    /// The scripts that uv may start: files among its own arguments, which end with what it starts.
    pub(super) fn scripts(&self) -> impl Iterator<Item = PathBuf> {
        let is_uv = self.installer == Installer::Uv;
        let after = self.started().and_then(|(_, at)| self.arguments.get(at + 1));
        let all = self.own().iter().chain(after).filter(move |_| is_uv).map(PathBuf::from);
        all.filter(|path| path.extension().is_none_or(|extension| extension != "toml") && path.is_file())
    }

    /// The values of one of its own options, however they are attached: `--option value`, `--option=value`, `-ovalue`.
    pub(super) fn values(&self, option: &str) -> Vec<PathBuf> {
        let own = self.own();
        let is_short = !option.starts_with("--");
        let value = |(at, argument): (usize, &OsString)| {
            let text = argument.to_string_lossy();
            match text.strip_prefix(option)? {
                "" => own.get(at + 1).map(PathBuf::from),
                attached => match attached.strip_prefix('=') {
                    Some(value) => Some(PathBuf::from(value)),
                    None => is_short.then(|| PathBuf::from(attached)),
                },
            }
        };
        own.iter().enumerate().filter_map(value).collect()
    }

    /// Whether the command's failure can be that of choosing versions. What `uv run` runs, and programs that are no
    /// installers, fail for reasons of their own; with a lock that may not change nothing is chosen.
    pub(super) fn chooses(&self) -> bool {
        let is_fixed =
            |argument: &OsString| ["--locked", "--frozen", "--check"].iter().any(|it| argument == it);
        let runs = self.installer == Installer::Other || self.subcommand() == Some("run");
        !runs && !self.arguments.iter().any(is_fixed)
    }

    /// The installer's own subcommand.
    pub(super) fn subcommand(&self) -> Option<&str> {
        self.arguments.get(self.subcommand_at()?)?.to_str()
    }

    /// Where it stands: the first argument that is neither an option nor the value of one.
    pub(super) fn subcommand_at(&self) -> Option<usize> {
        let mut is_value = false;
        self.arguments.iter().position(|argument| {
            let text = argument.to_string_lossy();
            let found = !text.starts_with('-') && !is_value;
            is_value = GLOBAL_VALUES.contains(&&*text);
            found
        })
    }
}

/// Looks for what uv's configuration would go round the gate with: files on this machine, and proxies of its own,
/// which it prefers to those of the environment. No variable overrides either.
///
/// # Errors
/// `argument-escapes-gate` when a `uv.toml` or `[tool.uv]` that uv reads has some.
pub(super) fn check_uv_configuration(here: &Path, named: &[PathBuf]) -> Result<(), Failure> {
    let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
    let found =
        here.ancestors().flat_map(|folder| ["uv.toml", "pyproject.toml"].map(|name| folder.join(name)));
    for path in found.chain(named.iter().cloned()) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        // What is no TOML is for uv to complain about.
        let is_script = path.extension().is_none_or(|extension| extension != "toml");
        let text = if is_script { script_metadata(&text) } else { text };
        let Ok(table) = toml::from_str::<toml::Table>(&text) else { continue };
        let is_project = is_script || path.file_name().is_some_and(|name| name == "pyproject.toml");
        let dependencies = table.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut dependencies = dependencies.filter_map(toml::Value::as_str);
        if is_script && dependencies.any(|dependency| local::is_file(dependency, folder)) {
            return Err(escape(
                format!("`{}`: a dependency that is a file is one nobody judged", path.display()),
                "put it on an index, and name it in the policy",
            ));
        }
        if let Some(what) = goes_round(&table, is_project) {
            return Err(escape(
                format!("`{}`: {what}", path.display()),
                "put files on an index and name it in the policy; the gate is the proxy",
            ));
        }
    }
    Ok(())
}

/// Looks for files on this machine in a `uv.lock`: with `--frozen` uv installs them whatever the project says.
///
/// # Errors
/// `argument-escapes-gate` when it names one.
pub(super) fn check_uv_lock(lock: &str) -> Result<(), Failure> {
    // What is no TOML is for uv to complain about.
    let Ok(table) = toml::from_str::<toml::Table>(lock) else { return Ok(()) };
    let list = |table: &toml::Value, key: &str| -> Vec<toml::Value> {
        table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default()
    };
    for package in list(&toml::Value::Table(table), "package") {
        let files = list(&package, "wheels").into_iter().chain(package.get("sdist").cloned());
        let mut files = files.chain(package.get("source").cloned());
        if files.any(|file| is_file_source(&file)) {
            let name = package.get("name").and_then(toml::Value::as_str).unwrap_or_default();
            return Err(escape(
                format!("`uv.lock`: `{}` is a file nobody judged", name.escape_debug()),
                "put it on an index, and name it in the policy",
            ));
        }
    }
    Ok(())
}

/// The metadata in a script's comments (PEP 723).
fn script_metadata(text: &str) -> String {
    let block = text.lines().map(str::trim_end).skip_while(|line| *line != "# /// script").skip(1);
    let block = block.take_while(|line| *line != "# ///" && line.starts_with('#'));
    block.map(|line| line.strip_prefix("# ").unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn goes_round(table: &toml::Table, is_project: bool) -> Option<&'static str> {
    let settings = if is_project { table.get("tool")?.get("uv")?.as_table()? } else { table };
    let pip = settings.get("pip").and_then(toml::Value::as_table);
    for table in [Some(settings), pip].into_iter().flatten() {
        if table.contains_key("find-links") {
            return Some("`find-links` takes files nobody judged");
        }
        if ["http-proxy", "https-proxy", "no-proxy"].iter().any(|key| table.contains_key(*key)) {
            return Some("a proxy of its own goes round the gate's guard");
        }
        let list = |key: &str| table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let indexes = list("index").filter_map(|index| index.get("url"));
        let named = indexes.chain(list("extra-index-url")).chain(table.get("index-url"));
        if named.filter_map(toml::Value::as_str).any(|url| !is_web(url)) {
            return Some("an index on this machine takes files nobody judged");
        }
        let flat = |index: &toml::Value| index.get("format").and_then(toml::Value::as_str) == Some("flat");
        if list("index").any(flat) {
            return Some("an index with `format = \"flat\"` takes files nobody judged");
        }
    }
    let sources = settings.get("sources").and_then(toml::Value::as_table)?;
    sources.values().any(is_file_source).then_some("a source that is a file is one nobody judged")
}

fn is_web(url: &str) -> bool {
    let url = url.trim().to_ascii_lowercase();
    url.starts_with("http://") || url.starts_with("https://")
}

/// A source is a table, or one for each marker.
fn is_file_source(source: &toml::Value) -> bool {
    if let Some(sources) = source.as_array() {
        return sources.iter().any(is_file_source);
    }
    let text = |key: &str| source.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    local::is_archive(text("path")) || text("url").trim().to_ascii_lowercase().starts_with("file:")
}

fn escape(message: String, hint: &str) -> Failure {
    Failure::new("argument-escapes-gate", message).hinting(hint).exiting(Exit::Usage)
}

fn escaping_option(option: &str) -> Option<&'static str> {
    match option {
        "--proxy" | "--no-proxy-env" => Some("would go round the gate's guard"),
        "-f" | "--find-links" => Some("takes files nobody judged"),
        "-i" | "--index-url" | "--extra-index-url" | "--index" | "--default-index" => {
            Some("names another index than the gate")
        }
        _ => None,
    }
}

fn installer(program: &OsStr, arguments: &[OsString]) -> Installer {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    match name {
        "pip" => Installer::Pip,
        "uv" | "uvx" => Installer::Uv,
        "pdm" => Installer::Pdm,
        "pipenv" => Installer::Pipenv,
        "poetry" => Installer::Poetry,
        "python" | "pypy" | "py" => module(arguments),
        _ => Installer::Other,
    }
}

/// `python -m pip …`, `python -Impip …` (Python reference, "Command line": a cluster ends with what takes a value).
fn module(arguments: &[OsString]) -> Installer {
    let mut rest = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        let Some(cluster) = argument.strip_prefix('-') else { break };
        let Some(at) = cluster.find(['m', 'c', 'W', 'X']).filter(|_| !cluster.starts_with('-')) else {
            continue;
        };
        let (letter, attached) = cluster.split_at(at).1.split_at(1);
        let value = if attached.is_empty() { rest.next() } else { Some(attached.to_owned().into()) };
        match (letter, value.as_deref()) {
            ("m", Some("pip")) => return Installer::Pip,
            ("m", Some("uv")) => return Installer::Uv,
            ("m", Some("pdm")) => return Installer::Pdm,
            ("m", Some("pipenv")) => return Installer::Pipenv,
            ("m", Some("poetry")) => return Installer::Poetry,
            ("W" | "X", _) => {}
            _ => break,
        }
    }
    Installer::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wrapped, Failure> {
        Wrapped::parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn installers_are_known_by_name_and_by_module() {
        for (line, installer) in [
            ("pip install six", Installer::Pip),
            ("/usr/bin/pip3.11 install six", Installer::Pip),
            ("python3 -m pip install six", Installer::Pip),
            ("uv sync", Installer::Uv),
            ("make test", Installer::Other),
            ("python -mpip install six", Installer::Pip),
            ("python -W ignore -Im pip install six", Installer::Pip),
            ("python -c pass -m pip", Installer::Other),
            ("python tool.py -m pip", Installer::Other),
        ] {
            assert_eq!(parse(line).unwrap().installer, installer, "{line}");
        }
        assert_eq!(parse("uv -v sync --frozen").unwrap().subcommand(), Some("sync"));
        assert_eq!(parse("uv --color never sync").unwrap().subcommand(), Some("sync"));
        assert_eq!(parse("python -m uv sync").unwrap().subcommand(), Some("sync"));
    }

    #[test]
    fn uv_is_not_led_to_files_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("pyproject.toml");
        for (text, refused) in [
            ("[tool.uv]\nfind-links = [\"wheels\"]", true),
            ("[tool.uv.pip]\nfind-links = [\"wheels\"]", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"wheels\"\nformat = \"flat\"", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"https://index.example/simple\"", false),
            ("[tool.uv]\nhttp-proxy = \"http://index.example\"\nno-proxy = [\"index.example\"]", true),
            ("[[tool.uv.index]]\nname = \"x\"\nurl = \"file:///simple\"", true),
            ("[tool.uv]\nextra-index-url = [\"simple\"]", true),
            ("[tool.uv.sources]\nsix = { path = \"six-1.0-py3-none-any.whl\" }", true),
            ("[tool.uv.sources]\nsix = [{ url = \"file:///six-1.0.tar.gz\" }]", true),
            ("[tool.uv.sources]\nsix = { path = \"packages/six\", editable = true }", false),
            ("[project]\nname = \"find-links\"", false),
        ] {
            std::fs::write(&project, text).unwrap();
            assert_eq!(check_uv_configuration(folder.path(), &[]).is_err(), refused, "{text}");
        }
        let script = folder.path().join("tool.py");
        for (metadata, refused) in [
            ("# dependencies = [\"six\"]", false),
            ("# dependencies = [\"six @ file:///six-1.0.zip\"]", true),
            ("# [tool.uv]\n# find-links = [\"wheels\"]", true),
            ("# [tool.uv.sources]\n# six = { path = \"six-1.0-py3-none-any.whl\" }", true),
        ] {
            std::fs::write(
                &script,
                format!("#!/usr/bin/env python\n# /// script\n{metadata}\n# ///\nprint()\n"),
            )
            .unwrap();
            let named = std::slice::from_ref(&script);
            assert_eq!(check_uv_configuration(folder.path(), named).is_err(), refused, "{metadata}");
        }
    }

    #[test]
    fn a_lock_leads_to_no_file_on_this_machine() {
        for (text, refused) in [
            (
                "source = { registry = \"https://index.example/simple\" }\nwheels = [{ url = \"https://index.example/six-1.0-py3-none-any.whl\" }]",
                false,
            ),
            ("source = { editable = \".\" }", false),
            (
                "source = { registry = \"https://index.example/simple\" }\nwheels = [{ url = \"file:///six-1.0-py3-none-any.whl\" }]",
                true,
            ),
            ("source = { registry = \"wheels\" }\nsdist = { path = \"six-1.0.tar.gz\" }", true),
            ("source = { path = \"six-1.0-py3-none-any.whl\" }", true),
        ] {
            let lock = format!("version = 1\n[[package]]\nname = \"six\"\n{text}\n");
            assert_eq!(check_uv_lock(&lock).is_err(), refused, "{text}");
        }
    }

    #[test]
    fn ways_round_the_gate_are_refused_and_their_twins_are_not() {
        for (line, twin) in [
            ("pip install --proxy=http://index.example six", "pip install --pre six"),
            ("pip install -i http://index.example six", "pip install -U six"),
            (
                "uv pip install --default-index http://index.example six",
                "uv pip install --prerelease allow six",
            ),
            ("pip install git+ssh://index.example/six", "pip install git+https://index.example/six"),
            ("pip install svn+https://index.example/six", "pip install hg+https://index.example/six"),
            ("pip install -fwheels six", "pip install -Ur wheels"),
            ("pip install -Uf wheels six", "pip install -qU six"),
            ("pip install --find-l wheels six", "pip install --no-deps six"),
            ("pip install -ihttp://index.example six", "pip install -tfolder six"),
            ("pip install file:///six-1.0.zip", "pip install ."),
            ("uv sync --cache-dir x", "pip install --cache-dir x six"),
            ("uv run --with=six --find-links=x pytest", "uv run --with=six pytest --find-links=x"),
            ("uvx -f x ruff", "uvx ruff -f x"),
            ("uv tool run -f x ruff", "uv tool run ruff -f x"),
            ("uv tool install six -f x", "uv tool install six"),
            ("uv run pip install -f x six", "uv run pip install six"),
            ("uv run -v -- python -m pip install -fx six", "uv run -v -- python -m this -fx"),
        ] {
            assert_eq!(parse(line).unwrap_err().code().as_str(), "argument-escapes-gate", "{line}");
            assert!(parse(twin).is_ok(), "{twin}");
        }
    }
}
