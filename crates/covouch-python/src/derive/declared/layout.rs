//! Where packages stand and which names they have, by the backend that would build them.

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;
use toml::{Table, Value};

use super::{at, egg_info::EggInfo};
use crate::archive::MemberPath;

/// Where packages may stand, and their names.
pub(super) struct Layout {
    pub(super) folders: Vec<String>,
    pub(super) names: Names,
}

/// The names to import that an sdist declares.
pub(super) enum Names {
    /// These.
    Listed(BTreeSet<String>),
    /// Nothing but the project's own, as every backend looks for it.
    Own(ProjectName),
}

impl Names {
    pub(super) fn contain(&self, name: &str) -> bool {
        match self {
            Self::Listed(names) => names.contains(name),
            Self::Own(project) => ProjectName::parse(name).is_ok_and(|name| name == *project),
        }
    }
}

type Fault = &'static str;

impl Layout {
    /// What holds where nothing is declared.
    pub(super) fn default_of(project: &ProjectName) -> Self {
        Self { folders: vec![String::new(), "src/".into()], names: Names::Own(project.clone()) }
    }

    pub(super) fn read(
        pyproject: &Table,
        egg_info: Option<&EggInfo>,
        project: &ProjectName,
    ) -> Result<Self, Fault> {
        let backend =
            at(pyproject, &["build-system", "build-backend"]).and_then(Value::as_str).unwrap_or_default();
        let mut layout = Self::default_of(project);
        match backend.split(['.', ':']).next().unwrap_or_default() {
            "hatchling" => layout.hatch(pyproject)?,
            "flit_core" | "flit" => layout.flit(pyproject),
            "poetry" => layout.poetry(pyproject)?,
            "pdm" => layout.pdm(pyproject)?,
            "uv_build" => layout.uv(pyproject)?,
            _ => {
                if let Some(egg_info) = egg_info {
                    layout.setuptools(egg_info);
                }
            }
        }
        Ok(layout)
    }

    /// setuptools puts its `.egg-info` where its packages are, except where each package has a place of its own.
    fn setuptools(&mut self, egg_info: &EggInfo) {
        if !egg_info.folder.is_empty() {
            self.folders = vec![egg_info.folder.clone()];
        }
        self.names = Names::Listed(egg_info.names.clone());
    }

    fn hatch(&mut self, pyproject: &Table) -> Result<(), Fault> {
        let wheel = |key| at(pyproject, &["tool", "hatch", "build", "targets", "wheel", key]);
        let option = |key| wheel(key).or_else(|| at(pyproject, &["tool", "hatch", "build", key]));
        if let Some(packages) = option("packages") {
            let split = |path: &str| match path.rsplit_once('/') {
                Some((folder, name)) => (folder.to_owned(), name.to_owned()),
                None => (String::new(), path.to_owned()),
            };
            let packages: Vec<_> = texts(packages)?.map(|path| split(path.trim_matches('/'))).collect();
            self.stand_in(packages.iter().map(|(folder, _)| folder.as_str()))?;
            self.list(packages.into_iter().map(|(_, name)| name));
            return Ok(());
        }
        if let Some(sources) = option("sources") {
            self.stand_in(texts(sources)?)?;
        }
        if let Some(included) = option("only-include").or_else(|| option("include")) {
            self.list_paths(texts(included)?);
        }
        Ok(())
    }

    fn flit(&mut self, pyproject: &Table) {
        let module = at(pyproject, &["tool", "flit", "module", "name"])
            .or_else(|| at(pyproject, &["tool", "flit", "metadata", "module"]));
        self.list(module.and_then(Value::as_str).map(top));
    }

    fn poetry(&mut self, pyproject: &Table) -> Result<(), Fault> {
        let Some(packages) = at(pyproject, &["tool", "poetry", "packages"]) else { return Ok(()) };
        let packages = packages.as_array().ok_or("has packages that are no list")?;
        let field =
            |key| packages.iter().map(move |package: &Value| package.get(key).and_then(Value::as_str));
        self.stand_in(field("from").map(Option::unwrap_or_default))?;
        self.list_paths(field("include").flatten());
        Ok(())
    }

    fn pdm(&mut self, pyproject: &Table) -> Result<(), Fault> {
        let option = |key| at(pyproject, &["tool", "pdm", "build", key]);
        if let Some(folder) = option("package-dir").and_then(Value::as_str) {
            self.stand_in([folder])?;
        }
        if let Some(included) = option("includes") {
            self.list_paths(texts(included)?);
        }
        Ok(())
    }

    fn uv(&mut self, pyproject: &Table) -> Result<(), Fault> {
        let option = |key| at(pyproject, &["tool", "uv", "build-backend", key]);
        self.stand_in([option("module-root").and_then(Value::as_str).unwrap_or("src")])?;
        match option("module-name") {
            Some(Value::String(name)) => self.list([top(name)]),
            Some(names) => self.list(texts(names)?.map(top)),
            None => {}
        }
        Ok(())
    }

    /// Packages stand in these folders, which have to be one.
    fn stand_in<'a>(&mut self, folders: impl IntoIterator<Item = &'a str>) -> Result<(), Fault> {
        let folders: BTreeSet<String> = folders.into_iter().map(folder).collect::<Result<_, _>>()?;
        match folders.len() {
            0 => Ok(()),
            1 => {
                self.folders = folders.into_iter().collect();
                Ok(())
            }
            _ => Err("declares packages in several folders"),
        }
    }

    /// Packages have these names, if there are any.
    fn list(&mut self, names: impl IntoIterator<Item = String>) {
        let names: BTreeSet<String> = names.into_iter().collect();
        if !names.is_empty() {
            self.names = Names::Listed(names);
        }
    }

    /// The same, from paths below the one folder, or patterns of them.
    fn list_paths<'a>(&mut self, paths: impl Iterator<Item = &'a str>) {
        let folders = self.folders.clone();
        let name = |path: &str| {
            let path = path.trim_start_matches('/');
            let below = folders
                .iter()
                .filter(|folder| !folder.is_empty())
                .find_map(|folder| path.strip_prefix(folder.as_str()));
            let name = below.unwrap_or(path).split('/').next().unwrap_or_default();
            let name = name.strip_suffix(".py").unwrap_or(name);
            let is_plain =
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            is_plain.then(|| name.to_owned())
        };
        self.list(paths.filter_map(name).collect::<Vec<_>>());
    }
}

fn texts(value: &Value) -> Result<impl Iterator<Item = &str>, Fault> {
    let values = value.as_array().ok_or("has paths that are no list")?;
    match values.iter().all(Value::is_str) {
        true => Ok(values.iter().filter_map(Value::as_str)),
        false => Err("has paths that are no list of texts"),
    }
}

/// A folder as a prefix: empty, or ending in `/`.
fn folder(text: &str) -> Result<String, Fault> {
    let text = text.trim_start_matches("./").trim_matches('/');
    match text {
        "" | "." => Ok(String::new()),
        _ if MemberPath::parse(text.as_bytes()).is_ok() => Ok(format!("{text}/")),
        _ => Err("declares packages outside of the sdist"),
    }
}

/// The part of a dotted name that stands at the top.
fn top(module: &str) -> String {
    module.split('.').next().unwrap_or_default().to_owned()
}
