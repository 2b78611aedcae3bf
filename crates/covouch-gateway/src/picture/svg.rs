//! The picture as SVG: no script, no style sheet, no font of its own, readable on white and on dark pages.
//!
//! # Invariants
//! - A label stands beside its arrow and, while there is room for it, on no box and no other label.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Arrow, Picture, Place, Used, columns::Slot};

const ROW: usize = 84;
const HEIGHT: usize = 48;
const GAP: usize = 170;
const MARGIN: usize = 24;
/// Of a letter in a title, in tenths of a pixel: an upper bound for common sans-serif fonts at 14 pixels.
const LETTER: usize = 85;
/// The same of smaller lines, at 11 pixels.
const SMALL_LETTER: usize = 68;
const LABEL_HEIGHT: usize = 16;

/// Where on an arrow a label may stand, in thousandths of its width and of its height: points of the curve that is
/// drawn, nearer to its beginning first, where arrows to one box are still apart.
const PLACES: [(usize, usize); 6] = [(342, 216), (439, 381), (248, 104), (530, 560), (624, 732), (732, 876)];

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

/// A part of the picture that something takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Area {
    const fn meets(self, other: Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }
}

/// What is drawn so far: lines lie under labels, labels under boxes.
#[derive(Default)]
struct Canvas {
    lines: String,
    labels: String,
    boxes: String,
    taken: Vec<Area>,
}

pub(super) fn render(picture: &Picture) -> String {
    let (spots, width, height) = spots(picture);
    let mut canvas = Canvas::default();
    for (number, drawn) in picture.boxes.iter().enumerate() {
        if let Some(spot) = spots.get(&(drawn.column, Slot::Box(number))) {
            canvas.add_box(drawn, *spot);
        }
    }
    for (ends, arrow) in &picture.arrows {
        let (from, to) = (picture.column(ends.0), picture.column(ends.1));
        let passed = (from + 1..to).filter_map(|column| spots.get(&(column, Slot::Passing(*ends))));
        let first = spots.get(&(from, Slot::Box(ends.0)));
        let way = first.into_iter().chain(passed).chain(spots.get(&(to, Slot::Box(ends.1))));
        canvas.add_arrow(arrow, &way.copied().collect::<Vec<_>>());
    }
    let Canvas { lines, labels, boxes, .. } = canvas;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n<title>How trust reaches the file</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{lines}{labels}{boxes}</svg>"
    )
}

/// Where everything stands, and how wide and high the picture is.
fn spots(picture: &Picture) -> (Spots, usize, usize) {
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
    (spots, left - GAP + MARGIN, MARGIN * 2 + tallest * ROW - (ROW - HEIGHT))
}

fn width(picture: &Picture, slot: Slot) -> usize {
    let Slot::Box(number) = slot else { return 0 };
    picture.boxes.get(number).map_or(0, |drawn| {
        let title = drawn.title.chars().count() * LETTER;
        let note = drawn.note.chars().count() * SMALL_LETTER;
        title.max(note) / 10 + 28
    })
}

impl Canvas {
    fn add_box(&mut self, drawn: &super::Drawn, Spot { left, top, width }: Spot) {
        self.taken.push(Area { left, top, width, height: HEIGHT });
        let fill = match drawn.place {
            Place::Party(_) => "#ddf4ff",
            Place::Key(_) | Place::Publisher(_) => "#f6f8fa",
            Place::File(_) => "#fff8c5",
        };
        let (stroke, weight) = if drawn.used == Used::Yes { (2, "bold") } else { (1, "normal") };
        let middle = left + width / 2;
        // Writing into a string cannot fail.
        let _ = writeln!(
            self.boxes,
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

    /// An arrow from box to box through the gaps it passes, and its label on the first stretch.
    fn add_arrow(&mut self, arrow: &Arrow, way: &[Spot]) {
        let (Some(first), Some(last)) = (way.first(), way.last()) else { return };
        let (colour, stroke, dashes) = match arrow.used {
            Used::Yes => ("#1a7f37", 3, ""),
            Used::No => ("#8c959f", 1, " stroke-dasharray=\"5 4\""),
        };
        let mut path = format!("M{} {}", first.right(), first.middle());
        for (from, to) in way.iter().zip(way.iter().skip(1)) {
            let (bend, back) = (from.right() + GAP / 2, to.left.saturating_sub(GAP / 2));
            let _ =
                write!(path, " C{bend} {} {back} {} {} {}", from.middle(), to.middle(), to.left, to.middle());
            // A box ends the way; a gap is crossed.
            let _ = write!(path, " H{}", if to.left == last.left { to.left } else { to.right() });
        }
        let (end, end_y) = (last.left, last.middle());
        let _ = writeln!(
            self.lines,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dashes}/>\n\
             <path d=\"M{end} {end_y} l-10 -6 v12 z\" fill=\"{colour}\"/>"
        );
        self.add_label(arrow, *first, way.get(1).copied().unwrap_or(*last));
    }

    fn add_label(&mut self, arrow: &Arrow, from: Spot, to: Spot) {
        let label = arrow.label();
        let width = label.chars().count() * SMALL_LETTER / 10 + 8;
        let at = |(x, y): (usize, usize)| Area {
            left: between(from.right(), to.left, x).saturating_sub(width / 2),
            top: between(from.middle(), to.middle(), y).saturating_sub(LABEL_HEIGHT / 2),
            width,
            height: LABEL_HEIGHT,
        };
        let free = |area: &Area| !self.taken.iter().any(|taken| taken.meets(*area));
        let [nearest, ..] = PLACES;
        let area = PLACES.into_iter().map(at).find(free).unwrap_or_else(|| at(nearest));
        self.taken.push(area);
        let Area { left, top, .. } = area;
        let weight = if arrow.used == Used::Yes { "bold" } else { "normal" };
        let _ = writeln!(
            self.labels,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{LABEL_HEIGHT}\" rx=\"3\" \
             fill=\"#ffffff\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" font-weight=\"{weight}\" \
             fill=\"#1f2328\">{}</text>",
            left + width / 2,
            top + 12,
            escape(&label)
        );
    }
}

/// A point between two, so many thousandths of the way.
fn between(from: usize, to: usize, thousandths: usize) -> usize {
    let way = from.abs_diff(to) * thousandths / 1_000;
    if to >= from { from + way } else { from - way }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
