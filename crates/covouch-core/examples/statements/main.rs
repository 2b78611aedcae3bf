//! Writes one signed statement of each kind, and the key that signed them, for other tools to read:
//!
//! ```text
//! cargo run -p covouch-core --example statements -- FOLDER
//! ```
//!
//! `FOLDER/statements/` gets DSSE envelopes, `FOLDER/keys/` the public key in PEM and in OpenSSH form, and its id.

#![expect(clippy::expect_used, reason = "the samples are written here and known to be good")]

mod samples;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: statements FOLDER");
        return ExitCode::from(2);
    };
    match samples::write(Path::new(&folder)) {
        Ok(count) => {
            println!("{count} statements");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
