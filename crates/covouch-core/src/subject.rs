//! Subjects: what verdicts, vouches and ages are about.

use std::{fmt, sync::Arc};

use crate::{digest::Sha256, limits, name::ProjectName, version::Version};

/// One distribution file. All four fields must match for a statement to be about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The project the file belongs to.
    pub project: ProjectName,
    /// The release the file belongs to.
    pub version: Version,
    /// The file's name.
    pub filename: FileName,
    /// The digest of the file's bytes.
    pub sha256: Sha256,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (sha256:{})", self.filename, self.sha256)
    }
}

/// The name of a distribution file, free of anything a path could mean.
///
/// What kind of file it is (wheel, sdist, tags, build) is `covouch_python::filename`'s to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Arc<str>);

/// Why a text is not a file name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a distribution file")]
pub struct FileNameError(String);

impl FileName {
    /// Parses a file name: printable ASCII without `/`, `\`, `:`, quotes or spaces, not starting with `.` or `-`.
    ///
    /// # Errors
    /// [`FileNameError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FileNameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+!~=@,".contains(&byte);
        let first = text.bytes().next();
        if first.is_some_and(|byte| byte != b'.' && byte != b'-')
            && text.len() <= limits::FILENAME_BYTES
            && text.bytes().all(plain)
        {
            Ok(Self(text.into()))
        } else {
            Err(FileNameError(text.chars().take(80).flat_map(char::escape_default).collect()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::FileName;

    #[test]
    fn a_file_name_is_never_a_path() {
        assert!(FileName::parse("ctx-0.1.2-1-py2.py3-none-any.whl").is_ok());
        assert!(FileName::parse("torch-2.1.0+cu118-cp311-cp311-linux_x86_64.whl").is_ok());
        for text in ["", ".", "..", "../a.whl", "a/b.whl", "a\\b", "-r", "a b", "a\0", "C:a", "é.whl"] {
            assert!(FileName::parse(text).is_err(), "{text:?}");
        }
    }
}
