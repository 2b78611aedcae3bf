//! The `.egg-info` folder that setuptools leaves in every sdist it makes.

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;

use crate::{
    archive::{Contents, MemberPath},
    derive::entry_points::EntryPoints,
};

/// Deepest folder in which the `.egg-info` of an sdist's own project stands: `src/` or the like.
const DEPTH: usize = 2;

/// Largest `top_level.txt`; real ones have a few lines.
const NAMES_BYTES: usize = 64 << 10;

/// What one `.egg-info` says.
pub(super) struct EggInfo {
    /// The folder it stands in, which is the one packages are found in: empty, or one that ends in `/`.
    pub(super) folder: String,
    /// The names to import.
    pub(super) names: BTreeSet<String>,
    /// The entry points; nothing when they cannot be read.
    pub(super) entry_points: Option<EntryPoints>,
}

/// Whether a file belongs to a folder that [`EggInfo::find`] may read.
pub(super) fn is_part(path: &MemberPath) -> bool {
    let part = path.as_str().split_once(".egg-info/").map(|(_, part)| part);
    matches!(part, Some("top_level.txt" | "entry_points.txt"))
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
        Some(Self { folder, names, entry_points })
    }
}
