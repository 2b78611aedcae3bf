//! Every path the gateway serves.

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{Method, StatusCode, Uri};

use crate::{
    code,
    gate::Gate,
    respond::Problem,
    routes::{file, health, project, why},
};

/// The routes. `GET` answers `HEAD` too.
pub(crate) fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/simple/{project}/", get(project::page))
        .route("/simple/{project}", get(project::page))
        .route("/simple/", get(project::list))
        .route("/files/{*path}", get(file::file))
        .route("/why/{what}", get(why::why))
        .route("/-/health", get(health::health))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .with_state(gate)
}

async fn nothing(uri: Uri) -> Response {
    let path: String = uri.path().chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, code::NO_ROUTE, format!("there is nothing at `{path}`"))
        .hint(Some("the index is at `/simple/`"))
        .into_response()
}

async fn not_allowed(method: Method) -> Response {
    let detail = format!(
        "`{}` is not answered, only GET and HEAD",
        method.as_str().chars().take(20).collect::<String>()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, code::REQUEST_METHOD, detail).into_response()
}
