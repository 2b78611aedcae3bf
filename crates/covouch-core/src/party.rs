//! Names of parties and of their owners.

use std::{fmt, sync::Arc};

use crate::limits;

/// The name a policy gives a party: lower-case letters, digits and `-`, starting with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyName(Arc<str>);

/// Who stands behind a party; parties of one owner count together as one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Arc<str>);

/// Why a text is not the name of a party or an owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: use at most {max} lower-case letters, digits and `-`, starting with a letter",
    max = limits::PARTY_BYTES
)]
pub struct PartyNameError(String);

fn check(text: &str) -> Result<Arc<str>, PartyNameError> {
    let body = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if starts && !text.ends_with('-') && text.len() <= limits::PARTY_BYTES && text.bytes().all(body) {
        Ok(text.into())
    } else {
        Err(PartyNameError(text.chars().take(limits::PARTY_BYTES).collect()))
    }
}

macro_rules! party_text {
    ($type:ident) => {
        impl $type {
            /// Parses a name.
            ///
            /// # Errors
            /// [`PartyNameError`] when it has other characters or is too long.
            pub fn parse(text: &str) -> Result<Self, PartyNameError> {
                check(text).map(Self)
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

party_text!(PartyName);
party_text!(Owner);
