//! Attestations: what a provenance object can be, and that nobody forges one here.

use std::sync::LazyLock;

use covouch_core::{digest::Sha256, subject::FileName};
use covouch_io::attestation::{TrustRoot, publishers, verify};
use covouch_python::{
    attestation::{DistributionFile, Provenance},
    limits,
};

/// The root and the file of the corpus's real attestations.
static REAL: LazyLock<(TrustRoot, DistributionFile)> = LazyLock::new(|| {
    let sha256 = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3";
    let file = DistributionFile {
        name: FileName::parse("pypi_attestations-0.0.19.tar.gz").expect("it is a name"),
        sha256: Sha256::parse(sha256).expect("it is a digest"),
    };
    (TrustRoot::production().expect("the built-in root can be used"), file)
});

/// Whatever is read holds an attestation, and whatever is proven of the file is what was signed of it.
pub fn provenance(bytes: &[u8]) {
    let (root, file) = &*REAL;
    let proofs = verify(file, bytes, root);
    let Ok(read) = Provenance::parse(bytes) else {
        assert!(proofs.is_err());
        return;
    };
    let count: usize = read.bundles().iter().map(|bundle| bundle.attestations().len()).sum();
    assert!((1..=limits::ATTESTATIONS).contains(&count));
    assert!(read.bundles().iter().all(|bundle| !bundle.attestations().is_empty()));
    match proofs {
        Ok(proofs) => {
            assert_eq!(proofs.len(), count);
            let publishers = publishers(&proofs);
            assert_eq!(publishers.len(), 1);
            for publisher in publishers {
                assert_eq!(publisher.to_string(), "github:trailofbits/pypi-attestations");
            }
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody"),
    }
}
