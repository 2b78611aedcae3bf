//! Pictures of how trust reaches a file: parties left, the file right, amounts on the way.
//!
//! # Invariants
//! Every text of an outsider passes [`Shown`] and the escape of its format: a name cannot end a label.

mod svg;

use std::{collections::BTreeMap, fmt::Write as _};

use covouch_core::{amount::Amount, key::PublicKey, shown::Shown, statement::Author, subject::Subject};
use covouch_graph::{Certification, Chain};

use crate::args::Picture as Format;

/// One party's chains to the file.
pub(crate) struct Way<'a> {
    pub(crate) party: &'a str,
    pub(crate) chains: &'a [Chain],
    /// Whether the chains carry the verdict, or only could.
    pub(crate) used: Used,
}

/// Whether something carries the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Used {
    No,
    Yes,
}

/// Draws the ways to a file.
pub(crate) fn render(subject: &Subject, ways: &[Way<'_>], format: Format) -> String {
    let picture = Picture::of(subject, ways);
    match format {
        Format::Svg => svg::render(&picture),
        Format::Dot => dot(&picture),
        Format::Mermaid => mermaid(&picture),
    }
}

/// Boxes in columns, and arrows between them.
#[derive(Default)]
struct Picture {
    boxes: Vec<Drawn>,
    numbers: BTreeMap<Place, usize>,
    arrows: BTreeMap<(usize, usize), Arrow>,
}

/// What a box stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Party(String),
    Key(PublicKey),
    Publisher(String),
    File(Subject),
}

/// A box.
struct Drawn {
    title: String,
    note: String,
    place: Place,
    column: usize,
    used: Used,
}

/// An arrow.
struct Arrow {
    /// What flows, in 600ths.
    units: u32,
    note: &'static str,
    used: Used,
}

impl Arrow {
    fn label(&self) -> String {
        let units = u16::try_from(self.units).ok().and_then(Amount::from_units).unwrap_or(Amount::FULL);
        if self.note.is_empty() { units.to_string() } else { format!("{} {units}", self.note) }
    }
}

impl Picture {
    fn of(subject: &Subject, ways: &[Way<'_>]) -> Self {
        let mut picture = Self::default();
        let used = ways.iter().map(|way| way.used).max().unwrap_or(Used::No);
        let file = picture.place(Place::File(subject.clone()), 0, used);
        for way in ways {
            let party = picture.place(Place::Party(way.party.to_owned()), 0, way.used);
            for chain in way.chains {
                picture.add((party, file), chain, way.used);
            }
        }
        let last = picture.boxes.iter().map(|drawn| drawn.column).max().unwrap_or(0) + 1;
        picture.boxes.get_mut(file).into_iter().for_each(|drawn| drawn.column = last);
        picture
    }

    fn add(&mut self, (party, file): (usize, usize), chain: &Chain, used: Used) {
        let units = u32::from(chain.amount.units());
        let keys = chain.keys.iter().map(|key| Place::Key(*key));
        let author = match &chain.end {
            Certification::Author { author, .. } => Some(match author.as_ref() {
                Author::Key(key) => Place::Key(*key),
                Author::Publisher(name) => Place::Publisher(name.to_string()),
            }),
            Certification::Vouch(_) | Certification::Finding(_) => None,
        };
        let mut from = party;
        for (place, column) in keys.chain(author).zip(1..) {
            let to = self.place(place, column, used);
            self.arrow((from, to), units, "", used);
            from = to;
        }
        self.arrow((from, file), units, chain.level.as_str(), used);
    }

    /// The box of a place, in this column or further right.
    fn place(&mut self, place: Place, column: usize, used: Used) -> usize {
        let number = *self.numbers.entry(place.clone()).or_insert(self.boxes.len());
        match self.boxes.get_mut(number) {
            Some(drawn) => {
                drawn.column = drawn.column.max(column);
                drawn.used = drawn.used.max(used);
            }
            None => {
                let (title, note) = place.texts();
                self.boxes.push(Drawn { title, note, place, column, used });
            }
        }
        number
    }

    /// What is used replaces what could be; what is used by several adds up.
    fn arrow(&mut self, ends: (usize, usize), units: u32, note: &'static str, used: Used) {
        let arrow = self.arrows.entry(ends).or_insert(Arrow { units: 0, note, used });
        match used.cmp(&arrow.used) {
            std::cmp::Ordering::Greater => *arrow = Arrow { units, note, used },
            std::cmp::Ordering::Equal if used == Used::Yes => arrow.units += units,
            std::cmp::Ordering::Equal => arrow.units = arrow.units.max(units),
            std::cmp::Ordering::Less => {}
        }
    }
}

impl Place {
    /// A title and a smaller line.
    fn texts(&self) -> (String, String) {
        let fit = |text: &str| Shown::new(text).as_str().to_owned();
        match self {
            Self::Party(name) => (fit(name), "party".to_owned()),
            Self::Key(key) => (key.id().short(), "key".to_owned()),
            Self::Publisher(name) => (fit(name), "publisher".to_owned()),
            Self::File(subject) => {
                let digest: String = subject.sha256.to_string().chars().take(12).collect();
                (fit(subject.filename.as_str()), format!("sha256:{digest}…"))
            }
        }
    }
}

/// Graphviz.
fn dot(picture: &Picture) -> String {
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
fn mermaid(picture: &Picture) -> String {
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

/// What stands in a column: a box, or an arrow on its way to a column further right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Box(usize),
    Passing((usize, usize)),
}

impl Picture {
    /// What stands in each column, in an order in which few arrows cross: everything at the middle of what leads
    /// to it.
    fn columns(&self) -> Vec<Vec<Slot>> {
        let mut columns: Vec<Vec<Slot>> = Vec::new();
        for (number, drawn) in self.boxes.iter().enumerate() {
            columns.resize_with(columns.len().max(drawn.column + 1), Vec::new);
            columns.get_mut(drawn.column).into_iter().for_each(|column| column.push(Slot::Box(number)));
        }
        for ends in self.arrows.keys() {
            let passed = columns.iter_mut().take(self.column(ends.1)).skip(self.column(ends.0) + 1);
            passed.for_each(|column| column.push(Slot::Passing(*ends)));
        }
        let mut before: Vec<Slot> = Vec::new();
        for column in &mut columns {
            column.sort_by_cached_key(|slot| (self.middle(*slot, &before), *slot));
            before.clone_from(column);
        }
        columns
    }

    fn column(&self, number: usize) -> usize {
        self.boxes.get(number).map_or(0, |drawn| drawn.column)
    }

    /// The middle of the slots of the column before that lead to this one, in hundredths.
    fn middle(&self, slot: Slot, before: &[Slot]) -> usize {
        let leads = |other: &Slot| match (slot, *other) {
            (Slot::Box(to), Slot::Box(from)) => self.arrows.contains_key(&(from, to)),
            (Slot::Box(number), Slot::Passing((_, to))) => number == to,
            (Slot::Passing((from, _)), Slot::Box(number)) => number == from,
            (Slot::Passing(here), Slot::Passing(there)) => here == there,
        };
        let heights = before.iter().enumerate().filter(|(_, other)| leads(other)).map(|(height, _)| height);
        let heights: Vec<usize> = heights.collect();
        (heights.iter().sum::<usize>() * 100).checked_div(heights.len()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use covouch_core::{
        digest::Sha256, level::Level, name::ProjectName, subject::FileName, version::Version,
    };
    use covouch_graph::{Parties, Party, Weights};

    use super::*;

    fn subject(filename: &str) -> Subject {
        Subject {
            project: ProjectName::parse("six").unwrap(),
            version: Version::parse("1.0").unwrap(),
            filename: FileName::parse(filename).unwrap(),
            sha256: Sha256::of(b"six"),
        }
    }

    fn chain() -> Chain {
        let name = covouch_core::party::PartyName::parse("a").unwrap();
        let party =
            Party { name: name.clone(), roots: Vec::new(), owner: None, weights: Weights::NONE, depth: 2 };
        let parties = Parties::new(vec![party]).unwrap();
        Chain {
            party: parties.index_of(&name).unwrap(),
            level: Level::Author,
            amount: Amount::from_percent(50).unwrap(),
            keys: Vec::new(),
            delegations: Vec::new(),
            end: Certification::Finding("x".into()),
        }
    }

    fn drawn(party: &str, format: Format, used: &[Used]) -> String {
        let subject = subject("six-1.0.tar.gz");
        let chains = [chain()];
        let ways: Vec<_> = used.iter().map(|used| Way { party, chains: &chains, used: *used }).collect();
        render(&subject, &ways, format)
    }

    #[test]
    fn a_name_cannot_end_a_label() {
        let hostile = "\"]</text><script>\\|#;\u{1b}[31m";
        let [svg, dot, mermaid] =
            [Format::Svg, Format::Dot, Format::Mermaid].map(|format| drawn(hostile, format, &[Used::Yes]));
        assert!(!(svg.clone() + &dot + &mermaid).contains('\u{1b}'));
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"), "{svg}");
        assert!(dot.contains("label=\"\\\"]"), "{dot}");
        assert!(!mermaid.contains("<script>") && mermaid.contains("#34;"), "{mermaid}");
    }

    #[test]
    fn what_is_used_is_bold_and_adds_up() {
        let text = drawn("a", Format::Dot, &[Used::Yes, Used::No]);
        assert!(text.contains("label=\"author 50%\", style=bold"), "{text}");
        let text = drawn("a", Format::Mermaid, &[Used::Yes, Used::Yes]);
        assert!(text.contains("n1 ==>|\"author 100%\"| n0"), "{text}");
        let text = drawn("a", Format::Mermaid, &[Used::No]);
        assert!(text.contains("-.->"), "{text}");
    }
}
