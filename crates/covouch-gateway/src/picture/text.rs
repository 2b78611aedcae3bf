//! The picture in languages that other programs draw.

use std::fmt::Write as _;

use super::{Picture, Used};

/// Graphviz.
pub(super) fn dot(picture: &Picture) -> String {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text =
        String::from("digraph trust {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (number, drawn) in picture.boxes.iter().enumerate() {
        let style = if drawn.used == Used::Yes { "bold" } else { "dashed" };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "  n{number} [label=\"{}\\n{}\", style={style}];",
            escape(&drawn.title),
            escape(&drawn.note)
        );
    }
    for ((from, to), arrow) in &picture.arrows {
        let style = if arrow.used == Used::Yes { "bold" } else { "dashed" };
        let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\", style={style}];", escape(&arrow.label()));
    }
    text.push('}');
    text
}

/// Mermaid, as Markdown renderers draw it.
pub(super) fn mermaid(picture: &Picture) -> String {
    let escape = |text: &str| -> String {
        let plain = |character: char| character.is_ascii_alphanumeric() || " .-_:%…".contains(character);
        let mut escaped = String::new();
        for character in text.chars() {
            if plain(character) {
                escaped.push(character);
            } else {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
        }
        escaped
    };
    let mut text = String::from("flowchart LR\n");
    for (number, drawn) in picture.boxes.iter().enumerate() {
        let _ = writeln!(text, "  n{number}[\"{}<br/>{}\"]", escape(&drawn.title), escape(&drawn.note));
    }
    for ((from, to), arrow) in &picture.arrows {
        let line = if arrow.used == Used::Yes { "==>" } else { "-.->" };
        let _ = writeln!(text, "  n{from} {line}|\"{}\"| n{to}", escape(&arrow.label()));
    }
    text.truncate(text.trim_end().len());
    text
}
