//! Asks pip: its configuration, and for what is not configured the default its help shows.

use std::collections::BTreeMap;

use covouch_core::shown::Shown;

use super::{InstallerError, PipConfig, Question, Source, address, child};
use crate::secrets::Secret;

const NAME: &str = "pip";

/// Sections of pip's configuration that count for an installation; later ones count more.
const SECTIONS: [&str; 3] = ["global", "install", ":env:"];

pub(super) async fn ask(question: &Question) -> Result<PipConfig, InstallerError> {
    let pip = question.pip.as_ref().ok_or(InstallerError::NotThere(NAME))?;
    let settings = Settings::parse(&child::output(NAME, pip, &["config", "list"], question).await?)?;
    let index = match settings.last("index-url") {
        Some((section, text)) => address(text, &source(section, "index-url"))?,
        None => {
            let help = child::output(NAME, pip, &["install", "--help"], question).await?;
            address(default_index(&help)?, &Source::PipDefault)?
        }
    };
    let extra = settings
        .list("extra-index-url")
        .map(|(section, text)| address(text, &source(section, "extra-index-url")));
    Ok(PipConfig {
        index,
        extra_indexes: extra.collect::<Result<_, _>>()?,
        find_links: settings.list("find-links").map(|(_, link)| link.to_owned()).collect(),
        no_index: settings.last("no-index").is_some_and(|(_, text)| is_true(text)),
        trusted_hosts: settings.list("trusted-host").map(|(_, host)| host.to_owned()).collect(),
        cert: settings.last("cert").map(|(_, path)| path.into()),
        proxy: settings.last("proxy").map(|(_, proxy)| Secret::new(proxy.to_owned())),
    })
}

/// What `pip config list` prints, by section and name.
struct Settings(BTreeMap<(&'static str, String), String>);

impl Settings {
    /// Reads lines such as `global.index-url='https://index.example/simple'`. Sections and lines of other kinds
    /// are no concern of ours; a line of ours that cannot be read is an error.
    fn parse(output: &str) -> Result<Self, InstallerError> {
        let mut settings = BTreeMap::new();
        for line in output.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let section = SECTIONS.into_iter().find_map(|section| {
                let name = key.strip_prefix(section)?.strip_prefix('.')?;
                Some((section, name.to_owned()))
            });
            if let Some(place) = section {
                // The value may be a password, so only the name is shown.
                let unreadable = || InstallerError::Answer(NAME, Shown::new(key));
                settings.insert(place, unquote(value.trim_end()).ok_or_else(unreadable)?);
            }
        }
        Ok(Self(settings))
    }

    /// The setting that counts. pip takes an empty one for none.
    fn last(&self, name: &str) -> Option<(&'static str, &str)> {
        let found = |section| Some((section, self.0.get(&(section, name.to_owned()))?.trim()));
        SECTIONS.into_iter().rev().filter_map(found).find(|(_, value)| !value.is_empty())
    }

    /// The setting that counts, as a list.
    fn list(&self, name: &str) -> impl Iterator<Item = (&'static str, &str)> {
        let found = self.last(name);
        found
            .into_iter()
            .flat_map(|(section, value)| value.split_whitespace().map(move |word| (section, word)))
    }
}

fn source(section: &'static str, name: &str) -> Source {
    match (section, name) {
        (":env:", "index-url") => Source::Environment("PIP_INDEX_URL"),
        (":env:", "extra-index-url") => Source::Environment("PIP_EXTRA_INDEX_URL"),
        _ => Source::PipConfiguration(format!("{section}.{name}")),
    }
}

/// As pip reads a yes (Python's old `strtobool`).
fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes" | "y" | "on")
}

/// The default in the help of `--index-url`, however its lines are broken.
fn default_index(help: &str) -> Result<&str, InstallerError> {
    let found = help
        .split_once("--index-url <url>")
        .and_then(|(_, text)| text.split_once("(default"))
        .and_then(|(_, text)| text.split_once(')'))
        .map(|(text, _)| text.trim());
    // An address broken over two lines would be another address.
    let whole = found.filter(|text| !text.is_empty() && !text.contains(char::is_whitespace));
    whole.ok_or_else(|| InstallerError::Answer(NAME, Shown::new("its help shows no default index")))
}

/// Reads a string as Python's `repr` writes it (Python reference, "String literals").
fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let body = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut plain = String::with_capacity(body.len());
    let mut characters = body.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(escaped(&mut characters)?),
            inner if inner == quote => return None,
            other => plain.push(other),
        }
    }
    Some(plain)
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match characters.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        same @ ('\\' | '\'' | '"') => return Some(same),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let code: String = characters.take(digits).collect();
    if code.len() != digits || !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_counts_more_than_a_section_and_a_section_more_than_all() {
        let output = ":env:.find-links='/somewhere/wheels'\n\
                      global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'\n\
                      global.index-url=\"https://u:it's@all.example/simple\"\n\
                      install.index-url='https://install.example/simple'\n\
                      freeze.timeout='10'\nWARNING: something\n";
        let settings = Settings::parse(output).unwrap();
        assert_eq!(settings.last("index-url"), Some(("install", "https://install.example/simple")));
        let extra: Vec<_> = settings.list("extra-index-url").map(|(_, url)| url).collect();
        assert_eq!(extra, ["https://a.example/simple", "https://b.example/simple"]);
        let above = format!("{output}:env:.index-url='https://env.example/simple'\n");
        let settings = Settings::parse(&above).unwrap();
        assert_eq!(settings.last("index-url"), Some((":env:", "https://env.example/simple")));
        let emptied = Settings::parse(&format!("{output}:env:.index-url=''\n")).unwrap();
        assert_eq!(emptied.last("index-url").unwrap().0, "install", "an empty variable is none");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_an_error_that_does_not_show_it() {
        for value in ["'open", "bare", "'a'b'", "'\\q'", "'\\x4'", "'\\u12'", ""] {
            let error = Settings::parse(&format!("global.index-url={value}")).map(|_| ()).unwrap_err();
            assert_eq!(error, InstallerError::Answer("pip", Shown::new("global.index-url")), "{value}");
        }
        assert_eq!(unquote(r"'\\ \' \x41 \u00e9 \U0001f40d'").unwrap(), "\\ ' A é 🐍");
    }

    #[test]
    fn the_help_shows_the_default_however_it_is_broken() {
        let wide = "  -i, --index-url <url>       Base URL of the Python Package Index (default https://index.example/simple). This";
        assert_eq!(default_index(wide), Ok("https://index.example/simple"));
        let narrow = "  -i, --index-url <url>  Base URL of the Package Index (default\n      https://index.example/simple). This";
        assert_eq!(default_index(narrow), Ok("https://index.example/simple"));
        for help in
            ["", "--index-url <url> no more", "--index-url <url> (default https://index.\n  example/simple)"]
        {
            assert!(default_index(help).is_err(), "{help}");
        }
    }
}
