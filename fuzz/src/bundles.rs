//! What the target for bundles asserts.

use covouch_io::bundle::fuzzing;

/// Whatever is packed and whatever its manifest says, it is read to its end as the one thing its writer would write, or
/// refused without a panic.
pub fn bundle(bytes: &[u8]) {
    reads(bytes);
    // Few inputs are archives: as a manifest, with what follows it for a blob.
    let end = bytes.windows(3).position(|window| window == b"\n}\n").map_or(bytes.len(), |at| at + 3);
    let (manifest, blob) = bytes.split_at(end);
    let blobs: &[&[u8]] = if blob.is_empty() { &[] } else { &[blob] };
    reads(&fuzzing::pack(manifest, blobs).expect("memory takes what is written"));
}

fn reads(archive: &[u8]) {
    if let Err(error) = fuzzing::read(archive) {
        assert!(!error.to_string().chars().any(char::is_control), "a message obeys nobody");
    }
}
