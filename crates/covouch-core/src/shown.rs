//! An outsider's text, made fit to stand in a message.

use std::fmt;

use crate::limits;

/// A text that is safe to print: short, without control characters (a terminal would obey them) and without the
/// credentials of an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(String);

impl Shown {
    /// Makes a text fit to print.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut shown = String::new();
        for (count, character) in redact(text).chars().enumerate() {
            if count == limits::SHOWN_CHARS {
                shown.push('…');
                break;
            }
            if is_hidden(character) {
                shown.extend(character.escape_unicode());
            } else {
                shown.push(character);
            }
        }
        Self(shown)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character changes how others look rather than being seen itself: controls, separators of lines,
/// marks of writing direction, characters without width.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Replaces `user:password@` of every address in a text.
fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        redacted.push_str(before);
        redacted.push_str("://");
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace());
        let (authority, tail) = after.split_at(end.unwrap_or(after.len()));
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                redacted.push_str("****@");
                redacted.push_str(host);
            }
            None => redacted.push_str(authority),
        }
        rest = tail;
    }
    redacted.push_str(rest);
    redacted
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;
    use crate::limits;

    #[test]
    fn credentials_are_not_repeated() {
        let shown = Shown::new("see https://user:p@ss@index.example/simple and git+ssh://git@host.example/x");
        assert_eq!(shown.as_str(), "see https://****@index.example/simple and git+ssh://****@host.example/x");
    }

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(Shown::new("a\u{1b}[2Kb\u{202e}").as_str(), "a\\u{1b}[2Kb\\u{202e}");
        assert_eq!(Shown::new(&"é".repeat(5000)).as_str().chars().count(), limits::SHOWN_CHARS + 1);
    }
}
