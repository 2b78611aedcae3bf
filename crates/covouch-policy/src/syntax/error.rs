//! What can be wrong with an expression.

use covouch_core::{code::Code, hint::Hint, level::Level, party::PartyName, shown::Shown};

use super::RESERVED;
use crate::{
    code,
    error::{nearest_or_all, shown},
    limits,
};

/// What is wrong with an expression, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The byte.
    pub at: usize,
    /// What is wrong.
    pub error: SyntaxError,
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// Nothing was written.
    #[error("the expression is empty")]
    Empty,
    /// Longer than [`limits::EXPRESSION_BYTES`].
    #[error("the expression has {0} bytes, at most {max} are read", max = limits::EXPRESSION_BYTES)]
    TooLong(usize),
    /// Deeper than [`limits::EXPRESSION_DEPTH`].
    #[error("the expression nests deeper than {max} parentheses", max = limits::EXPRESSION_DEPTH)]
    TooDeep,
    /// A character of no token.
    #[error("`{}` has no meaning here", shown(.0))]
    Character(char),
    /// A quote without its end.
    #[error("the `\"` is never closed")]
    Unclosed,
    /// Another token was needed.
    #[error("found {found} where {expected} is needed")]
    Unexpected {
        /// What stands there.
        found: Shown,
        /// What could stand there.
        expected: &'static str,
    },
    /// Two terms side by side.
    #[error("found {0} where `and`, `or` or the end is needed")]
    NotJoined(Shown),
    /// A threshold that anything meets.
    #[error("`{0}` asks for nothing: a threshold of 0 cannot be written")]
    Zero(Shown),
    /// Not a number, decimal, percentage or duration.
    #[error("`{found}` is not {expected}")]
    Number {
        /// What was written.
        found: Shown,
        /// What is needed.
        expected: &'static str,
    },
    /// A level nobody defined.
    #[error("no level `{0}`")]
    Level(Shown),
    /// A word no party can be called.
    #[error("`{0}` is neither a term nor the name of a party")]
    Name(Shown),
    /// `not` before a parenthesis.
    #[error("`not` stands before one term, not before a parenthesis")]
    NotParenthesis,
}

impl SyntaxError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Zero(_) => code::ZERO_THRESHOLD,
            Self::Level(_) => code::UNKNOWN_LEVEL,
            _ => code::EXPRESSION,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::Level(written) => {
                return nearest_or_all(written.as_str(), &Level::ALL.map(Level::as_str), "levels");
            }
            Self::Name(written) => {
                let lower = written.as_str().to_ascii_lowercase().replace('_', "-");
                let spelt = PartyName::parse(&lower).ok().map(|name| Hint::new(format!("write `{name}`")));
                return Hint::nearest(&lower, RESERVED)
                    .or(spelt)
                    .or_else(|| Some(Hint::new("write a name such as `night-watch`")));
            }
            Self::Unexpected { expected, .. } => return Some(Hint::new(format!("write {expected} here"))),
            Self::Empty => "write at least one term, as in `pypi and age >= 7d`",
            Self::TooLong(_) | Self::TooDeep => "say it in several `[[rule]]` tables",
            Self::Character('&') => "write `and`",
            Self::Character('|') => "write `or`",
            Self::Character('!') => "write `not`",
            Self::Character('>' | '<' | '=') => "write `>=`",
            Self::Character(_) => "terms are lower-case words, `>=`, `,` and parentheses",
            Self::Unclosed => "close it with another `\"`",
            Self::NotJoined(_) => "join terms with `and` or `or`",
            Self::Zero(_) => "leave the term out, or ask for at least 1",
            Self::NotParenthesis => "write `not a and not b` for `not (a or b)`",
            Self::Number { expected, .. } if expected.contains("duration") => "write `12h`, `7d` or `2w`",
            Self::Number { expected, .. } if expected.contains("percentage") => "write `50%`",
            Self::Number { expected, .. } if expected.contains("decimal") => "write `5.5`",
            Self::Number { .. } => "write `2`",
        };
        Some(Hint::new(hint))
    }
}
