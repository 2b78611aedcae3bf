//! Programs that start another: `env`, shells with a command line, `timeout`, `sudo`. What they are seen to start is held
//! to the same rules; what cannot be seen has the guard's environment, and fails closed there.
//!
//! # Invariants
//! - Nothing on a command line that is read here takes the guard's variables away, or sets others in their place.
//! - What is not understood is not taken for harmless: it is left to the guard.
//!
//! # Not here
//! What an installer's own command line may not say: [`super::wrapped`].

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use super::{environment, escape};
use crate::failure::Failure;

/// Programs that run a command line they are given after `-c`.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];
/// Programs that run what stands behind their options.
const PREFIXES: [&str; 12] = [
    "nice", "nohup", "timeout", "time", "stdbuf", "ionice", "setsid", "xargs", "command", "exec", "busybox",
    "chrt",
];
/// Programs that begin with an environment of their own.
const RESETTING: [&str; 5] = ["sudo", "doas", "su", "runuser", "pkexec"];
/// What separates the commands of a shell's line.
const OPERATORS: [char; 9] = [';', '&', '|', '(', ')', '{', '}', '\n', '!'];

/// A command that `env` starts, and the variables it sets for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) command: Vec<OsString>,
}

/// A program's name without its folder and its ending.
pub(super) fn name(program: &OsStr) -> String {
    Path::new(program).file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// Takes the `env`s at the start of a command line away; what they set is kept.
///
/// # Errors
/// `argument-escapes-gate` when they take something of the guard's away.
pub(super) fn without_env(command: &[OsString]) -> Result<Started, Failure> {
    let mut started = Started { variables: Vec::new(), command: command.to_vec() };
    while started.command.first().is_some_and(|program| name(program) == "env") {
        let Some(rest) = after_env(&started.command, &mut started.variables)? else { break };
        started.command = rest;
    }
    Ok(started)
}

/// The command that an `env` starts; nothing when it starts none, or one that is not seen here.
fn after_env(
    command: &[OsString],
    variables: &mut Vec<(OsString, OsString)>,
) -> Result<Option<Vec<OsString>>, Failure> {
    let mut rest = command.get(1..).unwrap_or_default().iter();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let attached = |option: &str| text.strip_prefix(option).map(str::to_owned);
        if ["-i", "-", "--ignore-environment"].contains(&&*text) {
            return Err(takes_away("env", &text));
        }
        // `-u NAME`, `-uNAME`, `--unset=NAME`
        if let Some(unset) = attached("--unset=").or_else(|| attached("-u")) {
            let unset = match (unset.is_empty(), rest.as_slice().first()) {
                (true, Some(next)) => next.to_string_lossy().into_owned(),
                _ => unset,
            };
            may_set(&unset)?;
            if text == "-u" {
                rest.next();
            }
            continue;
        }
        if let Some((variable, value)) = text.split_once('=').filter(|_| !text.starts_with('-')) {
            may_set(variable)?;
            variables.push((variable.into(), value.into()));
            continue;
        }
        if text.starts_with('-') && text != "--" {
            // Another folder, a line to split: what it starts is not seen.
            return Ok(None);
        }
        let own = (text == "--").then(|| rest.as_slice().to_vec());
        return Ok(Some(own.unwrap_or_else(|| [word].into_iter().chain(rest).cloned().collect())));
    }
    Ok(None)
}

/// The commands that a program is seen to start, besides `env`.
///
/// # Errors
/// `argument-escapes-gate` when it starts them without the guard's environment.
pub(super) fn commands(command: &[OsString]) -> Result<Vec<Vec<OsString>>, Failure> {
    let Some((program, arguments)) = command.split_first() else { return Ok(Vec::new()) };
    let program = name(program);
    if RESETTING.contains(&program.as_str()) {
        return Err(escape(
            format!("`{program}` begins without the gate's environment"),
            "put it first: `sudo covouch run -- …`",
        ));
    }
    if SHELLS.contains(&program.as_str()) {
        let lines = arguments.iter().zip(arguments.iter().skip(1));
        // `-c`, `-ec`, `-lc`: a cluster that ends in it.
        let is_line =
            |option: &str| option.starts_with('-') && !option.starts_with("--") && option.ends_with('c');
        let line = lines.into_iter().find(|(option, _)| is_line(&option.to_string_lossy()));
        return line.map_or(Ok(Vec::new()), |(_, line)| in_line(&line.to_string_lossy()));
    }
    if PREFIXES.contains(&program.as_str()) {
        return Ok(behind_options(arguments));
    }
    Ok(Vec::new())
}

/// Where the program can stand behind a wrapper's own options: the first word that is no option and no number, and
/// words before it that may be the value of one.
fn behind_options(arguments: &[OsString]) -> Vec<Vec<OsString>> {
    let (mut places, mut after_option) = (Vec::new(), false);
    for (at, word) in arguments.iter().enumerate() {
        let text = word.to_string_lossy();
        let is_option = text.starts_with('-');
        if !is_option && !text.starts_with(|first: char| first.is_ascii_digit()) {
            places.extend(arguments.get(at..).map(<[OsString]>::to_vec));
            if !after_option {
                break;
            }
        }
        after_option = is_option && !text.contains('=');
    }
    places
}

/// The commands of a shell's line, without the variables set before them.
fn in_line(line: &str) -> Result<Vec<Vec<OsString>>, Failure> {
    let mut commands = Vec::new();
    for words in split(line) {
        let is_set = |word: &&String| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|one| one == '_' || one.is_ascii_alphanumeric())
            })
        };
        let set = words.iter().take_while(is_set).count();
        let (set, words) = words.split_at(set);
        for (variable, _) in set.iter().filter_map(|word| word.split_once('=')) {
            may_set(variable)?;
        }
        match words {
            [first, rest @ ..] if ["export", "unset", "declare"].contains(&first.as_str()) => {
                for word in rest {
                    may_set(word.split_once('=').map_or(word, |(variable, _)| variable))?;
                }
            }
            words => commands.push(words.iter().map(OsString::from).collect()),
        }
    }
    Ok(commands)
}

/// A shell's line as words, command by command (POSIX, "Shell Command Language", 2.2). What variables and
/// substitutions give stays as it is written.
fn split(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words) = (Vec::new(), Vec::new());
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.chars();
    while let Some(one) = rest.next() {
        match (quote, one) {
            (Some(open), one) if one == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(one);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().extend(rest.next().filter(|next| *next != '\n'));
            }
            (Some(_), one) => word.get_or_insert_default().push(one),
            (None, one) if OPERATORS.contains(&one) => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, one) if one.is_whitespace() => words.extend(word.take()),
            (None, one) => word.get_or_insert_default().push(one),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    commands
}

/// Whether a command line may set or unset a variable for what it starts.
fn may_set(variable: &str) -> Result<(), Failure> {
    if !environment::is_guarded(variable) {
        return Ok(());
    }
    Err(escape(
        format!("`{variable}` is set for what the command starts, where the gate does not see it"),
        "set it for covouch: `NAME=VALUE covouch run -- …`",
    ))
}

fn takes_away(program: &str, option: &str) -> Failure {
    escape(
        format!("`{program} {option}` takes the gate's environment away"),
        "leave it out, or put it first: `env -i … covouch run -- …`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_shells_line_is_split_as_the_shell_does() {
        for (line, commands) in [
            ("pip install six", &[&["pip", "install", "six"][..]][..]),
            ("cd x && pip install 'a b' \"c d\"", &[&["cd", "x"], &["pip", "install", "a b", "c d"]]),
            ("a;b|c &\nd", &[&["a"], &["b"], &["c"], &["d"]]),
            ("(a \\; b) # c", &[&["a", ";", "b"], &["#", "c"]]),
            ("echo \"a;'b\" ''", &[&["echo", "a;'b", ""]]),
            ("'", &[&[""]]),
        ] {
            assert_eq!(split(line), commands, "{line}");
        }
    }

    #[test]
    fn env_is_taken_away_unless_it_takes_the_guard_away() {
        let started = without_env(&words("env A=1 /usr/bin/env -u B C=2 uv lock")).unwrap();
        assert_eq!(started.command, words("uv lock"));
        assert_eq!(started.variables, [("A".into(), "1".into()), ("C".into(), "2".into())]);
        assert_eq!(without_env(&words("env -- uv lock")).unwrap().command, words("uv lock"));
        assert_eq!(without_env(&words("env -C x uv lock")).unwrap().command, words("env -C x uv lock"));
        for line in [
            "env -i uv lock",
            "env - uv lock",
            "env -u HTTPS_PROXY uv lock",
            "env --unset=https_proxy uv lock",
            "env PIP_INDEX_URL=x pip lock",
            "env UV_PROJECT=x uv lock",
            "env A=1 env HTTP_PROXY= uv lock",
        ] {
            assert!(without_env(&words(line)).is_err(), "{line}");
        }
    }

    #[test]
    fn what_a_program_is_seen_to_start_is_known() {
        let line = |line: &str| [OsString::from("bash"), "-ec".into(), line.into()].to_vec();
        assert_eq!(commands(&line("A=1 pip install six")).unwrap(), [words("pip install six")]);
        assert!(commands(&line("export HTTPS_PROXY=; pip install six")).is_err());
        assert!(commands(&line("HTTPS_PROXY= pip install six")).is_err());
        assert!(commands(&line("unset https_proxy")).is_err());
        assert!(commands(&words("sudo -E pip install six")).is_err());
        let started = commands(&words("timeout -k 5 60 pip install six")).unwrap();
        assert!(started.contains(&words("pip install six")));
        for line in ["make install", "bash build.sh", "sh"] {
            assert_eq!(commands(&words(line)).unwrap(), Vec::<Vec<OsString>>::new(), "{line}");
        }
    }
}
