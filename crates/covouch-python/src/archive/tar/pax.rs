//! Extended headers (POSIX.1-2024, pax, "pax Extended Header").

use crate::archive::error::{ArchiveError, Fault};

/// Keys that say something about time, owner or origin, nothing about what is read.
fn is_harmless(key: &[u8]) -> bool {
    const KEYS: &[&[u8]] = &[
        b"atime",
        b"ctime",
        b"mtime",
        b"uid",
        b"gid",
        b"uname",
        b"gname",
        b"comment",
        b"LIBARCHIVE.creationtime",
    ];
    const STARTS: &[&[u8]] = &[b"SCHILY.xattr.", b"LIBARCHIVE.xattr."];
    KEYS.contains(&key) || STARTS.iter().any(|start| key.starts_with(start))
}

/// The path that an extended header gives its member, if it gives one. Whatever else could change the member
/// (`size`, `linkpath`, `hdrcharset`, `GNU.sparse.…`, a key nobody knows) is refused.
pub(super) fn path(body: &[u8]) -> Result<Option<Vec<u8>>, ArchiveError> {
    let mut path = None;
    for record in records(body) {
        let (key, value) = record?;
        match key {
            b"path" if path.is_none() && !value.is_empty() => path = Some(value.to_vec()),
            b"path" => return Err(ambiguous("a pax header names its member twice or not at all")),
            key if is_harmless(key) => {}
            _ => return Err(ambiguous("a pax header changes what its member is for some readers")),
        }
    }
    Ok(path)
}

/// Checks a header that holds for all members behind it.
pub(super) fn check_global(body: &[u8]) -> Result<(), ArchiveError> {
    records(body).try_for_each(|record| match record? {
        (key, _) if is_harmless(key) => Ok(()),
        _ => Err(ambiguous("a global pax header changes what members are for some readers")),
    })
}

/// Records of the form `LENGTH KEY=VALUE\n`, whose length counts itself.
fn records(mut body: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), ArchiveError>> {
    std::iter::from_fn(move || {
        if body.is_empty() {
            return None;
        }
        let found = record(body);
        body = found.map(|(_, _, rest)| rest).unwrap_or_default();
        let malformed = || ArchiveError::malformed(None, "a pax header is not made of records");
        Some(found.map(|(key, value, _)| (key, value)).ok_or_else(malformed))
    })
}

fn record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = body.iter().position(|byte| *byte == b' ')?;
    let digits = body.get(..space).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let length: usize = str::from_utf8(digits).ok()?.parse().ok()?;
    let (record, rest) = body.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, rest))
}

fn ambiguous(fault: Fault) -> ArchiveError {
    ArchiveError::ambiguous(None, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_among_times() {
        let body = b"20 mtime=1234567890\n17 path=a/b=c.py\n";
        assert_eq!(path(body).unwrap(), Some(b"a/b=c.py".to_vec()));
        assert_eq!(path(b"").unwrap(), None);
    }

    #[test]
    fn whatever_could_change_the_member_is_refused() {
        for body in [
            &b"9 size=1\n"[..],
            b"14 linkpath=a\n",
            b"21 hdrcharset=BINARY\n",
            b"24 GNU.sparse.name=a.py\n",
            b"10 path=a\n10 path=b\n",
            b"8 path=\n",
        ] {
            assert!(matches!(path(body), Err(ArchiveError::Ambiguous { .. })), "{body:?}");
        }
        assert!(check_global(b"10 path=a\n").is_err());
        assert!(check_global(b"13 comment=a\n").is_ok());
    }

    #[test]
    fn a_record_that_lies_about_its_length_is_malformed() {
        for body in [
            &b"11 path=a\n"[..],
            b"8 path=a\n",
            b"path=a\n",
            b"+10 path=a\n",
            b"0 a=b\n",
            b"9999999999999999999 a=b\n",
        ] {
            assert!(matches!(path(body), Err(ArchiveError::Malformed { .. })), "{body:?}");
        }
    }
}
