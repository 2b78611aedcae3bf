//! Typed access to TOML tables; whatever is wrong is noted with its place, and reading goes on.

use std::{ops::Range, sync::Arc};

use covouch_core::{amount::Decimal, hint::Hint};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::{Placed, Source};
use crate::{
    ast::Expression,
    error::{Fault, Place, PolicyError, shown},
    syntax,
};

/// Where the lines of a file start, to turn bytes into places.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    file: Arc<str>,
    text: Arc<str>,
    starts: Arc<[usize]>,
}

impl Lines {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index + 1);
        Self { file: file.into(), text: text.into(), starts: std::iter::once(0).chain(after).collect() }
    }

    /// The file's name, as people know it.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The place of a byte.
    pub(crate) fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Place { file: Arc::clone(&self.file), line: number(line), column: number(column) }
    }

    /// An error at a byte.
    pub(crate) fn error(&self, at: usize, fault: Fault) -> PolicyError {
        PolicyError { place: self.place(at), fault }
    }
}

/// Reads one file and keeps what is wrong with it.
pub(super) struct Reader {
    lines: Lines,
    errors: Vec<PolicyError>,
}

/// A table of the file and what people call it.
pub(super) struct Table<'t> {
    pub(super) name: String,
    pub(super) at: usize,
    entries: &'t DeTable<'t>,
}

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Table<'t> {
    pub(super) fn new(name: String, entries: &'t DeTable<'t>, at: usize) -> Self {
        Self { name, at, entries }
    }

    pub(super) fn value(&self, key: &str) -> Option<&'t Value<'t>> {
        self.entries.get(key)
    }

    /// Keys with their places and values, in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Placed<String>, &'t Value<'t>)> {
        self.entries
            .iter()
            .map(|(key, value)| (Placed { value: key.get_ref().to_string(), at: key.span().start }, value))
    }

    /// What messages call the table.
    pub(super) fn called(&self) -> String {
        if self.name.is_empty() { "the policy".to_owned() } else { format!("`[{}]`", self.name) }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

impl Reader {
    pub(super) fn new(source: Source<'_>) -> Self {
        Self { lines: Lines::new(source.name, source.text), errors: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<PolicyError> {
        self.errors
    }

    pub(super) fn lines(&self) -> Lines {
        self.lines.clone()
    }

    pub(super) fn fault(&mut self, at: usize, fault: Fault) {
        self.errors.push(self.lines.error(at, fault));
    }

    /// `[tool.covouch]` of a `pyproject.toml`.
    pub(super) fn pyproject<'t>(&mut self, whole: &'t DeTable<'t>) -> Option<Table<'t>> {
        let tool = whole.get("tool").and_then(|tool| tool.get_ref().as_table());
        let Some(ours) = tool.and_then(|tool| tool.get("covouch")) else {
            self.fault(0, Fault::NoTable);
            return None;
        };
        self.as_table("tool.covouch", ours)
    }

    /// Notes every key that is not among these.
    pub(super) fn only(&mut self, table: &Table<'_>, known: &'static [&'static str]) {
        for (key, _) in table.iter() {
            if !known.contains(&key.value.as_str()) {
                let table = table.called();
                self.fault(key.at, Fault::UnknownKey { key: shown(&key.value), table: shown(&table), known });
            }
        }
    }

    pub(super) fn as_table<'t>(&mut self, name: &str, value: &'t Value<'t>) -> Option<Table<'t>> {
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(name.to_owned(), entries, value.span().start)),
            _ => self.wrong(name.to_owned(), value, "a table"),
        }
    }

    pub(super) fn table<'t>(&mut self, parent: &Table<'t>, key: &str) -> Option<Table<'t>> {
        self.as_table(&parent.path(key), parent.value(key)?)
    }

    /// The tables of `[[key]]`.
    pub(super) fn tables<'t>(&mut self, parent: &Table<'t>, key: &str) -> Vec<Table<'t>> {
        let Some(array) = self.array(parent, key, "an array of tables") else { return Vec::new() };
        array.iter().filter_map(|value| self.as_table(&parent.path(key), value)).collect()
    }

    pub(super) fn string(&mut self, table: &Table<'_>, key: &str) -> Option<Placed<String>> {
        let value = table.value(key)?;
        self.as_string(table, key, value)
    }

    fn as_string(&mut self, table: &Table<'_>, key: &str, value: &Value<'_>) -> Option<Placed<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Placed { value: text.to_string(), at: value.span().start }),
            _ => self.wrong(table.path(key), value, "a string"),
        }
    }

    pub(super) fn strings(&mut self, table: &Table<'_>, key: &str) -> Option<Vec<Placed<String>>> {
        let array = self.array(table, key, "an array of strings")?;
        Some(array.iter().filter_map(|value| self.as_string(table, key, value)).collect())
    }

    fn array<'t>(&mut self, table: &Table<'t>, key: &str, expected: &'static str) -> Option<&'t DeArray<'t>> {
        let value = table.value(key)?;
        match value.get_ref() {
            DeValue::Array(array) => Some(array),
            _ => self.wrong(table.path(key), value, expected),
        }
    }

    /// A date, or a date and time with its offset, as the file writes it. A time without offset would mean
    /// another moment on every machine.
    pub(super) fn moment(&mut self, table: &Table<'_>, key: &str) -> Option<Placed<String>> {
        let value = table.value(key)?;
        match value.get_ref() {
            DeValue::Datetime(moment)
                if moment.date.is_some() && moment.time.is_some() == moment.offset.is_some() =>
            {
                Some(Placed { value: moment.to_string(), at: value.span().start })
            }
            _ => self.wrong(table.path(key), value, "a date such as 2026-12-31"),
        }
    }

    pub(super) fn whole(&mut self, table: &Table<'_>, key: &str) -> Option<Placed<u64>> {
        let value = table.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => Some(Placed { value: number, at: value.span().start }),
            None => self.wrong(table.path(key), value, "a whole number"),
        }
    }

    /// A decimal, from the digits of the file.
    pub(super) fn decimal(&mut self, name: &str, value: &Value<'_>) -> Option<Placed<Decimal>> {
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => return self.wrong(name.to_owned(), value, "a decimal"),
        };
        match Decimal::parse(text) {
            Ok(decimal) => Some(Placed { value: decimal, at: value.span().start }),
            Err(error) => {
                let hint = Some(Hint::new("write a number such as `0.5`"));
                self.fault(value.span().start, Fault::BadValue { clause: shown(&error), hint });
                None
            }
        }
    }

    pub(super) fn expression(&mut self, table: &Table<'_>, key: &str) -> Option<Expression> {
        let text = self.string(table, key)?;
        let span = table.value(key)?.span();
        let inside = self.inside(&span, &text.value);
        match syntax::parse(&text.value) {
            Ok(mut expression) => {
                expression.shift(|offset| inside.map_or(span.start, |start| start + offset));
                Some(expression)
            }
            Err(slip) => {
                let at = inside.map_or(span.start, |start| start + slip.at);
                self.fault(at, Fault::Expression(slip.error));
                None
            }
        }
    }

    /// Where a string's characters start in the file, when it stands there without escapes.
    fn inside(&self, span: &Range<usize>, text: &str) -> Option<usize> {
        let raw = self.lines.text.get(span.clone())?;
        raw.find(text).map(|start| span.start + start)
    }

    fn wrong<T>(&mut self, key: String, value: &Value<'_>, expected: &'static str) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.fault(value.span().start, Fault::WrongType { key: shown(&key), found, expected });
        None
    }
}

/// A message of the TOML reader as one lower-case clause.
pub(super) fn clause(message: &str) -> String {
    message.trim_end_matches('.').replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let lines = Lines::new("a.toml", "one\nzwölf = 1\n");
        let place = |at| lines.place(at).to_string();
        assert_eq!(place(0), "a.toml:1:1");
        assert_eq!(place(4), "a.toml:2:1");
        assert_eq!(place("one\nzwölf = ".len()), "a.toml:2:9");
        assert_eq!(place(1000), "a.toml:3:1");
    }
}
