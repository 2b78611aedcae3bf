//! Answers: one report, and a renderer for each format.

mod human;
mod json;

use covouch_policy::{report::Report, verdict::VerdictKind};
use covouch_python::lock::Problem;

use crate::{
    args::Format,
    assess::{PassedOver, Unlisted},
    exit::Exit,
    failure::Failure,
    terminal::Terminal,
};

/// Everything there is to say about a lock file or a release.
pub(crate) struct Answer {
    pub(crate) report: Report,
    /// What the lock cannot prove.
    pub(crate) problems: Vec<Problem>,
    /// Digests that no index lists.
    pub(crate) unlisted: Vec<Unlisted>,
    /// How much is said about files that are let in.
    pub(crate) detail: Detail,
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Only what is kept out.
    KeptOut,
    /// Every file.
    Everything,
}

impl Answer {
    /// Prints the answer and says how the command ends.
    pub(crate) fn print(&self, format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
        self.print_with(&[], format, terminal)
    }

    /// The same, with newer releases than the lock's that are kept out.
    pub(crate) fn print_with(
        &self,
        passed_over: &[PassedOver],
        format: Format,
        terminal: &Terminal,
    ) -> Result<Exit, Failure> {
        match format {
            Format::Human => human::print(self, passed_over, terminal),
            Format::Json => terminal.answer(json::render(self, passed_over)?),
        }
        Ok(self.exit())
    }

    /// How a command with this answer ends.
    pub(crate) fn exit(&self) -> Exit {
        let verdicts = self.report.files.iter().map(|file| match file.verdict.kind() {
            VerdictKind::Admitted | VerdictKind::Waived | VerdictKind::Monitored => Exit::Admitted,
            VerdictKind::Undecided => Exit::Undecided,
            VerdictKind::Refused => Exit::Refused,
        });
        // What a lock cannot prove is not known.
        let unproven = !self.problems.is_empty() || !self.unlisted.is_empty();
        verdicts.chain(unproven.then_some(Exit::Undecided)).fold(Exit::Admitted, Exit::and)
    }
}
