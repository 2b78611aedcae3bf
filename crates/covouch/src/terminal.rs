//! What people see: colour and progress are decoration, and vanish where nobody looks.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;

/// Something is wrong.
pub(crate) const WRONG: Style = AnsiColor::Red.on_default().bold();
/// Something is not known or not enough.
pub(crate) const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
/// Something is right.
pub(crate) const RIGHT: Style = AnsiColor::Green.on_default().bold();
/// Something to type.
pub(crate) const TYPE: Style = AnsiColor::Cyan.on_default();
/// Something less important.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Where answers, messages and progress go. `anstream` strips colour where `NO_COLOR` or a file ask for it.
pub(crate) struct Terminal {
    quiet: bool,
}

/// A piece of text in a style, which `anstream` keeps or strips on its way out.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `1 file`, `2 files`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl Terminal {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// The answer, on stdout. A reader that went away (`| head`) ends the answer, not the work.
    pub(crate) fn answer(&self, text: impl Display) {
        drop(writeln!(anstream::stdout(), "{text}"));
    }

    /// Something worth knowing, on stderr, unless quiet.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            drop(writeln!(anstream::stderr(), "{text}"));
        }
    }

    /// Something that may be wrong, on stderr, also when quiet.
    pub(crate) fn warn(&self, text: impl Display) {
        drop(writeln!(anstream::stderr(), "{}: {text}", paint(UNSURE, "warning")));
    }

    /// One line of advice.
    pub(crate) fn hint(&self, text: impl Display) {
        drop(writeln!(anstream::stderr(), "  {}: {text}", paint(TYPE, "hint")));
    }

    /// What ended the command.
    pub(crate) fn failure(&self, failure: &Failure) {
        let code = paint(FAINT, format_args!("[{}]", failure.code()));
        drop(writeln!(anstream::stderr(), "{}: {} {code}", paint(WRONG, "error"), failure.message()));
        if let Some(hint) = failure.hint() {
            self.hint(hint);
        }
    }

    /// Whether there is a person to ask.
    pub(crate) fn interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a yes-or-no question; anything but a yes is no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        let mut answer = String::new();
        drop(write!(anstream::stderr(), "{question} [y/N] "));
        drop(io::stderr().flush());
        io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    /// A bar for work of known length; hidden where stderr is no terminal.
    pub(crate) fn progress(&self, length: u64, what: &'static str) -> ProgressBar {
        let bar = self.bar(ProgressBar::new(length));
        bar.set_style(style("{msg} {wide_bar} {pos}/{len}"));
        bar.set_message(what);
        bar
    }

    fn bar(&self, bar: ProgressBar) -> ProgressBar {
        if self.quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
