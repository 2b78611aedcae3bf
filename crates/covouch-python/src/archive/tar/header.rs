//! The 512 bytes in front of each member (POSIX.1-2024, pax, "ustar Interchange Format").

use crate::archive::{
    error::{ArchiveError, Fault},
    path::MemberPath,
};

/// Room for a name in the header's first field.
pub(super) const NAME_BYTES: usize = 100;

/// What a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Pax,
    PaxGlobal,
    GnuLongName,
}

/// One header.
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
}

impl Header {
    /// Reads a header; nothing when the block is empty, which ends the archive.
    pub(super) fn parse(block: &[u8; 512]) -> Result<Option<Self>, ArchiveError> {
        if *block == [0; 512] {
            return Ok(None);
        }
        let malformed = |fault: Fault| ArchiveError::malformed(None, fault);
        let blocks = Fields::of(block).ok_or_else(|| malformed("a header is cut short"))?;
        if octal(blocks.checksum) != Some(checksum(block)) {
            return Err(malformed("a header does not have its checksum"));
        }
        let name = blocks.name()?;
        // GNU's base-256 numbers are for sizes beyond 8 GB, which are beyond our limits.
        let size = octal(blocks.size).ok_or_else(|| malformed("a size is not an octal number"))?;
        let kind = match blocks.kind {
            // An old file whose name ends in `/` is a folder to some, even where a longer name follows from pax.
            0 if name.ends_with(b"/") => {
                return Err(other_kind(&name, "a folder to some readers only"));
            }
            b'0' | 0 => Kind::File,
            b'5' => Kind::Folder,
            b'x' => Kind::Pax,
            b'g' => Kind::PaxGlobal,
            b'L' => Kind::GnuLongName,
            b'1' => return Err(other_kind(&name, "a hard link")),
            b'2' => return Err(other_kind(&name, "a symbolic link")),
            b'3' | b'4' | b'6' => return Err(other_kind(&name, "a device")),
            _ => return Err(other_kind(&name, "neither file nor folder")),
        };
        Ok(Some(Self { kind, name, size }))
    }
}

fn other_kind(name: &[u8], kind: &'static str) -> ArchiveError {
    match MemberPath::read(name.strip_suffix(b"/").unwrap_or(name)) {
        Ok(path) => ArchiveError::Kind { path, kind },
        Err(error) => error,
    }
}

/// The fields that matter here; the rest (mode, owner, time, device) changes nothing that is read.
struct Fields<'a> {
    name: &'a [u8],
    size: &'a [u8],
    checksum: &'a [u8],
    kind: u8,
    magic: &'a [u8],
    prefix: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(block: &'a [u8; 512]) -> Option<Self> {
        Some(Self {
            name: block.get(..NAME_BYTES)?,
            size: block.get(124..136)?,
            checksum: block.get(148..156)?,
            kind: *block.get(156)?,
            magic: block.get(257..265)?,
            prefix: block.get(345..500)?,
        })
    }

    /// The name: `prefix/name` where the header is POSIX's. In GNU's the same bytes are times and offsets, and
    /// some readers take them for a prefix all the same.
    fn name(&self) -> Result<Vec<u8>, ArchiveError> {
        let malformed = |fault: Fault| ArchiveError::malformed(None, fault);
        let bad_text = || malformed("a name has something behind its end");
        let name = text(self.name).ok_or_else(bad_text)?;
        match self.magic {
            b"ustar\x0000" => match text(self.prefix).ok_or_else(bad_text)? {
                [] => Ok(name.to_vec()),
                prefix => Ok([prefix, b"/", name].concat()),
            },
            b"ustar  \0" if self.prefix.iter().all(|byte| *byte == 0) => Ok(name.to_vec()),
            b"ustar  \0" => Err(ArchiveError::ambiguous(
                None,
                "a GNU header has something where others look for a prefix",
            )),
            _ => Err(malformed("a header is neither POSIX's nor GNU's")),
        }
    }
}

/// Text that ends at the first zero or fills its field.
fn text(field: &[u8]) -> Option<&[u8]> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at_checked(end)?;
    rest.iter().all(|byte| *byte == 0).then_some(text)
}

/// Digits, with spaces in front and spaces or zeros behind.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if digits.is_empty() || !rest.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// The sum of all bytes, those of the checksum taken as spaces.
fn checksum(block: &[u8; 512]) -> u64 {
    let byte = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) };
    block.iter().enumerate().map(byte).sum()
}

#[cfg(test)]
mod tests {
    use super::{octal, text};

    #[test]
    fn a_number_is_digits_and_padding() {
        assert_eq!(octal(b"0000644\0"), Some(0o644));
        assert_eq!(octal(b"   644 \0"), Some(0o644));
        for field in [&b"\0\0\0"[..], b"   ", b"-1\0", b"8\0", b"1\x002", b"\x80\0\0\x01", &[b'7'; 23]] {
            assert_eq!(octal(field), None, "{field:?}");
        }
    }

    #[test]
    fn nothing_stands_behind_the_end_of_a_name() {
        assert_eq!(text(b"abc"), Some(&b"abc"[..]));
        assert_eq!(text(b"a\0\0"), Some(&b"a"[..]));
        assert_eq!(text(b"a\0b"), None);
    }
}
