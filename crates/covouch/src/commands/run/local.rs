//! Files on this machine that a command line, or a requirements file on it, would install: nobody judged them, and
//! nothing of them passes the gate.
//!
//! # Invariants
//! - Options are read as pip reads them: shortened, in clusters, and with their value attached.
//! - A requirements file is followed into the files it includes, [`FILES`] at most.
//!
//! # Not here
//! Source trees: a project's own folder is installed by its path.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// Most requirements files that are looked into; more is no project's, and refused.
const FILES: usize = 100;

/// What pip and uv take for a distribution file.
const SUFFIXES: [&str; 12] = [
    ".whl",
    ".tar.gz",
    ".zip",
    ".tgz",
    ".tar",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tar.lzma",
    ".tlz",
    ".tar.zst",
];

/// Short options of pip and uv that take a value, so that what follows them in a word is no option.
const VALUED: &str = "cdefiprtwCP";

/// The long options of pip that escape, for those that are shortened (Python, `optparse`: any unique beginning).
const LONG: [&str; 5] = ["--proxy", "--no-proxy-env", "--find-links", "--index-url", "--extra-index-url"];

/// The option a word of a command line is, by its whole name; the word itself when it is none of ours.
pub(super) fn option(word: &str) -> &str {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    if name.starts_with("--") {
        let shortened = |long: &&&str| name.len() > 2 && long.starts_with(name);
        return LONG.iter().find(shortened).copied().unwrap_or(name);
    }
    let Some(cluster) = word.strip_prefix('-') else { return word };
    // `-Uf folder`, `-ffolder`
    match cluster.chars().find(|letter| VALUED.contains(*letter)) {
        Some('f') => "-f",
        Some('i') => "-i",
        _ => name,
    }
}

/// Whether a word names a distribution file on this machine: by its path, or by a `file:` address.
pub(super) fn is_file(word: &str, folder: &Path) -> bool {
    let value = word.split_once('=').filter(|_| word.starts_with('-')).map_or(word, |(_, value)| value);
    value.split(',').any(|part| {
        let place = part.rsplit_once(" @ ").or_else(|| part.split_once('@')).map_or(part, |(_, place)| place);
        [part, place].into_iter().any(|place| leads_to_file(place.trim(), folder))
    })
}

fn leads_to_file(place: &str, folder: &Path) -> bool {
    let bare = place.split([';', '#', '[', '?']).next().unwrap_or_default().trim();
    if bare.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        // Whatever is written after it: what is not a folder is a file.
        let path = bare.get(5..).unwrap_or_default();
        let path = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//")).unwrap_or(path);
        return !folder.join(path).is_dir();
    }
    is_archive(bare) && folder.join(bare).is_file()
}

/// Whether a name is that of a distribution file.
pub(super) fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Looks for a requirements file among arguments that leads to files on this machine; says which, and to what.
pub(super) fn in_requirements(arguments: &[OsString], folder: &Path) -> Option<(PathBuf, String)> {
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    let mut files = included(&words, folder);
    let mut next = 0;
    while let Some(file) = files.get(next).cloned() {
        next += 1;
        if next > FILES {
            return Some((file, "too many files it includes".to_owned()));
        }
        // What cannot be read is for the installer to complain about.
        let Ok(text) = fs::read(&file) else { continue };
        let text = String::from_utf8_lossy(&text).replace("\\\r\n", "").replace("\\\n", "");
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        for line in text.lines() {
            // pip takes a `#` at the start or after a space for a comment.
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            if let Some(found) = found_in(line, &words, &folder) {
                return Some((file, found));
            }
            files.extend(
                included(&words, &folder)
                    .into_iter()
                    .filter(|file| !files.contains(file))
                    .collect::<Vec<_>>(),
            );
        }
    }
    None
}

/// What a line of a requirements file leads to. pip reads paths in it relative to the file or to where it runs.
fn found_in(line: &str, words: &[&str], folder: &Path) -> Option<String> {
    let is_local = |word: &str| is_file(word, folder) || is_file(word, Path::new(""));
    let first = words.first()?;
    // An address of the web is the guard's business; what a variable holds is its user's own.
    let is_web = |value: &str| ["http://", "https://", "${"].iter().any(|start| value.starts_with(start));
    let is_source = ["-f", "--find-links", "-i", "--index-url", "--extra-index-url"].contains(&option(first));
    if is_source && !value(words).is_some_and(is_web) {
        return Some("a place on this machine".to_owned());
    }
    let local = [line].into_iter().chain(words.iter().copied()).find(|word| is_local(word));
    local.map(|word| format!("`{word}`"))
}

/// The value of the option that the first of these words is, attached or not.
fn value<'w>(words: &[&'w str]) -> Option<&'w str> {
    let first = words.first()?;
    let attached = if first.starts_with("--") {
        first.split_once('=').map(|(_, value)| value)
    } else {
        let letter = first.find(['f', 'i'])?;
        first.get(letter + 1..).map(|value| value.trim_start_matches('=')).filter(|value| !value.is_empty())
    };
    attached.or_else(|| words.get(1).copied())
}

/// The requirements files that words of a command line, or of such a file, name.
fn included(words: &[&str], folder: &Path) -> Vec<PathBuf> {
    const NAMES: [&str; 7] = [
        "-r",
        "--requirement",
        "--requirements",
        "-c",
        "--constraint",
        "--constraints",
        "--with-requirements",
    ];
    let mut files = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, None),
        };
        let named = if name.starts_with("--") {
            let is_one = NAMES.iter().any(|long| name.len() > 2 && long.starts_with(name));
            is_one.then(|| attached.or_else(|| words.get(at + 1).copied())).flatten()
        } else {
            word.strip_prefix('-').and_then(|cluster| {
                let (start, letter) = cluster.char_indices().find(|(_, letter)| VALUED.contains(*letter))?;
                let rest = cluster.get(start + 1..).unwrap_or_default().trim_start_matches('=');
                let value = if rest.is_empty() { words.get(at + 1).copied() } else { Some(rest) };
                matches!(letter, 'r' | 'c').then_some(value).flatten()
            })
        };
        let named = named.map(|named| named.strip_prefix("file://").unwrap_or(named));
        files.extend(named.map(|named| folder.join(named)).filter(|file| file.is_file()));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_known_however_they_are_written() {
        for (word, name) in [
            ("-fwheels", "-f"),
            ("-Uf", "-f"),
            ("-vUfwheels", "-f"),
            ("-ihttp://index.example", "-i"),
            ("--find", "--find-links"),
            ("--find-link=wheels", "--find-links"),
            ("--prox=http://index.example", "--proxy"),
            ("--extra-index", "--extra-index-url"),
            ("-rfile", "-rfile"),
            ("-qU", "-qU"),
            ("--pre", "--pre"),
            ("--prefix=/f", "--prefix"),
            ("--", "--"),
            ("six", "six"),
        ] {
            assert_eq!(option(word), name, "{word}");
        }
    }

    #[test]
    fn a_file_is_known_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        std::fs::write(here.join("six-1.0-py3-none-any.whl"), "").unwrap();
        std::fs::write(here.join("six-1.0.tar.xz"), "").unwrap();
        let address = format!("file://{}/six-1.0-py3-none-any.whl", here.display());
        for word in [
            "six-1.0-py3-none-any.whl",
            "./six-1.0-py3-none-any.whl[extra]",
            "six @ ./six-1.0-py3-none-any.whl",
            "six@./six-1.0-py3-none-any.whl",
            "--with=./six-1.0-py3-none-any.whl",
            "seven,six-1.0-py3-none-any.whl",
            "six-1.0.tar.xz",
            &address,
            &format!("six @ {address}"),
            &format!("--with=six @ {address}#sha256=00"),
            "file:///six-1.0-py3-none-any.%77hl",
        ] {
            assert!(is_file(word, here), "{word}");
        }
        for word in [
            "six",
            "six==1.0",
            "other-1.0-py3-none-any.whl",
            "https://index.example/six-1.0-py3-none-any.whl",
            ".",
            &format!("file://{}", here.display()),
        ] {
            assert!(!is_file(word, here), "{word}");
        }
    }

    #[test]
    fn requirements_files_are_followed_to_files_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("six-1.0-py3-none-any.whl", "");
        write("inner.txt", "six==1.0\n--find-links wheels\n");
        for (text, refused) in [
            ("six==1.0 --hash=sha256:00\n# --find-links wheels\n-e .\n", false),
            ("--index-url https://index.example/simple\nsix\n", false),
            ("--find-links https://index.example/wheels\n-fhttps://index.example/wheels\n", false),
            ("--find-links wheels\nsix\n", true),
            ("--find-links ./https://wheels\nsix\n", true),
            ("--find-links=wheels https://index.example\n", true),
            ("--find-l\\\ninks wheels\nsix\n", true),
            ("-fwheels\n", true),
            ("./six-1.0-py3-none-any.whl\n", true),
            ("six @ file:///six-1.0-py3-none-any.whl ; python_version > '3'\n", true),
            ("--index-url file:///simple\n", true),
            ("--extra-index-url simple\n", true),
            ("-r inner.txt\n", true),
            ("-c inner.txt\n", true),
            ("-r outer.txt\n", false),
        ] {
            write("outer.txt", text);
            for arguments in [
                &["install", "-r", "outer.txt"][..],
                &["install", "-Urouter.txt"],
                &["--requirement=outer.txt"],
            ] {
                let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
                assert_eq!(in_requirements(&arguments, folder.path()).is_some(), refused, "{text}");
            }
        }
    }
}
