//! The `.egg-info` folder that setuptools leaves in every sdist it makes (setuptools, "The Internal Structure of
//! Python Eggs").

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;

use crate::{
    archive::{Contents, MemberPath},
    derive::{entry_points::EntryPoints, requirement::Requirement},
};

/// Deepest folder in which the `.egg-info` of an sdist's own project stands: `src/` or the like.
const DEPTH: usize = 2;

/// Largest `top_level.txt`; real ones have a few lines.
const NAMES_BYTES: usize = 64 << 10;

/// Largest `requires.txt`; the largest real ones have some 30 kB.
const REQUIRES_BYTES: usize = 256 << 10;

/// What one `.egg-info` says.
pub(super) struct EggInfo {
    /// The folder it stands in, which is the one packages are found in: empty, or one that ends in `/`.
    pub(super) folder: String,
    /// The names to import.
    pub(super) names: BTreeSet<String>,
    /// The entry points; nothing when they cannot be read.
    pub(super) entry_points: Option<EntryPoints>,
    /// What the project asks for; nothing when it cannot be read.
    pub(super) requires: Option<Requires>,
}

/// What `requires.txt` says. A project that asks for nothing has no such file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requires {
    pub(super) requirements: BTreeSet<Requirement>,
    pub(super) extras: BTreeSet<ProjectName>,
}

/// Whether a file belongs to a folder that [`EggInfo::find`] may read.
pub(super) fn is_part(path: &MemberPath) -> bool {
    let part = path.as_str().split_once(".egg-info/").map(|(_, part)| part);
    matches!(part, Some("top_level.txt" | "entry_points.txt" | "requires.txt"))
}

impl EggInfo {
    /// Finds the one of this project. With two of them, it would be a guess.
    pub(super) fn find(sdist: &Contents, project: &ProjectName) -> Option<Self> {
        let mut found = sdist.members().keys().filter_map(|path| {
            let stem = path.as_str().strip_suffix(".egg-info/top_level.txt")?;
            let (folder, name) = match stem.rsplit_once('/') {
                Some((folder, name)) => (format!("{folder}/"), name),
                None => (String::new(), stem),
            };
            let is_own = ProjectName::parse(name).is_ok_and(|name| name == *project);
            (is_own && folder.matches('/').count() <= DEPTH).then_some((stem, folder))
        });
        let (stem, folder) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let names = str::from_utf8(sdist.kept(&format!("{stem}.egg-info/top_level.txt"))?).ok()?;
        if names.len() > NAMES_BYTES {
            return None;
        }
        let names = names.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let entry_points = match sdist.kept(&format!("{stem}.egg-info/entry_points.txt")) {
            Some(bytes) => EntryPoints::parse(bytes),
            None => Some(EntryPoints::default()),
        };
        let requires = match sdist.kept(&format!("{stem}.egg-info/requires.txt")) {
            Some(bytes) => Requires::parse(bytes),
            None => Some(Requires::default()),
        };
        Some(Self { folder, names, entry_points, requires })
    }
}

impl Requires {
    /// Reads requirements, a line each: first those without a condition, then those under `[extra]`, `[:marker]` or
    /// `[extra:marker]`. Markers stand in these headings only.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= REQUIRES_BYTES)?;
        let mut found = Self::default();
        let (mut extra, mut marker) = (None, None);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(heading) = line.strip_prefix('[') {
                let heading = heading.strip_suffix(']')?;
                let (name, condition) = match heading.split_once(':') {
                    Some((name, condition)) => (name, Some(condition)),
                    None => (heading, None),
                };
                extra = match name {
                    "" => None,
                    name => Some(ProjectName::parse(name).ok()?),
                };
                found.extras.extend(extra.clone());
                marker = condition;
                continue;
            }
            if line.contains(';') {
                return None;
            }
            let requirement = match marker {
                Some(marker) => Requirement::parse(&format!("{line} ; {marker}"))?,
                None => Requirement::parse(line)?,
            };
            found.requirements.insert(match &extra {
                Some(extra) => requirement.under(extra),
                None => requirement,
            });
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirements(text: &str) -> Option<BTreeSet<Requirement>> {
        Requires::parse(text.as_bytes()).map(|requires| requires.requirements)
    }

    #[test]
    fn headings_say_under_which_condition_a_requirement_stands() {
        let text = "six>=1\n\n[:python_version < \"3.9\"]\ntyping\n\n[Fast.Er]\ncython\n\n[fast-er:os_name == \"nt\"]\nnumba\n";
        let metadata = [
            "six >= 1",
            "typing; python_version < '3.9'",
            "cython; extra == 'fast-er'",
            "numba; os_name == 'nt' and extra == 'fast-er'",
        ];
        let expected = metadata.into_iter().map(|text| Requirement::parse(text).unwrap());
        assert_eq!(requirements(text), Some(expected.collect()));
        let extras = Requires::parse(text.as_bytes()).unwrap().extras;
        assert_eq!(extras, BTreeSet::from([ProjectName::parse("fast-er").unwrap()]));
    }

    #[test]
    fn what_cannot_be_read_for_certain_is_not_read() {
        assert!(requirements("").is_some_and(|found| found.is_empty()));
        for text in
            ["six; os_name == 'nt'", "[fast", "[fast]x", "not a requirement", "[:nonsense]\nsix", "[-]"]
        {
            assert_eq!(requirements(text), None, "{text}");
        }
        assert_eq!(requirements(&"six\n".repeat(REQUIRES_BYTES)), None);
    }
}
