//! What is said after the wrapped command ended: what was let in, what was kept out, what was passed over.

use std::{collections::BTreeMap, path::Path};

use covouch_core::{code::Code, name::ProjectName, time::Timestamp};
use covouch_gateway::{
    Permission, SessionReport,
    session::{self, SeenProject},
};
use covouch_io::state;
use covouch_policy::{Downgrade, Policies, Policy, verdict};
use serde_json::json;

use super::wrapped::Wrapped;
use crate::{
    exit::Exit,
    failure::Failure,
    terminal::{FAINT, RIGHT, Terminal, UNSURE, WRONG, counted, paint},
};

/// How it ended, and which newer versions installers did not choose because they are kept out.
pub(super) struct Outcome<'a> {
    pub(super) exit: Exit,
    downgrades: Vec<&'a SeenProject>,
}

/// The end of the wrapped command.
pub(super) struct Ended<'a> {
    pub(super) command: &'a Wrapped,
    pub(super) code: u8,
    pub(super) at: Timestamp,
}

/// Decides how `run` ends: as the command did, or with 3 or 4 when the gate was the reason.
pub(super) fn conclude<'a>(
    session: &'a SessionReport,
    policies: &Policies,
    ended: &Ended<'_>,
) -> Outcome<'a> {
    // Only what was installed can be a downgrade; resolvers look at many pages.
    let sent: BTreeMap<&ProjectName, _> =
        session.sent.iter().map(|file| (&file.subject.project, &file.subject.version)).collect();
    let passed = |project: &&SeenProject| {
        let newest = project.passed_over.iter().find(|passed| !passed.version.is_prerelease());
        match (sent.get(&project.project), newest) {
            (Some(sent), Some(newest)) => newest.version > **sent,
            // Nothing was chosen: nothing may be, or what may be was not what somebody wanted.
            (None, Some(_)) => project.newest.is_none() || (ended.code != 0 && ended.command.chooses()),
            (_, None) => false,
        }
    };
    let downgrades: Vec<&SeenProject> = session.projects.iter().filter(passed).collect();
    // What an index or a disk could not do explains a failure, whatever newer versions there are.
    let is_broken = ended.code != 0 && !session.failures.is_empty();
    // A command that failed after it had found an older version failed for another reason.
    let counts = |project: &&&SeenProject| {
        ended.code == 0 || (!is_broken && ended.command.chooses() && !sent.contains_key(&project.project))
    };
    let passed_over = downgrades.iter().filter(counts).flat_map(|project| &project.passed_over);
    let codes = session.blocked.iter().map(|file| file.code).chain(passed_over.map(|passed| passed.code));
    let closed = worst(codes);
    let refused_tunnel = (!session.refused_connections.is_empty()).then_some(Exit::Refused);
    // Either policy may refuse.
    let refuses = |policy: &Policy| {
        let too_far = downgrades.iter().any(|project| falls_too_far(project, policy, ended.at));
        too_far || (!downgrades.is_empty() && policy.gateway().downgrade == Downgrade::Refuse)
    };
    let is_refused = policies.iter().any(refuses);
    let exit = match (ended.code, closed.or(refused_tunnel)) {
        (0, Some(closed)) if is_refused => closed,
        (0, _) => Exit::Admitted,
        (_, Some(closed)) => closed,
        (_, None) if is_broken => Exit::Failed,
        (code, None) => Exit::Wrapped(code),
    };
    Outcome { exit, downgrades }
}

/// Whether what installers fall back to is older than the policy allows. Not knowing its age is not young enough.
fn falls_too_far(project: &SeenProject, policy: &Policy, now: Timestamp) -> bool {
    let (Some(most), Some((_, uploaded))) = (policy.gateway().max_fallback_age, &project.newest) else {
        return false;
    };
    uploaded.is_none_or(|uploaded| uploaded.until(now) > most)
}

fn worst(codes: impl Iterator<Item = Code>) -> Option<Exit> {
    let mut worst = None;
    for code in codes {
        if verdict::refuses(code) {
            return Some(Exit::Refused);
        }
        worst = Some(Exit::Undecided);
    }
    worst
}

pub(super) fn print(outcome: &Outcome<'_>, session: &SessionReport, terminal: &Terminal) {
    for failure in &session.failures {
        terminal.note(format_args!(
            "{} {}: {} {}",
            paint(UNSURE, "failed"),
            failure.subject,
            failure.detail,
            code(failure.code)
        ));
    }
    if let [first, more @ ..] = session.not_kept.as_slice() {
        let more = if more.is_empty() { String::new() } else { format!(", nor {} others", more.len()) };
        terminal
            .warn(format_args!("the page of {} could not be kept{more}: {}", first.subject, first.detail));
    }
    for (host, times) in &session.refused_connections {
        let times = if *times == 1 { String::new() } else { format!(" ({times} times)") };
        terminal
            .note(format_args!("{} a connection to `{host}` past the gate{times}", paint(WRONG, "refused")));
    }
    for file in &session.blocked {
        terminal.note(format_args!(
            "{} {}: {} {}",
            paint(WRONG, "kept out"),
            file.filename,
            file.reason,
            code(file.code)
        ));
    }
    let is_told = |project: &ProjectName| session.blocked.iter().any(|file| file.project == *project);
    for project in outcome.downgrades.iter().filter(|project| !is_told(&project.project)) {
        for passed in project.passed_over.iter().filter(|passed| !passed.version.is_prerelease()).take(1) {
            terminal.note(format_args!(
                "{} {} {} exists but is not admitted: {} {}",
                paint(UNSURE, "newer"),
                project.project,
                passed.version,
                passed.reason,
                code(passed.code)
            ));
            terminal.hint(format_args!("covouch why {}=={}", project.project, passed.version));
        }
    }
    terminal.note(totals(session));
}

fn code(code: Code) -> String {
    paint(FAINT, format_args!("[{code}]"))
}

fn totals(session: &SessionReport) -> String {
    let count =
        |permission: Permission| session.sent.iter().filter(|file| file.permission == permission).count();
    let files = match session.sent.len() {
        // Its own cache, which the gate filled, may have had everything.
        0 => "no file".to_owned(),
        number => counted(number, "file"),
    };
    let mut parts = vec![format!("{} let in", paint(RIGHT, files))];
    for (permission, what) in
        [(Permission::Waived, "by a waiver"), (Permission::Monitored, "only because of monitoring")]
    {
        match count(permission) {
            0 => {}
            number => parts.push(format!("{number} of them {what}")),
        }
    }
    if !session.blocked.is_empty() {
        parts.push(paint(WRONG, format_args!("{} kept out", session.blocked.len())));
    }
    format!("covouch: {}", parts.join(", "))
}

/// Writes the session as JSON.
pub(super) fn write(file: &Path, session: &SessionReport) -> Result<(), Failure> {
    let sent = session.sent.iter().map(|file| {
        json!({"project": file.subject.project.as_str(), "version": file.subject.version.to_string(),
               "filename": file.subject.filename.as_str(), "sha256": file.subject.sha256.to_string(),
               "index": file.index.as_str(), "permission": permission(file.permission)})
    });
    let blocked = session.blocked.iter().map(|file| {
        json!({"project": file.project.as_str(), "filename": file.filename, "code": file.code.as_str(),
               "reason": file.reason, "times": file.times})
    });
    let passed_over = session.projects.iter().flat_map(|project| {
        project.passed_over.iter().map(|passed| {
            json!({"project": project.project.as_str(), "version": passed.version.to_string(),
                   "code": passed.code.as_str(), "reason": passed.reason})
        })
    });
    let refused =
        session.refused_connections.iter().map(|(host, times)| json!({"host": host, "times": times}));
    let told = |failure: &session::Failure| json!({"subject": failure.subject, "code": failure.code.as_str(), "detail": failure.detail});
    let report = json!({
        "schema": 1,
        "let_in": sent.collect::<Vec<_>>(),
        "kept_out": blocked.collect::<Vec<_>>(),
        "passed_over": passed_over.collect::<Vec<_>>(),
        "refused_connections": refused.collect::<Vec<_>>(),
        "failures": session.failures.iter().map(told).collect::<Vec<_>>(),
        "not_kept": session.not_kept.iter().map(told).collect::<Vec<_>>(),
        "complete": session.is_complete,
    });
    let text =
        serde_json::to_vec_pretty(&report).map_err(|error| Failure::new("internal", error.to_string()))?;
    Ok(state::write_project_file(file, &text)?)
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Admitted => "admitted",
        Permission::Waived => "waived",
        Permission::Monitored => "monitored",
    }
}
