//! Paths of targets, and where files lie.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in an address (RFC 3986 §2.3); everything else is escaped, the slash too.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As [`UNRESERVED`], for paths of several parts.
const PATH: AsciiSet = UNRESERVED.remove(b'/');

/// Whether a pattern fits a path: `*` stands for any characters and `?` for one, neither for a slash (TUF §4.5).
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_matches(pattern, part) => {}
            _ => return false,
        }
    }
}

/// One star is remembered at a time, so no pattern takes longer than its length times the part's.
fn part_matches(pattern: &str, part: &str) -> bool {
    let (mut pattern, mut part) = (pattern.chars(), part.chars());
    let mut star = None;
    loop {
        let (next_pattern, next_part) = (pattern.clone().next(), part.clone().next());
        match (next_pattern, next_part) {
            (Some('*'), _) => {
                pattern.next();
                star = Some((pattern.clone(), part.clone()));
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                pattern.next();
                part.next();
            }
            (None, None) => return true,
            _ => {
                let Some((after, from)) = star.take() else { return false };
                (pattern, part) = (after, from);
                if part.next().is_none() {
                    return false;
                }
                star = Some((pattern.clone(), part.clone()));
            }
        }
    }
}

/// The file a role is kept in: its name, escaped, so that no name leads out of the folder.
#[must_use]
pub fn role_file(role: &str) -> String {
    format!("{}.json", escape(role))
}

/// Where a role's file lies in a repository: with its version in front where files are kept side by side
/// (TUF §6.1).
#[must_use]
pub fn role_path(role: &str, version: Option<u64>) -> String {
    match version {
        Some(version) => format!("{version}.{}", role_file(role)),
        None => role_file(role),
    }
}

/// Where a target lies: with its digest in front of the file's name where files are kept side by side (TUF §6.2).
#[must_use]
pub fn target_path(path: &str, prefix: Option<&str>) -> String {
    let path = match (prefix, path.rsplit_once('/')) {
        (None, _) => path.to_owned(),
        (Some(prefix), None) => format!("{prefix}.{path}"),
        (Some(prefix), Some((folder, name))) => format!("{folder}/{prefix}.{name}"),
    };
    utf8_percent_encode(&path, &PATH).to_string()
}

/// A text as one part of an address, or as a file's name.
#[must_use]
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_does_not_cross_a_slash() {
        for (pattern, path) in [
            ("*", "a"),
            ("*", ""),
            ("a/*/c", "a/b/c"),
            ("*.md", "x.md"),
            ("a*b*c", "aXbYbZc"),
            ("?x", "éx"),
            ("**", "ab"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*", "a/b"),
            ("a/*", "a/b/c"),
            ("?", "/"),
            ("*.md", "x.mdx"),
            ("a*b", "ab/b"),
            ("", "a"),
            ("?", ""),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        let (pattern, part) = (format!("{}b", "*a".repeat(500)), "a".repeat(2000));
        assert!(!matches(&pattern, &part));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(role_file("../role"), "..%2Frole.json");
        assert_eq!(role_path("?", Some(3)), "3.%3F.json");
        assert_eq!(target_path("a/b c", Some("ff")), "a/ff.b%20c");
    }
}
