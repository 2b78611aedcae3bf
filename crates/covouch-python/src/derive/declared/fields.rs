//! The fields of metadata that the sdist fixes: in `[project]` (PEP 621), in a `PKG-INFO` that binds builds (PEP 643),
//! or by what its backend recorded in it when it was made.
//!
//! The record of a field that is left to the build is one of what the build came to, in the very bytes that somebody
//! vouches for. A wheel that says the same says nothing that they do not; one that was built to something else differs.

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;
use toml::{Table, Value};

use super::{at, egg_info::EggInfo};
use crate::{
    archive::Contents,
    derive::{
        entry_points::EntryPoints,
        metadata::Metadata,
        requirement::{Requirement, Specifiers, specifiers},
    },
};

/// Most requirements of one project, extras included. The largest real ones have some 500.
const REQUIREMENTS: usize = 4_000;

/// What is fixed; nothing where the sdist leaves a field to its build, or cannot be understood.
pub(in crate::derive) struct Fields {
    pub(in crate::derive) requirements: Option<BTreeSet<Requirement>>,
    pub(in crate::derive) requires_python: Option<Specifiers>,
    pub(in crate::derive) extras: Option<BTreeSet<ProjectName>>,
    pub(in crate::derive) entry_points: Option<EntryPoints>,
    /// The metadata as a whole, for what only it states.
    pub(in crate::derive) pkg_info: Option<Metadata>,
}

impl Fields {
    pub(super) fn read(sdist: &Contents, pyproject: &Table, egg_info: Option<EggInfo>) -> Self {
        let project = Project::of(pyproject);
        let pkg_info = Metadata::of(sdist, "PKG-INFO");
        let settled = |field| pkg_info.as_ref().filter(|metadata| metadata.settles(field));
        // What is not there is only known to be nothing where a backend writes down all there is, as setuptools does.
        let complete = egg_info.is_some();
        let recorded =
            |field| pkg_info.as_ref().filter(|metadata| complete || metadata.all(field).next().is_some());
        let asked = egg_info.as_ref().map(|egg_info| egg_info.requires.as_ref());
        Self {
            requirements: match (project.fixes(&["dependencies", "optional-dependencies"]), asked) {
                (Some(project), _) => of_project(project),
                (None, Some(asked)) if settled("requires-dist").is_none() => {
                    asked.map(|asked| asked.requirements.clone())
                }
                (None, _) => {
                    settled("requires-dist").or_else(|| recorded("requires-dist")).and_then(requirements)
                }
            },
            requires_python: match project.fixes(&["requires-python"]) {
                Some(project) => of_text(project.get("requires-python")).and_then(specifiers),
                None => settled("requires-python")
                    .or_else(|| recorded("requires-python"))
                    .and_then(requires_python),
            },
            extras: match (project.fixes(&["optional-dependencies"]), asked) {
                (Some(project), _) => {
                    optional(project).map(|extras| extras.map(|(extra, _)| extra).collect())
                }
                (None, Some(asked)) if settled("provides-extra").is_none() => {
                    asked.map(|asked| asked.extras.clone())
                }
                (None, _) => {
                    settled("provides-extra").or_else(|| recorded("provides-extra")).and_then(extras)
                }
            },
            entry_points: match project.fixes(&["scripts", "gui-scripts", "entry-points"]) {
                Some(project) => EntryPoints::of_project(project),
                None => of_tool(pyproject).unwrap_or_else(|| egg_info?.entry_points),
            },
            pkg_info,
        }
    }
}

/// `[project]`, if there is one.
struct Project<'a>(Option<&'a Table>);

impl<'a> Project<'a> {
    fn of(pyproject: &'a Table) -> Self {
        Self(pyproject.get("project").and_then(Value::as_table))
    }

    /// The table, when none of these keys is left to the build. A key it does not have is then fixed as empty.
    fn fixes(&self, keys: &[&str]) -> Option<&'a Table> {
        let table = self.0?;
        let dynamic = match table.get("dynamic") {
            Some(names) => names.as_array()?.as_slice(),
            None => &[],
        };
        let is_left = |key: &&str| dynamic.iter().any(|name| name.as_str().is_none_or(|name| name == *key));
        (!keys.iter().any(is_left)).then_some(table)
    }
}

fn of_text(value: Option<&Value>) -> Option<&str> {
    value.map_or(Some(""), Value::as_str)
}

fn of_project(project: &Table) -> Option<BTreeSet<Requirement>> {
    let parse = |value: &Value| Requirement::parse(value.as_str()?);
    let mut found = match project.get("dependencies") {
        Some(list) => limited(list.as_array()?.iter().map(parse))?,
        None => BTreeSet::new(),
    };
    for (extra, list) in optional(project)? {
        let under = |value: &Value| Some(parse(value)?.under(&extra));
        found.extend(limited(list.as_array()?.iter().map(under))?);
    }
    Some(found)
}

/// `[project.optional-dependencies]`; nothing when a name in it is none.
fn optional(project: &Table) -> Option<impl Iterator<Item = (ProjectName, &Value)>> {
    let extras = match project.get("optional-dependencies") {
        Some(extras) => extras
            .as_table()?
            .iter()
            .map(|(name, list)| Some((ProjectName::parse(name).ok()?, list)))
            .collect::<Option<_>>()?,
        None => Vec::new(),
    };
    Some(extras.into_iter())
}

/// Requirements before extras of an entry point's project; which backends had before PEP 621. The outer nothing means
/// that no such backend is at work.
fn of_tool(pyproject: &Table) -> Option<Option<EntryPoints>> {
    let backend = at(pyproject, &["build-system", "build-backend"])?.as_str()?;
    let tool = |name| at(pyproject, &["tool", name]).and_then(Value::as_table);
    match backend.split('.').next() {
        Some("poetry") => Some(EntryPoints::of_tool(tool("poetry")?, "plugins")),
        Some("flit_core" | "flit") => Some(EntryPoints::of_tool(tool("flit")?, "entrypoints")),
        _ => None,
    }
}

/// `Requires-Dist` of metadata.
pub(in crate::derive) fn requirements(metadata: &Metadata) -> Option<BTreeSet<Requirement>> {
    limited(metadata.all("requires-dist").map(Requirement::parse))
}

/// `Requires-Python` of metadata; empty when it is not there.
pub(in crate::derive) fn requires_python(metadata: &Metadata) -> Option<Specifiers> {
    specifiers(metadata.one("requires-python")?.unwrap_or_default())
}

/// `Provides-Extra` of metadata.
pub(in crate::derive) fn extras(metadata: &Metadata) -> Option<BTreeSet<ProjectName>> {
    metadata.all("provides-extra").map(|name| ProjectName::parse(name).ok()).collect()
}

fn limited(found: impl Iterator<Item = Option<Requirement>>) -> Option<BTreeSet<Requirement>> {
    let found: BTreeSet<_> = found.take(REQUIREMENTS + 1).collect::<Option<_>>()?;
    (found.len() <= REQUIREMENTS).then_some(found)
}
