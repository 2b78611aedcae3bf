//! Writes a `uv.lock` with other addresses.

use std::{borrow::Cow, ops::Range};

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName, version::Version};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use url::Url;

use crate::{
    address,
    lock::{LockError, document::Document},
};

/// An address in a `uv.lock`.
#[derive(Debug)]
pub enum Address<'a> {
    /// Where one file is.
    File(&'a UvFile<'a>),
    /// An index: where a package comes from, or where one is to be looked for.
    Registry(&'a str),
}

/// A file in a `uv.lock`.
#[derive(Debug)]
pub struct UvFile<'a> {
    /// The project it is listed under, where the name can be read.
    pub project: Option<ProjectName>,
    /// The version it is listed under, where it can be read.
    pub version: Option<Version>,
    /// Its name, where the lock or the end of the address gives one.
    pub filename: Option<FileName>,
    /// Its digest, where it has a SHA-256.
    pub sha256: Option<Sha256>,
    /// Its address.
    pub url: &'a str,
}

/// Gives the text of a `uv.lock` with some addresses replaced: `replace` is asked for each, and `None` keeps it.
///
/// Outside the replaced literals every byte stays, and a literal keeps its kind of quotes where it can, so replacing
/// back gives the text one began with.
///
/// # Errors
/// [`LockError`] when the text is not TOML.
pub fn rewrite(
    text: &str,
    replace: &mut dyn FnMut(Address<'_>) -> Option<String>,
) -> Result<String, LockError> {
    let document = Document::new("uv.lock", text.as_bytes())?;
    let root = DeTable::parse(document.text()).map_err(|error| document.malformed(&error))?;
    let mut edits = Edits { text, replace, done: Vec::new() };
    edits.table(root.get_ref(), false);
    for (_, packages) in entries(root.get_ref(), "package") {
        for package in packages.get_ref().as_array().into_iter().flatten() {
            edits.package(package.get_ref());
        }
    }
    Ok(edits.apply())
}

type Table<'a> = DeTable<'a>;
type Entry<'a> = Spanned<DeValue<'a>>;

struct Edits<'a, 'r> {
    text: &'a str,
    replace: &'r mut dyn FnMut(Address<'_>) -> Option<String>,
    done: Vec<(Range<usize>, String)>,
}

impl Edits<'_, '_> {
    /// Every index in a table and below: `registry` of a `source`, and the `index` of a requirement.
    fn table(&mut self, table: &Table<'_>, is_source: bool) {
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("registry", DeValue::String(address)) if is_source => self.registry(value, address),
                ("index", DeValue::String(address)) if table.contains_key("name") => {
                    self.registry(value, address)
                }
                (key, inner) => self.value(inner, key == "source"),
            }
        }
    }

    fn value(&mut self, value: &DeValue<'_>, is_source: bool) {
        match value {
            DeValue::Table(table) => self.table(table, is_source),
            DeValue::Array(values) => values.iter().for_each(|value| self.value(value.get_ref(), false)),
            _ => {}
        }
    }

    fn registry(&mut self, value: &Entry<'_>, address: &str) {
        if let Some(new) = (self.replace)(Address::Registry(address)) {
            self.literal(value.span(), &new);
        }
    }

    fn package(&mut self, package: &DeValue<'_>) {
        let Some(package) = package.as_table() else { return };
        let project = text_of(package, "name").and_then(|name| ProjectName::parse(name).ok());
        let version = text_of(package, "version").and_then(|version| Version::parse(version).ok());
        let sdist = entries(package, "sdist").map(|(_, value)| value);
        let wheels = entries(package, "wheels").filter_map(|(_, value)| value.get_ref().as_array()).flatten();
        for file in sdist.chain(wheels).filter_map(|value| value.get_ref().as_table()) {
            for (_, value) in entries(file, "url") {
                let Some(url) = value.get_ref().as_str() else { continue };
                let file = UvFile {
                    project: project.clone(),
                    version: version.clone(),
                    filename: filename(file, url),
                    sha256: text_of(file, "hash").and_then(sha256),
                    url,
                };
                if let Some(new) = (self.replace)(Address::File(&file)) {
                    self.literal(value.span(), &new);
                }
            }
        }
    }

    fn literal(&mut self, span: Range<usize>, new: &str) {
        let old = self.text.get(span.clone()).unwrap_or_default();
        self.done.push((span, literal(old, new)));
    }

    fn apply(mut self) -> String {
        self.done.sort_by_key(|(span, _)| span.start);
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for (span, literal) in self.done {
            text.push_str(self.text.get(from..span.start).unwrap_or_default());
            text.push_str(&literal);
            from = span.end;
        }
        text.push_str(self.text.get(from..).unwrap_or_default());
        text
    }
}

fn entries<'t, 'a>(
    table: &'t Table<'a>,
    key: &str,
) -> impl Iterator<Item = (&'t Spanned<Cow<'a, str>>, &'t Entry<'a>)> {
    table.get_key_value(key).into_iter()
}

fn text_of<'t>(table: &'t Table<'_>, key: &str) -> Option<&'t str> {
    table.get(key)?.get_ref().as_str()
}

fn filename(file: &Table<'_>, url: &str) -> Option<FileName> {
    match text_of(file, "filename") {
        Some(name) => FileName::parse(name).ok(),
        None => address::filename(&Url::parse(url).ok()?).ok(),
    }
}

fn sha256(hash: &str) -> Option<Sha256> {
    Sha256::parse(hash.strip_prefix("sha256:")?).ok()
}

/// A TOML string in the quotes the old literal had, where those can hold it.
fn literal(old: &str, new: &str) -> String {
    let is_plain = !new.contains(|character: char| character == '\'' || character.is_control());
    if old.starts_with('\'') && is_plain {
        return format!("'{new}'");
    }
    let mut literal = String::from("\"");
    for character in new.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            // TOML, "String": control characters are escaped.
            control if control.is_control() => literal.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}
