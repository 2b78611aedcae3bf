//! Whom a lock names as the publishers of its files (PEP 751, `packages.attestation-identities`).

use std::{collections::BTreeSet, sync::Arc};

use covouch_core::{evidence::Evidence, publisher::ExpectedPublisher, subject::Subject};
use covouch_policy::Policies;
use covouch_python::lock::{AttestationIdentity, LockedRelease};

/// Adds to the evidence whom locks expect to have published the files that indexes list. An identity that cannot be
/// read is nobody's: where a release names no other, nothing of it comes in.
pub(super) fn expect(evidence: &mut Evidence, policies: &Policies, locked: &[&LockedRelease]) {
    let indexes = policies.indexes();
    for release in locked.iter().filter(|release| !release.identities.is_empty()) {
        let publishers: Arc<[ExpectedPublisher]> =
            release.identities.iter().filter_map(AttestationIdentity::expected).collect();
        let listed = indexes
            .iter()
            .flat_map(|index| evidence.files(&index.name, &release.project, &release.version))
            .map(|(file, _)| file)
            .filter(|file| release.files.iter().any(|locked| locked.sha256 == file.sha256));
        // What two indexes list is still one file.
        let listed: BTreeSet<Subject> = listed.cloned().collect();
        for file in listed {
            evidence.add_expected(file, Arc::clone(&publishers));
        }
    }
}
