//! `covouch bundle make | verify | import`: closed networks.
//!
//! # Invariants
//! - A bundle is transport, never authority: whoever opens it verifies everything under their own policy, roots and
//!   floors, by the code that would read the network.
//! - What nobody signed is left out unless the person who imports names the bundle's digest, and so answers for it.
//! - An import takes over the state's news as one; what was known and is not in the bundle stays.

mod make;
mod places;
mod report;
mod signed;
mod take;
mod told;

use covouch_core::digest::Sha256;
use covouch_io::bundle::{BundleError, Workplace, read};

use crate::{
    args::bundle::{Bundle, BundleOpen},
    exit::Exit,
    failure::Failure,
    policies::Loaded,
    settings::Settings,
    terminal::Terminal,
};

use self::{report::Report, take::Taking};

pub(super) fn run(command: &Bundle, settings: &Settings, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Bundle::Make(arguments) => make::make(arguments, settings, terminal),
        Bundle::Verify(arguments) => open(arguments, Purpose::Verify, settings, terminal),
        Bundle::Import(arguments) => open(arguments, Purpose::Import, settings, terminal),
    }
}

/// What a bundle is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Verify,
    Import,
}

fn open(
    arguments: &BundleOpen,
    purpose: Purpose,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let named = arguments.sha256.as_deref().map(digest).transpose()?;
    let loaded = Loaded::find(std::path::Path::new("."), settings, terminal)?;
    let place = workplace(settings, terminal)?;
    let bundle = read(&arguments.bundle, &place.state()?.cache())?;
    if let Some(expected) = named.filter(|expected| *expected != bundle.sha256) {
        return Err(BundleError::Other { expected, found: bundle.sha256 }.into());
    }
    let taking = Taking::begin(&bundle, named.is_some(), &place, settings)?;
    let (sources, taken) = taking.all(&loaded, settings, terminal)?;
    if purpose == Purpose::Import {
        taken.commit()?;
    }
    let report = Report { purpose, bundle: &bundle, sources };
    report.print(arguments.format, terminal)
}

fn workplace(settings: &Settings, terminal: &Terminal) -> Result<Workplace, Failure> {
    let waiting =
        &mut |_: &std::path::Path| terminal.note("another covouch works on a bundle; waiting for it");
    Ok(Workplace::open(settings.state(), waiting)?)
}

fn digest(text: &str) -> Result<Sha256, Failure> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    Sha256::parse(digits).map_err(|error| Failure::usage(format!("`{text}`: {error}")))
}
