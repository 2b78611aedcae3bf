//! Text of a policy inside a message.

use std::fmt;

/// Somebody's text, made safe to print: a policy may come with a pull request, and a message obeys nobody. Control
/// characters, line ends and characters that turn the direction of text are escaped; long text is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

/// Longer text says nothing more in a message.
const CHARACTERS: usize = 300;

impl<T: AsRef<str>> From<T> for Shown {
    fn from(text: T) -> Self {
        let mut shown = String::new();
        for (count, character) in text.as_ref().chars().enumerate() {
            match character {
                _ if count >= CHARACTERS => {
                    shown.push('…');
                    break;
                }
                obeyed if is_obeyed(obeyed) => shown.extend(obeyed.escape_unicode()),
                plain => shown.push(plain),
            }
        }
        Self(shown)
    }
}

impl Shown {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, and those of Unicode's bidirectional algorithm (UAX #9 §2) that reorder what is read.
pub(crate) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_obeys_nobody() {
        assert_eq!(Shown::from("a\u{1b}[2Jb\nc\u{202e}d é").to_string(), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d é");
        assert_eq!(Shown::from("x".repeat(1000)).to_string().chars().count(), CHARACTERS + 1);
    }
}
