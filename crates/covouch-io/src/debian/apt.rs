//! Which mirrors apt is told to use (sources.list(5)).
//!
//! # Invariants
//! - Only what apt would ask is a mirror: http or https, with the component `main`, not switched off.
//! - Which of them carry Debian is not believed but tried: an index of somebody else's is not signed by Debian.
//!
//! # Not here
//! apt's own proxies and passwords, and transports of other schemes (`cdrom:`, `mirror+file:`, `tor+http:`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    DebianError, Suite,
    deb822::{Line, Lines},
};
use crate::limits;

/// Names under which Debian publishes suites. Codenames to come are read from the machine.
const SUITES: [&str; 12] = [
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "sid",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "experimental",
];

/// Where to ask for indexes: a place the policy names, or those that apt's configuration has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrors {
    entries: Vec<Entry>,
    /// Whether each entry stands for every suite, because the user said so.
    named: bool,
}

/// A mirror and a suite that apt takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    url: Url,
    suite: String,
}

impl Mirrors {
    /// The mirror the policy names, such as `https://mirror.example/debian`.
    #[must_use]
    pub fn named(url: &Url) -> Self {
        Self { entries: vec![Entry { url: folder(url.clone()), suite: String::new() }], named: true }
    }

    /// The mirrors of the machine whose file system begins at `root`: `/`, except in tests.
    ///
    /// # Errors
    /// [`DebianError::Unreadable`] for a file of apt's that is there and cannot be read.
    pub fn of_apt(root: &Path) -> Result<Self, DebianError> {
        let codename = codename(root)?;
        let mut entries = Vec::new();
        for path in files(&root.join("etc/apt"))? {
            let unreadable = |reason: String| DebianError::Unreadable { path: path.clone(), reason };
            let text = read(&path).map_err(|error| unreadable(error.to_string()))?;
            if path.extension().is_some_and(|extension| extension == "sources") {
                entries.extend(paragraphs(&text).map_err(|error| unreadable(error.to_string()))?);
            } else {
                entries.extend(text.lines().flat_map(line));
            }
        }
        entries.retain(|entry| SUITES.contains(&&*entry.suite) || codename.as_deref() == Some(&entry.suite));
        Ok(Self { entries, named: false })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The mirrors to ask for a suite, first those from which apt takes that very suite. A mirror of Debian's
    /// archive carries all of its suites.
    #[must_use]
    pub fn of(&self, suite: &Suite) -> Vec<&Url> {
        let exact = |entry: &&Entry| self.named || entry.suite == suite.as_str();
        let (first, rest): (Vec<_>, Vec<_>) = self.entries.iter().partition(exact);
        let mut urls = Vec::new();
        for entry in first.into_iter().chain(rest) {
            if !urls.contains(&&entry.url) && urls.len() < limits::APT_MIRRORS {
                urls.push(&entry.url);
            }
        }
        urls
    }
}

/// How many mirrors a file names, read in both styles.
pub(super) fn mirrors_in(text: &str) -> usize {
    let lines = text.lines().filter_map(line).count();
    lines + paragraphs(text).map_or(0, |entries| entries.len())
}

/// The codename of this machine's Debian (os-release(5)); `None` on another system.
fn codename(root: &Path) -> Result<Option<String>, DebianError> {
    let path = root.join("etc/os-release");
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DebianError::Unreadable { path, reason: error.to_string() }),
    };
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        lines.next_back().map(|value| value.trim_matches(['"', '\'']).to_owned())
    };
    Ok(value("VERSION_CODENAME").filter(|_| value("ID").as_deref() == Some("debian")))
}

/// The files apt reads, in its order.
fn files(apt: &Path) -> Result<Vec<PathBuf>, DebianError> {
    let folder = apt.join("sources.list.d");
    let mut further = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries.take(limits::APT_FILES) {
                further.extend(entry.map(|entry| entry.path()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(DebianError::Unreadable { path: folder, reason: error.to_string() }),
    }
    further.sort();
    let known = |path: &PathBuf| {
        path.is_file()
            && path.extension().is_some_and(|extension| extension == "list" || extension == "sources")
    };
    Ok([apt.join("sources.list")].into_iter().chain(further).filter(known).collect())
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > limits::APT_FILE_BYTES {
        return Err(io::Error::other("it is too large"));
    }
    fs::read_to_string(path)
}

/// A line of the one-line style: `deb [ signed-by=… ] https://mirror.example/debian trixie main contrib`.
fn line(text: &str) -> Option<Entry> {
    let text = text.split('#').next().unwrap_or_default().trim();
    let (kind, rest) = text.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_ascii_whitespace();
    let (url, suite) = (words.next()?, words.next()?);
    let signed_by = options.split_ascii_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    let is_main = words.any(|component| component == "main");
    (is_type(kind) && is_main && is_debians(signed_by)).then(|| entry(url, suite))?
}

/// A file of the deb822 style.
fn paragraphs(text: &str) -> io::Result<Vec<Entry>> {
    let mut lines = Lines::with_comments(text.as_bytes());
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut entries = Vec::new();
    while let Some(line) = lines.next()? {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match line {
            Line::Field(name, value) => fields.push((text(name).to_ascii_lowercase(), text(value))),
            Line::More(more) => {
                if let Some((_, value)) = fields.last_mut() {
                    *value = format!("{value} {}", text(more));
                }
            }
            Line::End => paragraph(&std::mem::take(&mut fields), &mut entries),
        }
    }
    Ok(entries)
}

fn paragraph(fields: &[(String, String)], entries: &mut Vec<Entry>) {
    let value = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let words = |name: &str| value(name).unwrap_or_default().split_ascii_whitespace();
    let is_off = value("enabled").is_some_and(|enabled| matches!(enabled, "no" | "false" | "off" | "0"));
    let is_main = words("components").any(|component| component == "main");
    if is_off || !is_main || !words("types").any(is_type) || !is_debians(value("signed-by")) {
        return;
    }
    for url in words("uris") {
        entries.extend(words("suites").filter_map(|suite| entry(url, suite)));
    }
}

fn is_type(kind: &str) -> bool {
    kind == "deb" || kind == "deb-src"
}

/// Whether apt checks this source with Debian's keyring, as far as it says: `stable` is also what others call theirs.
fn is_debians(signed_by: Option<&str>) -> bool {
    signed_by.is_none_or(|keyring| keyring.contains("debian-archive-"))
}

fn entry(url: &str, suite: &str) -> Option<Entry> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(Entry { url: folder(url), suite: suite.to_owned() })
}

/// With a `/` at its end, so that files are below it.
fn folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with these files.
    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Mirrors, DebianError>) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mirrors = Mirrors::of_apt(root.path());
        (root, mirrors)
    }

    fn found(files: &[(&str, &str)], suite: &str) -> Vec<String> {
        let (_root, mirrors) = machine(files);
        mirrors.unwrap().of(&Suite::parse(suite).unwrap()).into_iter().map(Url::to_string).collect()
    }

    const LIST: &str = "etc/apt/sources.list";
    const DEB822: &str = "etc/apt/sources.list.d/debian.sources";

    #[test]
    fn both_styles_name_mirrors() {
        let one = "# comment\ndeb [ arch=amd64 signed-by=/k/debian-archive-keyring.gpg ] http://a.example/debian bookworm main\n";
        assert_eq!(found(&[(LIST, one)], "stable"), ["http://a.example/debian/"]);
        let other = "# comment\nTypes: deb deb-src\nURIs: http://a.example/debian/\n  https://b.example/debian\n\
            Suites: trixie trixie-updates\n# more\nComponents: main contrib\n";
        assert_eq!(
            found(&[(DEB822, other)], "testing"),
            ["http://a.example/debian/", "https://b.example/debian/"]
        );
    }

    #[test]
    fn the_suite_itself_comes_first() {
        let list = "deb http://old.example/ bookworm main\ndeb http://new.example/ testing main\n";
        assert_eq!(found(&[(LIST, list)], "testing"), ["http://new.example/", "http://old.example/"]);
        assert_eq!(found(&[(LIST, list)], "stable"), ["http://old.example/", "http://new.example/"]);
    }

    #[test]
    fn what_is_not_debians_is_no_mirror() {
        for line in ["deb https://apps.example/deb stable main", "deb http://a.example/debian stable main"] {
            assert_eq!(found(&[(LIST, line)], "stable").len(), 1, "{line}");
        }
        for line in [
            "deb [signed-by=/k/apps.gpg] https://apps.example/deb stable main",
            "deb https://containers.example/linux/debian bookworm stable",
            "deb https://ubuntu.example/ubuntu noble main",
            "deb cdrom:[Debian 13]/ trixie main",
            "deb file:/srv/debian trixie main",
            "rpm http://a.example/debian trixie main",
            "deb http://a.example/debian trixie-security main",
            "deb [broken http://a.example/debian trixie main",
            "#deb http://a.example/debian trixie main",
            "deb http://a.example/debian",
        ] {
            assert_eq!(found(&[(LIST, line)], "stable"), [""; 0], "{line}");
        }
        let off = "Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\n";
        assert_eq!(found(&[(DEB822, off)], "stable").len(), 1);
        assert_eq!(found(&[(DEB822, &format!("{off}Enabled: no\n"))], "stable"), [""; 0]);
        assert_eq!(found(&[], "stable"), [""; 0]);
    }

    #[test]
    fn a_codename_to_come_is_known_where_it_is_installed() {
        let list = "deb http://a.example/debian elephant main";
        let system = |id: &str| format!("NAME=x\nID={id}\nVERSION_CODENAME=\"elephant\"\n");
        assert_eq!(found(&[(LIST, list), ("etc/os-release", &system("debian"))], "stable").len(), 1);
        assert_eq!(found(&[(LIST, list), ("etc/os-release", &system("other"))], "stable").len(), 0);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_an_absent_one() {
        let (_root, mirrors) = machine(&[(DEB822, "what is this\n")]);
        assert_eq!(mirrors.unwrap_err().code().as_str(), "debian-unreadable");
        let (_root, mirrors) = machine(&[(DEB822, "Types: deb\n")]);
        assert!(mirrors.unwrap().is_empty());
    }

    #[test]
    fn a_named_mirror_is_asked_alone() {
        let mirrors = Mirrors::named(&Url::parse("https://mirror.example/debian").unwrap());
        let suite = Suite::parse("stable").unwrap();
        assert_eq!(mirrors.of(&suite), [&Url::parse("https://mirror.example/debian/").unwrap()]);
    }
}
