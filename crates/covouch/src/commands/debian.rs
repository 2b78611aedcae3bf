//! `covouch debian status | refresh`.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use covouch_core::time::Timestamp;
use covouch_io::{
    debian::{
        self, Debian, DebianError, DebianSettings, Keyring, Outcome, Progress, Suite, SuiteState,
        apt::Mirrors,
    },
    index::Freshness,
};
use indicatif::ProgressBar;
use url::Url;

use crate::{
    args::{Debian as Command, Suites},
    exit::Exit,
    failure::Failure,
    settings::Settings,
    terminal::{FAINT, RIGHT, Terminal, paint},
};

pub(super) fn run(command: &Command, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Status(suites) => status(&parse(suites)?, settings, terminal),
        Command::Refresh { suites, mirror, keyring } => {
            let from = From { mirror: mirror.as_ref(), keyring: keyring.as_deref() };
            refresh(parse(suites)?, &from, settings, terminal)
        }
    }
}

/// Whose archive is read.
struct From<'a> {
    /// apt's own where there is none.
    mirror: Option<&'a Url>,
    /// Debian's own where there is none.
    keyring: Option<&'a Path>,
}

fn parse(arguments: &Suites) -> Result<Vec<Suite>, Failure> {
    let suites = arguments.suites.iter().map(|text| Suite::parse(text));
    suites.collect::<Result<_, _>>().map_err(|error| Failure::usage(error.to_string()))
}

fn status(suites: &[Suite], settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    let debian = Debian::load(settings.state(), suites)?;
    for known in debian.suites() {
        terminal.answer(line(&known, settings.now()));
    }
    if let Some(gap) = debian.gap(settings.now()) {
        terminal.note(gap);
        terminal.hint("covouch debian refresh");
    }
    Ok(Exit::Admitted)
}

fn line(known: &SuiteState, now: Timestamp) -> String {
    let until = known.valid_until.map(|until| format!(", valid until {until}")).unwrap_or_default();
    format!(
        "{} ({}): {} upstream tarballs in the index of {}{until} {}",
        known.suite,
        known.codename,
        known.files,
        known.released,
        paint(FAINT, format_args!("(looked at {} ago)", known.checked.until(now).rounded()))
    )
}

fn refresh(
    suites: Vec<Suite>,
    from: &From<'_>,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mirrors = match from.mirror {
        Some(mirror) => Mirrors::named(mirror),
        None => Mirrors::of_apt(&settings.system())?,
    };
    let keyring = match from.keyring {
        Some(path) => Keyring::read(path)?,
        None => Keyring::with_systems()?,
    };
    let asked = DebianSettings { suites, mirrors, keyring, freshness: Freshness::Demand };
    let bars = Bars { terminal, bar: Mutex::default() };
    let (network, state) = (settings.network(), settings.state());
    let show = |progress: Progress<'_>| bars.show(progress);
    let refreshed = settings.block_on(debian::refresh(network, state, settings.clock(), &asked, &show))??;
    bars.clear();
    let mut failed = None;
    for (suite, outcome) in refreshed.suites {
        match outcome {
            Outcome::Failed(error) => {
                if let Some(earlier) = failed.replace(error) {
                    tell(earlier, terminal);
                }
            }
            learnt => terminal.answer(format_args!("{} {suite}: {}", paint(RIGHT, "ok"), said(&learnt))),
        }
    }
    failed.map_or(Ok(Exit::Admitted), |error| Err(error.into()))
}

fn tell(error: DebianError, terminal: &Terminal) {
    terminal.failure(&error.into());
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Recent => "looked at within a day".into(),
        Outcome::Unchanged => "nothing newer".into(),
        Outcome::Read { files, bytes } => format!("{files} upstream tarballs, {} KB read", bytes / 1000),
        Outcome::Failed(error) => error.to_string(),
    }
}

/// The bar of the suite that is on its way.
struct Bars<'a> {
    terminal: &'a Terminal,
    bar: Mutex<Option<(Suite, ProgressBar)>>,
}

impl Bars<'_> {
    fn show(&self, progress: Progress<'_>) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if bar.as_ref().is_none_or(|(suite, _)| suite != progress.suite) {
            let next = self.terminal.progress(progress.total, "reading Debian's index");
            if let Some((_, done)) = bar.replace((progress.suite.clone(), next)) {
                done.finish_and_clear();
            }
        }
        if let Some((_, bar)) = bar.as_ref() {
            bar.set_position(progress.done);
        }
    }

    fn clear(&self) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bar)) = bar.take() {
            bar.finish_and_clear();
        }
    }
}
