//! A warm gateway under load: processor time per request, beside a bare server that sends the same bytes.

use std::{fs, path::Path};

use super::{
    Bench,
    figures::{Figures, shown, table},
    load,
    process::Server,
};
use crate::Failure;

/// The pages: a name, and how many seconds each run takes.
const PAGES: [(&str, u32); 2] = [("small", 2), ("numpy-like", 3)];

/// A server under load, and what was measured of it.
struct Measured {
    name: String,
    server: Server,
    pages: [Page; 2],
}

/// What was measured of one page.
#[derive(Default)]
struct Page {
    bytes: usize,
    cpu: Figures,
    /// Times the bare server's, in the same round.
    ratio: Figures,
    rate: Figures,
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    load::install(bench.workspace)?;
    bench.build()?;
    let upstream = bench.bare(&bench.shelf("pages")?, 0)?;
    let gateway = bench.gateway("gateway", &upstream.index)?;
    let mut servers = vec![measured("covouch gateway", gateway)?];
    // The bare server sends what the gateway sent.
    let same = bench.empty("same")?;
    if let Some(gateway) = servers.first_mut() {
        copy(&mut gateway.server, &same)?;
    }
    servers.insert(0, measured("bare axum, the same bytes", bench.bare(&same, 0)?)?);
    let proxpi = bench.proxpi(&upstream.index)?;
    servers.push(measured(format!("proxpi {}", bench.version("bench-proxpi", "proxpi")), proxpi)?);
    let devpi = bench.devpi(&upstream.index)?;
    servers.push(measured(format!("devpi-server {}", bench.version("bench-devpi", "devpi_server")), devpi)?);

    for round in 0..bench.pick(2, 9) {
        for place in 0..PAGES.len() {
            rounds(bench, &mut servers, place, round)?;
        }
    }
    Ok(report(&servers))
}

/// One run of each server; the slow peers are measured in the first rounds only.
fn rounds(bench: &Bench<'_>, servers: &mut [Measured], place: usize, round: usize) -> Result<(), Failure> {
    let Some((project, seconds)) = PAGES.get(place) else { return Ok(()) };
    let mut bare = None;
    for (number, measured) in servers.iter_mut().enumerate() {
        if number > 1 && round >= 3 {
            continue;
        }
        let url = measured.server.page(project);
        let load = load::run(bench.workspace, &measured.server, &url, *seconds)?;
        let bare = *bare.get_or_insert(load.cpu);
        eprintln!("{project:<12}{:<28}{:>12} us/request", measured.name, shown(load.cpu));
        let Some(page) = measured.pages.get_mut(place) else { continue };
        page.cpu.add(load.cpu);
        page.ratio.add(load.cpu / bare);
        page.rate.add(load.rate);
    }
    Ok(())
}

fn measured(name: impl Into<String>, mut server: Server) -> Result<Measured, Failure> {
    let mut pages = [Page::default(), Page::default()];
    for ((project, _), page) in PAGES.iter().zip(&mut pages) {
        page.bytes = server.ready(project)?.len();
    }
    Ok(Measured { name: name.into(), server, pages })
}

fn copy(gateway: &mut Server, folder: &Path) -> Result<(), Failure> {
    for (project, _) in PAGES {
        let page = folder.join("simple").join(project);
        fs::create_dir_all(&page).map_err(|error| error.to_string())?;
        fs::write(page.join("page.json"), gateway.ready(project)?).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn report(servers: &[Measured]) -> String {
    let mut text = "## Gateway, warm\n\n`wrk -t1 -c16`; processor time of the server per request, program and kernel, from `/proc`. Medians.\n\n".to_owned();
    for (place, (project, _)) in PAGES.iter().enumerate() {
        let ours =
            servers.get(1).and_then(|ours| ours.pages.get(place)).map_or(f64::NAN, |page| page.cpu.median());
        let rows = servers.iter().filter_map(|measured| {
            let (page, (now, most)) = (measured.pages.get(place)?, measured.server.memory());
            Some(vec![
                measured.name.clone(),
                shown(page.ratio.median()),
                shown(page.cpu.median() / ours),
                shown(page.cpu.median()),
                format!("{}–{}", shown(page.cpu.least()), shown(page.cpu.most())),
                shown(page.rate.median()),
                page.bytes.to_string(),
                format!("{} / {}", shown(now), shown(most)),
                page.cpu.count().to_string(),
            ])
        });
        let head = [
            "server",
            "× bare",
            "× covouch",
            "CPU µs/request",
            "range",
            "requests/s",
            "bytes",
            "memory MB, now / most",
            "runs",
        ];
        text.push_str(&format!("Page `{project}`:\n\n{}\n", table(&head, &rows.collect::<Vec<_>>())));
    }
    text
}
