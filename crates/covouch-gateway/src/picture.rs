//! Pictures of how trust reaches a file: parties left, the file right, amounts on the way.
//!
//! Drawn by `covouch why --graph` and on the page that explains a verdict.
//!
//! # Invariants
//! - Every text of an outsider passes [`Shown`] and the escape of its format: a name cannot end a label.
//! - However many keys speak, a picture has at most [`limits::PICTURE_CHAINS`] chains, and says how many it leaves out.
//!
//! # Not here
//! Scripts, style sheets, fonts: a picture is looked at, and nothing in it runs or is loaded.

mod columns;
mod svg;
mod text;

use std::{cmp::Reverse, collections::BTreeMap};

use covouch_core::{amount::Amount, key::PublicKey, shown::Shown, statement::Author, subject::Subject};
use covouch_graph::{Certification, Chain};
use covouch_policy::report::FileReport;

use crate::limits;

/// One party's chains to the file.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The party, as the policy names it.
    pub party: &'a str,
    /// How its trust reaches the file.
    pub chains: &'a [Chain],
    /// Whether the chains carry the verdict, or only could.
    pub used: Used,
}

/// Whether something carries the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Used {
    /// It only could: drawn thin.
    No,
    /// It does: drawn bold.
    Yes,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A picture by itself, also inside a page.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// The ways that a report tells of: bold where they count without counting anybody twice.
pub fn ways(file: &FileReport) -> impl Iterator<Item = Way<'_>> {
    file.parties.iter().map(|party| Way {
        party: party.name.as_str(),
        chains: &party.chains,
        used: if party.independent == Amount::NONE { Used::No } else { Used::Yes },
    })
}

/// Draws the ways to a file.
#[must_use]
pub fn render(subject: &Subject, ways: &[Way<'_>], format: Format) -> String {
    let picture = Picture::of(subject, ways);
    match format {
        Format::Svg => svg::render(&picture),
        Format::Dot => text::dot(&picture),
        Format::Mermaid => text::mermaid(&picture),
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
        let mut chains: Vec<(&Way<'_>, &Chain)> =
            ways.iter().flat_map(|way| way.chains.iter().map(move |chain| (way, chain))).collect();
        // What carries the verdict first, and of that what carries most.
        chains.sort_by_key(|(way, chain)| Reverse((way.used, chain.amount)));
        let left_out = chains.len().saturating_sub(limits::PICTURE_CHAINS);
        for way in ways {
            picture.place(Place::Party(way.party.to_owned()), 0, way.used);
        }
        for (way, chain) in chains.into_iter().take(limits::PICTURE_CHAINS) {
            let party = picture.place(Place::Party(way.party.to_owned()), 0, way.used);
            picture.add((party, file), chain, way.used);
        }
        picture.straighten();
        let others = picture.boxes.iter().enumerate().filter(|(number, _)| *number != file);
        let last = others.map(|(_, drawn)| drawn.column).max().unwrap_or(0) + 1;
        if let Some(drawn) = picture.boxes.get_mut(file) {
            drawn.column = last;
            if left_out > 0 {
                drawn.note = format!("and {left_out} more chains");
            }
        }
        picture
    }

    fn add(&mut self, (party, file): (usize, usize), chain: &Chain, used: Used) {
        let units = u32::from(chain.amount.units());
        let keys = chain.keys.iter().map(|key| Place::Key(*key));
        let author = match &chain.end {
            Certification::Author { author, .. } | Certification::Identity { author, .. } => {
                Some(match author.as_ref() {
                    Author::Key(key) => Place::Key(*key),
                    Author::Publisher(name) => Place::Publisher(name.to_string()),
                    Author::Electorate(id) => Place::Publisher(format!("electorate {id}")),
                })
            }
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

    /// Moves boxes right until every arrow leads right. Where trust goes in a circle that cannot be, and boxes stay.
    fn straighten(&mut self) {
        let mut columns: Vec<usize> = self.boxes.iter().map(|drawn| drawn.column).collect();
        for _ in 0..self.boxes.len() {
            let mut moved = false;
            for (from, to) in self.arrows.keys() {
                let after = columns.get(*from).map_or(0, |column| column + 1);
                if let Some(column) = columns.get_mut(*to).filter(|column| **column < after) {
                    (*column, moved) = (after, true);
                }
            }
            if !moved {
                for (drawn, column) in self.boxes.iter_mut().zip(columns) {
                    drawn.column = column;
                }
                return;
            }
        }
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
            std::cmp::Ordering::Equal if used == Used::Yes => {
                arrow.units = arrow.units.saturating_add(units);
            }
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

#[cfg(test)]
mod tests;
