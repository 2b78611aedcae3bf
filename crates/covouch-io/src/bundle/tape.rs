//! The archive's own bytes: one header for each member, whose every byte follows from its name and its length
//! (POSIX.1-2017, pax, "ustar Interchange Format").
//!
//! # Invariants
//! A header is compared with the one we would write. So there are no links, no folders, no long names, no sparse
//! files, and no fields in which two programs could read two things.

use std::io::{self, Read, Write};

/// What headers, contents and the end are counted in.
pub(super) const BLOCK: usize = 512;

/// The name of the first member.
pub(super) const MANIFEST: &str = "manifest.json";

/// The header of a member.
pub(super) fn header(name: &str, length: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let fields = [
        (0, name.to_owned()),
        (100, "0000644\0".to_owned()),
        (108, "0000000\0".to_owned()),
        (116, "0000000\0".to_owned()),
        (124, format!("{length:011o}\0")),
        (136, "00000000000\0".to_owned()),
        (148, " ".repeat(8)),
        (156, "0".to_owned()),
        (257, "ustar\x0000".to_owned()),
    ];
    for (at, text) in &fields {
        put(&mut block, *at, text.as_bytes());
    }
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    block
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    if let Some(field) = block.get_mut(at..at + bytes.len()) {
        field.copy_from_slice(bytes);
    }
}

/// The length a header states, if it is the header of a member of this name.
pub(super) fn length(block: &[u8; BLOCK], name: &str) -> Option<u64> {
    let digits = std::str::from_utf8(block.get(124..135)?).ok()?;
    let length = u64::from_str_radix(digits, 8).ok()?;
    (header(name, length) == *block).then_some(length)
}

/// How many zeros follow contents of this length.
fn padding(length: u64) -> usize {
    let over = usize::try_from(length % 512).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

/// Writes a member.
pub(super) fn write(to: &mut impl Write, name: &str, length: u64, from: &mut impl Read) -> io::Result<()> {
    to.write_all(&header(name, length))?;
    let copied = io::copy(from, to)?;
    if copied != length {
        return Err(io::Error::other("a file changed while it was packed"));
    }
    to.write_all([0; BLOCK].get(..padding(length)).unwrap_or_default())
}

/// Writes the end.
pub(super) fn end(to: &mut impl Write) -> io::Result<()> {
    to.write_all(&[0; 2 * BLOCK])
}

/// Reads one block.
pub(super) fn block(from: &mut impl Read) -> io::Result<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    from.read_exact(&mut block)?;
    Ok(block)
}

/// Reads the zeros behind contents; false when they are something else.
pub(super) fn is_padded(from: &mut impl Read, length: u64) -> io::Result<bool> {
    let mut block = [0; BLOCK];
    let zeros = block.get_mut(..padding(length)).unwrap_or_default();
    from.read_exact(zeros)?;
    Ok(zeros.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_its_length_under_its_own_name_only() {
        let block = header("blobs/00", 1_234_567);
        assert_eq!(length(&block, "blobs/00"), Some(1_234_567));
        assert_eq!(length(&block, "blobs/01"), None);
        for at in 0..BLOCK {
            let mut changed = block;
            changed[at] ^= 1;
            assert_ne!(length(&changed, "blobs/00"), Some(1_234_567), "byte {at}");
        }
    }

    #[test]
    fn other_programs_read_what_is_written() {
        let mut archive = Vec::new();
        write(&mut archive, "manifest.json", 3, &mut &b"abc"[..]).unwrap();
        write(&mut archive, "blobs/ff", 512, &mut &[7; 512][..]).unwrap();
        end(&mut archive).unwrap();
        let mut members = Vec::new();
        for entry in tar::Archive::new(&archive[..]).entries().unwrap() {
            let entry = entry.unwrap();
            members.push((entry.path().unwrap().display().to_string(), entry.size()));
        }
        assert_eq!(members, [("manifest.json".to_owned(), 3), ("blobs/ff".to_owned(), 512)]);
    }
}
