//! The logical lines of a requirements file, as pip forms them.

use std::sync::Arc;

use crate::{
    lock::{LockError, Place, document::place_of_invalid},
    shown::Shown,
};

/// Characters at which Python ends a line (`str.splitlines`) and other readers do not. Behind one of them in a comment
/// an attacker hides a requirement from whoever reviews the file.
const ODD_LINE_ENDS: [char; 9] =
    ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Encodings that mean the bytes we read. Under any other that pip knows, the same bytes are another text: in UTF-7,
/// `+AAo-` is a line end.
const SAME_TEXT: [&str; 5] = ["utf-8", "utf8", "utf_8", "ascii", "us-ascii"];

/// A logical line without its comment, never blank, and the line it begins on.
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) text: String,
}

/// Splits the bytes of a file.
pub(super) fn split(name: &Arc<str>, bytes: &[u8]) -> Result<Vec<Line>, LockError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| LockError::NotUtf8 { place: place_of_invalid(name, bytes, error.valid_up_to()) })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_encoding(name, text)?;
    let mut lines = Vec::new();
    let mut joined: Option<Line> = None;
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let place = || Place { file: name.clone(), line: number + 1 };
        if let Some(character) = line.chars().find(|character| ODD_LINE_ENDS.contains(character)) {
            return Err(LockError::Character { place: place(), character: character.into() });
        }
        let is_comment = line.trim_start().starts_with('#');
        let current = joined.get_or_insert_with(|| Line { place: place(), text: String::new() });
        if !is_comment && line.ends_with('\\') {
            current.text.push_str(line.trim_matches('\\'));
            continue;
        }
        // A comment ends the line it continues; the space keeps it a comment.
        current.text.push_str(if is_comment { " " } else { "" });
        current.text.push_str(line);
        lines.extend(joined.take());
    }
    lines.extend(joined);
    for line in &mut lines {
        line.text = without_comment(&line.text).trim().to_owned();
    }
    lines.retain(|line| !line.text.is_empty());
    Ok(lines)
}

/// pip obeys a comment such as `# -*- coding: utf-7 -*-` in the first two lines (PEP 263).
fn check_encoding(name: &Arc<str>, text: &str) -> Result<(), LockError> {
    for (number, line) in text.split('\n').take(2).enumerate().filter(|(_, line)| line.starts_with('#')) {
        for (at, _) in line.match_indices("coding") {
            let rest = line.get(at + "coding".len()..).unwrap_or_default();
            let Some(rest) = rest.strip_prefix([':', '=']) else { continue };
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let encoding = rest.trim_start().split(|c| !is_name(c)).next().unwrap_or_default();
            if !encoding.is_empty() && !SAME_TEXT.contains(&encoding.to_ascii_lowercase().as_str()) {
                let place = Place { file: name.clone(), line: number + 1 };
                return Err(LockError::Encoding { place, encoding: Shown::new(encoding) });
            }
        }
    }
    Ok(())
}

/// A `#` begins a comment at the start and after white space; elsewhere it belongs to an address.
fn without_comment(text: &str) -> &str {
    let comment = text.match_indices('#').map(|(at, _)| at).find(|at| {
        text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    });
    comment.and_then(|at| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Vec<(usize, String)> {
        let lines = split(&"r.txt".into(), file.as_bytes()).unwrap();
        lines.into_iter().map(|line| (line.place.line, line.text)).collect()
    }

    #[test]
    fn lines_are_joined_as_pip_joins_them() {
        let file =
            "\u{feff}a==1 \\\r\n  --hash=x \\\n  # why\nb\\\n==2\n\n # only this\nc#no-comment # c\nd \\";
        let expected = [(1, "a==1   --hash=x"), (4, "b==2"), (8, "c#no-comment"), (9, "d")];
        assert_eq!(texts(file), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(texts(""), []);
    }

    #[test]
    fn a_requirement_cannot_hide_behind_an_encoding() {
        for coding in [
            "coding: utf-7",
            "-*- coding=latin-1 -*-",
            "vim: fileencoding=cp037",
            "coding:utf-8 coding:utf-7",
        ] {
            let file = format!("a==1\n# {coding} +AAo-evil==1\n");
            assert!(
                matches!(split(&"r.txt".into(), file.as_bytes()), Err(LockError::Encoding { .. })),
                "{coding}"
            );
        }
        assert_eq!(
            texts("# -*- coding: UTF-8 -*-\n# coding: (see below)\n# coding: utf-7\na"),
            [(4, "a".to_owned())]
        );
    }

    #[test]
    fn a_requirement_cannot_hide_behind_an_odd_line_end() {
        for character in ODD_LINE_ENDS {
            let file = format!("a==1\n# harmless{character}evil==1\n");
            let Err(LockError::Character { place, character: found }) =
                split(&"r.txt".into(), file.as_bytes())
            else {
                panic!("{character:?}")
            };
            assert_eq!((place.line, found), (2, u32::from(character)));
        }
    }
}
