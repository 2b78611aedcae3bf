//! Stable codes of the messages a user can meet.

use std::fmt;

/// A kebab-case code that never changes once released, such as `feed-stale`.
///
/// Each crate lists the codes it can report in a `CODES` table; a test holds those tables, the page
/// `docs/reference/codes.md` and the scenarios together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// Declares a code. Panics at compile time (in a `const`) when the text is not kebab-case.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        assert!(!bytes.is_empty(), "a code is not empty");
        let mut index = 0;
        while index < bytes.len() {
            #[expect(clippy::indexing_slicing, reason = "`index < len` is the loop's condition")]
            let byte = bytes[index];
            assert!(
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
                "a code is kebab-case"
            );
            index += 1;
        }
        Self(text)
    }

    /// The text of the code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
