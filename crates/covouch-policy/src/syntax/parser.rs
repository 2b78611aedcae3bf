//! Tokens to expressions, by recursive descent: one method per line of the grammar.

use std::num::NonZeroUsize;

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
    party::PartyName,
    time::Duration,
};

use super::{
    RESERVED, Syntax, SyntaxError,
    lexer::{self, Kind, Stray, Token},
};
use crate::{
    ast::{Expression, Form, Word},
    error::shown,
    limits,
};

/// Parses an expression.
///
/// # Errors
/// [`Syntax`]: the first thing that is wrong, and where.
pub fn parse(text: &str) -> Result<Expression, Syntax> {
    if text.len() > limits::EXPRESSION_BYTES {
        return Err(Syntax { at: 0, error: SyntaxError::TooLong(text.len()) });
    }
    let tokens = lexer::tokens(text).map_err(stray)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    if parser.peek() == Kind::End {
        return Err(parser.error(SyntaxError::Empty));
    }
    let expression = parser.expression()?;
    match parser.peek() {
        Kind::End => Ok(expression),
        found => Err(parser.error(SyntaxError::NotJoined(shown(found.shown())))),
    }
}

fn stray(stray: Stray) -> Syntax {
    let error = match stray.character {
        '"' => SyntaxError::Unclosed,
        character => SyntaxError::Character(character),
    };
    Syntax { at: stray.at, error }
}

struct Parser<'a, 't> {
    tokens: &'a [Token<'t>],
    depth: usize,
}

impl<'t> Parser<'_, 't> {
    fn expression(&mut self) -> Result<Expression, Syntax> {
        self.depth += 1;
        if self.depth > limits::EXPRESSION_DEPTH {
            return Err(self.error(SyntaxError::TooDeep));
        }
        let expression = self.chain("or", Form::Or, |parser| parser.chain("and", Form::And, Self::unary));
        self.depth -= 1;
        expression
    }

    fn chain(
        &mut self,
        between: &str,
        form: fn(Vec<Expression>) -> Form,
        part: fn(&mut Self) -> Result<Expression, Syntax>,
    ) -> Result<Expression, Syntax> {
        let first = part(self)?;
        if self.peek() != Kind::Word(between) {
            return Ok(first);
        }
        let at = first.at;
        let mut parts = vec![first];
        while self.accept(Kind::Word(between)) {
            parts.push(part(self)?);
        }
        Ok(Expression { form: form(parts), at })
    }

    fn unary(&mut self) -> Result<Expression, Syntax> {
        let at = self.place();
        if self.accept(Kind::Open) {
            let inner = self.expression()?;
            self.need(Kind::Close, "`)`, `and` or `or`")?;
            return Ok(inner);
        }
        if self.accept(Kind::Word("not")) {
            if self.peek() == Kind::Open {
                return Err(self.error(SyntaxError::NotParenthesis));
            }
            let inner = self.term()?;
            return Ok(Expression { form: Form::Not(Box::new(inner)), at });
        }
        self.term()
    }

    fn term(&mut self) -> Result<Expression, Syntax> {
        let at = self.place();
        let Kind::Word(word) = self.peek() else { return Err(self.unexpected("a term")) };
        let form = match word {
            "at" => self.at_least()?,
            "any" => Form::AnyOf(self.keyword_group()?),
            "all" => Form::AllOf(self.keyword_group()?),
            "score" => Form::Score(self.score()?),
            "age" => Form::Age(self.age()?),
            "attested" => self.attested()?,
            "derived" => self.derived()?,
            "veto" => {
                self.advance();
                self.need(Kind::Word("by"), "`by`")?;
                Form::VetoBy(self.name()?)
            }
            _ => match plain_term(word) {
                Some(form) => {
                    self.advance();
                    form
                }
                None => Form::Party(self.word()?),
            },
        };
        Ok(Expression { form, at })
    }

    fn at_least(&mut self) -> Result<Form, Syntax> {
        self.advance();
        self.need(Kind::Word("least"), "`least`")?;
        let count = self.count()?;
        if self.accept(Kind::Word("vetoes")) {
            return Ok(Form::Vetoes(count));
        }
        self.need(Kind::Word("of"), "`of` or `vetoes`")?;
        Ok(Form::AtLeast(count, self.group()?))
    }

    fn keyword_group(&mut self) -> Result<Vec<Expression>, Syntax> {
        self.advance();
        self.need(Kind::Word("of"), "`of`")?;
        self.group()
    }

    fn group(&mut self) -> Result<Vec<Expression>, Syntax> {
        self.need(Kind::Open, "`(`")?;
        let mut parts = vec![self.expression()?];
        while self.accept(Kind::Comma) {
            parts.push(self.expression()?);
        }
        self.need(Kind::Close, "`,` or `)`")?;
        Ok(parts)
    }

    fn count(&mut self) -> Result<NonZeroUsize, Syntax> {
        self.number("a whole number", |text| {
            let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<usize>().ok()).flatten().map(NonZeroUsize::new)
        })
    }

    fn score(&mut self) -> Result<Decimal, Syntax> {
        self.advance();
        self.need(Kind::AtLeast, "`>=`")?;
        self.number("a decimal with at most six digits after the point", |text| {
            Decimal::parse(text).ok().map(|decimal| (decimal != Decimal::ZERO).then_some(decimal))
        })
    }

    fn age(&mut self) -> Result<Duration, Syntax> {
        self.advance();
        self.need(Kind::AtLeast, "`>=`")?;
        self.number("a duration", |text| match text.trim_start_matches('0') {
            "h" | "d" | "w" => Some(None),
            _ => Duration::parse(text).ok().map(Some),
        })
    }

    fn percent(&mut self) -> Result<Amount, Syntax> {
        self.number("a percentage from 1% to 100%", |text| {
            let percent: u8 = text.strip_suffix('%')?.parse().ok()?;
            if percent == 0 { Some(None) } else { Amount::from_percent(percent).map(Some) }
        })
    }

    /// Takes a number; the reader says `None` when it is none, `Some(None)` when it is zero.
    fn number<T>(
        &mut self,
        expected: &'static str,
        read: impl Fn(&'t str) -> Option<Option<T>>,
    ) -> Result<T, Syntax> {
        let Kind::Number(text) = self.peek() else { return Err(self.unexpected(expected)) };
        match read(text) {
            Some(Some(number)) => {
                self.advance();
                Ok(number)
            }
            Some(None) => Err(self.error(SyntaxError::Zero(shown(text)))),
            None => Err(self.error(SyntaxError::Number { found: shown(text), expected })),
        }
    }

    fn attested(&mut self) -> Result<Form, Syntax> {
        self.advance();
        if !self.accept(Kind::Word("by")) {
            return Ok(Form::Attested(None));
        }
        let Kind::Quoted(publisher) = self.peek() else {
            return Err(self.unexpected("a publisher in quotes"));
        };
        self.advance();
        Ok(Form::Attested(Some(publisher.into())))
    }

    fn derived(&mut self) -> Result<Form, Syntax> {
        self.advance();
        self.need(Kind::Word("from"), "`from`")?;
        let party = self.name()?;
        Ok(Form::DerivedFrom(party, self.level()?))
    }

    fn word(&mut self) -> Result<Word, Syntax> {
        let party = self.name()?;
        let level = self.level()?;
        let at_least = if self.accept(Kind::AtLeast) { Some(self.percent()?) } else { None };
        Ok(Word { party, level, at_least })
    }

    fn level(&mut self) -> Result<Option<Level>, Syntax> {
        if !self.accept(Kind::Dot) {
            return Ok(None);
        }
        let Kind::Word(written) = self.peek() else { return Err(self.unexpected("a level")) };
        let level = Level::parse(written).ok_or_else(|| self.error(SyntaxError::Level(shown(written))))?;
        self.advance();
        Ok(Some(level))
    }

    fn name(&mut self) -> Result<PartyName, Syntax> {
        let Kind::Word(written) = self.peek() else { return Err(self.unexpected("the name of a party")) };
        let name = PartyName::parse(written).ok().filter(|name| !RESERVED.contains(&name.as_str()));
        let name = name.ok_or_else(|| self.error(SyntaxError::Name(shown(written))))?;
        self.advance();
        Ok(name)
    }

    fn peek(&self) -> Kind<'t> {
        self.tokens.first().map_or(Kind::End, |token| token.kind)
    }

    fn place(&self) -> usize {
        self.tokens.first().map_or(0, |token| token.at)
    }

    /// Past the token, but never past the last one, which is the end.
    fn advance(&mut self) {
        if let [_, rest @ ..] = self.tokens
            && !rest.is_empty()
        {
            self.tokens = rest;
        }
    }

    fn accept(&mut self, kind: Kind<'_>) -> bool {
        let found = self.peek() == kind;
        if found {
            self.advance();
        }
        found
    }

    fn need(&mut self, kind: Kind<'_>, expected: &'static str) -> Result<(), Syntax> {
        if self.accept(kind) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &'static str) -> Syntax {
        self.error(SyntaxError::Unexpected { found: shown(self.peek().shown()), expected })
    }

    fn error(&self, error: SyntaxError) -> Syntax {
        Syntax { at: self.place(), error }
    }
}

fn plain_term(word: &str) -> Option<Form> {
    Some(match word {
        "same-publisher" => Form::SamePublisher,
        "wheel" => Form::Wheel,
        "sdist" => Form::Sdist,
        "pure" => Form::Pure,
        "yanked" => Form::Yanked,
        "quarantined" => Form::Quarantined,
        "vetoes" => Form::Vetoes(NonZeroUsize::MIN),
        "allow-build" => Form::AllowBuild,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn and_binds_tighter_than_or() {
        let read = |text| parse(text).unwrap();
        assert_eq!(read("a or b and c"), read("a or (b and c)"));
        assert_ne!(read("a or b and c"), read("(a or b) and c"));
        assert_eq!(read("((a))"), read("a"));
    }

    #[test]
    fn every_term_of_the_grammar_parses_and_prints() {
        for text in [
            "pypi",
            "curator.audited",
            "security >= 50%",
            "curator.voted >= 1%",
            "at least 2 of (a, b, c)",
            "at least 2 vetoes",
            "any of (a, b)",
            "all of (a, b and c)",
            "score >= 5.5",
            "age >= 12h",
            "age >= 7d",
            "attested",
            "attested by \"github:psf/requests\"",
            "same-publisher",
            "derived from a",
            "derived from a.audited",
            "wheel",
            "sdist",
            "pure",
            "yanked",
            "quarantined",
            "vetoes",
            "veto by acme",
            "allow-build",
            "a and not yanked and not veto by b",
            "a or (b or c)",
            "a and (b or c)",
            "a and (b and c)",
        ] {
            assert_eq!(parse(text).map(|expression| expression.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(parse("age >= 2w").unwrap().to_string(), "age >= 14d");
        assert_eq!(parse("at least 1 vetoes").unwrap().to_string(), "vetoes");
    }

    #[test]
    fn slips_are_named_where_they_stand() {
        let slip =
            |text: &str| parse(text).map_err(|syntax| (syntax.at, syntax.error.to_string())).unwrap_err();
        for (text, at, clause) in [
            ("", 0, "the expression is empty"),
            ("a b", 2, "found `b` where `and`, `or` or the end is needed"),
            ("a and", 5, "found the end where a term is needed"),
            ("(a or b", 7, "found the end where `)`, `and` or `or` is needed"),
            ("at least 0 of (a)", 9, "`0` asks for nothing: a threshold of 0 cannot be written"),
            ("age >= 0d", 7, "`0d` asks for nothing: a threshold of 0 cannot be written"),
            ("a >= 0%", 5, "`0%` asks for nothing: a threshold of 0 cannot be written"),
            ("score >= 0.0", 9, "`0.0` asks for nothing: a threshold of 0 cannot be written"),
            ("a >= 101%", 5, "`101%` is not a percentage from 1% to 100%"),
            ("age >= 7", 7, "`7` is not a duration"),
            ("age > 7d", 4, "`>` has no meaning here"),
            ("a.audit", 2, "no level `audit`"),
            ("Security", 0, "`Security` is neither a term nor the name of a party"),
            ("not (a)", 4, "`not` stands before one term, not before a parenthesis"),
            ("not not yanked", 4, "`not` is neither a term nor the name of a party"),
            ("veto by least", 8, "`least` is neither a term nor the name of a party"),
        ] {
            assert_eq!(slip(text), (at, clause.to_owned()), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let nested = |depth: usize| "(".repeat(depth) + "a" + &")".repeat(depth);
        assert!(parse(&nested(limits::EXPRESSION_DEPTH - 1)).is_ok());
        assert_eq!(parse(&nested(limits::EXPRESSION_DEPTH)).unwrap_err().error, SyntaxError::TooDeep);
        assert_eq!(parse(&"a".repeat(20_000)).unwrap_err().error, SyntaxError::TooLong(20_000));
    }

    fn name() -> impl Strategy<Value = PartyName> {
        "[a-e]{1,2}x".prop_map(|text| PartyName::parse(&text).unwrap())
    }

    fn level() -> impl Strategy<Value = Option<Level>> {
        proptest::option::of(proptest::sample::select(&Level::ALL[..]))
    }

    fn term() -> impl Strategy<Value = Form> {
        let amount =
            proptest::option::of((1u8..=100).prop_map(|percent| Amount::from_percent(percent).unwrap()));
        prop_oneof![
            (name(), level(), amount).prop_map(|(party, level, at_least)| Form::Party(Word {
                party,
                level,
                at_least
            })),
            (1u64..=10_000_000).prop_map(|millionths| Form::Score(Decimal::from_millionths(millionths))),
            (1u64..=1000).prop_map(|hours| Form::Age(Duration::from_seconds(hours * 3600))),
            proptest::option::of("[ -!#-~]{0,8}").prop_map(|text| Form::Attested(text.map(Into::into))),
            (name(), level()).prop_map(|(party, level)| Form::DerivedFrom(party, level)),
            (1usize..=9).prop_map(|count| Form::Vetoes(NonZeroUsize::new(count).unwrap())),
            name().prop_map(Form::VetoBy),
            proptest::sample::select(vec![
                Form::SamePublisher,
                Form::Wheel,
                Form::Sdist,
                Form::Pure,
                Form::Yanked,
                Form::Quarantined,
                Form::AllowBuild,
            ]),
        ]
    }

    fn expression() -> impl Strategy<Value = Expression> {
        let here = |form| Expression { form, at: 0 };
        term().prop_map(here).prop_recursive(4, 24, 4, move |inner| {
            let some = |least| proptest::collection::vec(inner.clone(), least..4);
            let negated = inner.clone().prop_filter("`not` stands before a term", |inner| {
                !matches!(inner.form, Form::And(_) | Form::Or(_) | Form::Not(_))
            });
            prop_oneof![
                some(2).prop_map(Form::Or),
                some(2).prop_map(Form::And),
                some(1).prop_map(Form::AnyOf),
                some(1).prop_map(Form::AllOf),
                (1usize..5, some(1))
                    .prop_map(|(count, parts)| Form::AtLeast(NonZeroUsize::new(count).unwrap(), parts)),
                negated.prop_map(|inner| Form::Not(Box::new(inner))),
            ]
            .prop_map(here)
        })
    }

    proptest! {
        #[test]
        fn printing_and_parsing_gives_the_same_expression(expression in expression()) {
            let printed = expression.to_string();
            prop_assert_eq!(parse(&printed).map_err(|syntax| syntax.error), Ok(expression), "{}", printed);
        }

        #[test]
        fn any_text_is_an_expression_or_an_error(text in "[a-c0-9 ()>=.%,\"é]{0,40}") {
            if let Ok(expression) = parse(&text) {
                prop_assert_eq!(parse(&expression.to_string()).ok(), Some(expression));
            }
        }
    }
}
