//! The options of a line of a requirements file.

use crate::shown::Shown;

/// What a line says besides its requirement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Include(String),
    Constraint(String),
    Editable(String),
    Index(&'static str, String),
    NoIndex,
    FindLinks(String),
    TrustedHost(String),
    Hash(String),
    Unknown(Shown),
}

type Meaning = fn(String) -> Setting;

/// Options that take a value: every spelling, and what they mean.
const WITH_VALUE: &[(&[&str], Meaning)] = &[
    (&["--requirement", "-r"], Setting::Include),
    (&["--constraint", "-c"], Setting::Constraint),
    (&["--editable", "-e"], Setting::Editable),
    (&["--index-url", "--pypi-url", "-i"], |value| Setting::Index("--index-url", value)),
    (&["--extra-index-url"], |value| Setting::Index("--extra-index-url", value)),
    (&["--find-links", "-f"], Setting::FindLinks),
    (&["--trusted-host"], Setting::TrustedHost),
    (&["--hash"], Setting::Hash),
];

/// Options that take a value and prove or disprove nothing: which of the listed files is chosen, how it is built.
const HARMLESS_WITH_VALUE: &[&str] = &[
    "--no-binary",
    "--only-binary",
    "--use-feature",
    "--config-settings",
    "--config-setting",
    "-C",
    "--global-option",
];

/// Options without a value that prove or disprove nothing.
const HARMLESS: &[&str] = &["--pre", "--prefer-binary", "--require-hashes"];

/// Splits a logical line into its requirement and its options. Options begin at the first word that starts with `-`.
///
/// `None` when the quotes of the options do not pair.
pub(super) fn split(line: &str) -> Option<(&str, Vec<Setting>)> {
    let mut at = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        if word.starts_with('-') {
            let (requirement, options) = line.split_at_checked(at)?;
            return Some((requirement.trim(), settings(words(options)?)));
        }
        at += word.len();
    }
    Some((line, Vec::new()))
}

fn settings(words: Vec<String>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let unknown = || Setting::Unknown(Shown::new(&word));
        if HARMLESS.contains(&word.as_str()) {
            continue;
        }
        if word == "--no-index" {
            settings.push(Setting::NoIndex);
            continue;
        }
        let (name, joined) = name_and_value(&word);
        let meaning = WITH_VALUE.iter().find(|(names, _)| names.contains(&name));
        if meaning.is_none() && !HARMLESS_WITH_VALUE.contains(&name) {
            settings.push(unknown());
            // What follows is most likely its value, and no second problem.
            words.next_if(|next| !next.starts_with('-'));
            continue;
        }
        match (meaning, joined.map(str::to_owned).or_else(|| words.next())) {
            (Some((_, meaning)), Some(value)) => settings.push(meaning(value)),
            (None, Some(_)) => {}
            (_, None) => settings.push(unknown()),
        }
    }
    settings
}

/// `--name=value`, `--name`, `-nvalue` or `-n`.
fn name_and_value(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    }
    match word.split_at_checked(2) {
        Some((name, value)) => (name, (!value.is_empty()).then_some(value)),
        None => (word, None),
    }
}

/// Splits words as a shell does, as pip does with options: without this, `--extra-"index-url"` would be an option
/// nobody knows.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().push(characters.next()?),
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Vec<Setting> {
        split(line).unwrap().1
    }

    #[test]
    fn options_are_read_in_every_spelling() {
        let include = || vec![Setting::Include("a b.txt".into())];
        for line in [
            "-r 'a b.txt'",
            "-r'a b.txt'",
            "--requirement=a\\ b.txt",
            "--requirement \"a b.txt\"",
            "-\"r\" 'a 'b.txt",
        ] {
            assert_eq!(options(line), include(), "{line}");
        }
        assert_eq!(
            options("--extra-\"index-url\" https://i.example -i x"),
            [
                Setting::Index("--extra-index-url", "https://i.example".into()),
                Setting::Index("--index-url", "x".into())
            ]
        );
    }

    #[test]
    fn a_requirement_ends_where_its_options_begin() {
        let (requirement, settings) =
            split("a-b==1 ; x == '-y' \t--hash=sha256:1 --hash sha256:2 --no-binary :all: --pre").unwrap();
        assert_eq!(requirement, "a-b==1 ; x == '-y'");
        assert_eq!(settings, [Setting::Hash("sha256:1".into()), Setting::Hash("sha256:2".into())]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        for line in ["--extra-index https://i.example", "-q", "--index-url", "-", "--pre=1", "--hash"] {
            assert!(matches!(options(line).as_slice(), [Setting::Unknown(_), ..]), "{line}");
        }
        assert!(split("--find-links 'a").is_none() && split("-r a\\").is_none());
    }
}
