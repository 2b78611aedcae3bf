//! covouch: let in only what enough independent parties vouch for.

mod args;
mod assess;
mod commands;
mod exit;
mod failure;
mod feeds;
mod gate;
mod indexes;
mod keys;
mod locked;
mod lockfile;
mod policies;
mod release;
mod report;
mod settings;
mod terminal;
mod votes;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Arguments, exit::Exit, settings::Settings, terminal::Terminal};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            // Nobody is left to tell when stdout and stderr are closed.
            drop(error.print());
            return if usage { Exit::Usage } else { Exit::Admitted }.into();
        }
    };
    let terminal = Terminal::new(arguments.global.quiet);
    let outcome = Settings::new(&arguments.global, &terminal)
        .and_then(|settings| commands::run(&arguments.command, &settings, &terminal));
    outcome
        .unwrap_or_else(|failure| {
            terminal.failure(&failure);
            failure.exit()
        })
        .into()
}
