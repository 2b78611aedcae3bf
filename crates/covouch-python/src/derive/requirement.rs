//! Requirements in one spelling, so that two ways to write one compare as equal (PEP 508, PEP 440).
//!
//! Spelling only: order, spaces, quotes, needless parentheses. What a marker means is not looked into; two that mean
//! the same and are written otherwise differ, which costs an answer and lets nothing in.

use std::collections::BTreeSet;

use covouch_core::name::ProjectName;

/// Longest requirement. Real ones, with their markers, stay under 500 bytes.
const REQUIREMENT_BYTES: usize = 4 << 10;

/// Deepest parentheses of a marker.
const MARKER_DEPTH: usize = 16;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Requirement {
    name: ProjectName,
    extras: BTreeSet<ProjectName>,
    which: Which,
    marker: Option<Marker>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Versions(Specifiers),
    Url(String),
}

/// Clauses like `>=1.0`, without spaces, in order.
pub(super) type Specifiers = BTreeSet<String>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Marker {
    Compare(Operand, String, Operand),
    All(BTreeSet<Marker>),
    Any(BTreeSet<Marker>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    Variable(String),
    Text(String),
}

impl Requirement {
    /// Reads a requirement.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > REQUIREMENT_BYTES || text.contains(char::is_control) {
            return None;
        }
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        let (name, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let (extras, rest) = extras(rest.trim_start())?;
        let rest = rest.trim_start();
        let (which, marker) = match rest.strip_prefix('@') {
            Some(rest) => url(rest.trim_start())?,
            None => {
                let (versions, marker) = match rest.split_once(';') {
                    Some((versions, marker)) => (versions, Some(marker)),
                    None => (rest, None),
                };
                (Which::Versions(specifiers(unwrap(versions.trim()))?), marker)
            }
        };
        let marker = match marker {
            Some(marker) => Some(Marker::parse(marker)?),
            None => None,
        };
        Some(Self { name: ProjectName::parse(name).ok()?, extras, which, marker })
    }

    /// The same requirement under one extra of the project that has it.
    pub(super) fn under(mut self, extra: &ProjectName) -> Self {
        let condition = Marker::Compare(
            Operand::Variable("extra".into()),
            "==".into(),
            Operand::Text(extra.as_str().to_owned()),
        );
        self.marker = Some(match self.marker.take() {
            None => condition,
            Some(marker) => Marker::all([marker, condition]),
        });
        self
    }
}

/// `[a, b]`, if it stands there.
fn extras(text: &str) -> Option<(BTreeSet<ProjectName>, &str)> {
    let Some(inside) = text.strip_prefix('[') else { return Some((BTreeSet::new(), text)) };
    let (inside, rest) = inside.split_once(']')?;
    if inside.trim().is_empty() {
        return Some((BTreeSet::new(), rest));
    }
    let names = inside.split(',').map(|name| ProjectName::parse(name.trim()).ok());
    Some((names.collect::<Option<_>>()?, rest))
}

/// An address ends at a space: it may have a `;` of its own.
fn url(text: &str) -> Option<(Which, Option<&str>)> {
    let (url, rest) = text.split_at_checked(text.find(char::is_whitespace).unwrap_or(text.len()))?;
    let rest = rest.trim_start();
    if url.is_empty() || !(rest.is_empty() || rest.starts_with(';')) {
        return None;
    }
    Some((Which::Url(url.to_owned()), rest.strip_prefix(';')))
}

/// Old metadata has versions in parentheses.
fn unwrap(text: &str) -> &str {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

/// Reads clauses with commas between them; none for an empty text.
pub(super) fn specifiers(text: &str) -> Option<Specifiers> {
    const OPERATORS: &[&str] = &["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
    let clause = |text: &str| {
        let operator = OPERATORS.iter().find(|operator| text.starts_with(**operator))?;
        let version = text.strip_prefix(operator)?.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '+' | '!' | '-' | '_');
        (!version.is_empty() && version.chars().all(plain)).then(|| format!("{operator}{version}"))
    };
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(clause).collect()
}

impl Marker {
    fn parse(text: &str) -> Option<Self> {
        let mut tokens = Tokens(text);
        let marker = Self::any(&mut tokens, 0)?;
        tokens.0.trim().is_empty().then_some(marker)
    }

    fn any(tokens: &mut Tokens<'_>, depth: usize) -> Option<Self> {
        let mut parts = vec![Self::conjunction(tokens, depth)?];
        while tokens.take_word("or") {
            parts.push(Self::conjunction(tokens, depth)?);
        }
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Any(parts) => parts,
            part => BTreeSet::from([part]),
        });
        Some(Self::joined(flat.collect(), Self::Any))
    }

    fn conjunction(tokens: &mut Tokens<'_>, depth: usize) -> Option<Self> {
        let mut parts = vec![Self::term(tokens, depth)?];
        while tokens.take_word("and") {
            parts.push(Self::term(tokens, depth)?);
        }
        Some(Self::all(parts))
    }

    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::All(parts) => parts,
            part => BTreeSet::from([part]),
        });
        Self::joined(flat.collect(), Self::All)
    }

    fn joined(mut parts: BTreeSet<Self>, join: fn(BTreeSet<Self>) -> Self) -> Self {
        match (parts.len(), parts.pop_first()) {
            (1, Some(only)) => only,
            (_, Some(first)) => {
                parts.insert(first);
                join(parts)
            }
            (_, None) => join(parts),
        }
    }

    fn term(tokens: &mut Tokens<'_>, depth: usize) -> Option<Self> {
        if tokens.take("(") {
            let marker = (depth < MARKER_DEPTH).then(|| Self::any(tokens, depth + 1))??;
            return tokens.take(")").then_some(marker);
        }
        let (left, operator, right) = (tokens.operand()?, tokens.operator()?, tokens.operand()?);
        let is_extra = |operand: &Operand| matches!(operand, Operand::Variable(name) if name == "extra");
        let normalised = |operand| match operand {
            Operand::Text(text) => {
                ProjectName::parse(&text).ok().map(|name| Operand::Text(name.as_str().to_owned()))
            }
            operand => Some(operand),
        };
        let operator = operator.to_owned();
        Some(match is_extra(&left) || is_extra(&right) {
            true => Self::Compare(normalised(left)?, operator, normalised(right)?),
            false => Self::Compare(left, operator, right),
        })
    }
}

/// What is left of a marker.
struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    fn take(&mut self, token: &str) -> bool {
        match self.0.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word that no longer word starts with.
    fn take_word(&mut self, word: &str) -> bool {
        let before = self.0;
        let taken = self.take(word) && !self.0.starts_with(is_word);
        if !taken {
            self.0 = before;
        }
        taken
    }

    fn operator(&mut self) -> Option<&'static str> {
        const OPERATORS: &[&str] = &["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
        if self.take_word("in") {
            return Some("in");
        }
        if self.take_word("not") {
            return self.take_word("in").then_some("not in");
        }
        OPERATORS.iter().find(|operator| self.take(operator)).copied()
    }

    fn operand(&mut self) -> Option<Operand> {
        let text = self.0.trim_start();
        for quote in ['\'', '"'] {
            if let Some(inside) = text.strip_prefix(quote) {
                let (inside, rest) = inside.split_once(quote)?;
                self.0 = rest;
                return Some(Operand::Text(inside.to_owned()));
            }
        }
        let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        self.0 = rest;
        (!name.is_empty()).then(|| Operand::Variable(name.to_owned()))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Requirement {
        Requirement::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn two_ways_to_write_one_requirement_are_equal() {
        for (left, right) in [
            ("A.B", "a-b"),
            ("a >= 1, <2", "a<2,>=1"),
            ("a (>=1,<2)", "a>=1,<2"),
            ("a[x, Y]", "a[y,x]"),
            ("a;python_version<'3'", "a ; python_version < \"3\""),
            ("a; (b=='1' and c=='2')", "a; c == '2' and (b == '1')"),
            ("a; (b=='1' or c=='2') and d=='3'", "a; d=='3' and (c=='2' or b=='1')"),
            ("a; extra == 'Dev_Tools'", "a; extra == 'dev-tools'"),
            ("a @ https://index.example/a;b.zip", "a@https://index.example/a;b.zip"),
        ] {
            assert_eq!(parse(left), parse(right));
        }
    }

    #[test]
    fn different_requirements_differ() {
        let all = [
            "a",
            "b",
            "a>=1",
            "a>=1.0",
            "a>1",
            "a[x]",
            "a; b=='1'",
            "a; b=='1' or c=='2'",
            "a; b=='1' and c=='2'",
            "a; '1'==b",
            "a; b in '1'",
            "a; b not in '1'",
            "a @ https://index.example/a",
            "a; b=='1' or c=='2' and d=='3'",
            "a; (b=='1' or c=='2') and d=='3'",
        ];
        assert_eq!(all.iter().map(|text| parse(text)).collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn an_extra_is_one_more_condition() {
        let dev = ProjectName::parse("Dev").unwrap();
        assert_eq!(parse("a").under(&dev), parse("a; extra == 'dev'"));
        let either = "b == '1' or c == '2'";
        assert_eq!(
            parse(&format!("a; {either}")).under(&dev),
            parse(&format!("a; extra=='dev' and ({either})"))
        );
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in [
            "",
            "-a",
            "a b",
            "a>",
            "a>=",
            "a=1",
            "a[x",
            "a;",
            "a; b",
            "a; b==",
            "a; b=='1' and",
            "a; (b=='1'",
            "a; b=='1')",
            "a; b=='1",
            "a; android",
            "a @",
            "a @ x y",
            "a\n>=1",
            "a; b==='1' c",
        ] {
            assert_eq!(Requirement::parse(text), None, "{text}");
        }
        assert_eq!(Requirement::parse(&format!("a; {}b=='1'", "(".repeat(2000))), None);
    }

    proptest! {
        #[test]
        fn no_text_upsets_the_reader(text in "(a|b|\\[|\\]|,|;|@|\\(|\\)|and|or|not|in| |'|==|>=|1|extra){0,24}") {
            let _ = Requirement::parse(&text);
            let _ = Requirement::parse(&format!("a; {text}"));
        }
    }
}
