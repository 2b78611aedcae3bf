//! `covouch withdraw`: the issuer takes back one of their own statements.

use covouch_core::statement::{Claim, Statement, Verified, Withdrawal};
use covouch_io::folder;

use super::sign;
use crate::{args::Withdraw, exit::Exit, failure::Failure, keys, settings::Settings, terminal::Terminal};

pub(super) fn run(arguments: &Withdraw, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let (key, _) = keys::public(settings, &arguments.signing.key)?;
    let chain = folder::read_chain(&arguments.signing.to, &key)?;
    let digits = arguments.statement.to_ascii_lowercase();
    let mut found =
        chain.statements().iter().filter(|statement| statement.id().to_string().starts_with(&digits));
    let statement = match (found.next(), found.next()) {
        (Some(statement), None) if digits.len() >= 8 => statement,
        (Some(_), _) => {
            return Err(Failure::usage(format!("`{digits}` does not name one statement"))
                .hinting("give more digits of its id, at least eight"));
        }
        (None, _) => {
            return Err(Failure::new(
                "not-found",
                format!("no statement `{digits}` of this key in `{}`", arguments.signing.to.display()),
            ));
        }
    };
    if already_withdrawn(chain.statements(), statement) {
        terminal.note("that statement is withdrawn already");
        return Ok(Exit::Admitted);
    }
    terminal.note(format_args!("about to withdraw {}", describe(statement.value())));
    let claim = Claim::Withdrawal(Withdrawal::Statement(statement.id()));
    let withdrawal = sign::append(claim, &arguments.signing, settings, terminal)?;
    terminal.answer(format_args!("signed {}", withdrawal.id()));
    Ok(Exit::Admitted)
}

fn already_withdrawn(statements: &[Verified<Statement>], statement: &Verified<Statement>) -> bool {
    let withdrawal = Claim::Withdrawal(Withdrawal::Statement(statement.id()));
    statements.iter().any(|other| other.value().claim == withdrawal)
}

fn describe(statement: &Statement) -> String {
    let kind = statement.claim.kind();
    match statement.claim.files() {
        Some(files) => {
            format!("the {kind} of {} for {} {}", statement.issued, files.project(), files.version())
        }
        None => format!("the {kind} of {}", statement.issued),
    }
}
