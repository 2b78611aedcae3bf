//! Load on a server, by wrk, and what each request costs the server.

use std::process::Command;

use super::{http, process::Server};
use crate::{
    Failure,
    workspace::{Workspace, output, succeeds},
};

/// Connections, as in the goal.
const CONNECTIONS: &str = "-c16";

/// What a run showed.
pub(super) struct Load {
    /// Microseconds of processor time per request.
    pub(super) cpu: f64,
    /// Requests per second.
    pub(super) rate: f64,
}

/// Asks for one page again and again.
pub(super) fn run(workspace: &Workspace, server: &Server, url: &str, seconds: u32) -> Result<Load, Failure> {
    let before = server.cpu();
    let mut wrk = workspace.command("wrk");
    wrk.args(["-t1", CONNECTIONS, "--timeout", "20s", "-d", &format!("{seconds}s")]);
    let text = output(wrk.args(["-H", &format!("Accept: {}", http::JSON), url]))?;
    let spent = server.cpu() - before;
    if text.contains("Non-2xx") {
        return Err(format!("`{url}` answers with errors under load:\n{text}"));
    }
    let requests = number_before(&text, "requests in").filter(|requests| *requests > 0.0);
    let requests = requests.ok_or_else(|| format!("wrk did no request:\n{text}"))?;
    Ok(Load { cpu: spent * 1e6 / requests, rate: requests / f64::from(seconds) })
}

/// Installs wrk where it is missing and can be.
pub(super) fn install(workspace: &Workspace) -> Result<(), Failure> {
    // Without arguments it says how to use it, and fails; but it starts.
    if workspace.command("wrk").arg("--version").output().is_ok() {
        return Ok(());
    }
    let mut install = workspace.command("apt-get");
    if succeeds(install.args(["install", "--yes", "--no-install-recommends", "wrk"])) {
        return Ok(());
    }
    Err("`wrk` is missing: install it with the system's package manager".into())
}

/// The number in front of these words.
fn number_before(text: &str, words: &str) -> Option<f64> {
    let (before, _) = text.split_once(words)?;
    before.split_whitespace().next_back()?.parse().ok()
}

/// A command that sees nothing of the user's proxies and package settings.
pub(super) fn plain(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        let starts =
            ["PIP_", "UV_", "COVOUCH_", "PROXPI_", "DEVPI"].iter().any(|prefix| text.starts_with(prefix));
        if starts || text.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_requests_is_read() {
        let text = "  2 threads\n  102394 requests in 3.00s, 200MB read\nRequests/sec: 1\n";
        assert_eq!(number_before(text, "requests in"), Some(102_394.0));
    }
}
