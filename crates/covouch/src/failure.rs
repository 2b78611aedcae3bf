//! What ends a command early: an error for people, its stable code, and a hint kept apart from it.

use covouch_core::{code::Code, hint::Hint};

use crate::exit::Exit;

/// An error on its way to the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    hint: Option<Hint>,
    exit: Exit,
}

/// The command's own codes; those of its parts are in their crates.
pub(crate) const CODES: &[Code] = &[
    Code::new("usage"),
    Code::new("not-confirmed"),
    Code::new("file-unreadable"),
    Code::new("file-unwritable"),
    Code::new("key-not-found"),
    Code::new("key-exists"),
    Code::new("agent-forwarded"),
    Code::new("nothing-to-sign"),
    Code::new("hash-mismatch"),
    Code::new("hash-not-listed"),
    Code::new("feed-incomplete"),
    Code::new("feed-stale"),
    Code::new("not-found"),
    Code::new("policy-exists"),
    Code::new("base-policy-changed"),
    Code::new("command-not-started"),
    Code::new("argument-escapes-gate"),
    Code::new("lock-changed-meanwhile"),
    Code::new("evidence-too-old"),
    Code::new("evidence-not-sealed"),
    Code::new("evidence-missing"),
    Code::new("address-in-use"),
    Code::new("index-address"),
    Code::new("bundle-outside"),
    Code::new("bundle-unsigned"),
    Code::new("bundle-older"),
    Code::new("bundle-incomplete"),
    Code::new("bundle-other-root"),
    Code::new("internal"),
];

impl Failure {
    /// The work could not be done.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let code = Code::new(code);
        // What a part found out is sometimes said here in other words, under the part's own code.
        let tables = [CODES, covouch_core::key::KeyError::CODES, covouch_io::collect::CODES];
        debug_assert!(
            tables.iter().any(|table| table.contains(&code)),
            "`{code}` is not in the table of codes"
        );
        Self { code, message: message.into(), hint: None, exit: Exit::Failed }
    }

    /// The command line asks for something that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new("usage", message) }
    }

    /// With one line of advice.
    pub(crate) fn hinting(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(Hint::new(hint)), ..self }
    }

    /// With another exit code than 1.
    pub(crate) fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Which file or other thing it is about, in front of the message.
    pub(crate) fn about(self, what: impl std::fmt::Display) -> Self {
        Self { message: format!("`{what}`: {}", self.message), ..self }
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint(&self) -> Option<&Hint> {
        self.hint.as_ref()
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

/// Errors of the other crates carry their own code and hint.
macro_rules! failures {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { code: error.code(), message: error.to_string(), hint: error.hint(), exit: Exit::Failed }
            }
        }
    )*};
}

failures!(
    covouch_core::evidence_lock::LockError,
    covouch_core::key::KeyError,
    covouch_core::statement::VerifyError,
    covouch_core::statement::chain::ChainError,
    covouch_feed::stored::StoredError,
    covouch_feed::update::UpdateError,
    covouch_gateway::StartError,
    covouch_graph::tally::Uncountable,
    covouch_io::agent::AgentError,
    covouch_io::archive::ArchiveError,
    covouch_io::bundle::BundleError,
    covouch_io::debian::DebianError,
    covouch_io::evidence_file::EvidenceFileError,
    covouch_io::feed::FeedError,
    covouch_io::attestation::AttestationError,
    covouch_io::attestation::TrustRootError,
    covouch_io::electorate::RecordsError,
    covouch_io::folder::FolderError,
    covouch_io::index::WrongPage,
    covouch_io::installer::InstallerError,
    covouch_io::network::FetchError,
    covouch_io::network::SettingsError,
    covouch_io::network::StoreError,
    covouch_io::osv::OsvError,
    covouch_io::state::StateError,
    covouch_policy::PolicyError,
    covouch_policy::analysis::AnalysisError,
    covouch_policy::preset::PresetError,
    covouch_python::lock::LockError,
);

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use covouch_core::{
        code::Code,
        key::KeyError,
        statement::{VerifyError, chain::ChainError},
    };
    use covouch_io::{collect, folder::FolderError};

    /// Every code of every crate.
    fn codes() -> BTreeSet<&'static str> {
        let tables: Vec<&[Code]> = [
            super::CODES,
            KeyError::CODES,
            VerifyError::CODES,
            ChainError::CODES,
            FolderError::CODES,
            collect::CODES,
            covouch_core::evidence_lock::CODES,
            covouch_feed::CODES,
            covouch_graph::CODES,
            covouch_graph::tally::Aside::CODES,
            covouch_graph::tally::Outcome::CODES,
            covouch_graph::tally::Uncountable::CODES,
            covouch_policy::CODES,
            covouch_python::code::CODES,
            covouch_python::archive::CODES,
            covouch_python::derive::CODES,
            covouch_gateway::CODES,
        ]
        .into_iter()
        .chain(covouch_io::code::CODES.iter().copied())
        .collect();
        tables.into_iter().flatten().map(|code| code.as_str()).collect()
    }

    /// The codes in the first column of the documentation's tables.
    fn documented(text: &str) -> BTreeSet<&str> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.flat_map(|row| row.split(" | ").next().unwrap_or_default().split(", "))
            .map(|code| code.trim_matches('`'))
            .collect()
    }

    #[test]
    fn a_failure_may_have_the_code_of_a_part() {
        for code in ["not-found", "index-unreachable", "key-locked"] {
            assert_eq!(super::Failure::new(code, "a clause").code().as_str(), code);
        }
    }

    #[test]
    fn every_code_is_documented_and_every_documented_code_exists() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/codes.md");
        let page = fs::read_to_string(page).unwrap();
        let (codes, documented) = (codes(), documented(&page));
        let missing: Vec<_> = codes.difference(&documented).collect();
        let invented: Vec<_> = documented.difference(&codes).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "not documented: {missing:?}; nobody's: {invented:?}"
        );
    }
}
