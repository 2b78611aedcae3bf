//! What became of a bundle, for people and for programs.

use std::path::Path;

use covouch_core::{code::Code, shown::Shown};
use covouch_io::bundle::{Bundle, Kind, Manifest, Written};
use serde::Serialize;

use super::Purpose;
use crate::{
    args::Format,
    exit::Exit,
    failure::Failure,
    terminal::{FAINT, RIGHT, TYPE, Terminal, UNSURE, WRONG, paint},
};

/// What became of one source of a bundle.
pub(super) struct Source {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) outcome: Outcome,
}

/// What became of it.
pub(super) enum Outcome {
    /// It holds. What it says.
    Taken(String),
    /// It is not used, and nothing is wrong with it.
    LeftOut(Code, String),
    /// It does not hold.
    Refused(Code, String),
}

impl Outcome {
    /// The policy names a source of which the bundle has nothing.
    pub(super) fn missing() -> Self {
        Self::LeftOut(Code::new("fetch-unreachable"), "it is not in the bundle".to_owned())
    }
}

/// What became of a bundle.
pub(super) struct Report<'a> {
    pub(super) purpose: Purpose,
    pub(super) bundle: &'a Bundle,
    pub(super) sources: Vec<Source>,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema: u32,
    action: &'static str,
    bundle: WireBundle,
    sources: Vec<WireSource<'a>>,
}

#[derive(Serialize)]
struct WireBundle {
    sha256: String,
    bytes: u64,
    made: String,
    releases: usize,
    entries: usize,
}

#[derive(Serialize)]
struct WireSource<'a> {
    kind: &'static str,
    name: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    detail: &'a str,
}

impl Report<'_> {
    /// Prints it, and says how the command ends: with 3 when anything does not hold.
    pub(super) fn print(&self, format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
        let refused = self.sources.iter().filter(|of| matches!(of.outcome, Outcome::Refused(..))).count();
        match format {
            Format::Json => terminal.answer(self.json()?),
            Format::Human => self.human(refused, terminal),
        }
        Ok(if refused > 0 { Exit::Refused } else { Exit::Admitted })
    }

    fn json(&self) -> Result<String, Failure> {
        let sources = self.sources.iter().map(|Source { kind, name, outcome }| {
            let (outcome, code, detail) = match outcome {
                Outcome::Taken(said) => ("taken", None, said),
                Outcome::LeftOut(code, why) => ("left-out", Some(code.as_str()), why),
                Outcome::Refused(code, why) => ("refused", Some(code.as_str()), why),
            };
            WireSource { kind: kind.as_str(), name, outcome, code, detail }
        });
        let Bundle { manifest, sha256, length, .. } = self.bundle;
        let action = match self.purpose {
            Purpose::Verify => "verify",
            Purpose::Import => "import",
        };
        let bundle = WireBundle::new(manifest, &Written { sha256: *sha256, length: *length });
        render(&Wire { schema: 1, action, bundle, sources: sources.collect() })
    }

    fn human(&self, refused: usize, terminal: &Terminal) {
        for Source { kind, name, outcome } in &self.sources {
            let name = Shown::new(name);
            let line = |style, word: &str, said: &str| {
                terminal.answer(format_args!("{} {:<12} {name}: {said}", paint(style, word), kind.as_str()));
            };
            match outcome {
                Outcome::Taken(said) => line(RIGHT, "taken   ", said),
                Outcome::LeftOut(code, why) => line(UNSURE, "left out", &said(why, *code)),
                Outcome::Refused(code, why) => line(WRONG, "refused ", &said(why, *code)),
            }
        }
        let (made, sha256) = (self.bundle.manifest.made, self.bundle.sha256);
        terminal.note(format_args!("made {made}, {}", paint(FAINT, format_args!("sha256:{sha256}"))));
        let left = self.sources.iter().filter(|of| matches!(of.outcome, Outcome::LeftOut(..))).count();
        let taken = self.sources.len() - refused - left;
        let word = match self.purpose {
            Purpose::Verify => "hold",
            Purpose::Import => "taken over",
        };
        terminal.answer(format_args!("{taken} sources {word}, {left} left out, {refused} refused"));
    }
}

fn said(why: &str, code: Code) -> String {
    format!("{} {}", Shown::new(why), paint(FAINT, format_args!("[{code}]")))
}

impl WireBundle {
    fn new(manifest: &Manifest, written: &Written) -> Self {
        Self {
            sha256: written.sha256.to_string(),
            bytes: written.length,
            made: manifest.made.to_string(),
            releases: manifest.releases.len(),
            entries: manifest.entries.len(),
        }
    }
}

/// What was made.
pub(super) fn made(
    path: &Path,
    manifest: &Manifest,
    written: &Written,
    format: Format,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if format == Format::Json {
        let bundle = WireBundle::new(manifest, written);
        terminal.answer(render(&Wire { schema: 1, action: "make", bundle, sources: Vec::new() })?);
        return Ok(Exit::Admitted);
    }
    for kind in Kind::ALL {
        let count = manifest.of(kind).count();
        if count > 0 {
            terminal.note(format_args!("{count:>6} {}", kind.as_str()));
        }
    }
    terminal.note("tell who imports it this digest, on another way than the bundle's:");
    terminal.note(paint(
        TYPE,
        format_args!("  covouch bundle import {} --sha256 {}", path.display(), written.sha256),
    ));
    terminal.answer(format_args!("{}: {} bytes, sha256:{}", path.display(), written.length, written.sha256));
    Ok(Exit::Admitted)
}

fn render(wire: &Wire<'_>) -> Result<String, Failure> {
    serde_json::to_string_pretty(wire).map_err(|error| Failure::new("internal", error.to_string()))
}
