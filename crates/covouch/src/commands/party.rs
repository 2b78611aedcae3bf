//! `covouch party add`: a curator's feed becomes a party of the policy.
//!
//! # Invariants
//! The policy is written only when the feed could be read from its first root on, somebody confirmed the keys, and the
//! policy with the party in it makes sense.

use std::path::Path;

use covouch_core::{digest::Sha256, party::PartyName, shown::Shown};
use covouch_io::{feed, state};
use covouch_policy::{Policy, PolicyTable};
use url::Url;

use crate::{
    args::{Party, PartyAdd},
    exit::Exit,
    failure::Failure,
    policies::{Loaded, show},
    settings::Settings,
    terminal::{RIGHT, Terminal, paint},
};

pub(super) fn run(command: &Party, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Party::Add(arguments) => add(arguments, settings, terminal),
    }
}

fn add(arguments: &PartyAdd, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let wrong = |what: &str, error: String| Failure::usage(format!("`{}`: {error}", Shown::new(what)));
    let name =
        PartyName::parse(&arguments.name).map_err(|error| wrong(&arguments.name, error.to_string()))?;
    let address = Url::parse(&arguments.feed).map_err(|error| wrong(&arguments.feed, error.to_string()))?;
    let digits = arguments.root.strip_prefix("sha256:").unwrap_or(&arguments.root);
    let root = Sha256::parse(digits).map_err(|error| wrong(&arguments.root, error.to_string()))?;
    let loaded = Loaded::find(Path::new("."), settings, terminal)?;
    let Some((file, text, table)) = loaded.project_file() else {
        return Err(Failure::new("not-found", "there is no policy to add a party to")
            .hinting("write one with `covouch init`"));
    };
    let heading = match table {
        PolicyTable::Whole => format!("[party.{name}]"),
        PolicyTable::Pyproject => format!("[tool.covouch.party.{name}]"),
    };
    let added = format!("\n{heading}\nfeed = {}\nroot = \"sha256:{root}\"\n", quoted(address.as_str()));
    let text = format!("{}\n{added}", text.trim_end());
    let source = covouch_policy::Source { name: &file.display().to_string(), text: &text, table };
    Policy::parse(source).map_err(|errors| show(&errors, terminal))?;

    let (network, state) = (settings.network(), settings.state());
    let read = feed::sync(network, state, &address, &root, &[], settings.now());
    let answer = settings.block_on(read)??;
    for key in &answer.roots {
        terminal.note(format_args!("the feed is signed by {}", key.fingerprint()));
    }
    if !arguments.yes {
        if !terminal.interactive() {
            return Err(Failure::new("not-confirmed", "nobody is there to confirm")
                .hinting("compare the keys with what the curator publishes elsewhere, and say `--yes`"));
        }
        if !terminal.confirm(&format!("add it as `{name}`?")) {
            return Err(Failure::new("not-confirmed", "nothing was added"));
        }
    }
    state::write_project_file(&file, text.as_bytes())?;
    let added = format_args!("{} added party `{name}` to {}", paint(RIGHT, "ok"), file.display());
    terminal.answer(added);
    terminal
        .note(format_args!("its word counts once a requirement names it, as in `admit = \"… and {name}\"`"));
    Ok(Exit::Admitted)
}

/// A TOML string. An address has no character that would need more.
fn quoted(address: &str) -> String {
    format!("\"{}\"", address.replace('\\', "\\\\").replace('"', "\\\""))
}
