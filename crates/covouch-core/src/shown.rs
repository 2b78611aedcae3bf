//! An outsider's text, made fit to stand in a message.

use crate::limits;

/// The text, short and without characters that a terminal would obey or that change how others look: controls,
/// separators of lines, marks of writing direction, characters without width.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
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
    shown
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_terminal_has_nothing_to_obey() {
        assert_eq!(shown("a\u{1b}[2Kb\u{202e}é"), "a\\u{1b}[2Kb\\u{202e}é");
        assert_eq!(shown(&"é".repeat(5000)).chars().count(), 201);
    }
}
