//! One requirement, as pip reads it.

use covouch_core::{name::ProjectName, version::Version};

/// What a requirement asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Requirement<'a> {
    /// One version of a project.
    Pinned(ProjectName, Version),
    /// Some version of a project.
    Unpinned(ProjectName),
    /// What is at an address.
    Direct(Option<ProjectName>, &'a str),
    /// What is in a repository of source code.
    Vcs(Option<ProjectName>, &'a str),
    /// What is at a path of this machine.
    Local(Option<ProjectName>, &'a str),
}

/// Ends of names that pip takes for archives beside it.
const ARCHIVES: &[&str] = &[
    ".whl",
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
];

/// Reads a requirement without its options.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parse(text: &str) -> Result<Requirement<'_>, String> {
    if is_address(text) {
        return Ok(at(None, text));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let rest = after_extras(rest.trim_start());
    if let Some(address) = rest.strip_prefix('@') {
        let project = ProjectName::parse(name).map_err(|error| error.to_string())?;
        return Ok(at(Some(project), address.trim_start()));
    }
    let requirement = text.split(';').next().unwrap_or_default().trim();
    if requirement.contains(['/', '\\'])
        || requirement.starts_with('.')
        || ARCHIVES.iter().any(|end| requirement.ends_with(end))
    {
        return Ok(Requirement::Local(None, requirement));
    }
    let project = ProjectName::parse(name).map_err(|error| error.to_string())?;
    let specifiers = rest.split(';').next().unwrap_or_default().trim();
    let specifiers =
        specifiers.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(specifiers).trim();
    if !specifiers.is_empty() && !specifiers.starts_with(['=', '<', '>', '!', '~']) {
        return Err("what follows the name is no version".into());
    }
    Ok(match pin(specifiers) {
        Some(version) => Requirement::Pinned(project, version),
        None => Requirement::Unpinned(project),
    })
}

/// The one version a specifier allows. As in pip, a pin is one specifier with `==` or `===` and no wildcard.
fn pin(specifiers: &str) -> Option<Version> {
    let version = specifiers.strip_prefix("===").or_else(|| specifiers.strip_prefix("=="))?.trim();
    (!version.contains([',', '*'])).then(|| Version::parse(version).ok()).flatten()
}

fn after_extras(rest: &str) -> &str {
    match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => rest,
    }
}

/// Whether a text begins as an address does: a scheme, then `://`, or `file:`.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && (rest.starts_with("//") || scheme.eq_ignore_ascii_case("file"))
}

fn at(project: Option<ProjectName>, text: &str) -> Requirement<'_> {
    // An address ends at white space; behind it stands a marker.
    let address = text.split(char::is_whitespace).next().unwrap_or_default();
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" if is_address(address) => Requirement::Direct(project, address),
        _ if !is_address(address) || scheme == "file" => Requirement::Local(project, address),
        // `git+https:`, and whatever else an installer may learn to fetch from.
        _ => Requirement::Vcs(project, address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProjectName {
        ProjectName::parse(text).unwrap()
    }

    #[test]
    fn one_version_is_a_pin() {
        let expected = Requirement::Pinned(name("a-b"), Version::parse("1.0").unwrap());
        for text in
            ["A.B==1.0", "a_b [x,y] == 1.0 ; python_version < '3'", "a-b(==1.0)", "a-b===1.0", "a-b==1.0;x"]
        {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "a",
            "a>=1",
            "a==1.*",
            "a==1,>=0",
            "a==1,==1",
            "a~=1.0",
            "a!=1",
            "a=1",
            "a==one",
            "a==",
            "a ; x == '=='",
        ] {
            assert_eq!(parse(text).unwrap(), Requirement::Unpinned(name("a")), "{text}");
        }
        for text in ["a b", "-a", "a é", "a [x", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_and_paths_are_told_apart() {
        let https = "https://files.example/a-1.tar.gz#sha256=12";
        assert_eq!(parse(&format!("a @ {https} ; x")).unwrap(), Requirement::Direct(Some(name("a")), https));
        assert_eq!(parse(&format!("a[x]@{https}")).unwrap(), Requirement::Direct(Some(name("a")), https));
        assert_eq!(parse(https).unwrap(), Requirement::Direct(None, https));
        assert!(matches!(parse("git+https://h.example/a@main").unwrap(), Requirement::Vcs(None, _)));
        assert!(matches!(parse("a @ git+ssh://git@h.example/a").unwrap(), Requirement::Vcs(Some(_), _)));
        assert!(matches!(parse("ftp://h.example/a-1.tar.gz").unwrap(), Requirement::Vcs(None, _)));
        for text in [
            ".",
            "./a",
            "../a.whl",
            "a-1-py3-none-any.whl",
            "dir/a",
            "C:\\a",
            "file:///a",
            "FILE:a",
            "a @ a.whl",
            "/a",
        ] {
            assert!(matches!(parse(text), Ok(Requirement::Local(..))), "{text}");
        }
    }
}
