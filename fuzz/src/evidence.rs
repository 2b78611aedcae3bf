//! What the targets for evidence locks and evidence files assert.

use covouch_core::evidence_lock::{EvidenceFile, EvidenceLock};
use covouch_io::evidence_file::{pack, unpack};

/// A lock has one spelling: what was read is written in order, and reads back as the same.
pub fn evidence_lock(bytes: &[u8]) {
    match EvidenceLock::parse(bytes) {
        Ok(lock) => {
            let written = lock.render();
            let again = EvidenceLock::parse(written.as_bytes()).expect("what we write we read");
            assert_eq!(again.render(), written);
            assert_eq!((again.entries.len(), &again.feeds), (lock.entries.len(), &lock.feeds));
            assert!(lock.entries.iter().all(|entry| !entry.is_sealed_by(&[])));
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody"),
    }
}

/// An evidence file is read as it was written, to the byte, packed or not.
pub fn evidence_file(bytes: &[u8]) {
    if let Ok(file) = EvidenceFile::parse(bytes) {
        assert_eq!(file.render(), bytes);
        assert_eq!(unpack(&pack(&file)[..]).as_ref(), Ok(&file));
    }
    if let Ok(file) = unpack(bytes) {
        assert!(EvidenceFile::parse(&file.render()).is_ok());
    }
}
