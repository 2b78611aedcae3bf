//! How long one provenance object takes: `cargo bench -p covouch-io`.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use covouch_core::{digest::Sha256, subject::FileName};
use covouch_io::attestation::{TrustRoot, verify};
use covouch_python::attestation::DistributionFile;
use divan::{Bencher, black_box};

const GITHUB: &[u8] = include_bytes!("../tests/data/pep740/pypi_attestations-0.0.19.tar.gz.provenance");
const SDIST: &[u8] = include_bytes!("../tests/data/pep740/pypi_attestations-0.0.19.tar.gz");

fn main() {
    divan::main();
}

fn file() -> DistributionFile {
    let name = FileName::parse("pypi_attestations-0.0.19.tar.gz").unwrap();
    DistributionFile { name, sha256: Sha256::of(SDIST) }
}

#[divan::bench]
fn one_provenance(bencher: Bencher<'_, '_>) {
    let (file, root) = (file(), TrustRoot::production().unwrap());
    bencher.bench_local(|| verify(black_box(&file), black_box(GITHUB), &root).unwrap());
}

#[divan::bench(threads = [2])]
fn one_provenance_on_two_threads(bencher: Bencher<'_, '_>) {
    let (file, root) = (file(), TrustRoot::production().unwrap());
    bencher.bench(|| verify(black_box(&file), black_box(GITHUB), &root).unwrap());
}

#[divan::bench]
fn the_trusted_root(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| TrustRoot::production().unwrap());
}
