//! What the name of a distribution file says: project, version, kind, tags.
//!
//! # Invariants
//! - `ctx-0.1.2-1-py2.py3-none-any.whl` is version 0.1.2, build 1, and another file than
//!   `ctx-0.1.2-py2.py3-none-any.whl`: a build tag never ends up in the version.
//! - Where the name alone is ambiguous (`foo-1.0-1.tar.gz`), the project the caller expects decides, as it does in
//!   installers.
//!
//! # Not here
//! Whether a name is free of paths is [`FileName`]'s to say; whether a wheel suits an interpreter, the installer's.

use std::fmt;

use covouch_core::{
    code::Code,
    hint::Hint,
    name::{NameError, ProjectName},
    subject::FileName,
    version::{Version, VersionError},
};

use crate::code;

/// What the name of a distribution file says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DistFilename {
    /// A built distribution.
    Wheel(Wheel),
    /// A source distribution.
    Sdist(Sdist),
    /// A kind of file that indexes still carry and nobody should install: eggs, Windows installers, source archives
    /// in formats that PEP 625 ended.
    Other(Other),
}

/// The name of a wheel (packaging.python.org, "Binary distribution format", "File name convention").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Wheel {
    /// The project.
    pub project: ProjectName,
    /// The release.
    pub version: Version,
    /// The build tag, which starts with a digit.
    pub build: Option<Box<str>>,
    /// The python tag, lower case, such as `py2.py3`.
    pub python: Box<str>,
    /// The abi tag, lower case, such as `none`.
    pub abi: Box<str>,
    /// The platform tag, lower case, such as `any`.
    pub platform: Box<str>,
}

/// The name of a source distribution (PEP 625, and what came before it).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Sdist {
    /// The project.
    pub project: ProjectName,
    /// The release.
    pub version: Version,
    /// How it is packed.
    pub archive: Archive,
}

/// How a source distribution is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Archive {
    /// `.tar.gz`
    TarGz,
    /// `.zip`
    Zip,
}

/// The name of a file of a kind that is reported, not installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Other {
    /// How the name ends, such as `.egg`.
    pub suffix: &'static str,
}

/// Ends of file names that indexes carry and that are neither wheels nor source distributions.
const OTHER_SUFFIXES: &[&str] = &[
    ".tar.bz2",
    ".tar.xz",
    ".tar.lzma",
    ".tar.Z",
    ".tar",
    ".tgz",
    ".tbz",
    ".tlz",
    ".txz",
    ".egg",
    ".exe",
    ".msi",
    ".rpm",
    ".deb",
    ".dmg",
];

/// Why the name of a file is not the name of a distribution file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DistFilenameError {
    /// The name ends like no distribution file.
    #[error("`{0}` is not the name of a distribution file: it ends in none of `.whl`, `.tar.gz`, `.zip`")]
    Kind(FileName),
    /// The name has too few or too many parts.
    #[error("`{0}` does not have the parts of a distribution file's name")]
    Parts(FileName),
    /// The project's name is none.
    #[error("`{filename}` does not start with a project name: {reason}")]
    Project {
        /// The file's name.
        filename: FileName,
        /// What is wrong with the project's name.
        reason: NameError,
    },
    /// The version is none.
    #[error("`{filename}` has no version: {reason}")]
    Version {
        /// The file's name.
        filename: FileName,
        /// What is wrong with the version.
        reason: VersionError,
    },
    /// A build tag or one of the compatibility tags is malformed.
    #[error("`{filename}` has a malformed tag: `{tag}`")]
    Tag {
        /// The file's name.
        filename: FileName,
        /// The tag.
        tag: String,
    },
    /// The file is one of another project.
    #[error("`{filename}` is a file of `{found}`, not of `{expected}`")]
    OtherProject {
        /// The file's name.
        filename: FileName,
        /// The project it says.
        found: ProjectName,
        /// The project it should belong to.
        expected: ProjectName,
    },
}

impl DistFilenameError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Kind(_) => code::FILENAME_KIND,
            Self::OtherProject { .. } => code::FILENAME_OTHER_PROJECT,
            Self::Parts(_) | Self::Project { .. } | Self::Version { .. } | Self::Tag { .. } => {
                code::FILENAME_MALFORMED
            }
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::OtherProject { found, .. } => {
                Some(Hint::new(format!("ask for it as a file of `{found}`, or look up who put it here")))
            }
            _ => None,
        }
    }
}

impl DistFilename {
    /// Reads a file's name; with `expected`, the file must be one of that project.
    ///
    /// # Errors
    /// [`DistFilenameError`] when the name is not that of a distribution file (of the expected project).
    pub fn parse(filename: &FileName, expected: Option<&ProjectName>) -> Result<Self, DistFilenameError> {
        let text = filename.as_str();
        if let Some(stem) = text.strip_suffix(".whl") {
            return wheel(filename, stem, expected).map(Self::Wheel);
        }
        for (suffix, archive) in [(".tar.gz", Archive::TarGz), (".zip", Archive::Zip)] {
            if let Some(stem) = text.strip_suffix(suffix) {
                let (project, version) = sdist_parts(filename, stem, expected)?;
                return Ok(Self::Sdist(Sdist { project, version, archive }));
            }
        }
        match OTHER_SUFFIXES.iter().find(|suffix| text.ends_with(**suffix)) {
            Some(suffix) => Ok(Self::Other(Other { suffix })),
            None => Err(DistFilenameError::Kind(filename.clone())),
        }
    }

    /// The project the name says; nothing for [`DistFilename::Other`].
    #[must_use]
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Wheel(wheel) => Some(&wheel.project),
            Self::Sdist(sdist) => Some(&sdist.project),
            Self::Other(_) => None,
        }
    }

    /// The version the name says; nothing for [`DistFilename::Other`].
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Wheel(wheel) => Some(&wheel.version),
            Self::Sdist(sdist) => Some(&sdist.version),
            Self::Other(_) => None,
        }
    }

    /// Whether this is a wheel for every platform, tag `none-any`. A source distribution is not: building it may
    /// make anything.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        matches!(self, Self::Wheel(wheel) if &*wheel.abi == "none" && &*wheel.platform == "any")
    }

    /// Whether this is a wheel.
    #[must_use]
    pub fn is_wheel(&self) -> bool {
        matches!(self, Self::Wheel(_))
    }

    /// Whether this is a source distribution.
    #[must_use]
    pub fn is_sdist(&self) -> bool {
        matches!(self, Self::Sdist(_))
    }
}

/// Prints the kind, as people call it.
impl fmt::Display for DistFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wheel(_) => f.write_str("wheel"),
            Self::Sdist(_) => f.write_str("sdist"),
            Self::Other(other) => write!(f, "{} file", other.suffix),
        }
    }
}

fn wheel(
    filename: &FileName,
    stem: &str,
    expected: Option<&ProjectName>,
) -> Result<Wheel, DistFilenameError> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (name, version, build, tags) = match *parts.as_slice() {
        [name, version, python, abi, platform] => (name, version, None, [python, abi, platform]),
        [name, version, build, python, abi, platform] => {
            (name, version, Some(build), [python, abi, platform])
        }
        _ => return Err(DistFilenameError::Parts(filename.clone())),
    };
    // Binary distribution format, "Escaping and Unicode": runs of `-`, `_` and `.` stand as one `_`. Single dots
    // are accepted because wheels from before that rule have them.
    if name.contains("__") {
        return Err(DistFilenameError::Parts(filename.clone()));
    }
    let project = parse_project(filename, name)?;
    check_project(filename, &project, expected)?;
    let version = parse_version(filename, version)?;
    if let Some(build) = build.filter(|build| !build.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(DistFilenameError::Tag { filename: filename.clone(), tag: build.to_owned() });
    }
    let [python, abi, platform] = tags;
    check_tags(filename, python, is_identifier)?;
    check_tags(filename, abi, |tag| !tag.is_empty())?;
    check_tags(filename, platform, |tag| !tag.is_empty())?;
    let lower = |tag: &str| tag.to_ascii_lowercase().into_boxed_str();
    Ok(Wheel {
        project,
        version,
        build: build.map(Into::into),
        python: lower(python),
        abi: lower(abi),
        platform: lower(platform),
    })
}

/// A tag may be a set, its members joined by dots (PEP 425, "Compressed Tag Sets").
fn check_tags(filename: &FileName, tags: &str, is_tag: fn(&str) -> bool) -> Result<(), DistFilenameError> {
    match tags.split('.').all(is_tag) {
        true => Ok(()),
        false => Err(DistFilenameError::Tag { filename: filename.clone(), tag: tags.to_owned() }),
    }
}

fn is_identifier(tag: &str) -> bool {
    !tag.is_empty()
        && !tag.starts_with(|c: char| c.is_ascii_digit())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn sdist_parts(
    filename: &FileName,
    stem: &str,
    expected: Option<&ProjectName>,
) -> Result<(ProjectName, Version), DistFilenameError> {
    let Some((name, version)) = stem.rsplit_once('-') else {
        return Err(DistFilenameError::Parts(filename.clone()));
    };
    if let Some(expected) = expected
        && let Some(version) = version_after(stem, expected)
    {
        return Ok((expected.clone(), version));
    }
    let project = parse_project(filename, name)?;
    check_project(filename, &project, expected)?;
    Ok((project, parse_version(filename, version)?))
}

/// The version behind the `-` that ends the expected project. At most one `-` can: before any other, the part in
/// front is shorter, longer, or ends in `-`.
fn version_after(stem: &str, expected: &ProjectName) -> Option<Version> {
    stem.rmatch_indices('-')
        .filter_map(|(at, _)| Some((stem.get(..at)?, stem.get(at + 1..)?)))
        .find(|(name, _)| ProjectName::parse(name).is_ok_and(|name| name == *expected))
        .and_then(|(_, version)| Version::parse(version).ok())
}

fn parse_project(filename: &FileName, text: &str) -> Result<ProjectName, DistFilenameError> {
    ProjectName::parse(text)
        .map_err(|reason| DistFilenameError::Project { filename: filename.clone(), reason })
}

fn parse_version(filename: &FileName, text: &str) -> Result<Version, DistFilenameError> {
    Version::parse(text).map_err(|reason| DistFilenameError::Version { filename: filename.clone(), reason })
}

fn check_project(
    filename: &FileName,
    found: &ProjectName,
    expected: Option<&ProjectName>,
) -> Result<(), DistFilenameError> {
    match expected {
        Some(expected) if expected != found => Err(DistFilenameError::OtherProject {
            filename: filename.clone(),
            found: found.clone(),
            expected: expected.clone(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, expected: Option<&str>) -> Result<DistFilename, DistFilenameError> {
        let expected = expected.map(|name| ProjectName::parse(name).unwrap());
        DistFilename::parse(&FileName::parse(text).unwrap(), expected.as_ref())
    }

    #[test]
    fn a_build_tag_is_not_part_of_the_version() {
        let DistFilename::Wheel(wheel) = parse("ctx-0.1.2-1-py2.py3-none-any.whl", Some("ctx")).unwrap()
        else {
            panic!("a wheel")
        };
        assert_eq!(wheel.version, Version::parse("0.1.2").unwrap());
        assert_eq!(wheel.build.as_deref(), Some("1"));
        assert_ne!(parse("ctx-0.1.2-py2.py3-none-any.whl", None).unwrap(), DistFilename::Wheel(wheel));
    }

    #[test]
    fn the_expected_project_settles_an_ambiguous_sdist() {
        let version = |text, expected| parse(text, Some(expected)).unwrap().version().unwrap().clone();
        let expect = |text: &str| Version::parse(text).unwrap();
        assert_eq!(version("foo-1.0-1.tar.gz", "foo"), expect("1.0.post1"));
        assert_eq!(version("foo-1.0-1.tar.gz", "foo-1-0"), expect("1"));
        assert_eq!(version("Zope.Interface-5.0.zip", "zope-interface"), expect("5.0"));
    }

    #[test]
    fn a_file_of_another_project_is_refused() {
        for text in ["requests-2.32.3-py3-none-any.whl", "requests-2.32.3.tar.gz", "request-s-1.tar.gz"] {
            let error = parse(text, Some("request")).unwrap_err();
            assert!(
                matches!(error, DistFilenameError::OtherProject { .. } | DistFilenameError::Version { .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn only_wheels_for_every_platform_are_pure() {
        assert!(parse("a-1-py3-none-any.whl", None).unwrap().is_pure());
        assert!(parse("a-1-py3-NONE-Any.whl", None).unwrap().is_pure());
        for text in
            ["a-1-cp311-cp311-linux_x86_64.whl", "a-1-py3-none-any.linux_x86_64.whl", "a-1.tar.gz", "a-1.egg"]
        {
            assert!(!parse(text, None).unwrap().is_pure(), "{text}");
        }
    }

    #[test]
    fn old_kinds_are_reported_and_unknown_ones_refused() {
        for text in ["a-1.egg", "a-1.win32.exe", "a-1.tar.bz2", "a-1.tgz"] {
            let found = parse(text, Some("a")).unwrap();
            assert!(matches!(found, DistFilename::Other(_)) && found.version().is_none(), "{text}");
        }
        for text in ["a-1.whl.asc", "a-1.WHL", "a-1.7z", "whl"] {
            assert!(matches!(parse(text, None), Err(DistFilenameError::Kind(_))), "{text}");
        }
    }
}
