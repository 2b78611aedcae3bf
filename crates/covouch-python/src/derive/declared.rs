//! What the sdist says of itself without being run: where its packages stand, which names they have, which files its
//! backend writes, and those fields of its metadata that no build may change.

mod egg_info;
pub(super) mod fields;
mod layout;

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;
use toml::{Table, Value};

pub(super) use self::fields::Fields;
use self::{egg_info::EggInfo, layout::Layout};
use super::difference::{Difference, Differences};
use crate::archive::{Contents, MemberPath};

/// Largest `pyproject.toml` that is read; a parsed one takes some 20 times its size.
const PYPROJECT_BYTES: usize = 256 << 10;

/// Whether a file of an sdist says something that [`Declared`] reads.
pub(super) fn is_declaration(path: &MemberPath) -> bool {
    matches!(path.as_str(), "pyproject.toml" | "PKG-INFO") || egg_info::is_part(path)
}

/// What an sdist says of itself.
pub(super) struct Declared {
    layout: Layout,
    generated: BTreeSet<String>,
    /// The fields no build may change.
    pub(super) fields: Fields,
}

impl Declared {
    /// Reads it; what cannot be understood is a difference.
    pub(super) fn read(sdist: &Contents, project: &ProjectName, differences: &mut Differences) -> Self {
        let pyproject = pyproject(sdist).unwrap_or_else(|fault| {
            differences.add(Difference::unreadable("pyproject.toml", fault));
            Table::new()
        });
        let egg_info = EggInfo::find(sdist, project);
        let layout = Layout::read(&pyproject, egg_info.as_ref(), project).unwrap_or_else(|fault| {
            differences.add(Difference::unreadable("pyproject.toml", fault));
            Layout::default_of(project)
        });
        let fields = Fields::read(sdist, &pyproject, egg_info);
        Self { layout, generated: generated(&pyproject), fields }
    }

    /// The folders of the sdist that may have become the wheel's root: each empty or ending in `/`.
    pub(super) fn folders(&self) -> &[String] {
        &self.layout.folders
    }

    /// Whether the sdist declares a name to import.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.layout.names.contain(name)
    }

    /// Whether the sdist says that a build backend writes this file of the sdist.
    pub(super) fn is_generated(&self, path: &str) -> bool {
        self.generated.contains(path)
    }

    /// Whether that could be true of a file of the wheel.
    pub(super) fn may_be_generated(&self, path: &MemberPath) -> bool {
        self.layout
            .folders
            .iter()
            .any(|folder| self.is_generated(&format!("{folder}{path}", path = path.as_str())))
    }
}

fn pyproject(sdist: &Contents) -> Result<Table, &'static str> {
    let Some(bytes) = sdist.kept("pyproject.toml") else { return Ok(Table::new()) };
    if bytes.len() > PYPROJECT_BYTES {
        return Err("is too long");
    }
    let text = str::from_utf8(bytes).map_err(|_| "is not UTF-8")?;
    text.parse().map_err(|_| "is not TOML")
}

/// The value behind a row of keys.
fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (last, tables) = keys.split_last()?;
    tables.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?.get(*last)
}

/// Files that version-writing backends make in their own form; one with a template of its own is not rendered again.
fn generated(pyproject: &Table) -> BTreeSet<String> {
    const WRITERS: &[(&[&str], &[&str], &[&str])] = &[
        (
            &["tool", "setuptools_scm"],
            &["version_file", "write_to"],
            &["version_file_template", "write_to_template", "template"],
        ),
        (&["tool", "hatch", "build", "hooks", "vcs"], &["version-file"], &["template"]),
        (&["tool", "hatch", "build", "targets", "wheel", "hooks", "vcs"], &["version-file"], &["template"]),
    ];
    let mut files = BTreeSet::new();
    for (table, keys, templates) in WRITERS {
        let Some(table) = at(pyproject, table).and_then(Value::as_table) else { continue };
        if !templates.iter().any(|template| table.contains_key(*template)) {
            files.extend(keys.iter().filter_map(|key| table.get(*key)?.as_str()).map(str::to_owned));
        }
    }
    files
}
