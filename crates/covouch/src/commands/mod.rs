//! One file a verb.

mod analyze;
mod attestation;
mod authors;
mod bundle;
mod check;
mod debian;
mod electorate;
mod feed;
mod gateway;
mod impact;
mod init;
mod key;
mod lock;
mod lock_identities;
mod party;
mod policy;
mod run;
mod sign;
mod tally;
mod trust;
mod vote;
mod vouch;
mod why;
mod withdraw;

use crate::{args::Command, exit::Exit, failure::Failure, settings::Settings, terminal::Terminal};

/// Does what was asked.
pub(crate) fn run(command: &Command, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Run(arguments) => run::run(arguments, settings, terminal),
        Command::Init(arguments) => init::run(arguments, settings, terminal),
        Command::Gateway(arguments) => gateway::run(arguments, settings, terminal),
        Command::Check(arguments) => check::run(arguments, settings, terminal),
        Command::Lock(arguments) => lock::run(arguments, settings, terminal),
        Command::Why(arguments) => why::run(arguments, settings, terminal),
        Command::Policy(command) => policy::run(command, settings, terminal),
        Command::Debian(command) => debian::run(command, settings, terminal),
        Command::Feed(command) => feed::run(command, settings, terminal),
        Command::Party(command) => party::run(command, settings, terminal),
        Command::Key(command) => key::run(command, settings, terminal),
        Command::Vouch(arguments) => vouch::vouch(arguments, settings, terminal),
        Command::Veto(arguments) => vouch::veto(arguments, settings, terminal),
        Command::Waive(arguments) => vouch::waive(arguments, settings, terminal),
        Command::Release(arguments) => vouch::release(arguments, settings, terminal),
        Command::Trust(command) => trust::run(command, settings, terminal),
        Command::Electorate(command) => electorate::run(command, settings, terminal),
        Command::Vote(command) => vote::run(command, settings, terminal),
        Command::Tally(arguments) => tally::run(arguments, settings, terminal),
        Command::Withdraw(arguments) => withdraw::run(arguments, settings, terminal),
        Command::Bundle(command) => bundle::run(command, settings, terminal),
        Command::Authors(command) => authors::run(command, settings, terminal),
        Command::Attestation(command) => attestation::run(command, settings, terminal),
        Command::LockIdentities(arguments) => lock_identities::run(arguments, settings, terminal),
        Command::Completions { shell } => {
            let mut command = <crate::args::Arguments as clap::CommandFactory>::command();
            clap_complete::generate(*shell, &mut command, "covouch", &mut std::io::stdout());
            Ok(Exit::Admitted)
        }
    }
}
