//! Addresses on an index, read and written.

use covouch_core::{digest::Sha256, name::ProjectName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::distribution::Distribution;

/// What stands unencoded in a file's address. `+` does not: indexes write `%2B`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'!');

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The list of projects.
    Root,
    /// A project's page.
    Page(ProjectName),
    /// A project's page under another spelling of its name, or without the final slash.
    Moved(ProjectName),
    /// A file, by digest and name.
    File(Sha256, String),
    /// The metadata beside a file.
    Metadata(Sha256, String),
    /// The provenance beside a file.
    Provenance(Sha256, String),
    /// Whatever was put under this path.
    Resource(String),
}

impl Route {
    pub(super) fn parse(path: &str) -> Self {
        Self::read(path).unwrap_or_else(|| Self::Resource(path.to_owned()))
    }

    fn read(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match segments.as_slice() {
            ["simple", ""] => Some(Self::Root),
            ["simple", name, ""] => {
                let project = ProjectName::parse(name).ok()?;
                Some(if project.as_str() == *name { Self::Page(project) } else { Self::Moved(project) })
            }
            ["simple", name] => ProjectName::parse(name).ok().map(Self::Moved),
            ["packages", first, second, rest, filename] => {
                let sha256 = Sha256::parse(&format!("{first}{second}{rest}")).ok()?;
                let beside = |end| filename.strip_suffix(end).map(str::to_owned);
                Some(if let Some(filename) = beside(".metadata") {
                    Self::Metadata(sha256, filename)
                } else if let Some(filename) = beside(".provenance") {
                    Self::Provenance(sha256, filename)
                } else {
                    Self::File(sha256, (*filename).to_owned())
                })
            }
            _ => None,
        }
    }
}

/// The path of a file: `/packages/aa/bb/rest-of-sha256/filename`.
pub(crate) fn file_path(file: &Distribution) -> String {
    let digest = file.sha256().to_string();
    let (first, rest) = digest.split_at(2);
    let (second, rest) = rest.split_at(2);
    format!("/packages/{first}/{second}/{rest}/{}", utf8_percent_encode(file.filename(), PLAIN))
}

/// The path of a project's page.
pub(super) fn page_path(project: &ProjectName) -> String {
    format!("/simple/{project}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_address_reads_back() {
        let file = Distribution::new("torch-2.1.0+cu118-cp311-cp311-linux_x86_64.whl", "x");
        let path = file_path(&file);
        assert!(path.ends_with("/torch-2.1.0%2Bcu118-cp311-cp311-linux_x86_64.whl"), "{path}");
        let plus = path.replace("%2B", "+");
        for path in [path, plus] {
            assert_eq!(Route::parse(&path), Route::File(file.sha256(), file.filename().to_owned()));
            let metadata = Route::Metadata(file.sha256(), file.filename().to_owned());
            assert_eq!(Route::parse(&format!("{path}.metadata")), metadata);
        }
    }

    #[test]
    fn another_spelling_of_a_name_moves() {
        let name = ProjectName::parse("my-project").unwrap();
        assert_eq!(Route::parse("/simple/my-project/"), Route::Page(name.clone()));
        for path in ["/simple/My_Project/", "/simple/my-project"] {
            assert_eq!(Route::parse(path), Route::Moved(name.clone()));
        }
        let elsewhere = "/simple/../etc/passwd";
        assert_eq!(Route::parse(elsewhere), Route::Resource(elsewhere.to_owned()));
    }
}
