//! Attestations: one provenance object, verified by us and by pypi-attestations in the same run.

use super::{
    Bench,
    figures::table,
    judge::{self, read},
};
use crate::{Failure, workspace::output};

/// The object both verify.
const SDIST: &str = "crates/covouch-io/tests/data/pep740/pypi_attestations-0.0.19.tar.gz";

/// Verifies one object many times, as pypi-attestations does it for each file, and prints the median in seconds.
const SCRIPT: &str = r#"
import logging, statistics, sys, time
from pathlib import Path
from pypi_attestations import Distribution, Provenance

logging.disable()
dist = Distribution.from_file(Path(sys.argv[1]))
text = Path(sys.argv[1] + ".provenance").read_text()

def once():
    start = time.perf_counter()
    for bundle in Provenance.model_validate_json(text).attestation_bundles:
        for attestation in bundle.attestations:
            attestation.verify(bundle.publisher, dist, offline=True)
    return time.perf_counter() - start

once()
print(statistics.median(once() for _ in range(int(sys.argv[2]))))
"#;

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    let mut cargo = bench.workspace.cargo();
    cargo.args(["bench", "--quiet", "--package", "covouch-io", "--bench", "attestation"]);
    cargo.args(["--", "--sample-count", bench.pick("20", "100")]);
    let mut rows = read(&output(&mut cargo)?);
    let python = bench.workspace.path(".tools/peers/bin/python");
    let mut peer = bench.workspace.command(python);
    peer.args(["-c", SCRIPT]).arg(bench.workspace.path(SDIST)).arg(bench.pick("10", "50"));
    let seconds: f64 = output(&mut peer)?
        .trim()
        .parse()
        .map_err(|error| format!("pypi-attestations did not print a number: {error}"))?;
    let name = format!("one provenance, pypi-attestations {}", bench.version("peers", "pypi_attestations"));
    rows.push(vec![name, format!("{:.1} ms", seconds * 1000.0), String::new(), String::new()]);
    Ok(format!("## Attestations\n\n{}", table(&judge::HEAD, &rows)))
}
