//! `/simple/` and `/simple/<project>/`: pages (PEP 503, PEP 691).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use covouch_core::name::ProjectName;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, VARY},
};

use crate::{
    code,
    gate::Gate,
    respond::{
        Problem,
        accept::{Form, takes_gzip},
        etag,
    },
};

/// Headers every page has, also where it answers 304 (RFC 9110 §15.4.5).
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const VARIES: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");

/// Sends a project's page.
pub(crate) async fn page(
    State(gate): State<Arc<Gate>>,
    Path(written): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Ok(project) = ProjectName::parse(&written) else { return Problem::malformed_path().into_response() };
    if project.as_str() != written || !uri.path().ends_with('/') {
        return moved(&project, &uri);
    }
    let Some(form) = Form::preferred(&headers) else { return not_acceptable() };
    match gate.page(&project, form).await {
        Ok(page) if takes_gzip(&headers) => {
            let coded = page.gzip().await;
            let coding = (coded.etag != page.plain.etag).then_some("gzip");
            send(form, coded.bytes.clone(), &coded.etag, coding, &headers)
        }
        Ok(page) => send(form, page.plain.bytes.clone(), &page.plain.etag, None, &headers),
        Err(problem) => problem.into_response(),
    }
}

/// The list of all projects: nobody needs it, and upstream's has 40 MB. An empty one is honest, because it says so.
pub(crate) async fn list(headers: HeaderMap) -> Response {
    const JSON: &str = concat!(
        r#"{"meta":{"api-version":"1.1","_covouch":"projects are served by name and not listed"},"projects":[]}"#,
        "\n"
    );
    const HTML: &str = "<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.1\">\
        <title>covouch</title></head>\n<body><p>Projects are served by name and not listed.</p></body></html>\n";
    let Some(form) = Form::preferred(&headers) else { return not_acceptable() };
    let text = if form == Form::Json { JSON } else { HTML };
    let etag = if form == Form::Json { "\"list-json\"" } else { "\"list-html\"" };
    send(form, Bytes::from_static(text.as_bytes()), &HeaderValue::from_static(etag), None, &headers)
}

fn send(
    form: Form,
    bytes: Bytes,
    etag: &HeaderValue,
    coding: Option<&'static str>,
    asked: &HeaderMap,
) -> Response {
    let is_known = etag::matches(asked, etag);
    let length = HeaderValue::from(bytes.len());
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(bytes) });
    let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
    set(ETAG, etag.clone());
    set(CACHE_CONTROL, NO_CACHE);
    set(VARY, VARIES);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    set(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    set(CONTENT_LENGTH, length);
    if let Some(coding) = coding {
        set(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// PEP 503: names that are not normalised, and addresses without the last slash, lead to the page by a redirect. A
/// relative one is right behind any proxy.
fn moved(project: &ProjectName, uri: &Uri) -> Response {
    let up = if uri.path().ends_with('/') { "../" } else { "" };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    // A normalised name is always a header.
    if let Ok(location) = HeaderValue::from_str(&format!("{up}{project}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn not_acceptable() -> Response {
    let detail = "pages are `application/vnd.pypi.simple.v1+json`, `application/vnd.pypi.simple.v1+html` and `text/html`";
    Problem::new(StatusCode::NOT_ACCEPTABLE, code::REQUEST_ACCEPT, detail).into_response()
}
