//! The agent protocol's two data types: numbers of 32 bits, and byte strings with their length before them
//! (RFC 4251 §5).

/// Reads a reply from its start. `None` means that it ends too early.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes a request.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(message: u8) -> Self {
        Self(vec![message])
    }

    pub(super) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Writes a string. Requests are limited long before a length could overflow.
    pub(super) fn string(self, bytes: &[u8]) -> Self {
        let mut written = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        written.0.extend_from_slice(bytes);
        written
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}
