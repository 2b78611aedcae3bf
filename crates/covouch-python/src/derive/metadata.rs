//! Core metadata: `METADATA` of a wheel, `PKG-INFO` of an sdist (packaging.python.org, "Core metadata").

use crate::archive::Contents;

/// Largest file of metadata that is read; descriptions reach some 300 kB.
const METADATA_BYTES: usize = 2 << 20;

/// Most fields of one file. The largest real ones, with a requirement for each of a thousand extras, have 3,000.
const FIELDS: usize = 10_000;

/// The fields of one file, in order, without its description.
pub(super) struct Metadata {
    fields: Vec<(String, String)>,
}

impl Metadata {
    /// Reads the metadata that an archive has at `path`.
    pub(super) fn of(contents: &Contents, path: &str) -> Option<Self> {
        Self::parse(contents.kept(path)?)
    }

    /// Reads fields up to the first empty line. Stricter than e-mail: where a mail reader would guess, another
    /// would guess otherwise.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= METADATA_BYTES)?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                break;
            }
            // Python's mail reader ends lines at a lone `\r`, others do not.
            if line.contains(|c: char| c.is_control() && c != '\t') {
                return None;
            }
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut()?;
                value.push('\n');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return None;
            }
            if fields.len() == FIELDS {
                return None;
            }
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self { fields })
    }

    /// Every value of a field, which is named in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that stands at most once; nothing when it stands twice.
    pub(super) fn one<'a>(&'a self, name: &'a str) -> Option<Option<&'a str>> {
        let mut values = self.all(name);
        let first = values.next();
        values.next().is_none().then_some(first)
    }

    /// Whether this metadata of an sdist binds every wheel built from it in this field (PEP 643).
    pub(super) fn settles(&self, name: &str) -> bool {
        let version = self.one("metadata-version").flatten().and_then(|version| {
            let (major, minor) = version.split_once('.')?;
            Some((major.parse::<u16>().ok()?, minor.parse::<u16>().ok()?))
        });
        version.is_some_and(|version| ((2, 2)..(3, 0)).contains(&version))
            && !self.all("dynamic").any(|field| field.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    fn parse(text: &str) -> Option<Metadata> {
        Metadata::parse(text.as_bytes())
    }

    #[test]
    fn fields_end_at_the_first_empty_line() {
        let metadata =
            parse("Name: a\nrequires-dist: b\nRequires-Dist: c\n d\n\nRequires-Dist: e\n").unwrap();
        assert_eq!(metadata.all("requires-dist").collect::<Vec<_>>(), ["b", "c\nd"]);
        assert_eq!((metadata.one("name"), metadata.one("version")), (Some(Some("a")), Some(None)));
        assert_eq!(metadata.one("requires-dist"), None);
    }

    #[test]
    fn lines_that_readers_differ_about_are_refused() {
        for text in
            ["Name: a\rRequires-Dist: b\n", "no colon\n", " first\n", "A b: c\n", ": a\n", "A: \u{85}b\n"]
        {
            assert!(parse(text).is_none(), "{text:?}");
        }
        assert!(parse("Name: a\r\nVersion: 1\r\n\r\n").is_some());
    }

    #[test]
    fn only_static_fields_of_recent_metadata_settle() {
        let settles = |text: &str| parse(text).unwrap().settles("requires-dist");
        assert!(settles("Metadata-Version: 2.2\n") && settles("Metadata-Version: 2.10\nDynamic: Version\n"));
        assert!(!settles("Metadata-Version: 2.1\n") && !settles("Name: a\n"));
        assert!(!settles("Metadata-Version: 2.2\nDynamic: Requires-Dist\n"));
        assert!(!settles("Metadata-Version: 2.2\nMetadata-Version: 2.1\n"));
    }
}
