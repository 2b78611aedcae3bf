//! `covouch policy show | check | schema | analyze | diff`.

use std::path::Path;

use crate::{
    args::Policy,
    exit::Exit,
    failure::Failure,
    policies::{Found, Loaded},
    settings::Settings,
    terminal::{FAINT, RIGHT, Terminal, counted, paint},
};

pub(super) fn run(command: &Policy, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Policy::Analyze(arguments) => return super::analyze::analyze(arguments, settings, terminal),
        Policy::Diff(arguments) => return super::analyze::diff(arguments, terminal),
        Policy::Show => {
            let loaded = Loaded::find(Path::new("."), settings, terminal)?;
            for found in loaded.base.iter().chain([&loaded.project]) {
                terminal.answer(paint(FAINT, format_args!("# {}", found.policy.name())));
                terminal.answer(found.text.trim_end());
            }
        }
        Policy::Check => {
            let loaded = Loaded::find(Path::new("."), settings, terminal)?;
            for found in loaded.base.iter().chain([&loaded.project]) {
                terminal.answer(summary(found));
            }
        }
        Policy::Schema => {
            let schema = serde_json::to_string_pretty(&covouch_policy::schema::schema())
                .map_err(|error| Failure::new("internal", error.to_string()))?;
            terminal.answer(schema);
        }
    }
    Ok(Exit::Admitted)
}

fn summary(found: &Found) -> String {
    let policy = &found.policy;
    let warnings = policy.warnings().len();
    let mut parts = vec![counted(policy.sources().len(), "source"), counted(policy.waiver_count(), "waiver")];
    if warnings > 0 {
        parts.push(counted(warnings, "warning"));
    }
    format!("{} {}: {}", paint(RIGHT, "ok"), policy.name(), parts.join(", "))
}
