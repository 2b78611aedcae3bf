//! The wrapped command: which installer it is, and what its command line may not say.
//!
//! The guard stops what goes through proxies; what is refused here would go round it.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use crate::{exit::Exit, failure::Failure};

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
        let looked_at = matches!(self.installer, Installer::Pip | Installer::Uv);
        for argument in self.arguments.iter().filter(|_| looked_at) {
            let text = argument.to_string_lossy();
            let option = text.split_once('=').map_or(&*text, |(option, _)| option);
            if let Some(reason) = escaping_option(option) {
                return Err(escape(
                    format!("`{option}` {reason}"),
                    "leave it out; the gate is the index and the proxy",
                ));
            }
            if is_archive(&text) && Path::new(&*text).is_file() {
                return Err(escape(
                    format!("`{text}` is a file nobody judged"),
                    "install it by name, or check its sha256 with `covouch why` and install it without covouch",
                ));
            }
            if text.contains("git+ssh:") || text.contains("git+file:") {
                return Err(escape(
                    format!("`{text}` does not go through the gate"),
                    "use a release from an index",
                ));
            }
        }
        Ok(())
    }

    /// Whether the command's failure can be that of choosing versions. What `uv run` runs, and programs that are no
    /// installers, fail for reasons of their own; with a lock that may not change nothing is chosen.
    pub(super) fn chooses(&self) -> bool {
        let is_fixed =
            |argument: &OsString| ["--locked", "--frozen", "--check"].iter().any(|it| argument == it);
        let runs = self.installer == Installer::Other || self.subcommand() == Some("run");
        !runs && !self.arguments.iter().any(is_fixed)
    }

    /// The installer's own subcommand: the first argument that is no option.
    pub(super) fn subcommand(&self) -> Option<&str> {
        self.arguments
            .iter()
            .filter_map(|argument| argument.to_str())
            .find(|argument| !argument.starts_with('-'))
    }
}

/// Looks for files on this machine that uv's configuration would install from: no variable overrides them, and
/// nothing of them passes the gate.
///
/// # Errors
/// `argument-escapes-gate` when a project's `uv.toml` or `[tool.uv]` names some.
pub(super) fn check_uv_configuration(here: &Path) -> Result<(), Failure> {
    let here = std::path::absolute(here).unwrap_or_else(|_| here.to_owned());
    for folder in here.ancestors() {
        for name in ["uv.toml", "pyproject.toml"] {
            let path = folder.join(name);
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            // What is no TOML is for uv to complain about.
            let Ok(table) = toml::from_str::<toml::Table>(&text) else { continue };
            if let Some(what) = goes_round(&table, name) {
                return Err(escape(
                    format!("`{}`: {what} takes files nobody judged", path.display()),
                    "put them on an index, and name it in the policy",
                ));
            }
        }
    }
    Ok(())
}

fn goes_round(table: &toml::Table, name: &str) -> Option<&'static str> {
    let settings = match name {
        "uv.toml" => table,
        _ => table.get("tool")?.get("uv")?.as_table()?,
    };
    let pip = settings.get("pip").and_then(toml::Value::as_table);
    if [Some(settings), pip].into_iter().flatten().any(|table| table.contains_key("find-links")) {
        return Some("`find-links`");
    }
    let indexes = settings.get("index").and_then(toml::Value::as_array)?;
    let flat = |index: &toml::Value| index.get("format").and_then(toml::Value::as_str) == Some("flat");
    indexes.iter().any(flat).then_some("an index with `format = \"flat\"`")
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

fn is_archive(text: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2"].iter().any(|suffix| text.ends_with(suffix))
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

/// `python -m pip …`
fn module(arguments: &[OsString]) -> Installer {
    let mut rest = arguments.iter().skip_while(|argument| *argument != "-m").skip(1);
    match rest.next().and_then(|name| name.to_str()) {
        Some("pip") => Installer::Pip,
        Some("uv") => Installer::Uv,
        Some("pdm") => Installer::Pdm,
        Some("pipenv") => Installer::Pipenv,
        Some("poetry") => Installer::Poetry,
        _ => Installer::Other,
    }
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
        ] {
            assert_eq!(parse(line).unwrap().installer, installer, "{line}");
        }
        assert_eq!(parse("uv -v sync --frozen").unwrap().subcommand(), Some("sync"));
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
            ("[project]\nname = \"find-links\"", false),
        ] {
            std::fs::write(&project, text).unwrap();
            assert_eq!(check_uv_configuration(folder.path()).is_err(), refused, "{text}");
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
        ] {
            assert_eq!(parse(line).unwrap_err().code().as_str(), "argument-escapes-gate", "{line}");
            assert!(parse(twin).is_ok(), "{twin}");
        }
    }
}
