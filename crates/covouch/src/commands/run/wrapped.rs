//! The wrapped command: which installer it is, and what its command line may not say.
//!
//! The guard stops what goes through proxies; what is refused here would go round it.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::{escape, local, wrappers};
use crate::failure::Failure;

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
    /// What an `env` before it sets.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// The commands that it is seen to start.
    started: Vec<Self>,
}

impl Wrapped {
    /// Looks at a command line.
    ///
    /// # Errors
    /// `argument-escapes-gate` when it names a way round the gate.
    pub(super) fn parse(command: &[OsString]) -> Result<Self, Failure> {
        let wrappers::Started { variables, command } = wrappers::without_env(command)?;
        let Some((program, arguments)) = command.split_first() else {
            return Err(Failure::usage("no command to run"));
        };
        let mut wrapped = Self {
            installer: installer(program, arguments),
            program: program.clone(),
            arguments: arguments.to_vec(),
            variables,
            started: Vec::new(),
        };
        let started = match wrapped.installer {
            Installer::Pip | Installer::Uv => {
                wrapped.check()?;
                wrapped.may_start()
            }
            Installer::Pdm | Installer::Pipenv | Installer::Poetry => {
                wrapped.check_own_index()?;
                wrapped.may_start()
            }
            Installer::Other => wrappers::commands(&command)?,
        };
        for command in started {
            wrapped.started.push(Self::parse(&command)?);
        }
        Ok(wrapped)
    }

    /// The command and all it is seen to start.
    pub(super) fn all(&self) -> Vec<&Self> {
        [self].into_iter().chain(self.started.iter().flat_map(Self::all)).collect()
    }

    /// What pdm, pipenv and poetry are not told on the command line. The rest of what they do goes through the guard.
    fn check_own_index(&self) -> Result<(), Failure> {
        let is_source = self.installer == Installer::Poetry && self.subcommand() == Some("source");
        if is_source && self.arguments.iter().any(|argument| argument == "add") {
            return Err(names_another("poetry source add"));
        }
        for argument in self.own() {
            let text = argument.to_string_lossy();
            let name = text.split_once('=').map_or(&*text, |(name, _)| name);
            let is_index = ["--pypi-mirror", "--index", "--index-url", "--extra-index-url", "--find-links"];
            let is_short = self.installer == Installer::Pipenv && local::option(&text) == "-i";
            if is_index.contains(&name) || is_short {
                return Err(names_another(name));
            }
            // The value of `--extra-pip-args`, attached or not, is more of pip's own words.
            let words = text.split_once('=').map_or(&*text, |(_, value)| value).split_whitespace();
            let mut pips = words.map(local::option).filter(|_| text.contains("--"));
            if let Some(option) =
                pips.find(|option| option.starts_with("--") && escaping_option(option).is_some())
            {
                return Err(names_another(option));
            }
            check_word(&text)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
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
            check_word(&text)?;
        }
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
            // `run` of all of them, and of pipx.
            (installer, Some("run")) if installer != Installer::Other => self.subcommand_at()? + 1,
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

    /// What `run` starts may be an installer too. Where its name stands is not always known, so all places are given.
    fn may_start(&self) -> Vec<Vec<OsString>> {
        let Some((earliest, latest)) = self.started() else { return Vec::new() };
        let places = (earliest..=latest + 1).filter_map(|at| self.arguments.get(at..));
        let is_name = |name: &OsString| !name.as_encoded_bytes().starts_with(b"-");
        places.filter(|command| command.first().is_some_and(is_name)).map(<[OsString]>::to_vec).collect()
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

/// What no installer is led to on its command line.
fn check_word(text: &str) -> Result<(), Failure> {
    if local::is_file(text, Path::new("")) {
        return Err(escape(
            format!("`{text}` is a file nobody judged"),
            "install it by name, or check its sha256 with `covouch why` and install it without covouch",
        ));
    }
    if PAST_PROXIES.iter().any(|scheme| text.contains(scheme)) {
        return Err(escape(format!("`{text}` does not go through the gate"), "use a release from an index"));
    }
    Ok(())
}

fn names_another(option: &str) -> Failure {
    escape(
        format!("`{option}` names another index than the gate"),
        "leave it out; the gate is the index and the proxy",
    )
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
    let name = wrappers::name(program);
    match without_version(&name) {
        "python" | "pythonw" | "pypy" | "py" => module(arguments),
        name => named(name),
    }
}

fn without_version(name: &str) -> &str {
    name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.')
}

fn named(name: &str) -> Installer {
    match name {
        // pip-tools and pipx take pip's options, and start it.
        "pip" | "pip-compile" | "pip-sync" | "pipx" => Installer::Pip,
        "uv" | "uvx" => Installer::Uv,
        "pdm" => Installer::Pdm,
        "pipenv" => Installer::Pipenv,
        "poetry" => Installer::Poetry,
        _ => Installer::Other,
    }
}

/// `python /usr/bin/pip`, `python pip.pyz`, `python …/site-packages/pip`, `python …/pip/__main__.py`
fn script(path: &str) -> Installer {
    let path = Path::new(path);
    let path = path.parent().filter(|_| path.ends_with("__main__.py")).unwrap_or(path);
    named(without_version(&wrappers::name(path.as_os_str())))
}

/// `python -m pip …`, `python -Impip …` (Python reference, "Command line": a cluster ends with what takes a value).
fn module(arguments: &[OsString]) -> Installer {
    let mut rest = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        let Some(cluster) = argument.strip_prefix('-') else { return script(&argument) };
        let Some(at) = cluster.find(['m', 'c', 'W', 'X']).filter(|_| !cluster.starts_with('-')) else {
            continue;
        };
        let (letter, attached) = cluster.split_at(at).1.split_at(1);
        let value = if attached.is_empty() { rest.next() } else { Some(attached.to_owned().into()) };
        match (letter, value.as_deref()) {
            // `pip.__main__`, `piptools`
            ("m", Some("piptools")) => return Installer::Pip,
            ("m", Some(module)) => return named(module.split('.').next().unwrap_or_default()),
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
            ("python -m pip.__main__ install six", Installer::Pip),
            ("py -3.12 -m pip install six", Installer::Pip),
            ("python /usr/bin/pip3 install six", Installer::Pip),
            ("python lib/site-packages/pip/__main__.py install six", Installer::Pip),
            ("env A=1 pip install six", Installer::Pip),
            ("pip-compile", Installer::Pip),
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
            ("timeout 60 pip install -fx six", "timeout 60 pip install six"),
            ("time nice -n 5 pip install -fx six", "time nice -n 5 pip install six"),
            ("timeout -s KILL 60 pip install -fx six", "timeout 60 grep pip -fx sudo"),
            ("sudo pip install six", "nohup pip install six"),
            ("uv run env -i pip install six", "uv run env A=1 pip install six"),
            ("pipenv install --pypi-mirror x six", "pipenv install --dev six"),
            ("pipenv install -i x six", "pipenv install -d six"),
            (
                "pipenv install --extra-pip-args=--find-links=x six",
                "pipenv install --extra-pip-args=--pre six",
            ),
            ("pipenv run pip install -f x six", "pipenv run pip install six"),
            ("pdm add git+ssh://index.example/six", "pdm export -f requirements"),
            ("pdm run pip install -i x six", "pdm run pytest -i x"),
            ("pipx install -i http://index.example six", "pipx run six -i x"),
            ("poetry source add x http://index.example", "poetry source show"),
            ("poetry add file:///six-1.0.tar.gz", "poetry add six"),
        ] {
            assert_eq!(parse(line).unwrap_err().code().as_str(), "argument-escapes-gate", "{line}");
            assert!(parse(twin).is_ok(), "{twin}");
        }
    }
}
