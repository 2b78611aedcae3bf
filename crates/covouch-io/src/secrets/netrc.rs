//! Reads netrc files: `machine HOST login USER password PASSWORD`.
//!
//! # Invariants
//! A password is sent only to a host the file names: the `default` entry is read over, not used.
//!
//! # Not here
//! Macros (`macdef`): they are read over up to the blank line that ends them.

use std::{collections::BTreeMap, path::PathBuf};

use covouch_core::{code::Code, hint::Hint};

use super::{Credentials, Secret};
use crate::limits;

/// Passwords by host.
#[derive(Clone, Default)]
pub struct Netrc(BTreeMap<String, Credentials>);

/// Why a netrc file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetrcError {
    /// The file is there and cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// Where it stands.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A word stands where another is needed. The word is not shown: it may be a password.
    #[error("`{path}:{line}`: {expected} is needed here")]
    Syntax {
        /// Where the file stands.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
}

impl NetrcError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[Code::new("netrc-unreadable")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new("netrc-unreadable")
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new("write `machine HOST login USER password PASSWORD`, or point NETRC at another file"))
    }
}

impl Netrc {
    /// Reads `$NETRC`, else `.netrc` in the home folder. A file that is not there has no passwords in it.
    ///
    /// # Errors
    /// [`NetrcError`] when a file is there and is not a netrc file.
    pub fn read(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<Self, NetrcError> {
        let named = variable("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = || variable("HOME").or_else(|| variable("USERPROFILE")).filter(|home| !home.is_empty());
        let Some(path) = named.or_else(|| home().map(|home| PathBuf::from(home).join(".netrc"))) else {
            return Ok(Self::default());
        };
        match read_limited(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(NetrcError::Unreadable { path, reason: error.to_string() }),
        }
    }

    /// The credentials for this host, when the file names it.
    #[must_use]
    pub fn credentials(&self, host: &str) -> Option<&Credentials> {
        self.0.get(&host.to_ascii_lowercase())
    }

    fn parse(text: &str, path: &std::path::Path) -> Result<Self, NetrcError> {
        let mut words = Words { lines: text.lines().enumerate(), rest: "", line: 0 };
        let mut found = Self::default();
        let mut entry = Entry::default();
        while let Some(word) = words.next() {
            let line = words.line;
            let needed = |expected| NetrcError::Syntax { path: path.to_owned(), line, expected };
            match word.as_str() {
                "machine" => {
                    let host = words.next().ok_or_else(|| needed("a host"))?;
                    found.take(std::mem::replace(&mut entry, Entry { host: Some(host), ..Entry::default() }));
                }
                "default" => found.take(std::mem::take(&mut entry)),
                "login" => entry.user = Some(words.next().ok_or_else(|| needed("a user's name"))?),
                "password" => entry.password = Some(words.next().ok_or_else(|| needed("a password"))?),
                "account" => drop(words.next().ok_or_else(|| needed("an account"))?),
                "macdef" => words.skip_macro(),
                _ => return Err(needed("`machine`, `login` or `password`")),
            }
        }
        found.take(entry);
        Ok(found)
    }

    /// The first entry of a host counts, as it does for curl and Python.
    fn take(&mut self, entry: Entry) {
        if let Entry { host: Some(host), user, password: Some(password) } = entry {
            let credentials = Credentials::new(Secret::new(user.unwrap_or_default()), Secret::new(password));
            self.0.entry(host.to_ascii_lowercase()).or_insert(credentials);
        }
    }
}

#[derive(Default)]
struct Entry {
    host: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

/// The file's words; `#` starts a comment where a word would start, `"` quotes.
struct Words<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    rest: &'a str,
    line: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Option<String> {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.is_empty() && !self.rest.starts_with('#') {
                return Some(self.word());
            }
            let (index, line) = self.lines.next()?;
            (self.line, self.rest) = (index + 1, line);
        }
    }

    fn word(&mut self) -> String {
        let quoted = self.rest.strip_prefix('"');
        let mut word = String::new();
        let mut characters = quoted.unwrap_or(self.rest).chars();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted.is_some() => break,
                '\\' => word.extend(characters.next()),
                space if quoted.is_none() && space.is_whitespace() => break,
                other => word.push(other),
            }
        }
        self.rest = characters.as_str();
        word
    }

    fn skip_macro(&mut self) {
        self.rest = "";
        for (index, line) in self.lines.by_ref() {
            self.line = index + 1;
            if line.trim().is_empty() {
                return;
            }
        }
    }
}

fn read_limited(path: &std::path::Path) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    let length = std::fs::File::open(path)?.take(limits::NETRC_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length <= limits::NETRC_BYTES) {
        Ok(text)
    } else {
        Err(std::io::Error::other("it is too long for a netrc file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(netrc: &Netrc, host: &str) -> Option<String> {
        let value = netrc.credentials(host)?.authorization()?;
        Some(value.to_str().unwrap().to_owned())
    }

    fn parse(text: &str) -> Result<Netrc, NetrcError> {
        Netrc::parse(text, std::path::Path::new("netrc"))
    }

    #[test]
    fn a_host_has_the_password_of_its_first_entry() {
        let text = "# ours\nmachine Index.Example login me password \"a b\\\"c\" # why\n\
                    macdef init\n machine evil.example password x\n\nmachine two.example\n\tpassword p#q\n\
                    machine index.example login other password other\ndefault login anonymous password me@\n";
        let netrc = parse(text).unwrap();
        assert_eq!(header(&netrc, "INDEX.example").unwrap(), "Basic bWU6YSBiImM=");
        assert_eq!(header(&netrc, "two.example").unwrap(), "Basic OnAjcQ==");
        assert!(header(&netrc, "evil.example").is_none(), "a macro is not an entry");
        assert!(header(&netrc, "elsewhere.example").is_none(), "the default entry is for nobody");
    }

    #[test]
    fn an_error_says_where_and_shows_no_word() {
        let error = parse("machine a login b\npassword c hunter2").map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "`netrc:2`: `machine`, `login` or `password` is needed here");
        assert!(parse("machine").is_err() && parse("machine a password").is_err());
    }

    #[test]
    fn a_file_that_is_not_there_has_no_passwords() {
        let nowhere = |_: &str| Some(std::ffi::OsString::from("/nonexistent/folder"));
        assert!(Netrc::read(&nowhere).unwrap().credentials("index.example").is_none());
        assert!(Netrc::read(&|_| None).is_ok());
    }
}
