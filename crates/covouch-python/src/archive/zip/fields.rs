//! Little-endian numbers, one after the other (APPNOTE 4.3.7 to 4.3.16), and the extra fields.

/// What is left of a record.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn bytes(&mut self, count: u16) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::from(count))?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

/// Whether extra fields (APPNOTE 4.5) say nothing beyond times and owners.
///
/// Others change what a member is: 0x0001 its size (zip64), 0x7075 its name, 0x9901 its encryption, 0x756e and
/// 0x000d whether it is a link. Each is known to some readers only.
pub(super) fn is_harmless(extra: &[u8]) -> bool {
    const HARMLESS: &[u16] = &[
        0x000a, // NTFS times
        0x5455, // times
        0x5855, // times and owner, old
        0x7855, // owner, old
        0x7875, // owner
        0xcafe, // "this is a jar", which some tools write into every ZIP file
    ];
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let known = fields.u16().is_some_and(|id| HARMLESS.contains(&id));
        let body = fields.u16().and_then(|size| fields.bytes(size));
        if !known || body.is_none() {
            return false;
        }
    }
    true
}
