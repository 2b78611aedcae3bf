//! The files that are installed for import: each has to stand in the sdist, and none of their packages may lack one.

use std::collections::BTreeSet;

use covouch_core::version::Version;

use super::{
    declared::Declared,
    difference::{Difference, Differences},
    version_file,
};
use crate::{
    archive::{Contents, Form, Member, MemberPath},
    shown::Shown,
};

/// How the wheel's files follow from the sdist's.
pub(super) struct Mapped {
    pub(super) folder: String,
    pub(super) generated: Vec<MemberPath>,
}

/// Compares the payload of the wheel with the sdist, from the folder of it that fits best.
pub(super) fn compare(
    sdist: &Contents,
    wheel: &Contents,
    (declared, version): (&Declared, &Version),
    differences: &mut Differences,
) -> Mapped {
    for (path, member) in wheel.members() {
        if let Some(what) = acts(path, member) {
            differences.add(Difference::Acts { path: path.clone(), what });
        }
    }
    // Some installers make empty folders and some do not; to Python each is a package.
    for folder in wheel.folders().iter().filter(|folder| wheel.below(folder.as_str()).next().is_none()) {
        differences.add(Difference::NotInSdist(folder.clone()));
    }
    let names = top_level(wheel, declared, differences);
    let comparison = Comparison { sdist, wheel, declared, version };
    check_one_folder(&comparison, &names, differences);
    let tried = declared.folders().iter().map(|folder| (folder, comparison.with(folder)));
    let Some((folder, (found, generated))) = tried.min_by_key(|(_, (found, _))| found.count()) else {
        return Mapped { folder: String::new(), generated: Vec::new() };
    };
    differences.append(found);
    comparison.left_out(folder, differences);
    Mapped { folder: folder.clone(), generated }
}

/// Whether a path is in the wheel's `.dist-info` or `.data`, which installers treat in other ways than payload.
fn is_payload(path: &MemberPath) -> bool {
    let (top, below) = path.split_top();
    below.is_none() || !(top.ends_with(".dist-info") || top.ends_with(".data"))
}

/// What a file is, when it is of a kind that nothing can vouch for by reading, or that Python acts on unasked.
fn acts(path: &MemberPath, member: &Member) -> Option<&'static str> {
    const NATIVE: &[&str] =
        &[".so", ".pyd", ".dll", ".dylib", ".exe", ".a", ".lib", ".o", ".obj", ".sl", ".node", ".wasm"];
    let lower = path.as_str().to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let (top, below) =
        lower.split_once('/').map_or((lower.as_str(), None), |(top, below)| (top, Some(below)));
    let module = top.strip_suffix(".py").unwrap_or(top);
    match () {
        () if member.form == Form::Native || ends(NATIVE) || name.contains(".so.") => Some("native code"),
        () if ends(&[".pyc", ".pyo"]) || lower.split('/').any(|part| part == "__pycache__") => {
            Some("bytecode")
        }
        () if ends(&[".pth"]) => Some("a path file, whose lines Python runs at every start"),
        // Other files that the module `site` reads, now or by accepted proposals (PEP 829).
        () if below.is_none() && ends(&[".start", ".site.toml", ".egg-link"]) => {
            Some("a file Python reads at every start")
        }
        () if matches!(module, "sitecustomize" | "usercustomize") => {
            Some("a module Python imports at every start")
        }
        () if below.is_some() && top.ends_with(".data") => Some("installed outside of the packages"),
        () => None,
    }
}

/// The names to import that a wheel brings, all of which the sdist has to declare.
fn top_level<'a>(
    wheel: &'a Contents,
    declared: &Declared,
    differences: &mut Differences,
) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for path in wheel.members().keys().filter(|path| is_payload(path)) {
        let (top, below) = path.split_top();
        let name = module_name(top, below);
        match name.filter(|name| declared.has_name(name)) {
            Some(name) => names.insert(name),
            None => {
                differences.add(Difference::TopLevel(Shown::new(top)));
                false
            }
        };
    }
    names
}

/// The name by which a top-level file or folder is imported.
fn module_name<'a>(top: &'a str, below: Option<&str>) -> Option<&'a str> {
    match below {
        Some(_) => Some(top),
        None => top.strip_suffix(".py").or_else(|| top.strip_suffix(".pyi")),
    }
}

/// With more than one folder to choose from, a name that stands in two of them could be mapped from the wrong one,
/// such as a package's double among its tests.
fn check_one_folder(comparison: &Comparison<'_>, names: &BTreeSet<&str>, differences: &mut Differences) {
    let sdist = comparison.sdist;
    for name in names {
        let stands_in = |folder: &&String| {
            let path = format!("{folder}{name}");
            sdist.below(&path).next().is_some() || sdist.members().contains_key(format!("{path}.py").as_str())
        };
        if comparison.declared.folders().iter().filter(stands_in).count() > 1 {
            differences.add(Difference::Folder(Shown::new(name)));
        }
    }
}

struct Comparison<'a> {
    sdist: &'a Contents,
    wheel: &'a Contents,
    declared: &'a Declared,
    version: &'a Version,
}

impl Comparison<'_> {
    /// What differs when this folder of the sdist is the wheel's root, and what was rendered again.
    fn with(&self, folder: &str) -> (Differences, Vec<MemberPath>) {
        let (mut differences, mut generated) = (Differences::default(), Vec::new());
        for (path, member) in self.wheel.members().iter().filter(|(path, _)| is_payload(path)) {
            let source = format!("{folder}{path}", path = path.as_str());
            let found = self.sdist.members().get(source.as_str());
            if found.is_some_and(|found| (found.size, found.sha256) == (member.size, member.sha256)) {
                continue;
            }
            let path = path.clone();
            match (self.declared.is_generated(&source), found) {
                (true, _) if self.is_rendered(&path) => generated.push(path),
                (true, _) => differences.add(Difference::Generated(path)),
                (false, Some(_)) => differences.add(Difference::Bytes(path)),
                (false, None) => differences.add(Difference::NotInSdist(path)),
            }
        }
        (differences, generated)
    }

    fn is_rendered(&self, path: &MemberPath) -> bool {
        self.wheel.kept(path.as_str()).is_some_and(|bytes| version_file::is_rendered(bytes, self.version))
    }

    /// Leaving a file out changes what a package does as much as adding one: a fallback is imported instead, a list
    /// of what to refuse is missing.
    fn left_out(&self, folder: &str, differences: &mut Differences) {
        for path in self.sdist.members().keys() {
            let Some(target) = path.as_str().strip_prefix(folder) else { continue };
            let (top, below) = match target.split_once('/') {
                Some((top, below)) => (top, Some(below)),
                None => (target, None),
            };
            let is_ours = module_name(top, below).is_some_and(|name| self.declared.has_name(name));
            if is_ours && !self.wheel.members().contains_key(target) {
                differences.add(Difference::LeftOut(path.clone()));
            }
        }
    }
}
