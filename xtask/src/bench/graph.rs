//! The graph: packing, authority and the analysis, with `sequoia-wot` beside them.

mod plot;
mod sequoia;

use std::{fs, path::PathBuf};

use super::{
    Bench,
    figures::{shown, table},
    judge,
};
use crate::{
    Failure,
    workspace::{output, run as run_command},
};

/// The sizes of the webs, in keys; each key appoints ten.
const WEBS: [&str; 5] = ["10000", "31600", "100000", "316000", "1000000"];

/// The benches that belong here.
const BENCHES: [(&str, &str, &str); 2] =
    [("covouch-graph", "packing", ""), ("covouch-policy", "analysis", "")];

/// Where the plot is committed.
const PLOT: &str = "docs/benchmarks-authority.svg";

const HEAD: [&str; 5] = ["what", "how many", "median µs", "99 of 100 µs", "longest µs"];

/// One line of what the example prints: a name, and numbers.
struct Line {
    name: String,
    numbers: Vec<f64>,
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('\t');
        let name = fields.next()?.to_owned();
        Some(Self { name, numbers: fields.filter_map(|field| field.parse().ok()).collect() })
    }

    fn number(&self, place: usize) -> f64 {
        self.numbers.get(place).copied().unwrap_or(f64::NAN)
    }

    fn row(&self) -> Vec<String> {
        let numbers = self.numbers.iter().skip(1).map(|number| shown(*number));
        [self.name.clone(), format!("{:.0}", self.number(0))].into_iter().chain(numbers).collect()
    }
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    if !bench.is_built {
        let example = ["build", "--release", "--package", "covouch-graph", "--example", "figures"];
        run_command(bench.workspace.cargo().args(example))?;
    }
    let debian = debian(bench)?;
    let structured = figures(bench, &["structured", bench.pick("2000", "100000")])?;
    let (webs, plotted) = webs(bench)?;
    if plotted.len() == WEBS.len() {
        fs::write(bench.workspace.path(PLOT), plot::render(&plotted))
            .map_err(|error| format!("`{PLOT}`: {error}"))?;
    }
    let rows = judge::measure(bench, &BENCHES)?;
    Ok(format!(
        "## Graph\n\n{debian}\nStructured networks (3–8 parties, 2–5 leads, 5–44 reviewers), all different; the shortest of \
         three solutions of each:\n\n{}\n{webs}\nOne thread, by divan:\n\n{}",
        lines(&structured),
        table(&judge::HEAD, &rows)
    ))
}

/// What the example prints for these arguments.
fn figures(bench: &Bench<'_>, arguments: &[&str]) -> Result<Vec<Line>, Failure> {
    let program = bench.target().join("release/examples/figures");
    let text = output(bench.workspace.command(program).args(arguments))?;
    Ok(text.lines().filter_map(Line::parse).collect())
}

/// Debian's key graph, and the same bindings by `sequoia-wot`.
fn debian(bench: &Bench<'_>) -> Result<String, Failure> {
    let data = "crates/covouch-graph/tests/data";
    let (edges, policy) = (format!("{data}/debian-wot/edges.csv"), format!("{data}/debian-wot-policy.toml"));
    let mut rows = figures(bench, &["debian", &edges, &policy])?;
    let ours = rows.last().map_or(f64::NAN, |line| line.number(1));
    let peer = sequoia::measure(bench, &edges)?;
    let theirs = peer.number(1);
    rows.push(peer);
    Ok(format!(
        "Debian's key graph (1,111 keys, 10,757 certifications), the shortest of five runs for each key:\n\n{}\n\
         A binding costs `sequoia-wot` {} × what the same certifications cost one party here, median by median.\n",
        lines(&rows),
        shown(theirs / ours)
    ))
}

fn lines(lines: &[Line]) -> String {
    let rows: Vec<Vec<String>> = lines.iter().map(Line::row).collect();
    table(&HEAD, &rows)
}

/// Scale-free webs: a table, and what is plotted, keys and milliseconds.
fn webs(bench: &Bench<'_>) -> Result<(String, Vec<(f64, f64)>), Failure> {
    let (mut rows, mut plotted) = (Vec::new(), Vec::new());
    for keys in WEBS.iter().take(bench.pick(3, WEBS.len())) {
        let found = figures(bench, &["web", keys])?;
        let number = |name: &str, place: usize| {
            found.iter().find(|line| line.name == name).map_or(f64::NAN, |line| line.number(place))
        };
        let processor = number("one root to all, processor", 1) / 1e3;
        plotted.push((number("web", 0), processor));
        rows.push(vec![
            (*keys).to_owned(),
            format!("{:.0}", number("web", 1)),
            format!("{:.0}", number("web", 2)),
            shown(processor),
            shown(number("one root to all", 1) / 1e3),
            shown(number("memory at most", 0)),
        ]);
    }
    let head = ["keys", "delegations", "reached", "processor ms, median", "clock ms, median", "MB at most"];
    let text = format!(
        "One root to all keys of a scale-free web, ten delegations a key; nine sweeps. The plot is \
         `{PLOT}`.\n\n{}",
        table(&head, &rows)
    );
    Ok((text, plotted))
}

impl Bench<'_> {
    /// Where cargo builds.
    fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.workspace.path("target"), PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_numbers() {
        let line = Line::parse("one root\t4\t1.5\t2.25\t1234").unwrap();
        assert_eq!(line.row(), ["one root", "4", "1.50", "2.25", "1230"]);
        assert!(Line::parse("undecided\t0").unwrap().number(1).is_nan());
    }
}
