//! Servers: started, measured from outside, and stopped.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::http;
use crate::Failure;

/// Longest time for a server to be there. A Python server with a database takes some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Clock ticks of `/proc` per second; the same on every Linux.
const TICKS: f64 = 100.0;

/// A running server and the processes below it.
pub(super) struct Server {
    child: Child,
    /// Its Simple API, with the final slash.
    pub(super) index: String,
}

impl Server {
    /// Starts a program that prints the address of its index in its first line, at the end.
    pub(super) fn announced(command: &mut Command) -> Result<Self, Failure> {
        let mut server = Self::spawn(command.stdout(Stdio::piped()))?;
        let out = server.child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).map_err(|error| error.to_string())?;
        let address = line.split_whitespace().next_back().filter(|word| word.starts_with("http://"));
        server.index = address.ok_or_else(|| format!("a server announced `{}`", line.trim()))?.to_owned();
        Ok(server)
    }

    /// Starts a program whose index will be at this address.
    pub(super) fn at(index: String, command: &mut Command) -> Result<Self, Failure> {
        let mut server = Self::spawn(command.stdout(Stdio::null()))?;
        server.index = index;
        Ok(server)
    }

    fn spawn(command: &mut Command) -> Result<Self, Failure> {
        // A group of its own, so that workers end with it. Standard input stays open as long as we are there.
        let spawned = command.stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0).spawn();
        let child =
            spawned.map_err(|error| format!("{:?} does not start: {error}", command.get_program()))?;
        Ok(Self { child, index: String::new() })
    }

    /// The address of a project's page.
    pub(super) fn page(&self, project: &str) -> String {
        format!("{}{project}/", self.index)
    }

    /// Waits until the server has a project's page, and gives it.
    pub(super) fn ready(&mut self, project: &str) -> Result<Vec<u8>, Failure> {
        let start = Instant::now();
        loop {
            match http::page(&self.page(project)) {
                Ok(body) => return Ok(body),
                Err(error) if start.elapsed() > PATIENCE => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the server of `{}` ended: {status}", self.index));
            }
        }
    }

    /// Seconds of processor time spent so far, in the program and in the kernel for it.
    pub(super) fn cpu(&self) -> f64 {
        self.processes().iter().map(|process| process.ticks / TICKS).sum()
    }

    /// Memory in MB: now, and at most so far.
    pub(super) fn memory(&self) -> (f64, f64) {
        let sum = |key: &str| {
            let processes = self.processes();
            processes.iter().map(|process| status(process.id, key).unwrap_or_default() / 1024.0).sum()
        };
        (sum("VmRSS:"), sum("VmHWM:"))
    }

    /// The server's process and all below it.
    fn processes(&self) -> Vec<Process> {
        let all: Vec<Process> =
            fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(Process::read).collect();
        let mut ours: HashSet<u32> = HashSet::from([self.child.id()]);
        // Children may stand before their parents; trees are shallow.
        for _ in 0..4 {
            let children =
                all.iter().filter(|process| ours.contains(&process.parent)).map(|process| process.id);
            ours.extend(children.collect::<Vec<_>>());
        }
        all.into_iter().filter(|process| ours.contains(&process.id)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let signal = |name: &str| {
            let _ = Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
        };
        signal("-TERM");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        signal("-KILL");
        let _ = self.child.wait();
    }
}

/// A line of `/proc/ID/stat` (proc(5)).
struct Process {
    id: u32,
    parent: u32,
    ticks: f64,
}

impl Process {
    fn read(entry: fs::DirEntry) -> Option<Self> {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in brackets may have spaces and brackets in it.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
        Some(Self { id, parent: fields.get(1)?.parse().ok()?, ticks: number(11)? + number(12)? })
    }
}

/// A line of `/proc/ID/status`, in kB.
fn status(id: u32, key: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}
