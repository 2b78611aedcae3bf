//! `….metadata` beside a file (PEP 658).
//!
//! # Invariants
//! - What is sent was hashed: it is upstream's, with the digest the index gives, or was taken out of the wheel after
//!   the wheel's own digest was found right.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use covouch_core::digest::Sha256;
use covouch_io::{network::Fetched, secrets::redact};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG},
};

use super::file::{IMMUTABLE, failed, open};
use crate::{
    cache::{Listed, Promised, find_or_make},
    code,
    download::{At, DownloadError},
    gate::{Found, Gate},
    limits,
    release::Release,
    respond::{Problem, etag},
    upstream::gateway_status,
    wheel,
};

/// Sends the metadata of a file that is let through.
pub(super) async fn send(
    gate: &Arc<Gate>,
    release: &Release,
    found: &Found,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let listed = found.listed().ok_or_else(Problem::malformed_path)?;
    let metadata = match &listed.metadata {
        Some(promised) => {
            let fetched = fetch(gate, promised);
            find_or_make(&gate.metadata, &promised.sha256, fetched).await?
        }
        None if listed.is_wheel => {
            let built = build(gate, release, listed);
            find_or_make(&gate.metadata, &release.subject().sha256, built).await?
        }
        None => {
            let detail = format!("`{}` has no metadata", release.subject().filename);
            return Err(Problem::new(StatusCode::NOT_FOUND, code::NO_FILE, detail));
        }
    };
    Ok(respond(metadata, headers))
}

/// Upstream's own, when it is what the index promises.
async fn fetch(gate: &Gate, promised: &Promised) -> Result<Bytes, Problem> {
    let wrong = |code, detail: String| Problem::new(StatusCode::BAD_GATEWAY, code, detail);
    match gate.network.fetch(&promised.request, limits::METADATA_BYTES).await {
        Ok(Fetched::Body(_, bytes)) if Sha256::of(&bytes) == promised.sha256 => Ok(bytes),
        Ok(Fetched::Body(..)) => {
            let shown = redact(promised.request.url());
            Err(wrong(code::METADATA_WRONG, format!("`{shown}` is not the metadata its index promises")))
        }
        Ok(Fetched::Absent | Fetched::NotModified(_)) => {
            let shown = redact(promised.request.url());
            Err(wrong(code::UPSTREAM_WRONG, format!("`{shown}` is promised and not there")))
        }
        Err(error) => {
            let hint = error.hint().map(|hint| hint.to_string());
            Err(Problem::new(gateway_status(&error), code::UPSTREAM_UNREACHABLE, error.to_string())
                .hint(hint))
        }
    }
}

/// Taken out of the wheel, once all of it has come and is right.
async fn build(gate: &Gate, release: &Release, listed: &Listed) -> Result<Bytes, Problem> {
    let (file, _) = open(gate, release, listed)?.whole().await.map_err(failed)?;
    let read = tokio::task::spawn_blocking(move || wheel::metadata(&mut At::start(&file))).await;
    match read {
        Ok(Ok(metadata)) => Ok(metadata.into()),
        Ok(Err(error)) => {
            let detail = format!("`{}`: {error}", release.subject().filename);
            Err(Problem::new(StatusCode::BAD_GATEWAY, code::METADATA_UNREADABLE, detail))
        }
        Err(_) => Err(failed(DownloadError::Abandoned)),
    }
}

fn respond(metadata: Bytes, asked: &HeaderMap) -> Response {
    let etag = etag::of(&Sha256::of(&metadata), "");
    // A digest in quotes is always a header.
    let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    let is_known = etag::matches(asked, &etag);
    let length = metadata.len();
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(metadata) });
    let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
    set(ETAG, etag);
    set(CACHE_CONTROL, IMMUTABLE);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    set(CONTENT_LENGTH, length.into());
    // Made by whoever made the wheel: no browser may take it for a page.
    set(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}
