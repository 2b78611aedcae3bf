//! `/files/…`: the bytes of files.
//!
//! # Invariants
//! - [`send`] takes a [`Release`]: a file that was not judged a moment ago cannot be sent.
//! - An address written for a file that was held back never sends bytes, so that nothing is ever cached under it.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION},
};

use super::metadata;
use crate::{
    address::{Door, FileAddress, Piece, tag},
    cache::Listed,
    code,
    download::{DownloadError, Source},
    gate::{Found, Gate},
    release::{Block, Release},
    respond::{
        Problem, etag,
        range::{Part, Wanted},
    },
    upstream::gateway_status,
};

/// Files never change under their address: PEP 503 indexes say the same of theirs.
pub(super) const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Sends a file or its metadata, when it is let through now.
pub(crate) async fn file(
    State(gate): State<Arc<Gate>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path().strip_prefix("/files/").unwrap_or_default();
    let Some(address) = FileAddress::parse(path) else { return Problem::malformed_path().into_response() };
    let answered = answer(&gate, (&address, path), &method, &headers).await;
    answered.unwrap_or_else(|problem| {
        gate.failed(address.filename.as_str(), &problem);
        problem.into_response()
    })
}

async fn answer(
    gate: &Arc<Gate>,
    (address, path): (&FileAddress, &str),
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let found = gate.find(&address.index, &address.project, &address.filename).await?;
    let release = gate.judge(&found).map_err(|block| blocked(gate, address, &block))?;
    let listed = found.listed().ok_or_else(Problem::malformed_path)?;
    if tag(Some(&release.subject().sha256)) != address.tag {
        let detail = format!(
            "the index lists other bytes under `{}` than when this address was written",
            address.filename
        );
        return Err(Problem::new(StatusCode::NOT_FOUND, code::FILE_REPLACED, detail));
    }
    match (address.door, address.piece) {
        (Door::Held, piece) => Ok(moved(listed, piece, path)),
        (Door::Open, Piece::Metadata) => metadata::send(gate, &release, &found, headers).await,
        (Door::Open, Piece::Whole) => send(gate, &release, &found, method, headers).await,
    }
}

fn blocked(gate: &Gate, address: &FileAddress, block: &Block) -> Problem {
    let detail = format!("{} is not admitted: {}", address.filename, block.reason);
    Problem::blocked(block.code, detail).why(gate.why(&address.filename))
}

/// A file that was held back and is let through by now: its open address, which must be asked for each time. It is
/// relative, and therefore right behind any proxy.
fn moved(listed: &Listed, piece: Piece, path: &str) -> Response {
    let more = if piece == Piece::Metadata { ".metadata" } else { "" };
    // From the folder the file seems to be in, up to where `files/` is.
    let up = "../".repeat(path.matches('/').count() + 1);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
    set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Addresses are percent-encoded.
    if let Ok(location) = HeaderValue::from_str(&format!("{up}{}{more}", listed.address)) {
        set(LOCATION, location);
    }
    response
}

/// Sends a file's bytes, all or the part that was asked for.
async fn send(
    gate: &Arc<Gate>,
    release: &Release,
    found: &Found,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = etag::of(&release.subject().sha256, "");
    let etag_value = HeaderValue::from_str(&etag).map_err(|_| Problem::malformed_path())?;
    if etag::matches(headers, &etag_value) {
        return Ok(head(StatusCode::NOT_MODIFIED, etag_value, None));
    }
    let listed = found.listed().ok_or_else(Problem::malformed_path)?;
    // RFC 9110 §14.2: a range is a matter of GET.
    if let (&Method::HEAD, Some(size)) = (method, listed.size) {
        return Ok(head(StatusCode::OK, etag_value, Some(size)));
    }
    let wanted = if method == Method::GET { Wanted::read(headers, &etag) } else { Wanted::Whole };
    let mut source = open(gate, release, listed)?;
    let length = source.ready().await.map_err(failed)?;
    let length = match length {
        Some(length) => Some(length),
        // Only a part, and what a HEAD says, need the length.
        None if wanted == Wanted::Whole && method == Method::GET => None,
        None => Some(source.whole().await.map_err(failed)?.1),
    };
    let part = match length.map(|length| (length, wanted.within(length))) {
        Some((length, None)) => return Ok(unsatisfiable(length, etag_value)),
        Some((_, part)) => part,
        None => None,
    };
    gate.session.sent(release.subject(), &found.project.home, release.permission());
    let status = if wanted == Wanted::Whole { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    let mut response = head(status, etag_value, part.map(|part| part.length));
    if let (StatusCode::PARTIAL_CONTENT, Some(part), Some(length)) = (status, part, length) {
        response.headers_mut().insert(CONTENT_RANGE, content_range(part, length));
    }
    if method == Method::GET {
        *response.body_mut() = Body::from_stream(source.stream(part));
    }
    Ok(response)
}

/// Opens the file that a release is about.
pub(super) fn open(gate: &Gate, release: &Release, listed: &Listed) -> Result<Source, Problem> {
    let remote = listed.remote.clone().ok_or_else(|| {
        let detail = format!("`{}` has no address", release.subject().filename);
        Problem::new(StatusCode::BAD_GATEWAY, code::UPSTREAM_WRONG, detail)
    })?;
    gate.downloads.open(remote, release).map_err(failed)
}

/// What went wrong on the way, said to a client.
pub(super) fn failed(error: DownloadError) -> Problem {
    let status = match &error {
        DownloadError::Fetch(error) => gateway_status(error),
        DownloadError::Absent(_) => StatusCode::NOT_FOUND,
        DownloadError::TooLarge(_)
        | DownloadError::Hash { .. }
        | DownloadError::Metadata(_)
        | DownloadError::Unreadable { .. } => StatusCode::BAD_GATEWAY,
        DownloadError::Storage(_) => StatusCode::INSUFFICIENT_STORAGE,
        DownloadError::Abandoned => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, error.code(), error.to_string())
}

fn head(status: StatusCode, etag: HeaderValue, length: Option<u64>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
    set(ETAG, etag);
    set(CACHE_CONTROL, IMMUTABLE);
    set(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    set(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(length) = length {
        set(CONTENT_LENGTH, length.into());
    }
    response
}

fn content_range(part: Part, length: u64) -> HeaderValue {
    let last = part.first.saturating_add(part.length).saturating_sub(1);
    // Digits are always a header.
    HeaderValue::from_str(&format!("bytes {}-{last}/{length}", part.first))
        .unwrap_or_else(|_| HeaderValue::from_static("bytes */*"))
}

fn unsatisfiable(length: u64, etag: HeaderValue) -> Response {
    let detail = format!("the file has {length} bytes");
    let mut response =
        Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, code::REQUEST_RANGE, detail).into_response();
    response.headers_mut().insert(ETAG, etag);
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{length}")) {
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    response
}
