//! What a suite's `Release` says of the suite and of its list of source packages.

use covouch_core::{digest::Sha256, shown::Shown, time::Timestamp};

use super::{
    Fault, Suite,
    deb822::{Line, Lines},
};
use crate::limits;

/// A `Release` file, of which the signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) codename: String,
    pub(super) date: Timestamp,
    pub(super) valid_until: Option<Timestamp>,
    /// Whether files can be asked for by their digest, so that no update comes in between.
    pub(super) by_hash: bool,
    /// The list of source packages in the form we read with the fewest bytes.
    pub(super) sources: Listed,
}

/// A file named by a `Release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) packing: Packing,
    pub(super) length: u64,
    pub(super) sha256: Sha256,
}

/// How `Sources` is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Xz,
    Gzip,
}

impl Packing {
    /// The file's name below the suite's folder. Only `main` is Debian (Debian Policy §2.2).
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Xz => "main/source/Sources.xz",
            Self::Gzip => "main/source/Sources.gz",
        }
    }
}

pub(super) const FILE: &str = "InRelease";

impl Release {
    /// Reads a `Release` that is said to be this suite's. One key signs every suite of the archive: without this a
    /// mirror could serve what was uploaded to unstable a minute ago as stable.
    pub(super) fn parse(text: &str, suite: &Suite) -> Result<Self, Fault> {
        let fields = Fields::read(text)?;
        let is = |value: &Option<String>, expected: &str| value.as_deref() == Some(expected);
        // Debian's security and backports archives have the same keys, and once had the same suites.
        let ours = is(&fields.origin, "Debian") && is(&fields.label, "Debian");
        if !ours || !(is(&fields.suite, suite.as_str()) || is(&fields.codename, suite.as_str())) {
            let shown = |value: &Option<String>| value.clone().unwrap_or_default();
            let found = [&fields.label, &fields.suite, &fields.codename].map(shown).join(" ");
            return Err(Fault::OtherSuite { found: Shown::new(&found).as_str().to_owned() });
        }
        let date = fields.date.as_deref().ok_or_else(|| malformed("it has no date"))?;
        Ok(Self {
            codename: fields
                .codename
                .filter(|name| Suite::parse(name).is_ok())
                .unwrap_or_else(|| suite.to_string()),
            date: moment(date)?,
            valid_until: fields.valid_until.as_deref().map(moment).transpose()?,
            by_hash: is(&fields.by_hash, "yes"),
            sources: fields
                .xz
                .or(fields.gzip)
                .ok_or_else(|| malformed("it names no list of source packages"))?,
        })
    }
}

/// Fields as they stand.
#[derive(Default)]
struct Fields {
    origin: Option<String>,
    label: Option<String>,
    suite: Option<String>,
    codename: Option<String>,
    date: Option<String>,
    valid_until: Option<String>,
    by_hash: Option<String>,
    has_digests: bool,
    xz: Option<Listed>,
    gzip: Option<Listed>,
}

impl Fields {
    fn read(text: &str) -> Result<Self, Fault> {
        let mut fields = Self::default();
        let mut lines = Lines::new(text.as_bytes());
        let mut in_digests = false;
        let mut ended = false;
        while let Some(line) = lines.next().map_err(|error| malformed(error.to_string()))? {
            if std::mem::replace(&mut ended, line == Line::End) {
                return Err(malformed("it has more than one paragraph"));
            }
            match line {
                Line::Field(name, value) => in_digests = fields.field(name, value)?,
                Line::More(line) if in_digests => fields.digest(line)?,
                Line::More(_) | Line::End => {}
            }
        }
        Ok(fields)
    }

    /// Takes a field; says whether lines of digests follow.
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<bool, Fault> {
        let name = name.to_ascii_lowercase();
        let place = match name.as_slice() {
            b"origin" => &mut self.origin,
            b"label" => &mut self.label,
            b"suite" => &mut self.suite,
            b"codename" => &mut self.codename,
            b"date" => &mut self.date,
            b"valid-until" => &mut self.valid_until,
            b"acquire-by-hash" => &mut self.by_hash,
            b"sha256" if self.has_digests => return Err(malformed("it has two lists of digests")),
            b"sha256" => {
                self.has_digests = true;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        match place.replace(String::from_utf8_lossy(value).into_owned()) {
            Some(_) => Err(malformed("it says a field twice")),
            None => Ok(false),
        }
    }

    /// A line of `SHA256`: digest, size, name.
    fn digest(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line = std::str::from_utf8(line).map_err(|_| malformed("a file's name is not UTF-8"))?;
        let mut words = line.split_ascii_whitespace();
        let (Some(sha256), Some(length), Some(name), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(malformed("a line of digests has no digest, size and name"));
        };
        let (place, packing) = match name {
            name if name == Packing::Xz.file() => (&mut self.xz, Packing::Xz),
            name if name == Packing::Gzip.file() => (&mut self.gzip, Packing::Gzip),
            _ => return Ok(()),
        };
        let sha256 = Sha256::parse(sha256).map_err(|_| malformed("a digest is none"))?;
        let length = length.parse().map_err(|_| malformed("a size is none"))?;
        if length > limits::DEBIAN_SOURCES_BYTES {
            return Err(malformed("its list of source packages is too large"));
        }
        match place.replace(Listed { packing, length, sha256 }) {
            Some(_) => Err(malformed("it names a file twice")),
            None => Ok(()),
        }
    }
}

/// A date as in `Sat, 12 Sep 2026 07:55:41 UTC` (Debian Policy §4.4 has RFC 5322; archives write the zone's name).
fn moment(text: &str) -> Result<Timestamp, Fault> {
    let numbered = text.strip_suffix("UTC").map(|moment| format!("{moment}+0000"));
    let moment =
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(numbered.as_deref().unwrap_or(text));
    let seconds = moment.map_err(|_| malformed("a date is none"))?.as_second();
    Timestamp::from_unix(seconds).ok_or_else(|| malformed("a date is none"))
}

fn malformed(reason: impl Into<String>) -> Fault {
    Fault::malformed(FILE, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STABLE: &str = "Origin: Debian\nLabel: Debian\nSuite: stable\nVersion: 13.7\nCodename: trixie\n\
        Date: Sat, 12 Sep 2026 07:55:41 UTC\nAcquire-By-Hash: yes\nComponents: main\nMD5Sum:\n d41d8 1 \
        main/source/Sources.xz\nSHA256:\n";

    fn digests() -> String {
        let line = |name: &str| format!(" {} 9 {name}\n", Sha256::of(name.as_bytes()));
        [
            "main/source/Sources",
            "main/source/Sources.gz",
            "main/source/Sources.xz",
            "contrib/source/Sources.xz",
        ]
        .map(line)
        .concat()
    }

    fn parse(text: &str, suite: &str) -> Result<Release, Fault> {
        Release::parse(text, &Suite::parse(suite).unwrap())
    }

    fn reason(text: &str) -> String {
        parse(text, "stable").unwrap_err().to_string()
    }

    #[test]
    fn a_release_names_its_list_of_sources() {
        let text = format!("{STABLE}{}", digests());
        let release = parse(&text, "stable").unwrap();
        assert_eq!(release, parse(&text, "trixie").unwrap());
        assert_eq!(release.date, Timestamp::parse("2026-09-12T07:55:41Z").unwrap());
        assert_eq!((release.valid_until, release.by_hash), (None, true));
        let sha256 = Sha256::of(b"main/source/Sources.xz");
        assert_eq!(release.sources, Listed { packing: Packing::Xz, length: 9, sha256 });
        let gzip = format!("{STABLE} {} 9 main/source/Sources.gz\n", Sha256::of(b""));
        assert_eq!(parse(&gzip, "stable").unwrap().sources.packing, Packing::Gzip);
        let ends = text.replace("Version: 13.7", "Valid-Until: Fri, 06 Nov 2026 08:08:01 +0000");
        let until = parse(&ends, "stable").unwrap().valid_until;
        assert_eq!(until, Some(Timestamp::parse("2026-11-06T08:08:01Z").unwrap()));
    }

    #[test]
    fn another_suites_release_is_refused() {
        let text = format!("{STABLE}{}", digests());
        assert!(parse(&text, "stable").is_ok());
        for (found, instead) in [
            ("Suite: stable", "Suite: unstable"),
            ("Label: Debian", "Label: Debian-Security"),
            ("Origin: Debian", "Origin: X"),
        ] {
            let other = text.replace(found, instead);
            assert!(matches!(parse(&other, "stable"), Err(Fault::OtherSuite { .. })), "{instead}");
        }
        assert!(matches!(parse(&text, "testing"), Err(Fault::OtherSuite { .. })));
    }

    #[test]
    fn a_release_that_can_be_read_in_two_ways_is_refused() {
        let text = format!("{STABLE}{}", digests());
        assert!(reason(&format!("{text}Suite: stable\n")).contains("a field twice"));
        assert!(reason(&format!("{text}SHA256:\n")).contains("two lists"));
        assert!(reason(&format!("{text}{}", digests())).contains("a file twice"));
        assert!(reason(&format!("{text}\nSuite: stable\n")).contains("more than one paragraph"));
        assert!(reason(&text.replace("Sat, 12 Sep", "12th of")).contains("a date is none"));
        assert!(reason(&text.replace("Date:", "Day:")).contains("no date"));
        assert!(reason(STABLE).contains("names no list"));
        assert!(reason(&text.replace(" 9 main", " 99999999999 main")).contains("too large"));
    }
}
