//! Medians, and tables in Markdown.

use std::fmt::Write as _;

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<f64>);

impl Figures {
    pub(super) fn add(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle, the lower of two; nothing measured is no number.
    pub(super) fn median(&self) -> f64 {
        self.at(self.0.len().saturating_sub(1) / 2)
    }

    pub(super) fn least(&self) -> f64 {
        self.at(0)
    }

    pub(super) fn most(&self) -> f64 {
        self.at(self.0.len().saturating_sub(1))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    fn at(&self, place: usize) -> f64 {
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut all = Self::default();
        figures.into_iter().for_each(|figure| all.add(figure));
        all
    }
}

/// A table in Markdown.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// A figure with as many digits as mean something.
pub(super) fn shown(figure: f64) -> String {
    match figure {
        _ if figure.is_nan() => "–".to_owned(),
        _ if figure >= 1000.0 => format!("{:.0}", (figure / 10.0).round() * 10.0),
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let figures = Figures::from_iter([3.0, 1.0, 2.0]);
        assert_eq!((figures.least(), figures.median(), figures.most()), (1.0, 2.0, 3.0));
        assert!(Figures::default().median().is_nan());
    }

    #[test]
    fn a_figure_has_the_digits_that_mean_something() {
        let shown = [12_345.0, 123.4, 12.34, 1.234, f64::NAN].map(shown);
        assert_eq!(shown, ["12350", "123", "12.3", "1.23", "–"]);
    }
}
