//! The grammar of expressions: text to [`Expression`](crate::ast::Expression).
//!
//! ```text
//! expr  = or ; or = and { "or" and } ; and = unary { "and" unary } ; unary = "not" term | term | "(" expr ")"
//! ```
//!
//! # Invariants
//! Recursion and length are limited ([`crate::limits`]); reading is linear in the text.
//!
//! # Not here
//! Names are not looked up: that is `resolve`.

mod error;
mod lexer;
mod parser;

pub use self::{
    error::{Syntax, SyntaxError},
    parser::parse,
};

/// Words the language keeps for itself: no party may be called so.
pub(crate) const RESERVED: [&str; 23] = [
    "age",
    "all",
    "allow-build",
    "and",
    "any",
    "at",
    "attested",
    "by",
    "derived",
    "from",
    "least",
    "not",
    "of",
    "or",
    "pure",
    "quarantined",
    "same-publisher",
    "score",
    "sdist",
    "veto",
    "vetoes",
    "wheel",
    "yanked",
];
