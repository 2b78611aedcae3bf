//! `RECORD`: the wheel's own list of its files (packaging.python.org, "Recording installed projects", "The RECORD
//! file").

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::difference::{Difference, Differences};
use crate::{archive::Contents, shown::Shown};

/// Checks that `RECORD` at `path` lists every file of the wheel once, as it is, and nothing else. Installers differ
/// in whether they check; a reviewer who believes it must not be led astray.
pub(super) fn compare(wheel: &Contents, path: &str, differences: &mut Differences) {
    let mut fault = |path: &str, fault| differences.add(Difference::Record { path: Shown::new(path), fault });
    let Some(text) = wheel.kept(path).and_then(|bytes| str::from_utf8(bytes).ok()) else {
        return fault(path, "is missing or not text:");
    };
    let mut listed = BTreeSet::new();
    for line in
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(|line| !line.is_empty())
    {
        let Some([name, hash, size]) = fields(line) else {
            fault(line, "has a malformed line");
            continue;
        };
        let Some((listed_path, member)) = wheel.members().get_key_value(name.as_str()) else {
            fault(&name, "lists the missing");
            continue;
        };
        if name == path {
            if !(hash.is_empty() && size.is_empty()) {
                fault(&name, "has a digest of itself in");
            }
        } else {
            if hash.strip_prefix("sha256=") != Some(&URL_SAFE_NO_PAD.encode(member.sha256.as_bytes())) {
                fault(&name, "has another sha256 for");
            }
            if size != member.size.to_string() {
                fault(&name, "has another size for");
            }
        }
        if !listed.insert(listed_path) {
            fault(&name, "lists twice");
        }
    }
    for name in wheel.members().keys().filter(|name| !listed.contains(name)) {
        fault(name.as_str(), "leaves out");
    }
}

/// Three fields of CSV; the first may be quoted (RFC 4180).
fn fields(line: &str) -> Option<[String; 3]> {
    let (name, rest) = match line.strip_prefix('"') {
        Some(quoted) => {
            let (name, rest) = quoted.rsplit_once("\",")?;
            let plain = name.replace("\"\"", "");
            (!plain.contains('"')).then(|| (name.replace("\"\"", "\""), rest))?
        }
        None => {
            let (name, rest) = line.split_once(',')?;
            (!name.contains('"')).then(|| (name.to_owned(), rest))?
        }
    };
    let (hash, size) = rest.split_once(',')?;
    (!size.contains(',') && !rest.contains('"')).then(|| [name, hash.to_owned(), size.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn a_line_has_three_fields() {
        let read = |line| fields(line).map(|[name, hash, size]| (name, hash, size));
        let expect = |name: &str, hash: &str, size: &str| Some((name.into(), hash.into(), size.into()));
        assert_eq!(read("a/b.py,sha256=x,1"), expect("a/b.py", "sha256=x", "1"));
        assert_eq!(read("\"a,\"\"b\",,"), expect("a,\"b", "", ""));
        for line in ["a", "a,b", "a,b,c,d", "\"a,b,c", "a\"b,c,d", "\"a\"b\",c,d", "a,\"b\",c"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
