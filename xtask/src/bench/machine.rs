//! When and where a figure was measured.

use std::{fs, num::NonZeroUsize, thread};

use crate::{
    Failure,
    workspace::{Workspace, output},
};

/// The first lines of the report.
pub(super) fn describe(workspace: &Workspace, arguments: &[&str]) -> Result<String, Failure> {
    let date = output(workspace.command("date").args(["-u", "+%F"]))?;
    let commit = output(workspace.command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kilobytes: f64 = memory.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let command = [&["cargo xtask bench"], arguments].concat().join(" ");
    Ok(format!(
        "Measured on {}, commit {}, with `{command}`: {cores} cores ({model}), {:.0} GB, load {load} before the start.\n",
        date.trim(),
        commit.trim(),
        kilobytes / 1e6,
    ))
}

/// The value behind a name and a colon.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
