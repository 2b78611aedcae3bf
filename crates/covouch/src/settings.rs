//! What one run of the command is given: environment, state, network, clock.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::time::{Duration, Timestamp};
use covouch_io::{
    clock::Clock,
    network::{self, Network},
    state::State,
};

use crate::{args::Global, failure::Failure, terminal::Terminal};

/// What one run of the command is given.
pub(crate) struct Settings {
    state: State,
    network: Network,
    is_offline: bool,
    clock: Clock,
    policy: Option<PathBuf>,
}

impl Settings {
    /// Reads the command line and the environment.
    pub(crate) fn new(global: &Global, terminal: &Terminal) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var_os(name);
        let state = match &global.home {
            Some(home) => State::open(home)?,
            None => State::from_env(&variable)?,
        };
        let clock = match &global.now {
            None => Clock::system(),
            Some(text) => {
                let moment = Timestamp::parse(text).map_err(|error| Failure::usage(error.to_string()))?;
                terminal.note(format_args!("judging as of {moment}"));
                Clock::stopped(moment)
            }
        };
        let network = if global.offline {
            Network::offline()
        } else {
            Network::new(&network::Settings::from_env(&variable)?)?
        };
        Ok(Self { state, network, is_offline: global.offline, clock, policy: global.policy.clone() })
    }

    /// The same with another state and another network.
    pub(crate) fn elsewhere(&self, state: State, network: Network) -> Self {
        Self { state, network, is_offline: self.is_offline, clock: self.clock, policy: self.policy.clone() }
    }

    /// A variable of the environment.
    pub(crate) fn environment(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    /// Where the machine's file system begins; elsewhere in tests, which must not see this machine's apt.
    pub(crate) fn system(&self) -> PathBuf {
        self.environment("COVOUCH_SYSTEM").map_or_else(|| PathBuf::from("/"), PathBuf::from)
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Whether nobody is to be asked.
    pub(crate) const fn is_offline(&self) -> bool {
        self.is_offline
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The policy file somebody named on the command line.
    pub(crate) fn policy_file(&self) -> Option<&Path> {
        self.policy.as_deref()
    }

    /// Where private keys are kept, for their owner alone.
    pub(crate) fn keys_folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.state.root().join("keys");
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new("file-unwritable", format!("`{}`: {error}", folder.display())))?;
        Ok(folder)
    }

    /// Where the user and the system may name a base policy, in this order.
    pub(crate) fn configuration_files(&self) -> Vec<PathBuf> {
        let variable = |name: &str| self.environment(name).map(PathBuf::from);
        let user = variable("XDG_CONFIG_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".config")))
            .or_else(|| variable("APPDATA"))
            .map(|folder| folder.join("covouch").join("config.toml"));
        user.into_iter().chain([PathBuf::from("/etc/covouch/config.toml")]).collect()
    }

    /// Runs work that waits for the network.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new("internal", format!("no threads: {error}")))?;
        Ok(runtime.block_on(work))
    }

    /// A moment people write: a date, a time, or a duration from now.
    pub(crate) fn moment(&self, text: &str) -> Result<Timestamp, Failure> {
        Duration::parse(text)
            .map(|duration| self.now().plus(duration))
            .or_else(|_| Timestamp::parse(text))
            .map_err(|_| {
                Failure::usage(format!("`{text}` is neither a date, a time nor a duration such as `26w`"))
            })
    }
}
