//! One request and its answer: enough to see that a server is there and what it sends.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::Failure;

/// What installers ask for.
pub(super) const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// Longest wait for an answer. The slowest peer takes seconds for its first page.
const PATIENCE: Duration = Duration::from_secs(60);

/// The body of a page.
pub(super) fn page(url: &str) -> Result<Vec<u8>, Failure> {
    let failed = |reason: &dyn std::fmt::Display| format!("`{url}`: {reason}");
    let rest = url.strip_prefix("http://").ok_or_else(|| failed(&"not plain http"))?;
    let (host, path) = rest.split_once('/').ok_or_else(|| failed(&"no path"))?;
    let mut stream = TcpStream::connect(host).map_err(|error| failed(&error))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| failed(&error))?;
    // HTTP/1.0: the body ends with the connection, and comes in one piece.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\nAccept: {JSON}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| failed(&error))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| failed(&error))?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) =
        end.and_then(|end| answer.split_at_checked(end + 4)).ok_or_else(|| failed(&"no answer"))?;
    let status = String::from_utf8_lossy(head).lines().next().unwrap_or_default().to_owned();
    if status.split(' ').nth(1) == Some("200") { Ok(body.to_vec()) } else { Err(failed(&status)) }
}
