//! The answer for people: what is wrong, the evidence, what to type, the totals.

use std::{collections::BTreeMap, fmt::Write as _};

use anstyle::Style;
use covouch_core::{name::ProjectName, time::Timestamp, version::Version};
use covouch_policy::{
    report::{FileReport, PartyReport},
    verdict::{Verdict, VerdictKind},
};

use super::{Answer, Detail};
use crate::{
    assess::PassedOver,
    terminal::{FAINT, RIGHT, TYPE, Terminal, UNSURE, WRONG, counted, paint},
};

/// Most file names that are printed under one reason.
const NAMES: usize = 4;

pub(super) fn print(answer: &Answer, passed_over: &[PassedOver], terminal: &Terminal) {
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
        terminal.answer(render(&group));
    }
    for passed in passed_over {
        terminal.answer(format_args!(
            "{} {} {} exists but is not admitted: {} {}",
            paint(UNSURE, "newer"),
            passed.project,
            passed.version,
            passed.reason,
            paint(FAINT, format_args!("[{}]", passed.code))
        ));
    }
    terminal.answer(totals(answer));
}

/// Files of one release of which exactly the same is said.
struct Group<'a> {
    kind: VerdictKind,
    body: String,
    files: Vec<&'a FileReport>,
}

fn groups(answer: &Answer) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(&ProjectName, &Version, VerdictKind, String), Vec<&FileReport>> =
        BTreeMap::new();
    let told = |file: &&FileReport| answer.detail == Detail::Everything || !file.verdict.lets_in();
    for file in answer.report.files.iter().filter(told) {
        let subject = &file.subject;
        let key = (&subject.project, &subject.version, file.verdict.kind(), body(file, answer.report.as_of));
        groups.entry(key).or_default().push(file);
    }
    let groups = groups.into_iter();
    groups.map(|((_, _, kind, body), files)| Group { kind, body, files }).collect()
}

fn style(kind: VerdictKind) -> Style {
    match kind {
        VerdictKind::Admitted | VerdictKind::Waived => RIGHT,
        VerdictKind::Monitored | VerdictKind::Undecided => UNSURE,
        VerdictKind::Refused => WRONG,
    }
}

fn render(group: &Group<'_>) -> String {
    let mut text = String::new();
    let Some(first) = group.files.first() else { return text };
    let subject = &first.subject;
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "{} {} {}",
        paint(style(group.kind), group.kind.as_str()),
        subject.project,
        subject.version
    );
    let _ = match why(first) {
        Some(why) => writeln!(text, ": {why} {}", paint(FAINT, format_args!("[{}]", first.verdict.code()))),
        None => writeln!(text),
    };
    for file in group.files.iter().take(NAMES) {
        let digest = paint(FAINT, format_args!("sha256:{}", file.subject.sha256));
        let _ = writeln!(text, "    {}  {digest}", file.subject.filename);
    }
    if let Some(more) = group.files.len().checked_sub(NAMES).filter(|more| *more > 0) {
        let _ = writeln!(text, "    {}", paint(FAINT, format_args!("and {more} more files")));
    }
    text.push_str(&group.body);
    text.truncate(text.trim_end().len());
    text
}

/// Everything below the names: the evidence, what is missing, until when, what to type.
fn body(file: &FileReport, now: Timestamp) -> String {
    let mut text = String::new();
    for party in &file.parties {
        let _ = writeln!(text, "  {}", line(party));
    }
    for found in &file.findings {
        let mark = if found.speaks_for { paint(RIGHT, "+") } else { paint(UNSURE, "·") };
        let _ = writeln!(text, "  {mark} {}", found.clause);
    }
    for missing in &file.missing {
        let _ = writeln!(text, "  {} {missing}", paint(UNSURE, "missing"));
    }
    if let Some(until) = file.until {
        let _ = writeln!(
            text,
            "  {}",
            paint(FAINT, format_args!("until {until} (in {})", now.until(until).rounded()))
        );
    }
    for suggestion in &file.suggest {
        let written = suggestion.to_string();
        let mut lines = written.lines();
        let _ = writeln!(text, "  {}: {}", paint(TYPE, "to do"), lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "         {line}");
        }
    }
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
    if let Some(reason) = party.veto {
        return format!("{} {name} says not to install it: {}", paint(WRONG, "-"), reason.as_str());
    }
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
    if parts.is_empty() {
        "nothing to judge".to_owned()
    } else {
        format!("{}: {}", counted(files, "file"), parts.join(", "))
    }
}
