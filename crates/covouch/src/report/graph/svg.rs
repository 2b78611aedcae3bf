//! The picture as SVG: no script, no style sheet, no font of its own, readable on white and on dark pages.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Arrow, Picture, Place, Slot, Used};

const ROW: usize = 84;
const HEIGHT: usize = 48;
const GAP: usize = 150;
const MARGIN: usize = 24;
/// Of a letter in a title, in tenths of a pixel: an upper bound for common sans-serif fonts at 14 pixels.
const LETTER: usize = 85;
/// The same of smaller lines, at 11 pixels.
const SMALL_LETTER: usize = 68;

/// Where a slot stands.
#[derive(Clone, Copy)]
struct Spot {
    left: usize,
    top: usize,
    width: usize,
}

impl Spot {
    const fn right(self) -> usize {
        self.left + self.width
    }

    const fn middle(self) -> usize {
        self.top + HEIGHT / 2
    }
}

/// Where each slot of each column stands.
type Spots = BTreeMap<(usize, Slot), Spot>;

pub(super) fn render(picture: &Picture) -> String {
    let columns = picture.columns();
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut spots = Spots::new();
    let mut left = MARGIN;
    for (number, column) in columns.iter().enumerate() {
        let width = column.iter().map(|slot| width(picture, *slot)).max().unwrap_or(0);
        let space = (tallest - column.len()) * ROW / 2;
        for (row, slot) in column.iter().enumerate() {
            spots.insert((number, *slot), Spot { left, top: MARGIN + space + row * ROW, width });
        }
        left += width + GAP;
    }
    let width = left - GAP + MARGIN;
    let height = MARGIN * 2 + tallest * ROW - (ROW - HEIGHT);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut labels = String::new();
    for (ends, arrow) in &picture.arrows {
        let (from, to) = (picture.column(ends.0), picture.column(ends.1));
        let passed = (from + 1..to).filter_map(|column| spots.get(&(column, Slot::Passing(*ends))));
        let first = spots.get(&(from, Slot::Box(ends.0)));
        let way = first.into_iter().chain(passed).chain(spots.get(&(to, Slot::Box(ends.1))));
        line(&mut text, &mut labels, arrow, &way.copied().collect::<Vec<_>>());
    }
    text.push_str(&labels);
    boxes(&mut text, picture, &spots);
    text.push_str("</svg>");
    text
}

fn width(picture: &Picture, slot: Slot) -> usize {
    let Slot::Box(number) = slot else { return 0 };
    picture.boxes.get(number).map_or(0, |drawn| {
        let title = drawn.title.chars().count() * LETTER;
        let note = drawn.note.chars().count() * SMALL_LETTER;
        title.max(note) / 10 + 28
    })
}

/// An arrow from box to box through the gaps it passes, and its label in the middle of the first stretch.
fn line(text: &mut String, labels: &mut String, arrow: &Arrow, way: &[Spot]) {
    let (Some(first), Some(last)) = (way.first(), way.last()) else { return };
    let (colour, stroke, dashes, weight) = match arrow.used {
        Used::Yes => ("#1a7f37", 3, "", "bold"),
        Used::No => ("#8c959f", 1, " stroke-dasharray=\"5 4\"", "normal"),
    };
    let mut path = format!("M{} {}", first.right(), first.middle());
    for (from, to) in way.iter().zip(way.iter().skip(1)) {
        let (bend, back) = (from.right() + GAP / 2, to.left.saturating_sub(GAP / 2));
        // Writing into a string cannot fail.
        let _ = write!(path, " C{bend} {} {back} {} {} {}", from.middle(), to.middle(), to.left, to.middle());
        // A box ends the way; a gap is crossed.
        let _ = write!(path, " H{}", if to.left == last.left { to.left } else { to.right() });
    }
    let (end, end_y) = (last.left, last.middle());
    let _ = writeln!(
        text,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dashes}/>\n\
         <path d=\"M{end} {end_y} l-10 -6 v12 z\" fill=\"{colour}\"/>"
    );
    let label = arrow.label();
    let wide = label.chars().count() * SMALL_LETTER / 10 + 8;
    let next = way.get(1).unwrap_or(last);
    let (x, y) = ((first.right() + next.left) / 2, (first.middle() + next.middle()) / 2);
    let _ = writeln!(
        labels,
        "<rect x=\"{}\" y=\"{}\" width=\"{wide}\" height=\"16\" rx=\"3\" fill=\"#ffffff\"/>\n\
         <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" font-weight=\"{weight}\" \
         fill=\"#1f2328\">{}</text>",
        x.saturating_sub(wide / 2),
        y.saturating_sub(9),
        y + 3,
        escape(&label)
    );
}

fn boxes(text: &mut String, picture: &Picture, spots: &Spots) {
    for (number, drawn) in picture.boxes.iter().enumerate() {
        let Some(Spot { left, top, width }) = spots.get(&(drawn.column, Slot::Box(number))).copied() else {
            continue;
        };
        let fill = match drawn.place {
            Place::Party(_) => "#ddf4ff",
            Place::Key(_) | Place::Publisher(_) => "#f6f8fa",
            Place::File(_) => "#fff8c5",
        };
        let (stroke, weight) = if drawn.used == Used::Yes { (2, "bold") } else { (1, "normal") };
        let middle = left + width / 2;
        let _ = writeln!(
            text,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"6\" fill=\"{fill}\" \
             stroke=\"#1f2328\" stroke-width=\"{stroke}\"/>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"14\" font-weight=\"{weight}\" \
             fill=\"#1f2328\">{}</text>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#59636e\">{}</text>",
            top + 21,
            escape(&drawn.title),
            top + 38,
            escape(&drawn.note)
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
