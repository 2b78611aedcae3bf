//! Judging: what the benches of the policy and of the gateway measure.

use super::{Bench, figures::table};
use crate::{Failure, workspace::output};

/// The benches: a crate, a bench of it, and the features that lay open what it measures.
const BENCHES: [(&str, &str, &str); 2] =
    [("covouch-policy", "judge", ""), ("covouch-gateway", "enforce", "measure")];

/// The head of a table of what [`read`] gives.
pub(super) const HEAD: [&str; 4] = ["what", "median", "fastest", "slowest"];

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    let rows = measure(bench, &BENCHES)?;
    Ok(format!("## Judging\n\nOne thread, by divan.\n\n{}", table(&HEAD, &rows)))
}

/// Runs benches, and gives a row for each thing they measure: what, median, fastest, slowest.
pub(super) fn measure(
    bench: &Bench<'_>,
    benches: &[(&str, &str, &str)],
) -> Result<Vec<Vec<String>>, Failure> {
    let mut rows = Vec::new();
    for (package, name, features) in benches {
        let mut cargo = bench.workspace.cargo();
        cargo.args(["bench", "--quiet", "--package", package, "--bench", name, "--features", features]);
        cargo.args(["--", "--sample-count", bench.pick("10", "100")]);
        rows.extend(read(&output(&mut cargo)?));
    }
    Ok(rows)
}

/// Reads the table that divan prints: a tree of names, and columns behind `│`.
pub(super) fn read(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter_map(|line| {
        let line = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let columns: Vec<&str> = line.split('│').map(str::trim).collect();
        let [first, slowest, median, _mean, samples, _iterations] = columns.as_slice() else { return None };
        // The head of the table has words where rows have numbers.
        samples.parse::<u64>().ok()?;
        let (name, fastest) = first.split_once("  ")?;
        Some([name, median, fastest.trim(), slowest].map(|cell| cell.replace('_', " ")).into())
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_printed_table_are_read() {
        let text = "\
Timer precision: 10 ns
judge              fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ one_file        1.2 µs        │ 3 µs          │ 1.3 µs        │ 1.4 µs        │ 100     │ 3200
╰─ page                          │               │               │               │         │
   ╰─ 10000        12.1 ms       │ 15 ms         │ 12.9 ms       │ 13 ms         │ 100     │ 100
";
        assert_eq!(
            read(text),
            [["one file", "1.3 µs", "1.2 µs", "3 µs"], ["10000", "12.9 ms", "12.1 ms", "15 ms"]]
                .map(|row| row.map(str::to_owned).to_vec())
        );
    }
}
