//! The answer for programs: the report, with what the lock could not prove beside it.

use covouch_policy::report::json::Report;
use serde::Serialize;

use super::Answer;
use crate::{assess::PassedOver, failure::Failure};

#[derive(Serialize)]
struct Wire {
    #[serde(flatten)]
    report: Report,
    /// What the lock cannot prove.
    problems: Vec<Problem>,
    /// Digests a lock pins that no index lists.
    unlisted: Vec<Unlisted>,
    /// Newer releases than the lock's that are kept out.
    passed_over: Vec<Passed>,
}

#[derive(Serialize)]
struct Passed {
    project: String,
    version: String,
    code: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    place: String,
    project: Option<String>,
    detail: String,
}

#[derive(Serialize)]
struct Unlisted {
    project: String,
    version: String,
    sha256: String,
}

pub(super) fn render(answer: &Answer, passed_over: &[PassedOver]) -> Result<String, Failure> {
    let wire = Wire {
        report: Report::from(&answer.report),
        problems: answer
            .problems
            .iter()
            .map(|problem| Problem {
                code: problem.kind.code().as_str(),
                place: problem.place.to_string(),
                project: problem.project.as_ref().map(ToString::to_string),
                detail: problem.kind.to_string(),
            })
            .collect(),
        unlisted: answer
            .unlisted
            .iter()
            .map(|unlisted| Unlisted {
                project: unlisted.release.project.to_string(),
                version: unlisted.release.version.to_string(),
                sha256: unlisted.sha256.to_string(),
            })
            .collect(),
        passed_over: passed_over
            .iter()
            .map(|passed| Passed {
                project: passed.project.to_string(),
                version: passed.version.to_string(),
                code: passed.code.as_str(),
                reason: passed.reason.clone(),
            })
            .collect(),
    };
    serde_json::to_string_pretty(&wire).map_err(|error| Failure::new("internal", error.to_string()))
}
