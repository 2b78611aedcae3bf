//! Whom a lock names as the publishers of its files (PEP 751, `packages.attestation-identities`).

use std::{collections::BTreeSet, sync::Arc};

use covouch_core::{evidence::Evidence, publisher::ExpectedPublisher, subject::Subject};
use covouch_policy::Policies;
use covouch_python::lock::{AttestationIdentity, LockedRelease};

/// Adds to the evidence whom locks expect to have published their files. An identity that cannot be read is nobody's:
/// where a release names no other, nothing of it comes in.
pub(super) fn expect(evidence: &mut Evidence, policies: &Policies, locked: &[&LockedRelease]) {
    let indexes = policies.indexes();
    for release in locked.iter().filter(|release| !release.identities.is_empty()) {
        let publishers: Arc<[ExpectedPublisher]> =
            release.identities.iter().filter_map(AttestationIdentity::expected).collect();
        let named = release.files.iter().filter_map(|locked| {
            Some(Subject {
                project: release.project.clone(),
                version: release.version.clone(),
                filename: locked.filename.clone()?,
                sha256: locked.sha256,
            })
        });
        let listed = indexes
            .iter()
            .flat_map(|index| evidence.files(&index.name, &release.project, &release.version))
            .map(|(file, _)| file)
            .filter(|file| release.files.iter().any(|locked| locked.sha256 == file.sha256));
        // What two indexes list is still one file.
        let files: BTreeSet<Subject> = named.chain(listed.cloned()).collect();
        for file in files {
            evidence.add_expected(file, Arc::clone(&publishers));
        }
    }
}
