//! `uv pip install` of 160 packages, directly from an index 20 ms away and through a warm gateway.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Bench,
    figures::{Figures, shown, table},
    load::plain,
    process::Server,
};
use crate::{Failure, tools, workspace::run as run_command};

/// How long the replayed index takes before each answer.
const LATENCY: u32 = 20;

/// Real packages that many people install together, for the live figure.
const LIVE: &str = "flask\nrequests\nrich\nhttpx\npydantic\nsqlalchemy\nalembic\ncelery\npytest\nblack\n";

/// Where an installation comes from.
enum From<'a> {
    /// A server of ours.
    Server(&'a Server),
    /// Whatever uv is configured to use.
    Default,
}

/// A way to install, and how long it took, in seconds.
struct Way<'a> {
    name: String,
    from: From<'a>,
    times: Figures,
    ratios: Figures,
}

impl<'a> Way<'a> {
    fn new(name: impl Into<String>, from: From<'a>) -> Self {
        Self { name: name.into(), from, times: Figures::default(), ratios: Figures::default() }
    }
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    bench.build()?;
    tools::install_one(bench.workspace, &bench.workspace.path(".tools/uv"), &["uv"])?;
    let shelf = bench.shelf("install")?;
    let upstream = bench.bare(&shelf, LATENCY)?;
    let mut gateway = bench.gateway("gateway-install", &upstream.index)?;
    let mut proxpi = bench.proxpi(&upstream.index)?;
    let mut devpi = bench.devpi(&upstream.index)?;
    for server in [&mut gateway, &mut proxpi, &mut devpi] {
        server.ready("package-000")?;
    }
    let mut ways = [
        Way::new("direct", From::Server(&upstream)),
        Way::new("covouch gateway", From::Server(&gateway)),
        Way::new(format!("proxpi {}", bench.version("bench-proxpi", "proxpi")), From::Server(&proxpi)),
        Way::new(
            format!("devpi-server {}", bench.version("bench-devpi", "devpi_server")),
            From::Server(&devpi),
        ),
    ];
    let requirements = shelf.join("requirements.txt");
    let pairs = bench.pick(3, 15);
    measure(bench, &mut ways, &requirements, pairs)?;
    let (now, most) = gateway.memory();
    let mut text = format!(
        "## Install\n\n`uv pip install --target`, uv's cache empty: 160 inert packages that need each other, about 100 MB, \
         from an index on loopback that waits {LATENCY} ms before each answer. Interleaved; each server was warm, and uv wrote to memory.\n\n{}\n\
         The gateway held {} MB afterwards, {} MB at most.\n",
        report(&ways),
        shown(now),
        shown(most)
    );
    if bench.is_live {
        text.push_str(&live(bench)?);
    }
    Ok(text)
}

/// The same with real packages of a real index.
fn live(bench: &Bench<'_>) -> Result<String, Failure> {
    let requirements = bench.folder.join("live.txt");
    fs::write(&requirements, LIVE).map_err(|error| error.to_string())?;
    let mut gateway = bench.live_gateway()?;
    gateway.ready("flask")?;
    let mut ways = [Way::new("direct", From::Default), Way::new("covouch gateway", From::Server(&gateway))];
    measure(bench, &mut ways, &requirements, 3)?;
    let packages = LIVE.lines().count();
    Ok(format!(
        "\nLive, beside it: {packages} well-known packages and what they need, from the index uv is configured to use.\n\n{}",
        report(&ways)
    ))
}

/// Installs in turn; the first round only warms, and of the slow ones only some rounds are measured.
fn measure(
    bench: &Bench<'_>,
    ways: &mut [Way<'_>],
    requirements: &Path,
    rounds: usize,
) -> Result<(), Failure> {
    for way in ways.iter() {
        install(bench, &way.from, requirements)?;
    }
    for round in 0..rounds {
        let mut direct = None;
        // Every other round the other way round, so that neither always finds the disk as the other left it.
        let mut order: Vec<usize> = if round % 2 == 0 { vec![0, 1] } else { vec![1, 0] };
        order.extend((2..ways.len()).filter(|_| round < 3));
        let mut taken = Vec::new();
        for place in order {
            let Some(way) = ways.get_mut(place) else { continue };
            let seconds = install(bench, &way.from, requirements)?;
            eprintln!("{:<28}{:>8} s", way.name, shown(seconds));
            way.times.add(seconds);
            taken.push((place, seconds));
            if place == 0 {
                direct = Some(seconds);
            }
        }
        for (place, seconds) in taken {
            if let (Some(direct), Some(way)) = (direct, ways.get_mut(place)) {
                way.ratios.add(seconds / direct);
            }
        }
    }
    Ok(())
}

/// Installs everything anew; says how many seconds it took.
fn install(bench: &Bench<'_>, from: &From<'_>, requirements: &Path) -> Result<f64, Failure> {
    let folder = Scratch::new(bench)?;
    let folder = &folder.0;
    let bin = bench.workspace.path(".tools/uv/bin");
    let mut uv = bench.workspace.command(bin.join("uv"));
    uv.args(["pip", "install"]);
    if let From::Server(server) = from {
        uv = plain(uv);
        uv.args(["--no-config", "--index-url", &server.index]).env("HOME", &bench.folder);
    }
    uv.args(["--quiet", "--python"]).arg(bin.join("python"));
    uv.arg("--cache-dir").arg(folder.join("cache")).arg("--target").arg(folder.join("target"));
    uv.arg("--requirement").arg(requirements);
    let start = Instant::now();
    run_command(&mut uv)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Where an installation goes: in memory where there is such a place, because disks differ from run to run.
struct Scratch(PathBuf);

impl Scratch {
    fn new(bench: &Bench<'_>) -> Result<Self, Failure> {
        let memory = Path::new("/dev/shm");
        if !memory.is_dir() {
            return bench.empty("installed").map(Self);
        }
        let folder = memory.join(format!("covouch-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is in the way of nothing but memory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn report(ways: &[Way<'_>]) -> String {
    let rows = ways.iter().map(|way| {
        vec![
            way.name.clone(),
            shown(way.ratios.median()),
            shown(way.times.median()),
            format!("{}–{}", shown(way.times.least()), shown(way.times.most())),
            way.times.count().to_string(),
        ]
    });
    table(&["from", "× direct, same round", "seconds", "range", "runs"], &rows.collect::<Vec<_>>())
}
