//! `authors.toml`: what an identity must have done.

use covouch_core::{
    hint::Hint,
    name::{ProjectName, ProjectPattern},
    time::Duration,
};
use serde::Deserialize;
use toml::{Spanned, de::DeTable};

use crate::{
    error::{Fault, PolicyError, PolicyErrors, shown},
    file::Lines,
    limits,
};

/// The keys of the file. Every one is needed: a rule that is published leaves nothing to a default.
const KEYS: &[&str] = &["schema", "releases", "days", "packaged-or-voted", "vetoes", "validity", "projects"];

/// What an identity must have done to be an author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorRule {
    /// Least number of releases, over all its projects.
    pub releases: usize,
    /// Least time from the first to the last of them.
    pub span: Duration,
    /// Least number of its projects that somebody recognises.
    pub recognised: usize,
    /// From how many keys' vetoes on one file on its releases count no more.
    pub vetoes: usize,
    /// How long a grant holds.
    pub validity: Duration,
    /// Which projects are looked at.
    pub projects: Vec<ProjectPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wire {
    schema: Spanned<u32>,
    releases: Spanned<u32>,
    days: Spanned<u32>,
    packaged_or_voted: Spanned<u32>,
    vetoes: Spanned<u32>,
    validity: Spanned<String>,
    projects: Spanned<Vec<Spanned<String>>>,
}

impl AuthorRule {
    /// Reads a rule. `name` is what messages call the file.
    ///
    /// # Errors
    /// [`PolicyErrors`]: everything that is wrong with it.
    pub fn parse(name: &str, text: &str) -> Result<Self, PolicyErrors> {
        let lines = Lines::new(name, text);
        let one = |at, fault| PolicyErrors::one(lines.error(at, fault));
        if text.len() > limits::AUTHOR_RULE_BYTES {
            return Err(one(0, bad("the rule is longer than anybody's", "write patterns such as `acme-*`")));
        }
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let clause = |error: &toml::de::Error| error.message().trim_end_matches('.').replace('\n', ", ");
        let table =
            DeTable::parse(text).map_err(|error| one(start(&error), Fault::Toml(shown(clause(&error)))))?;
        if let Some(errors) = PolicyErrors::collect(keys(&lines, table.get_ref())) {
            return Err(errors);
        }
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let hint = "numbers stand as they are, `validity` and `projects` in quotes";
            one(start(&error), bad(&clause(&error), hint))
        })?;
        Reading { lines: &lines, errors: Vec::new() }.rule(&wire)
    }

    /// Whether the rule looks at this project.
    #[must_use]
    pub fn covers(&self, project: &ProjectName) -> bool {
        self.projects.iter().any(|pattern| pattern.matches(project))
    }
}

fn keys(lines: &Lines, table: &DeTable<'_>) -> Vec<PolicyError> {
    let unknown = table.iter().filter(|(key, _)| !KEYS.contains(&key.get_ref().as_ref())).map(|(key, _)| {
        let fault = Fault::UnknownKey { key: shown(key.get_ref()), table: shown("the rule"), known: KEYS };
        lines.error(key.span().start, fault)
    });
    let missing = KEYS.iter().filter(|key| !table.contains_key(**key)).map(|key| {
        let hint = format!("write `{key} = …`");
        lines.error(0, bad(&format!("the rule has no `{key}`"), &hint))
    });
    unknown.chain(missing).collect()
}

fn bad(clause: &str, hint: &str) -> Fault {
    Fault::BadValue { clause: shown(clause), hint: Some(Hint::new(hint)) }
}

struct Reading<'a> {
    lines: &'a Lines,
    errors: Vec<PolicyError>,
}

impl Reading<'_> {
    fn rule(mut self, wire: &Wire) -> Result<AuthorRule, PolicyErrors> {
        if *wire.schema.get_ref() != 1 {
            self.fault(wire.schema.span().start, Fault::Schema(shown(wire.schema.get_ref())));
        }
        let rule = AuthorRule {
            releases: self.positive(&wire.releases, "releases"),
            span: Duration::from_days(*wire.days.get_ref()),
            recognised: count(*wire.packaged_or_voted.get_ref()),
            vetoes: self.positive(&wire.vetoes, "vetoes"),
            validity: self.validity(&wire.validity),
            projects: self.projects(&wire.projects),
        };
        PolicyErrors::collect(self.errors).map_or(Ok(rule), Err)
    }

    fn fault(&mut self, at: usize, fault: Fault) {
        self.errors.push(self.lines.error(at, fault));
    }

    /// Nobody is an author for nothing, and a file is not vetoed by nobody.
    fn positive(&mut self, number: &Spanned<u32>, key: &str) -> usize {
        if *number.get_ref() == 0 {
            let hint = format!("write `{key} = 1` or more");
            self.fault(number.span().start, bad(&format!("`{key}` is 0, which everybody meets"), &hint));
        }
        count(*number.get_ref())
    }

    fn validity(&mut self, written: &Spanned<String>) -> Duration {
        Duration::parse(written.get_ref()).unwrap_or_else(|error| {
            self.fault(written.span().start, bad(&error.to_string(), "write a duration such as `90d`"));
            Duration::from_days(1)
        })
    }

    fn projects(&mut self, written: &Spanned<Vec<Spanned<String>>>) -> Vec<ProjectPattern> {
        let (at, all) = (written.span().start, written.get_ref());
        if all.is_empty() {
            self.fault(at, bad("`projects` is empty", "write patterns such as `acme-*`, or `*` for all"));
        }
        if all.len() > limits::PATTERNS {
            let fault = Fault::TooMany { what: "patterns", found: all.len(), limit: limits::PATTERNS };
            self.fault(at, fault);
            return Vec::new();
        }
        let mut patterns = Vec::new();
        for one in all {
            match ProjectPattern::parse(one.get_ref()) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => {
                    self.fault(one.span().start, bad(&error.to_string(), "write a name such as `acme-*`"));
                }
            }
        }
        patterns
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "schema = 1\nreleases = 5\ndays = 180\npackaged-or-voted = 1\nvetoes = 2\n\
                        validity = \"90d\"\nprojects = [\"Acme_*\"]\n";

    fn first(text: &str) -> (String, String, bool) {
        let errors = AuthorRule::parse("authors.toml", text).unwrap_err();
        let error = errors.iter().next().unwrap();
        (error.code().to_string(), error.to_string(), error.hint().is_some())
    }

    #[test]
    fn a_rule_is_read() {
        let rule = AuthorRule::parse("authors.toml", RULE).unwrap();
        assert_eq!((rule.releases, rule.recognised, rule.vetoes), (5, 1, 2));
        assert_eq!((rule.span, rule.validity), (Duration::from_days(180), Duration::from_days(90)));
        assert!(rule.covers(&ProjectName::parse("acme-web").unwrap()));
        assert!(!rule.covers(&ProjectName::parse("other").unwrap()));
    }

    #[test]
    fn whatever_is_wrong_is_named_with_its_place_and_what_to_write() {
        for (from, to, code, place) in [
            ("releases = 5", "releases = 0", "policy-bad-value", "authors.toml:2:12"),
            ("releases = 5", "release = 5", "policy-bad-value", "authors.toml:1:1"),
            ("days = 180", "days = 180\nday = 1", "policy-unknown-key", "authors.toml:4:1"),
            ("days = 180", "days = \"180\"", "policy-bad-value", "authors.toml:3:8"),
            ("days = 180", "days = -1", "policy-bad-value", "authors.toml:3:8"),
            ("days = 180", "days = ", "policy-syntax", "authors.toml:3"),
            ("90d", "90", "policy-bad-value", "authors.toml:6:12"),
            ("Acme_*", "acme/*", "policy-bad-value", "authors.toml:7:13"),
            ("\"Acme_*\"", "", "policy-bad-value", "authors.toml:7:12"),
            ("schema = 1", "schema = 2", "policy-schema", "authors.toml:1:10"),
            ("vetoes = 2", "vetoes = 0", "policy-bad-value", "authors.toml:5:10"),
        ] {
            let (found, message, hinted) = first(&RULE.replace(from, to));
            assert_eq!(found, code, "{message}");
            assert!(message.starts_with(&format!("`{place}")), "{to}: {message}");
            assert!(hinted, "{message}");
        }
        let long = format!("{RULE}# {}", "x".repeat(limits::AUTHOR_RULE_BYTES));
        assert_eq!(first(&long).0, "policy-bad-value");
    }
}
