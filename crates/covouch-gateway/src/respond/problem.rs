//! Refusals and failures, said so that every client shows them to its user.
//!
//! pip prints nothing but the reason phrase of a status line; uv prints the phrase and the members of an
//! `application/problem+json` document. Both are sent, whatever the `Accept` header says.

use std::fmt::Write as _;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use covouch_core::code::Code;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use hyper::ext::ReasonPhrase;
use serde::Serialize;

use crate::{code, limits};

/// An answer that is not what was asked for, and why (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: Code,
    detail: String,
    hint: Option<String>,
    why: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl Problem {
    /// A problem with a lower-case clause that says what happened.
    pub(crate) fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), hint: None, why: None }
    }

    /// What the policy does not let through. Never a 404, on which uv would ask the next index, and never a 5xx, on
    /// which pip prints a traceback.
    pub(crate) fn blocked(code: Code, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// A path no client of ours makes.
    pub(crate) fn malformed_path() -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::REQUEST_PATH, "the path is malformed")
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// Where a person can read more.
    pub(crate) fn why(mut self, address: impl Into<String>) -> Self {
        self.why = Some(address.into());
        self
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The clause.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// uv prints this before the detail.
    fn title(&self) -> &'static str {
        match self.status {
            StatusCode::FORBIDDEN | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => "kept out by covouch",
            status => status.canonical_reason().unwrap_or("not answered by covouch"),
        }
    }

    /// The line that stands behind the status.
    fn phrase(&self) -> String {
        let mut line = format!("covouch: {}", self.detail);
        if let Some(why) = &self.why {
            let _ = write!(line, " (why: {why})");
        }
        ascii(&line)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: format!("urn:covouch:code:{}", self.code),
            title: self.title(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            hint: self.hint.as_deref(),
            why: self.why.as_deref(),
        };
        // A struct of texts and a number always serialises.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // A refusal of today must not be remembered when tomorrow's vouch is there.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(phrase) = ReasonPhrase::try_from(self.phrase().into_bytes()) {
            response.extensions_mut().insert(phrase);
        }
        response
    }
}

/// One line of printable ASCII: anything else would end the status line (RFC 9112 §4), or a terminal would obey it.
fn ascii(text: &str) -> String {
    let plain = |character: char| match character {
        '…' => '~',
        '–' | '—' => '-',
        '‘' | '’' | '“' | '”' => '\'',
        ' '..='~' => character,
        _ => '?',
    };
    text.chars().map(plain).take(limits::PHRASE_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_one_line_of_ascii() {
        let problem =
            Problem::blocked(code::FILE_UNHASHED, "a\r\nSet-Cookie: x\u{1b}[2K é").why("http://w.example/");
        assert_eq!(problem.phrase(), "covouch: a??Set-Cookie: x?[2K ? (why: http://w.example/)");
        let long = Problem::blocked(code::FILE_UNHASHED, "é".repeat(5000));
        assert_eq!(long.phrase().len(), limits::PHRASE_BYTES);
        assert!(ReasonPhrase::try_from(long.phrase().into_bytes()).is_ok());
    }

    #[test]
    fn a_problem_is_not_cached_and_names_its_code() {
        let response = Problem::blocked(code::FILE_UNHASHED, "no digest").into_response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert!(response.extensions().get::<ReasonPhrase>().is_some());
    }
}
