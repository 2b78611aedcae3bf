//! The answer for people: what is wrong, the evidence, what to type, the totals.

use std::{collections::BTreeMap, fmt::Write as _};

use anstyle::Style;
use covouch_core::{name::ProjectName, time::Timestamp, version::Version};
use covouch_policy::{
    report::{FileReport, PartyReport},
    verdict::{Verdict, VerdictKind},
};

use super::{Answer, Detail};
use crate::terminal::{FAINT, RIGHT, TYPE, Terminal, UNSURE, WRONG, paint};

/// Most file names that are printed under one reason.
const NAMES: usize = 4;

pub(super) fn print(answer: &Answer, terminal: &Terminal) {
    for problem in &answer.problems {
        let project = problem.project.as_ref().map(|project| format!(" {project}")).unwrap_or_default();
        terminal.answer(format_args!(
            "{}{project}: {} {}",
            paint(UNSURE, "not provable"),
            problem.kind,
            paint(FAINT, format_args!("({}) [{}]", problem.place, problem.kind.code()))
        ));
    }
    for unlisted in &answer.unlisted {
        let release = &unlisted.release;
        terminal.answer(format_args!(
            "{} {} {}: no index lists its file sha256:{} {}",
            paint(UNSURE, "undecided"),
            release.project,
            release.version,
            unlisted.sha256,
            paint(FAINT, "[hash-not-listed]")
        ));
    }
    for group in groups(answer) {
        terminal.answer(render(&group, answer.report.as_of));
    }
    terminal.answer(totals(answer));
}

/// Files of one release with one verdict for one reason: what is said of one is true of all.
struct Group<'a> {
    files: Vec<&'a FileReport>,
}

fn groups(answer: &Answer) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(&ProjectName, &Version, VerdictKind, &str), Vec<&FileReport>> = BTreeMap::new();
    let told = |file: &&FileReport| answer.detail == Detail::Everything || !file.verdict.lets_in();
    for file in answer.report.files.iter().filter(told) {
        let key = (&file.subject.project, &file.subject.version, file.verdict.kind(), file.reason.as_str());
        groups.entry(key).or_default().push(file);
    }
    groups.into_values().map(|files| Group { files }).collect()
}

fn style(kind: VerdictKind) -> Style {
    match kind {
        VerdictKind::Admitted | VerdictKind::Waived => RIGHT,
        VerdictKind::Monitored | VerdictKind::Undecided => UNSURE,
        VerdictKind::Refused => WRONG,
    }
}

fn render(group: &Group<'_>, now: Timestamp) -> String {
    let mut text = String::new();
    let Some(first) = group.files.first() else { return text };
    let kind = first.verdict.kind();
    let subject = &first.subject;
    let code = paint(FAINT, format_args!("[{}]", first.verdict.code()));
    // Writing into a string cannot fail.
    let _ = write!(text, "{} {} {}", paint(style(kind), kind.as_str()), subject.project, subject.version);
    let _ = match why(first) {
        Some(why) => writeln!(text, ": {why} {code}"),
        None => writeln!(text),
    };
    for file in group.files.iter().take(NAMES) {
        let digest = paint(FAINT, format_args!("sha256:{}", file.subject.sha256));
        let _ = writeln!(text, "    {}  {digest}", file.subject.filename);
    }
    if let Some(more) = group.files.len().checked_sub(NAMES).filter(|more| *more > 0) {
        let _ = writeln!(text, "    {}", paint(FAINT, format_args!("and {more} more files")));
    }
    for party in &first.parties {
        let _ = writeln!(text, "  {}", line(party));
    }
    for missing in &first.missing {
        let _ = writeln!(text, "  {} {missing}", paint(UNSURE, "missing"));
    }
    if let Some(until) = first.until {
        let _ = writeln!(
            text,
            "  {}",
            paint(FAINT, format_args!("until {until} (in {})", now.until(until).rounded()))
        );
    }
    for suggestion in &first.suggest {
        let written = suggestion.to_string();
        let mut lines = written.lines();
        let _ = writeln!(text, "  {}: {}", paint(TYPE, "to do"), lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "         {line}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn why(file: &FileReport) -> Option<String> {
    match &file.verdict {
        Verdict::Admitted(_) => None,
        Verdict::Waived(waived) => Some(format!("waived until {}: {}", waived.expires(), waived.reason())),
        Verdict::Refused(_) | Verdict::Undecided(_) | Verdict::Monitored(_) => Some(file.reason.clone()),
    }
}

fn line(party: &PartyReport) -> String {
    let name = &party.name;
    match party.level {
        None => format!("{} {name} says nothing", paint(FAINT, "·")),
        Some(level) => {
            let amount = if party.amount == party.independent {
                party.amount.to_string()
            } else {
                format!("{} alone, {} without counting anybody twice", party.amount, party.independent)
            };
            format!("{} {name} says {level} ({amount})", paint(RIGHT, "+"))
        }
    }
}

fn totals(answer: &Answer) -> String {
    let totals = answer.report.totals();
    let unproven = answer.problems.len();
    let mut parts = Vec::new();
    for (number, what, style) in [
        (totals.admitted, "admitted", RIGHT),
        (totals.waived, "waived", RIGHT),
        (totals.monitored, "monitored", UNSURE),
        (totals.undecided + answer.unlisted.len(), "undecided", UNSURE),
        (totals.refused, "refused", WRONG),
        (unproven, "not provable", UNSURE),
    ] {
        if number > 0 {
            parts.push(paint(style, format_args!("{number} {what}")));
        }
    }
    let files = answer.report.files.len() + answer.unlisted.len();
    let noun = if files == 1 { "file" } else { "files" };
    if parts.is_empty() {
        "nothing to judge".to_owned()
    } else {
        format!("{files} {noun}: {}", parts.join(", "))
    }
}
