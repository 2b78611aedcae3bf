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
    Code::new("not-found"),
    Code::new("policy-exists"),
    Code::new("base-policy-changed"),
    Code::new("command-not-started"),
    Code::new("argument-escapes-gate"),
    Code::new("lock-changed-meanwhile"),
    Code::new("address-in-use"),
    Code::new("index-address"),
    Code::new("internal"),
];

impl Failure {
    /// The work could not be done.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: Code::new(code), message: message.into(), hint: None, exit: Exit::Failed }
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
    covouch_core::key::KeyError,
    covouch_gateway::StartError,
    covouch_io::agent::AgentError,
    covouch_io::archive::ArchiveError,
    covouch_io::folder::FolderError,
    covouch_io::index::WrongPage,
    covouch_io::installer::InstallerError,
    covouch_io::network::FetchError,
    covouch_io::network::SettingsError,
    covouch_io::state::StateError,
    covouch_policy::PolicyError,
    covouch_policy::preset::PresetError,
    covouch_python::lock::LockError,
);
