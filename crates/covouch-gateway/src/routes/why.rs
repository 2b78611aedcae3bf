//! `/why/<file name or sha256>`: why a file is let in or kept out, for people and for programs.
//!
//! # Invariants
//! - Whatever an index or a voucher wrote stands on the page as text, never as markup; nothing on it is loaded or run.
//!   The picture's texts are escaped where they are drawn ([`picture`]).

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use covouch_core::{
    digest::Sha256,
    name::ProjectName,
    subject::{FileName, Subject},
};
use covouch_policy::report::{FileReport, Report, json};
use covouch_python::filename::DistFilename;
use http::{
    HeaderMap, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS},
};
use url::form_urlencoded;

use crate::{
    code,
    gate::Gate,
    picture,
    respond::{Problem, accept::quality},
    snapshot::unjudged,
};

/// Explains the verdict of this moment. `?project=NAME` helps where a file's name alone leaves the project open.
pub(crate) async fn why(
    State(gate): State<Arc<Gate>>,
    Path(what): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mut more = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let project = more.find(|(key, _)| key == "project").map(|(_, name)| name);
    match find(&gate, &what, project.as_deref()).await {
        Ok(report) => respond(&report, &headers),
        Err(problem) => problem.into_response(),
    }
}

async fn find(gate: &Arc<Gate>, what: &str, project: Option<&str>) -> Result<Report, Problem> {
    if let Ok(sha256) = Sha256::parse(what) {
        let project = gate.project_of(&sha256).ok_or_else(|| unknown(what))?;
        let found = project.files.values().filter_map(|listed| listed.subject.as_ref());
        let subject = found.into_iter().find(|subject| subject.sha256 == sha256).cloned();
        return report(gate, &project.name, subject.ok_or_else(|| unknown(what))?).await;
    }
    let filename = FileName::parse(what).map_err(|_| Problem::malformed_path())?;
    let expected = project.map(ProjectName::parse).transpose().map_err(|_| Problem::malformed_path())?;
    let dist = DistFilename::parse(&filename, expected.as_ref()).map_err(|error| {
        Problem::new(StatusCode::NOT_FOUND, error.code(), error.to_string())
            .hint(error.hint().map(|hint| hint.to_string()))
    })?;
    let name = dist.project().or(expected.as_ref()).ok_or_else(|| unknown(what))?;
    let project = gate.project(name).await?;
    let listed = project.files.get(&filename).ok_or_else(|| unknown(what))?;
    let unjudged = || {
        let block = unjudged();
        Problem::blocked(block.code, block.reason)
    };
    report(gate, name, listed.subject.clone().ok_or_else(unjudged)?).await
}

/// Judges in depth: every key, every chain, until when. That takes longer than a request should hold others up.
async fn report(gate: &Arc<Gate>, project: &ProjectName, subject: Subject) -> Result<Report, Problem> {
    let (now, (project, snapshot)) = (gate.now(), gate.known(project).await?);
    let told = tokio::task::spawn_blocking(move || snapshot.report(&project, &subject, now));
    told.await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, code::BUSY, "the file cannot be explained")
    })
}

fn unknown(what: &str) -> Problem {
    let shown: String = what.chars().take(100).flat_map(char::escape_default).collect();
    Problem::new(StatusCode::NOT_FOUND, code::NO_FILE, format!("no file `{shown}` is known here"))
        .hint(Some("ask for its project's page first, or add `?project=NAME`"))
}

fn respond(report: &Report, headers: &HeaderMap) -> Response {
    let as_json = quality(headers, "application/json") > quality(headers, "text/html");
    let (content_type, body) = if as_json {
        // Structs of texts and numbers always serialise.
        ("application/json", serde_json::to_string(&json::Report::from(report)).unwrap_or_default())
    } else {
        ("text/html; charset=utf-8", page(report))
    };
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (VARY, "Accept"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}\
    code,pre{font-family:ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}\
    figure{margin:0;overflow-x:auto}svg{height:auto;max-width:none}\
    td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}";

fn page(report: &Report) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    for file in &report.files {
        let _ = write!(
            page,
            "<title>{}</title><style>{STYLE}</style></head>\n<body>\n",
            Text(file.subject.filename.as_str())
        );
        section(&mut page, file);
    }
    let policies: Vec<&str> = report.policies.iter().map(|(name, _)| &**name).collect();
    let _ = write!(
        page,
        "<p>Judged at {} by {}.</p>\n</body></html>\n",
        report.as_of,
        Text(&policies.join(", "))
    );
    page
}

fn section(page: &mut String, file: &FileReport) {
    let (kind, code) = (file.verdict.kind().as_str(), file.verdict.code());
    let _ = write!(page, "<h1>{}</h1>\n<p><strong>{kind}</strong>", Text(file.subject.filename.as_str()));
    let _ = writeln!(page, ": {} (<code>{code}</code>)</p>", Text(&file.reason));
    let _ = writeln!(page, "<p><code>sha256:{}</code></p>", file.subject.sha256);
    if let Some(until) = file.until {
        let _ = writeln!(page, "<p>This holds until {until}.</p>");
    }
    page.push_str("<table>\n<tr><th>Party</th><th>Level</th><th>Alone</th><th>Independent</th></tr>\n");
    for party in &file.parties {
        let word = party.level.map_or("says nothing", covouch_core::level::Level::as_str);
        let level = match party.veto {
            Some(reason) => format!("says not to install it: {}", reason.as_str()),
            None => word.to_owned(),
        };
        let _ = write!(page, "<tr><td>{}</td><td>{level}</td>", Text(party.name.as_str()));
        let _ = writeln!(page, "<td>{}</td><td>{}</td></tr>", party.amount, party.independent);
    }
    page.push_str("</table>\n");
    let ways: Vec<_> = picture::ways(file).collect();
    if ways.iter().any(|way| !way.chains.is_empty()) {
        let drawn = picture::render(&file.subject, &ways, picture::Format::Svg);
        let _ = writeln!(page, "<h2>How trust reaches the file</h2>\n<figure>{drawn}</figure>");
    }
    list(page, "What was found besides", file.findings.iter().map(|found| found.clause.as_str()));
    list(page, "What is missing", file.missing.iter().map(String::as_str));
    let suggestions: Vec<String> = file.suggest.iter().map(ToString::to_string).collect();
    list(page, "What to do", suggestions.iter().map(String::as_str));
}

fn list<'a>(page: &mut String, title: &str, lines: impl Iterator<Item = &'a str>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(page, "<h2>{title}</h2>\n<ul>");
    for line in lines {
        let _ = writeln!(page, "<li><pre>{}</pre></li>", Text(line));
    }
    page.push_str("</ul>\n");
}

/// An outsider's text on a page.
struct Text<'a>(&'a str);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn an_outsiders_text_is_no_markup() {
        assert_eq!(
            Text("<script>'a' & \"b\"</script>").to_string(),
            "&lt;script&gt;&#39;a&#39; &amp; &quot;b&quot;&lt;/script&gt;"
        );
    }
}
