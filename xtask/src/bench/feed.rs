//! A large feed: how long publishing takes, and how long reading what it says of fifty projects does, with python-tuf
//! beside it.
//!
//! The curator's folder has one vouch of each project, in chains of 25,000, each of a key that the curator delegates to.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::{
    Bench,
    figures::{Figures, shown, table},
    http,
    load::plain,
    process::Server,
    whole::{NOW, Usage, usage},
};
use crate::{
    Failure,
    workspace::{output, run as run_command},
};

/// Projects whose statements are read.
const READ: usize = 50;

/// How the server answers: a name, milliseconds before each answer, and whether what is sent is packed.
const SERVERS: [(&str, &str, &str); 4] = [
    ("loopback", "0", "plain"),
    ("loopback, gzip", "0", "gzip"),
    ("40 ms away", "40", "plain"),
    ("40 ms away, gzip", "40", "gzip"),
];

/// A program that reads a feed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Covouch,
    PythonTuf,
}

/// A feed of so many projects.
struct Feed<'a> {
    bench: &'a Bench<'a>,
    projects: usize,
    /// As it was made, and never published.
    made: PathBuf,
    /// As it is measured.
    folder: PathBuf,
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    if !bench.is_built {
        let example = ["--package", "covouch-io", "--example", "feed"];
        run_command(bench.workspace.cargo().args(["build", "--release"]).args(example))?;
    }
    let (mut publications, mut readings) = (Vec::new(), Vec::new());
    for projects in bench.pick(&[20_000][..], &[100_000, 1_000_000]) {
        let feed = Feed::make(bench, *projects)?;
        publications.extend(feed.publications()?);
        readings.extend(feed.readings()?);
    }
    let published = table(
        &["projects", "what", "ms, median", "range", "processor ms", "MB at most", "files", "kB", "runs"],
        &publications,
    );
    let read = table(
        &["projects", "reader", "server", "state", "ms, median", "range", "requests", "kB", "runs"],
        &readings,
    );
    let tuf = bench.version("peers", "tuf");
    Ok(format!(
        "## Feeds\n\nPublishing, the whole process: every new statement is verified, every changed list signed and on \
         disk at the end. A change is one more vouch.\n\n{published}\nReading what the feed says of {READ} projects, \
         in a process of its own, which has started: with an empty state, and again without news. Beside covouch \
         python-tuf {tuf}, which keeps one connection and takes nothing packed.\n\n{read}"
    ))
}

impl<'a> Feed<'a> {
    fn make(bench: &'a Bench<'a>, projects: usize) -> Result<Self, Failure> {
        let all = bench.empty(&format!("feed-{projects}"))?;
        let feed = Self { bench, projects, made: all.join("made"), folder: all.join("published") };
        run_command(feed.program().arg("make").arg(&feed.made).arg(projects.to_string()))?;
        Ok(feed)
    }

    fn program(&self) -> Command {
        let path = self.bench.workspace.path("target/release/examples/feed");
        plain(self.bench.workspace.command(path))
    }

    fn publications(&self) -> Result<Vec<Vec<String>>, Failure> {
        // A million are for orientation.
        let is_large = self.projects > 100_000;
        let times = if is_large { 1 } else { self.bench.pick(1, 5) };
        let all = Usages::of(times, |number| {
            // Nothing is deleted in between: file systems look twice at what was deleted a moment ago.
            let beside = self.folder.with_extension(number.to_string());
            let fresh = if number + 1 == times { &self.folder } else { &beside };
            run_command(self.bench.workspace.command("cp").arg("-r").args([&self.made, fresh]))?;
            self.publish(fresh)
        })?;
        let changes = Usages::of(self.bench.pick(5, 21), |number| {
            let project = (number * 997 % self.projects).to_string();
            run_command(self.program().arg("change").arg(&self.folder).arg(project))?;
            self.publish(&self.folder)
        })?;
        let row = |what: &str, usages: &Usages| [vec![self.projects.to_string(), what.into()], usages.row()];
        Ok(vec![row("all", &all).concat(), row("one change", &changes).concat()])
    }

    fn publish(&self, folder: &Path) -> Result<(f64, Usage), Failure> {
        let mut command = self.program();
        command.arg("publish").arg(folder).arg(NOW);
        let start = Instant::now();
        let usage = usage(&command)?;
        Ok((start.elapsed().as_secs_f64() * 1e3, usage))
    }

    fn readings(&self) -> Result<Vec<Vec<String>>, Failure> {
        let mut rows = Vec::new();
        for (name, milliseconds, how) in SERVERS {
            let mut server = self.program();
            server.arg("serve").arg(self.folder.join("public")).args([milliseconds, how]);
            let server = Server::announced(&mut server)?;
            for reader in [Reader::Covouch, Reader::PythonTuf] {
                let times =
                    if reader == Reader::Covouch { self.bench.pick(3, 15) } else { self.bench.pick(1, 3) };
                for (state, reading) in [("empty", self.read(reader, &server, times)?)]
                    .into_iter()
                    .chain([("kept, no news", self.read_again(reader, &server, times)?)])
                {
                    let said = [self.projects.to_string(), reader.name().into(), name.into(), state.into()];
                    rows.push([said.to_vec(), reading.row()].concat());
                }
            }
        }
        Ok(rows)
    }

    /// With an empty state each time.
    fn read(&self, reader: Reader, server: &Server, times: usize) -> Result<Reading, Failure> {
        // The server packs what it sends when it is asked for it the first time.
        self.bench.empty("feed-state")?;
        self.read_once(reader, server)?;
        Reading::of(server, times, || {
            self.bench.empty("feed-state")?;
            self.read_once(reader, server)
        })
    }

    /// With what the time before left.
    fn read_again(&self, reader: Reader, server: &Server, times: usize) -> Result<Reading, Failure> {
        Reading::of(server, times, || self.read_once(reader, server))
    }

    /// How many milliseconds it took.
    fn read_once(&self, reader: Reader, server: &Server) -> Result<f64, Failure> {
        let state = self.bench.folder.join("feed-state");
        let mut command = match reader {
            Reader::Covouch => {
                let root = self.folder.join("public/1.root.json");
                let digest = output(self.bench.workspace.command("sha256sum").arg(root))?;
                let digest = digest.split(' ').next().unwrap_or_default().to_owned();
                let mut command = self.program();
                command.args(["sync", &server.index, &digest]).arg(&state).arg(NOW);
                command
            }
            Reader::PythonTuf => {
                let python = self.bench.workspace.path(".tools/peers/bin/python");
                let mut command = plain(self.bench.workspace.command(python));
                command.arg(self.bench.workspace.path("xtask/src/bench/feed/reader.py"));
                command.arg(&server.index).arg(&state).arg(NOW);
                command
            }
        };
        let step = self.projects / READ;
        let text = output(command.args((0..READ).map(|number| format!("project-{}", number * step))))?;
        let figure = text.split(' ').next().and_then(|text| text.parse().ok());
        figure.ok_or_else(|| format!("a reader said: {text}"))
    }
}

impl Reader {
    const fn name(self) -> &'static str {
        match self {
            Self::Covouch => "covouch",
            Self::PythonTuf => "python-tuf",
        }
    }
}

/// What several publications took.
#[derive(Default)]
struct Usages {
    times: Figures,
    processor: Figures,
    memory: Figures,
    /// Files and bytes of the last of them.
    written: String,
}

impl Usages {
    fn of(
        times: usize,
        mut one: impl FnMut(usize) -> Result<(f64, Usage), Failure>,
    ) -> Result<Self, Failure> {
        let mut usages = Self::default();
        for number in 0..times {
            let (time, usage) = one(number)?;
            usages.times.add(time);
            usages.processor.add(usage.processor);
            usages.memory.add(usage.memory);
            usages.written = usage.said;
        }
        Ok(usages)
    }

    fn row(&self) -> Vec<String> {
        let (files, bytes) = self.written.trim().split_once(' ').unwrap_or_default();
        let kilobytes = bytes.parse().map_or(f64::NAN, |bytes: f64| bytes / 1e3);
        // It is counted in hundredths of a second.
        let processor = self.processor.median();
        let processor = if processor < 10.0 { "< 10".to_owned() } else { shown(processor) };
        let measured = [processor, shown(self.memory.median())];
        let written = [files.to_owned(), shown(kilobytes), self.times.count().to_string()];
        [times(&self.times).to_vec(), measured.to_vec(), written.to_vec()].concat()
    }
}

/// What several readings took.
struct Reading {
    times: Figures,
    requests: f64,
    bytes: f64,
}

impl Reading {
    fn of(
        server: &Server,
        times: usize,
        mut one: impl FnMut() -> Result<f64, Failure>,
    ) -> Result<Self, Failure> {
        counts(server)?;
        let times = (0..times).map(|_| one()).collect::<Result<Figures, Failure>>()?;
        let (requests, bytes) = counts(server)?;
        let runs = u32::try_from(times.count()).map_or(f64::NAN, f64::from);
        Ok(Self { times, requests: requests / runs, bytes: bytes / runs })
    }

    fn row(&self) -> Vec<String> {
        let sent = [shown(self.requests), shown(self.bytes / 1e3), self.times.count().to_string()];
        [times(&self.times).to_vec(), sent.to_vec()].concat()
    }
}

fn times(times: &Figures) -> [String; 2] {
    [shown(times.median()), format!("{}–{}", shown(times.least()), shown(times.most()))]
}

/// Requests and bytes since this was last asked for.
fn counts(server: &Server) -> Result<(f64, f64), Failure> {
    let said = http::page(&format!("{}counts", server.index))?;
    let said = String::from_utf8_lossy(&said);
    let numbers = said.split_once(' ').map(|(requests, bytes)| (requests.parse(), bytes.parse()));
    match numbers {
        Some((Ok(requests), Ok(bytes))) => Ok((requests, bytes)),
        _ => Err(format!("the server counted: {said}")),
    }
}
