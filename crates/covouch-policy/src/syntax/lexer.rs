//! Text to tokens.

/// One token and the byte of the expression it starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A keyword, a party, a level.
    Word(&'t str),
    /// Digits with what follows them: `2`, `5.5`, `50%`, `7d`.
    Number(&'t str),
    /// What stands between two `"`; there are no escapes.
    Quoted(&'t str),
    Open,
    Close,
    Comma,
    Dot,
    AtLeast,
    End,
}

impl Kind<'_> {
    /// The token as a message shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Number(text) => format!("`{text}`"),
            Self::Quoted(text) => format!("`\"{text}\"`"),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Dot => "`.`".to_owned(),
            Self::AtLeast => "`>=`".to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A character that starts no token, or a quote that is never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stray {
    pub(super) at: usize,
    pub(super) character: char,
}

/// Splits an expression into tokens; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Stray> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let at = text.len() - rest.len();
        let Some(character) = rest.chars().next() else {
            tokens.push(Token { at, kind: Kind::End });
            return Ok(tokens);
        };
        let (kind, length) = token(rest, character).ok_or(Stray { at, character })?;
        tokens.push(Token { at, kind });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn token(rest: &str, first: char) -> Option<(Kind<'_>, usize)> {
    match first {
        '(' => Some((Kind::Open, 1)),
        ')' => Some((Kind::Close, 1)),
        ',' => Some((Kind::Comma, 1)),
        '.' => Some((Kind::Dot, 1)),
        '>' => rest.starts_with(">=").then_some((Kind::AtLeast, 2)),
        '"' => {
            let (quoted, _) = rest.strip_prefix('"')?.split_once('"')?;
            Some((Kind::Quoted(quoted), quoted.len() + 2))
        }
        'a'..='z' | 'A'..='Z' => {
            let length = run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            Some((Kind::Word(rest.get(..length)?), length))
        }
        '0'..='9' => {
            let length = number(rest);
            Some((Kind::Number(rest.get(..length)?), length))
        }
        _ => None,
    }
}

/// `5`, `5.5`, and whatever letters or `%` follow: a unit, or a slip the parser will name.
fn number(rest: &str) -> usize {
    let whole = run(rest, |byte| byte.is_ascii_digit());
    let fraction = rest.get(whole..).and_then(|after| after.strip_prefix('.'));
    let digits = fraction.map_or(0, |after| run(after, |byte| byte.is_ascii_digit()));
    let end = if digits == 0 { whole } else { whole + 1 + digits };
    end + rest.get(end..).map_or(0, |after| run(after, |byte| byte.is_ascii_alphanumeric() || byte == b'%'))
}

fn run(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| belongs(*byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_take_their_units_along() {
        use Kind::{AtLeast, End, Number, Word};
        assert_eq!(kinds("age >= 7d"), [Word("age"), AtLeast, Number("7d"), End]);
        assert_eq!(kinds("score >= 5.5"), [Word("score"), AtLeast, Number("5.5"), End]);
        assert_eq!(kinds("a>=50%"), [Word("a"), AtLeast, Number("50%"), End]);
    }

    #[test]
    fn a_stray_character_is_named_with_its_place() {
        assert_eq!(tokens("a && b"), Err(Stray { at: 2, character: '&' }));
        assert_eq!(tokens("a > 5"), Err(Stray { at: 2, character: '>' }));
        assert_eq!(tokens("attested by \"x"), Err(Stray { at: 12, character: '"' }));
        assert_eq!(tokens("é"), Err(Stray { at: 0, character: 'é' }));
    }
}
