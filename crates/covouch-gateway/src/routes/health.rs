//! `/-/health`: whether this process answers.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Says that the gateway answers. Whether indexes do is not asked: a replica is not restarted for their sake.
pub(crate) async fn health() -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    let body = concat!("{\"status\":\"ok\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}\n");
    (headers, body).into_response()
}
