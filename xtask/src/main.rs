//! Everything CI runs, runnable at a desk: `cargo xtask test`, `ci`, `tools`, `house`, `gen`, `replay`, `evidence`, `soak`.
//!
//! # Not here
//! Nothing that only CI knows. What fails there fails here, with the same command.

mod bench;
mod evidence;
mod generate;
mod house;
mod replay;
mod soak;
mod stage;
mod tools;
mod workspace;

use std::{env, process::ExitCode};

use workspace::Workspace;

/// Why a task stopped, for whoever ran it.
type Failure = String;

const USAGE: &str = "\
usage: cargo xtask TASK

  test         set up what the tests need, then run every check there is
  ci           the same
  bench        measure the figures of docs/benchmarks.md: [gateway|install|judge|check|graph…] [--quick] [--live] [--built]
  tools        install the Python programs that tests drive, into .tools
  house        check the rules of the house that no other tool checks
  gen          write the generated files
  gen --check  say whether they are up to date
  replay       print and write the table of attacks under six policies
  evidence     write what the presets admit of three projects; `evidence derive FOLDER`: which wheels follow from their sdists
  soak         many kills, many cases of each law, and fuzzing: [kills|laws|fuzz…] [--seconds=N]
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::of_this_program();
    let done = match arguments.as_slice() {
        ["test" | "ci"] => stage::test(&workspace),
        ["bench", arguments @ ..] => bench::run(&workspace, arguments),
        ["tools"] => tools::install(&workspace),
        ["house"] => house::check(&workspace),
        ["gen"] => generate::write(&workspace),
        ["gen", "--check"] => generate::check(&workspace),
        ["replay"] => replay::write(&workspace),
        ["evidence", arguments @ ..] => evidence::run(&workspace, arguments),
        ["soak", arguments @ ..] => soak::run(&workspace, arguments),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
