//! Chains: all statements of one issuer, numbered without gaps, each naming the one before.
//!
//! A folder of statements can only be added to. Whoever removes, reorders or replaces a statement breaks the
//! chain; whoever cuts off its end contradicts the signed [`Head`]; and whoever puts back an old chain with its
//! old head is found by comparing with what was seen before ([`Chain::continues`]).

use std::collections::BTreeSet;

use super::{
    BallotHead, BallotPlace, Claim, ElectorateId, Envelope, Head, Link, Seen, Statement, StatementId,
    Verified, VerifyError, leads_to, verify, verify_head,
};
use crate::{code::Code, hint::Hint, key::PublicKey, name::ProjectName, time::Timestamp};

/// A whole, unbroken chain of one issuer's statements, oldest first.
#[derive(Clone, Debug)]
pub struct Chain {
    issuer: PublicKey,
    /// The place of the first statement here: the first of all, except under a [`Tail`].
    begin: Link,
    statements: Vec<Verified<Statement>>,
}

/// The end of a chain: what was added since it was read whole, and found to end before this.
#[derive(Clone, Debug)]
pub struct Tail(Chain);

/// Why lines are not an issuer's chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A line is no statement of this key.
    #[error("line {line}: {error}")]
    Statement {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        error: VerifyError,
    },
    /// A number is missing or stands twice.
    #[error("line {line}: statement {found}, where statement {expected} belongs")]
    Gap {
        /// The line, counted from 1.
        line: usize,
        /// The number it has.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
    /// The statement does not name the one before it.
    #[error("line {line}: it does not follow the statement before it")]
    Broken {
        /// The line, counted from 1.
        line: usize,
    },
    /// The last line has no newline: a write was cut short, or the file was.
    #[error("line {line}: the line has no end")]
    Unfinished {
        /// The line, counted from 1.
        line: usize,
    },
    /// The head cannot be believed.
    #[error("the signed head: {0}")]
    Head(VerifyError),
    /// The chain is shorter than its signed head, or another one.
    #[error("the signed head names statement {head}, and the chain has {length}")]
    Shortened {
        /// The head's number.
        head: u64,
        /// How many statements there are.
        length: usize,
    },
    /// There are statements and no head.
    #[error("{0} statements without a signed head")]
    NoHead(usize),
}

impl ChainError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[Code::new("chain-broken"), Code::new("chain-shortened")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Statement { error, .. } | Self::Head(error) => error.code(),
            Self::Gap { .. } | Self::Broken { .. } | Self::Unfinished { .. } => Code::new("chain-broken"),
            Self::Shortened { .. } | Self::NoHead(_) => Code::new("chain-shortened"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Statement { error, .. } | Self::Head(error) => error.hint(),
            _ => Some(Hint::new("statements are only ever added; bring the file back from version control")),
        }
    }
}

/// The chains of these keys, and of every key they lead to by delegation or author grant, in the order of their keys.
/// A key that has no chain has said nothing.
///
/// # Errors
/// Whatever `read` could not do with the first of them.
pub fn follow<E>(
    roots: &[PublicKey],
    read: &mut dyn FnMut(&PublicKey) -> Result<Chain, E>,
) -> Result<Vec<Chain>, E> {
    let mut wanted: Vec<PublicKey> = roots.to_vec();
    let mut seen: BTreeSet<PublicKey> = BTreeSet::new();
    let mut chains = Vec::new();
    while let Some(key) = wanted.pop() {
        if seen.insert(key) {
            let chain = read(&key)?;
            wanted.extend(chain.statements().iter().filter_map(|statement| leads_to(statement.value())));
            chains.push(chain);
        }
    }
    chains.sort_by(|left, right| left.issuer().cmp(right.issuer()));
    Ok(chains)
}

impl Chain {
    /// Reads a chain: JSON Lines, one envelope a line, and the envelope of its head.
    ///
    /// The head may lag behind by the statements of one interrupted write; it may never be ahead.
    ///
    /// # Errors
    /// [`ChainError`] at the first line that does not belong.
    pub fn parse(issuer: &PublicKey, lines: &[u8], head: Option<&[u8]>) -> Result<Self, ChainError> {
        Self::read((issuer, lines, head), &mut |envelope| verify(envelope, issuer))
    }

    /// The same, where statements that were seen before are not verified once more.
    ///
    /// # Errors
    /// As for [`Chain::parse`].
    pub fn parse_seen(
        issuer: &PublicKey,
        lines: &[u8],
        head: Option<&[u8]>,
        seen: &mut Seen,
    ) -> Result<Self, ChainError> {
        Self::read((issuer, lines, head), &mut |envelope| seen.verify(envelope, issuer))
    }

    /// Reads a chain whose lines were read one by one with [`read_line`], by whomever.
    ///
    /// # Errors
    /// As for [`Chain::parse`].
    pub fn join(
        issuer: &PublicKey,
        statements: impl IntoIterator<Item = Result<Verified<Statement>, ChainError>>,
        head: Option<&[u8]>,
    ) -> Result<Self, ChainError> {
        Self::after(Link::FIRST, issuer, statements, head)
    }

    fn read(
        (issuer, lines, head): (&PublicKey, &[u8], Option<&[u8]>),
        verify: &mut dyn FnMut(&Envelope) -> Result<Verified<Statement>, VerifyError>,
    ) -> Result<Self, ChainError> {
        let lines = lines.split_inclusive(|byte| *byte == b'\n').zip(1..);
        Self::join(issuer, lines.map(|(text, line)| Ok(parse_line(text, line, verify)?.1)), head)
    }

    fn after(
        begin: Link,
        issuer: &PublicKey,
        statements: impl IntoIterator<Item = Result<Verified<Statement>, ChainError>>,
        head: Option<&[u8]>,
    ) -> Result<Self, ChainError> {
        let mut chain = Self { issuer: *issuer, begin, statements: Vec::new() };
        for statement in statements {
            chain.append(statement?)?;
        }
        chain.check_head(head)?;
        Ok(chain)
    }

    /// The line of the next statement. Each has one, so lines and numbers are the same.
    fn next_line(&self) -> usize {
        let before = usize::try_from(self.begin.sequence).unwrap_or(usize::MAX).saturating_sub(1);
        before.saturating_add(self.statements.len()).saturating_add(1)
    }

    fn check_head(&self, head: Option<&[u8]>) -> Result<(), ChainError> {
        let length = self.statements.len();
        let Some(head) = head else {
            let is_empty = length == 0 && self.begin == Link::FIRST;
            return if is_empty { Ok(()) } else { Err(ChainError::NoHead(length)) };
        };
        let head = Envelope::parse(head.trim_ascii_end())
            .map_err(VerifyError::from)
            .and_then(|envelope| verify_head(&envelope, &self.issuer))
            .map_err(ChainError::Head)?;
        match head.value().newest {
            // The head before the first statement lags behind by one, and says nothing of later ones.
            None => Ok(()),
            Some((sequence, statement)) if self.at(sequence) == Some(statement) => Ok(()),
            Some((sequence, _)) => {
                Err(ChainError::Shortened { head: sequence, length: self.next_line() - 1 })
            }
        }
    }

    fn at(&self, sequence: u64) -> Option<StatementId> {
        match sequence.checked_sub(self.begin.sequence) {
            Some(index) => self.statements.get(usize::try_from(index).ok()?).map(Verified::id),
            None => self.begin.previous.filter(|_| sequence.saturating_add(1) == self.begin.sequence),
        }
    }

    /// Whose chain it is.
    #[must_use]
    pub const fn issuer(&self) -> &PublicKey {
        &self.issuer
    }

    /// The statements, oldest first.
    #[must_use]
    pub fn statements(&self) -> &[Verified<Statement>] {
        &self.statements
    }

    /// The statements, oldest first.
    #[must_use]
    pub fn into_statements(self) -> Vec<Verified<Statement>> {
        self.statements
    }

    /// The place of the next statement.
    #[must_use]
    pub fn next(&self) -> Link {
        match self.statements.last() {
            None => self.begin,
            Some(last) => {
                Link { sequence: last.value().link.sequence.saturating_add(1), previous: Some(last.id()) }
            }
        }
    }

    /// The issuer's newest ballot to an electorate on a project.
    fn newest_ballot(
        &self,
        electorate: &ElectorateId,
        project: &ProjectName,
    ) -> Option<(BallotPlace, StatementId)> {
        let about = |statement: &Verified<Statement>| match &statement.value().claim {
            Claim::Ballot(ballot)
                if ballot.electorate == *electorate && ballot.files.project() == project =>
            {
                Some((ballot.place, statement.id()))
            }
            _ => None,
        };
        self.statements.iter().filter_map(about).max_by_key(|(place, _)| place.sequence)
    }

    /// The place of the issuer's next ballot to an electorate on a project.
    #[must_use]
    pub fn next_ballot(&self, electorate: &ElectorateId, project: &ProjectName) -> BallotPlace {
        let newest = self.newest_ballot(electorate, project);
        newest.map_or(BallotPlace::FIRST, |(place, ballot)| place.after(ballot))
    }

    /// The head of the issuer's ballots to an electorate on a project, as of `issued`; none without a ballot.
    #[must_use]
    pub fn ballot_head(
        &self,
        electorate: &ElectorateId,
        project: &ProjectName,
        issued: Timestamp,
    ) -> Option<BallotHead> {
        let (place, ballot) = self.newest_ballot(electorate, project)?;
        let (electorate, project, sequence) = (*electorate, project.clone(), place.sequence);
        Some(BallotHead { electorate, project, sequence, ballot, issued })
    }

    /// The head of this chain, as of `issued`.
    #[must_use]
    pub fn head(&self, issued: Timestamp) -> Head {
        Head { newest: self.statements.last().map(|last| (last.value().link.sequence, last.id())), issued }
    }

    /// Appends a statement that was signed for [`Chain::next`].
    ///
    /// # Errors
    /// [`ChainError`] when it was signed for another place or by another key.
    pub fn append(&mut self, statement: Verified<Statement>) -> Result<(), ChainError> {
        let line = self.next_line();
        if statement.issuer() != &self.issuer {
            let error = VerifyError::OtherKey {
                found: statement.issuer().id().short(),
                expected: self.issuer.id().short(),
            };
            return Err(ChainError::Statement { line, error });
        }
        let (expected, found) = (self.next(), statement.value().link);
        if found.sequence != expected.sequence {
            return Err(ChainError::Gap { line, found: found.sequence, expected: expected.sequence });
        }
        if found.previous != expected.previous {
            return Err(ChainError::Broken { line });
        }
        self.statements.push(statement);
        Ok(())
    }

    /// Whether everything an earlier copy of this chain said still stands here.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        let same = |(new, old): (&Verified<Statement>, &Verified<Statement>)| new.id() == old.id();
        self.issuer == earlier.issuer
            && self.statements.len() >= earlier.statements.len()
            && self.statements.iter().zip(&earlier.statements).all(same)
    }
}

impl Tail {
    /// What follows in a chain that was read up to before `begin`; its lines were read with [`read_line`].
    ///
    /// # Errors
    /// [`ChainError`] at the first line that does not follow, or when the head is older than what was read: then the
    /// chain is to be read whole.
    pub fn join(
        begin: Link,
        issuer: &PublicKey,
        statements: impl IntoIterator<Item = Result<Verified<Statement>, ChainError>>,
        head: Option<&[u8]>,
    ) -> Result<Self, ChainError> {
        Chain::after(begin, issuer, statements, head).map(Self)
    }

    /// The statements, oldest first.
    #[must_use]
    pub fn into_statements(self) -> Vec<Verified<Statement>> {
        self.0.into_statements()
    }

    /// The place of the next statement.
    #[must_use]
    pub fn next(&self) -> Link {
        self.0.next()
    }
}

/// Reads and verifies one line of a chain, its newline included, wherever in the chain it stands.
///
/// # Errors
/// [`ChainError`] with this line's number.
pub fn read_line(
    issuer: &PublicKey,
    text: &[u8],
    line: usize,
) -> Result<(Envelope, Verified<Statement>), ChainError> {
    parse_line(text, line, &mut |envelope| verify(envelope, issuer))
}

fn parse_line(
    text: &[u8],
    line: usize,
    verify: &mut dyn FnMut(&Envelope) -> Result<Verified<Statement>, VerifyError>,
) -> Result<(Envelope, Verified<Statement>), ChainError> {
    let text = text.strip_suffix(b"\n").ok_or(ChainError::Unfinished { line })?;
    let mut read = || {
        let envelope = Envelope::parse(text)?;
        let statement = verify(&envelope)?;
        Ok((envelope, statement))
    };
    read().map_err(|error: VerifyError| ChainError::Statement { line, error })
}
