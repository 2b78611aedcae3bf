//! What stands beside and above what.

use super::Picture;

/// What stands in a column: a box, or an arrow on its way to a column further right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    Box(usize),
    Passing((usize, usize)),
}

impl Picture {
    /// What stands in each column, in an order in which few arrows cross: everything at the middle of what leads
    /// to it.
    pub(super) fn columns(&self) -> Vec<Vec<Slot>> {
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

    pub(super) fn column(&self, number: usize) -> usize {
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
