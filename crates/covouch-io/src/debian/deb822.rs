//! Files of fields in paragraphs (deb822(5)), line by line: `Sources` has 60 MB and fits nowhere.
//!
//! # Invariants
//! One line is held at a time, and none is longer than [`limits::DEBIAN_LINE_BYTES`].

use std::io::{self, BufRead, Read as _};

use crate::limits;

/// A line of such a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The first line of a field, with the space around its value removed.
    Field(&'a [u8], &'a [u8]),
    /// A further line of the field before it.
    More(&'a [u8]),
    /// The end of a paragraph: an empty line, or the end of the file.
    End,
}

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    /// Whether something stands in the paragraph.
    open: bool,
    comments: bool,
}

impl<R: BufRead> Lines<R> {
    /// Lines of an index, in which `#` has no meaning.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), open: false, comments: false }
    }

    /// Lines of a file people write, in which those that start with `#` are comments.
    pub(super) fn with_comments(reader: R) -> Self {
        Self { comments: true, ..Self::new(reader) }
    }

    /// The next line that says something; `None` at the end, after the last paragraph's [`Line::End`].
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let was_open = loop {
            let read = self.read()?;
            let is_comment = self.comments && self.line.first() == Some(&b'#');
            let is_empty = self.line.trim_ascii().is_empty();
            if !read || (is_empty && self.open) {
                let was_open = std::mem::take(&mut self.open);
                return Ok(was_open.then_some(Line::End));
            }
            if !is_empty && !is_comment {
                break std::mem::replace(&mut self.open, true);
            }
        };
        if self.line.starts_with(b" ") || self.line.starts_with(b"\t") {
            let line = Line::More(self.line.trim_ascii());
            return if was_open {
                Ok(Some(line))
            } else {
                Err(wrong("a paragraph starts in the middle of a field"))
            };
        }
        let colon = self.line.iter().position(|byte| *byte == b':');
        let (name, value) = colon
            .and_then(|colon| self.line.split_at_checked(colon))
            .ok_or_else(|| wrong("a line has no field name"))?;
        let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        Ok(Some(Line::Field(name, value)))
    }

    /// Whether there was a line.
    fn read(&mut self) -> io::Result<bool> {
        self.line.clear();
        let most = u64::try_from(limits::DEBIAN_LINE_BYTES).unwrap_or(u64::MAX);
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        match self.line.len() == limits::DEBIAN_LINE_BYTES && self.line.last() != Some(&b'\n') {
            true => Err(wrong("a line is too long")),
            false => Ok(read > 0),
        }
    }
}

fn wrong(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, comments: bool) -> Result<String, String> {
        let mut lines =
            if comments { Lines::with_comments(text.as_bytes()) } else { Lines::new(text.as_bytes()) };
        let mut shown = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        while let Some(line) = lines.next().map_err(|error| error.to_string())? {
            shown.push(match line {
                Line::Field(name, value) => format!("{}={}", text(name), text(value)),
                Line::More(more) => format!("+{}", text(more)),
                Line::End => ".".into(),
            });
        }
        Ok(shown.join(" "))
    }

    #[test]
    fn paragraphs_are_read_line_by_line() {
        let text = "\n\nA: 1\nB:\n  2 \r\n\t3\n \n\nA:x:y\n# :z\n";
        assert_eq!(read(text, false).unwrap(), "A=1 B= +2 +3 . A=x:y # =z .");
        assert_eq!(read(text, true).unwrap(), "A=1 B= +2 +3 . A=x:y .");
        assert_eq!(read("", false).unwrap(), "");
    }

    #[test]
    fn what_is_no_paragraph_is_an_error() {
        assert_eq!(read(" A: 1\n", false).unwrap_err(), "a paragraph starts in the middle of a field");
        assert_eq!(read("A\n", false).unwrap_err(), "a line has no field name");
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be() {
        let field = format!("A:{}", "x".repeat(limits::DEBIAN_LINE_BYTES - 3));
        assert!(read(&format!("{field}\n"), false).is_ok());
        assert_eq!(read(&format!("{field}x\n"), false).unwrap_err(), "a line is too long");
    }
}
