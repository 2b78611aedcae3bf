//! Asks pip and uv which indexes they would use.
//!
//! No index's address stands in our code: the installer knows its own, and its user's configuration. It is asked
//! as a child process.
//!
//! # Invariants
//! - The question is asked in a folder with no project above it, so no file of the project being installed
//!   decides where packages come from.
//! - What an installer says is parsed strictly. An answer that cannot be read is an error, never "the default".
//!
//! # Not here
//! pyproject.toml and uv.toml of the project: see above. Credentials in keyrings and in `UV_INDEX_<NAME>_PASSWORD`.

mod child;
mod error;
mod pip;
mod uv;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
};

pub use self::error::InstallerError;
use crate::secrets::{Address, Secret};

/// How an installer is started: `pip`, or `python -m pip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    program: PathBuf,
    args: Vec<OsString>,
}

impl Invocation {
    /// A program, looked up as the shell would, and what stands before its subcommand.
    pub fn new(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let program = Path::new(program.as_ref());
        // A path would be looked up in the folder the question is asked in.
        let has_folder = program.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
        let absolute = if has_folder { std::path::absolute(program).ok() } else { None };
        Self {
            program: absolute.unwrap_or_else(|| program.to_owned()),
            args: args.into_iter().map(Into::into).collect(),
        }
    }
}

/// Whom to ask, and in which surroundings.
#[derive(Clone, Debug)]
pub struct Question {
    /// How pip is started; `None` when it is not to be asked.
    pub pip: Option<Invocation>,
    /// How uv is started; `None` when it is not to be asked.
    pub uv: Option<Invocation>,
    /// All environment variables the installers see.
    pub environment: Vec<(OsString, OsString)>,
    /// A folder of the user's own, such as the state folder.
    pub folder: PathBuf,
}

/// What the installers said.
#[derive(Debug)]
pub struct Installers {
    /// pip's answer.
    pub pip: Result<PipConfig, InstallerError>,
    /// uv's answer.
    pub uv: Result<UvConfig, InstallerError>,
}

/// What pip is configured to do.
#[derive(Clone)]
pub struct PipConfig {
    /// The index it uses.
    pub index: Sourced<Address>,
    /// Indexes it uses besides.
    pub extra_indexes: Vec<Sourced<Address>>,
    /// Pages and folders it looks for files in.
    pub find_links: Vec<String>,
    /// Whether it uses no index at all.
    pub no_index: bool,
    /// Hosts whose certificates it does not check.
    pub trusted_hosts: Vec<String>,
    /// Root certificates it uses instead of the system's.
    pub cert: Option<PathBuf>,
    /// The proxy it uses; it may carry a password.
    pub proxy: Option<Secret>,
}

/// What uv is configured to do.
#[derive(Clone)]
pub struct UvConfig {
    /// The index it uses.
    pub index: Sourced<Address>,
    /// Indexes it looks into before that one.
    pub extra_indexes: Vec<Sourced<Address>>,
    /// Pages and folders it looks for files in.
    pub find_links: Vec<String>,
}

/// A value and who said so.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub source: Source,
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the policy.
    Policy,
    /// In an environment variable.
    Environment(&'static str),
    /// In pip's configuration, under this name.
    PipConfiguration(String),
    /// Nowhere: it is what pip does by itself.
    PipDefault,
    /// uv says so, and does not say whether it is configured or its own default.
    Uv,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy => f.write_str("the policy"),
            Self::Environment(name) => f.write_str(name),
            Self::PipConfiguration(name) => write!(f, "pip's configuration (`{name}`)"),
            Self::PipDefault => f.write_str("pip's own default"),
            Self::Uv => f.write_str("uv"),
        }
    }
}

/// Which installer the wrapped command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapped {
    /// pip, or something that reads pip's configuration.
    Pip,
    /// uv.
    Uv,
    /// No installer, or one we cannot ask.
    Other,
}

/// Asks both installers at once.
pub async fn ask(question: &Question) -> Installers {
    let (pip, uv) = tokio::join!(pip::ask(question), uv::ask(question));
    Installers { pip, uv }
}

impl Installers {
    /// The address of the index that policies call `pypi`: what the policy says, else what the wrapped installer
    /// uses, else what the other one uses.
    ///
    /// # Errors
    /// [`InstallerError`] of the installer that should have known.
    pub fn pypi(
        &self,
        policy: Option<&Address>,
        wrapped: Wrapped,
    ) -> Result<Sourced<Address>, InstallerError> {
        if let Some(address) = policy {
            return Ok(Sourced { value: address.clone(), source: Source::Policy });
        }
        let pip = self.pip.as_ref().map(|pip| pip.index.clone());
        let uv = self.uv.as_ref().map(|uv| uv.index.clone());
        let (first, second) = match wrapped {
            Wrapped::Uv => (uv, pip),
            Wrapped::Pip | Wrapped::Other => (pip, uv),
        };
        match first {
            Ok(index) => Ok(index),
            // An installer that is there and says something unreadable is not gone round: the other one may have
            // another index, and would be the wrong one to trust.
            Err(error) if !error.is_not_there() => Err(error.clone()),
            Err(_) => second.map_err(|_| InstallerError::NobodyKnows),
        }
    }
}

impl fmt::Debug for PipConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipConfig").field("index", &self.index).finish_non_exhaustive()
    }
}

impl fmt::Debug for UvConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UvConfig").field("index", &self.index).finish_non_exhaustive()
    }
}

/// An address an installer named.
fn address(text: &str, source: &Source) -> Result<Sourced<Address>, InstallerError> {
    // pip masks passwords where it prints them by itself; such an address leads to nowhere.
    let masked = text.contains(":****@");
    match Address::parse(text) {
        Ok(value) if !masked => Ok(Sourced { value, source: source.clone() }),
        _ => Err(InstallerError::Address(source.clone())),
    }
}

#[cfg(test)]
mod tests {
    use covouch_core::shown::Shown;

    use super::*;

    fn pip(index: &str) -> Result<PipConfig, InstallerError> {
        Ok(PipConfig {
            index: address(index, &Source::PipDefault)?,
            extra_indexes: Vec::new(),
            find_links: Vec::new(),
            no_index: false,
            trusted_hosts: Vec::new(),
            cert: None,
            proxy: None,
        })
    }

    fn uv(index: &str) -> Result<UvConfig, InstallerError> {
        Ok(UvConfig {
            index: address(index, &Source::Uv)?,
            extra_indexes: Vec::new(),
            find_links: Vec::new(),
        })
    }

    fn found(installers: &Installers, policy: Option<&Address>, wrapped: Wrapped) -> String {
        match installers.pypi(policy, wrapped) {
            Ok(index) => format!("{} from {}", index.value, index.source),
            Err(error) => error.code().to_string(),
        }
    }

    #[test]
    fn the_policy_is_asked_first_then_the_wrapped_installer_then_the_other() {
        let both = Installers { pip: pip("https://pip.example/simple"), uv: uv("https://uv.example/simple") };
        let policy = Address::parse("https://policy.example/simple").unwrap();
        assert_eq!(found(&both, Some(&policy), Wrapped::Uv), "https://policy.example/simple from the policy");
        assert_eq!(found(&both, None, Wrapped::Uv), "https://uv.example/simple from uv");
        assert_eq!(found(&both, None, Wrapped::Other), "https://pip.example/simple from pip's own default");
        let only_uv = Installers { pip: Err(InstallerError::NotThere("pip")), ..both };
        assert_eq!(found(&only_uv, None, Wrapped::Pip), "https://uv.example/simple from uv");
        let neither = Installers { uv: Err(InstallerError::NotThere("uv")), ..only_uv };
        assert_eq!(found(&neither, None, Wrapped::Pip), "index-unknown");
    }

    #[test]
    fn an_installer_that_answers_nonsense_is_not_gone_round() {
        let installers = Installers {
            pip: Err(InstallerError::Answer("pip", Shown::new("x"))),
            uv: uv("https://uv.example/simple"),
        };
        assert_eq!(found(&installers, None, Wrapped::Pip), "installer-unreadable");
        assert_eq!(found(&installers, None, Wrapped::Uv), "https://uv.example/simple from uv");
    }
}
