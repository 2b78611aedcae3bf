//! Which projects and releases a source package stands for.
//!
//! The digest says which bytes; this says under which name they may claim to be packaged. Whoever uploads a packaged
//! tarball again, as a project or a release of his own, gets nothing from Debian.

use covouch_core::{name::ProjectName, version::Version};

/// What Debian's Python packages put before the project's name.
const PREFIXES: [&str; 4] = ["", "python-", "python3-", "py"];

/// Whether a source package of this name is the project's: the same name after normalisation (PEP 503), as it is or
/// behind one of [`PREFIXES`].
pub(super) fn is_package_of(package: &str, project: &ProjectName) -> bool {
    let Ok(package) = ProjectName::parse(package) else { return false };
    let project = project.as_str();
    PREFIXES.iter().any(|prefix| package.as_str().strip_prefix(prefix) == Some(project))
}

/// Whether a package of this version holds this release.
pub(super) fn is_release(version: &str, release: &Version) -> bool {
    release_of(version).is_some_and(|upstream| upstream == *release)
}

/// The release of a Debian version `epoch:upstream-revision` (Debian Policy §5.6.12). A `~` sorts before anything
/// else there, and stands where PEP 440 writes nothing: `1.0~rc1`. What Debian changed, `1.0+dfsg`, is no release.
pub(super) fn release_of(version: &str) -> Option<Version> {
    Version::parse(&upstream(version)?.replace('~', "")).ok()
}

/// The upstream part of a version that has a revision; others have no upstream tarball.
pub(super) fn upstream(version: &str) -> Option<&str> {
    let (upstream, _) = version.rsplit_once('-')?;
    Some(upstream.split_once(':').map_or(upstream, |(_, upstream)| upstream))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(package: &str, project: &str) -> bool {
        is_package_of(package, &ProjectName::parse(project).unwrap())
    }

    #[test]
    fn a_package_stands_for_the_project_it_is_named_after() {
        for (package, project) in [
            ("six", "six"),
            ("python-urllib3", "urllib3"),
            ("python-django", "Django"),
            ("ruamel.yaml", "ruamel-yaml"),
            ("python-backports.zoneinfo", "backports_zoneinfo"),
            ("python-dateutil", "python-dateutil"),
            ("pyyaml", "PyYAML"),
            ("pysocks", "socks"),
        ] {
            assert!(maps(package, project), "{package} {project}");
        }
    }

    #[test]
    fn a_package_stands_for_no_other_project() {
        for (package, project) in [
            ("python-urllib3", "urllib33"),
            ("python-urllib3", "my-urllib3"),
            ("urllib3", "python-urllib3"),
            ("pythonsix", "six"),
            ("six-python", "six"),
            ("bash", "evil"),
            ("libc++", "libc"),
            ("", "six"),
        ] {
            assert!(!maps(package, project), "{package} {project}");
        }
    }

    #[test]
    fn a_version_holds_its_upstream_release_only() {
        let holds = |version: &str, release: &str| is_release(version, &Version::parse(release).unwrap());
        for (version, release) in [
            ("2.3.0-3", "2.3.0"),
            ("3:5.2.18-1", "5.2.18"),
            ("1.0~rc1-1", "1.0rc1"),
            ("1.0-1-2", "1.0.post1"),
            ("2.0-1~bpo12+1", "2.0.0"),
        ] {
            assert!(holds(version, release), "{version} {release}");
        }
        for (version, release) in [
            ("2.3.0-3", "2.3.1"),
            ("2.3.0", "2.3.0"),
            ("1.26.5-1", "2.99"),
            ("1.0+dfsg-1", "1.0"),
            ("1.2+really1.1-1", "1.1"),
            ("", "1"),
        ] {
            assert!(!holds(version, release), "{version} {release}");
        }
    }
}
