//! The `.dist-info` folder: what it may have, and which of it has to agree with the sdist (packaging.python.org,
//! "Binary distribution format", "The .dist-info directory").

use std::collections::BTreeSet;

use covouch_core::{digest::Sha256, name::ProjectName, version::Version};

use super::{
    declared::{Declared, Fields, fields},
    difference::{Difference, Differences},
    entry_points::EntryPoints,
    metadata::Metadata,
    record,
};
use crate::{
    archive::{Contents, MemberPath},
    filename::Wheel,
    shown::Shown,
};

/// Whether the bytes of a wheel's file are needed here.
pub(super) fn is_metadata(path: &MemberPath) -> bool {
    let (top, below) = path.split_top();
    top.ends_with(".dist-info") && below.is_some_and(|below| !below.contains('/'))
}

/// Compares everything in the wheel's `.dist-info`.
pub(super) fn compare(
    sdist: &Contents,
    wheel: &Contents,
    (declared, filename): (&Declared, &Wheel),
    differences: &mut Differences,
) {
    let Some(folder) = find(wheel, filename, differences) else { return };
    let file = |name: &str| format!("{folder}/{name}");
    check_files(sdist, wheel, folder, differences);
    record::compare(wheel, &file("RECORD"), differences);
    check_wheel_file(Metadata::of(wheel, &file("WHEEL")), filename, differences);
    match Metadata::of(wheel, &file("METADATA")) {
        Some(metadata) => check_metadata(&metadata, &declared.fields, filename, differences),
        None => differences.add(Difference::unreadable(&file("METADATA"), "is missing or malformed")),
    }
    let entry_points = match wheel.kept(&file("entry_points.txt")) {
        Some(bytes) => EntryPoints::parse(bytes),
        None => Some(EntryPoints::default()),
    };
    check_field("entry points", entry_points, declared.fields.entry_points.as_ref(), differences);
}

/// The one folder of this name; an installer that finds two takes either.
fn find<'a>(wheel: &'a Contents, filename: &Wheel, differences: &mut Differences) -> Option<&'a str> {
    let tops: BTreeSet<&str> = wheel.members().keys().map(|path| path.split_top().0).collect();
    let is_named = |folder: &str| {
        let (name, version) = folder.strip_suffix(".dist-info")?.rsplit_once('-')?;
        let (name, version) = (ProjectName::parse(name).ok()?, Version::parse(version).ok()?);
        Some(name == filename.project && version == filename.version)
    };
    let (ours, others): (Vec<&str>, Vec<&str>) = tops
        .into_iter()
        .filter(|top| [".dist-info", ".egg-info"].iter().any(|end| top.to_ascii_lowercase().ends_with(end)))
        .partition(|top| is_named(top) == Some(true));
    for other in others.into_iter().chain(ours.iter().skip(1).copied()) {
        differences.add(Difference::DistInfo(Shown::new(other)));
    }
    if ours.is_empty() {
        differences.add(Difference::DistInfo(Shown::new(".dist-info")));
    }
    ours.first().copied()
}

/// Every file is one that is compared elsewhere, or one that nothing acts on and that stands in the sdist.
fn check_files(sdist: &Contents, wheel: &Contents, folder: &str, differences: &mut Differences) {
    const COMPARED: &[&str] = &["METADATA", "WHEEL", "RECORD", "entry_points.txt"];
    let texts: BTreeSet<(&str, Sha256)> =
        sdist.members().iter().map(|(path, member)| (path.name(), member.sha256)).collect();
    for (path, member) in wheel.below(folder) {
        let name =
            path.as_str().strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        let holds = match name {
            name if COMPARED.contains(&name) => true,
            "top_level.txt" => wheel.kept(path.as_str()).is_some_and(|bytes| names_packages(wheel, bytes)),
            "zip-safe" => member.size <= 1,
            // PEP 770: a list of what went in, which nothing reads at run time.
            name if name.starts_with("sboms/") => name.ends_with(".json"),
            name if is_licence(name) => texts.contains(&(path.name(), member.sha256)),
            _ => false,
        };
        differences.check(holds, Difference::DistInfo(Shown::new(path.as_str())));
    }
}

/// PEP 639, and how licences stood before it.
fn is_licence(name: &str) -> bool {
    const STARTS: &[&str] = &["licen", "copying", "notice", "authors"];
    let lower = name.to_ascii_lowercase();
    name.starts_with("licenses/")
        || STARTS.iter().any(|start| lower.starts_with(start)) && !name.contains('/')
}

/// Whether `top_level.txt` names nothing but what the wheel brings.
fn names_packages(wheel: &Contents, bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let brings = |name: &str| {
        wheel.below(name).next().is_some() || wheel.members().contains_key(format!("{name}.py").as_str())
    };
    text.lines().take(1_000).filter(|name| !name.is_empty()).all(brings) && text.lines().count() <= 1_000
}

/// The file `WHEEL` has to ask for what the wheel's name says: pure, with these tags.
fn check_wheel_file(file: Option<Metadata>, filename: &Wheel, differences: &mut Differences) {
    let Some(file) = file else {
        return differences.add(Difference::WheelFile("is missing or malformed"));
    };
    let tags: BTreeSet<String> = file.all("tag").map(str::to_ascii_lowercase).collect();
    let version = file.one("wheel-version").flatten();
    let checks = [
        (version.is_some_and(|version| version.starts_with("1.")), "is not of version 1"),
        (file.one("root-is-purelib").flatten() == Some("true"), "does not say that the wheel is pure"),
        (file.one("build") == Some(filename.build.as_deref()), "has another build tag than the wheel's name"),
        (tags == expanded_tags(filename), "has other tags than the wheel's name"),
    ];
    for (holds, what) in checks {
        differences.check(holds, Difference::WheelFile(what));
    }
}

/// Each tag of a compressed set (PEP 425).
fn expanded_tags(filename: &Wheel) -> BTreeSet<String> {
    let mut tags = BTreeSet::new();
    for python in filename.python.split('.') {
        for abi in filename.abi.split('.') {
            tags.extend(filename.platform.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
        }
    }
    tags
}

/// The fields of metadata that steer what else is installed, and for whom.
fn check_metadata(metadata: &Metadata, sdist: &Fields, filename: &Wheel, differences: &mut Differences) {
    /// Older ways to ask for something else to be installed, or to stand for another project.
    const OLD: &[&str] = &[
        "requires",
        "requires-external",
        "provides",
        "provides-dist",
        "obsoletes",
        "obsoletes-dist",
        "setup-requires-dist",
    ];
    let text = |field| metadata.one(field).flatten().unwrap_or_default();
    let is_named = ProjectName::parse(text("name")).is_ok_and(|name| name == filename.project);
    differences.check(is_named, Difference::Metadata("name"));
    let is_released = Version::parse(text("version")).is_ok_and(|version| version == filename.version);
    differences.check(is_released, Difference::Metadata("version"));
    check_field("requirements", fields::requirements(metadata), sdist.requirements.as_ref(), differences);
    check_field(
        "`Requires-Python`",
        fields::requires_python(metadata),
        sdist.requires_python.as_ref(),
        differences,
    );
    check_field("extras", fields::extras(metadata), sdist.extras.as_ref(), differences);
    for field in OLD {
        let ours: BTreeSet<&str> = metadata.all(field).collect();
        let theirs = sdist.pkg_info.iter().flat_map(|pkg_info| pkg_info.all(field)).collect();
        differences.check(ours == theirs, Difference::Metadata("obsolete fields"));
    }
}

fn check_field<T: PartialEq>(
    field: &'static str,
    wheel: Option<T>,
    sdist: Option<&T>,
    differences: &mut Differences,
) {
    match (wheel.as_ref(), sdist) {
        (_, None) => differences.add(Difference::Unsettled(field)),
        (wheel, sdist) => differences.check(wheel == sdist, Difference::Metadata(field)),
    }
}
