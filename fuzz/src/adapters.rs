//! What others publish and we take for evidence: Debian's indexes, OSV's records.

use covouch_core::{digest::Sha256, name::ProjectName, time::Timestamp, version::Version};
use covouch_io::{
    debian::{Keyring, Suite, fuzzing},
    osv::Osv,
};

fn suite() -> Suite {
    Suite::parse("testing").expect("`testing` is a suite")
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-01").expect("it is a day")
}

fn obeys_nobody(message: &str) {
    assert!(!message.chars().any(char::is_control), "a message obeys nobody");
}

/// A text is Debian's only when it stands in what was signed. What is not signed may say anything, and a suite's
/// `Release` never names more than is downloaded.
pub fn debian_release(bytes: &[u8]) {
    let keyring = Keyring::embedded().expect("the keyring that comes along can be read");
    match fuzzing::check(&keyring, bytes, now()) {
        Ok(text) => assert!(text.lines().all(|line| {
            // Only the end of a line and its dashes are written otherwise in the signed form.
            let line = line.trim_end().as_bytes();
            bytes.windows(line.len().max(1)).any(|part| part == line) || line.is_empty()
        })),
        Err(message) => obeys_nobody(&message),
    }
    match fuzzing::release(&String::from_utf8_lossy(bytes), &suite()) {
        Ok(length) => assert!(length <= covouch_io::limits::DEBIAN_SOURCES_BYTES),
        Err(message) => obeys_nobody(&message),
    }
}

/// Every tarball of a list has a package and a version with a revision, and stands in a table of the list.
pub fn debian_sources(bytes: &[u8]) {
    let tarballs = match fuzzing::sources(bytes) {
        Ok(tarballs) => tarballs,
        Err(message) => return obeys_nobody(&message),
    };
    assert!(tarballs.iter().all(|(_, _, version)| version.contains('-')));
    let Ok(table) = fuzzing::table_of(bytes, &suite(), now()) else { return };
    for (digest, _, _) in &tarballs {
        assert!(fuzzing::table(&table, &[*digest]).is_some_and(|found| found > 0));
    }
}

/// A damaged table finds at most what a table of its length can hold.
pub fn debian_table(bytes: &[u8]) {
    let digests: Vec<Sha256> =
        bytes.as_chunks::<32>().0.iter().take(64).map(|digest| Sha256::from_bytes(*digest)).collect();
    if let Some(found) = fuzzing::table(bytes, &digests) {
        assert!(found <= bytes.len() * digests.len());
    }
}

/// The configuration of apt names at most a mirror for each two words.
pub fn debian_apt(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words = text.split_whitespace().count();
    assert!(fuzzing::apt(&text) <= words * words);
}

/// Records are read or one is named; the same records in the other order say the same.
pub fn osv(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let osv = match Osv::of(lines.iter().copied()) {
        Ok(osv) => osv,
        Err(message) => return obeys_nobody(&message),
    };
    let project = ProjectName::parse("ctx").expect("`ctx` is a name");
    let turned = Osv::of(lines.iter().rev().copied()).expect("what was read once is read twice");
    assert_eq!(turned.counts(), osv.counts());
    for version in ["0", "0.1.2", "1.0rc1", "99"] {
        let version = Version::parse(version).expect("it is a version");
        for record in osv.about(&project, &version) {
            obeys_nobody(&record.malware.id);
            obeys_nobody(&record.malware.summary);
        }
        let holding = osv.holding(&project, &version, now()).count();
        assert!(holding <= osv.about(&project, &version).len());
    }
}
