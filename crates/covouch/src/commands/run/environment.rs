//! The environment of the wrapped command: everything that names an index or a proxy names the gate.
//!
//! pip, uv, pdm and pipenv each have their own variables, and each of them reads its configuration files as well.
//! What a variable can override is overridden; what is left goes through the proxy, where the guard refuses it.

use std::{ffi::OsString, path::Path};

use url::Url;

/// What the wrapped command is told about the gate.
pub(super) struct Gate<'a> {
    /// The gate's Simple index.
    pub(super) index: &'a Url,
    /// The gate as a proxy, which refuses.
    pub(super) proxy: &'a str,
    /// `host:port`.
    pub(super) host: &'a str,
    /// Caches for this command alone. uv installs from its cache without asking the gate again, and what pip has in
    /// its own is not seen here: a cache that outlives the command would outlive verdicts and hide downgrades.
    pub(super) caches: &'a Path,
    /// A folder without anything in it, for options that cannot be unset.
    pub(super) nothing: &'a Path,
    /// Settings of git that name a proxy for one address or one remote.
    pub(super) git_proxies: &'a [String],
}

/// Variables that are taken away, because they name other sources.
const REMOVED: &[&str] = &[
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_NO_VERIFY_HASHES",
    "UV_TORCH_BACKEND",
    "PIP_NO_PROXY_ENV",
    "NO_PROXY",
    "no_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "GIT_SSH",
    "GIT_PROXY_COMMAND",
    // These two stand above the settings below.
    "GIT_ALLOW_PROTOCOL",
    "GIT_CONFIG_PARAMETERS",
];

/// Proxies in every spelling clients read.
const PROXIES: &[&str] =
    &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/// How variables begin that installers and git read settings from.
const READ: &[&str] = &["UV_", "PIP_", "PDM_", "PIPENV_", "POETRY_", "GIT_"];

/// Whether a variable is the guard's to set, or would lead an installer elsewhere.
pub(super) fn is_guarded(variable: &str) -> bool {
    let variable = variable.to_ascii_uppercase();
    READ.iter().any(|start| variable.starts_with(start)) || variable.ends_with("_PROXY")
}

/// git settings that stand above every configuration file.
const GIT: &[(&str, &str)] =
    &[("protocol.ssh.allow", "never"), ("protocol.git.allow", "never"), ("protocol.ext.allow", "never")];

/// The changes to the environment, in order: a value, or `None` to take the variable away.
pub(super) fn changes(gate: &Gate<'_>, existing_git: Option<&str>) -> Vec<(String, Option<OsString>)> {
    let mut changes: Vec<(String, Option<OsString>)> =
        REMOVED.iter().map(|name| ((*name).to_owned(), None)).collect();
    let mut set = |name: &str, value: &dyn AsRef<std::ffi::OsStr>| {
        changes.push((name.to_owned(), Some(value.as_ref().to_owned())));
    };
    let index = gate.index.as_str();
    // pip: an empty variable does not override a configuration file, so each one says something harmless.
    set("PIP_INDEX_URL", &index);
    set("PIP_EXTRA_INDEX_URL", &index);
    set("PIP_FIND_LINKS", &gate.nothing);
    set("PIP_NO_INDEX", &"0");
    set("PIP_PROXY", &gate.proxy);
    // Without it pip keeps nothing it got over plain http in its cache.
    set("PIP_TRUSTED_HOST", &gate.host);
    set("PIP_CACHE_DIR", &gate.caches.join("pip"));
    // uv writes an index into its lock without the last slash, and looks for exactly that.
    set("UV_DEFAULT_INDEX", &index.trim_end_matches('/'));
    set("UV_CACHE_DIR", &gate.caches.join("uv"));
    set("PDM_PYPI_URL", &index);
    set("PIPENV_PYPI_MIRROR", &index);
    for name in PROXIES {
        set(name, &gate.proxy);
    }
    let first: usize = existing_git.and_then(|count| count.parse().ok()).unwrap_or(0);
    // The more precise a setting is, the higher it stands (git, "http.<url>.*"), so each is set where it is.
    let proxies = gate.git_proxies.iter().map(|name| (name.as_str(), gate.proxy));
    let git = GIT.iter().copied().chain([("http.proxy", gate.proxy)]).chain(proxies);
    let mut count = first;
    for (key, value) in git {
        set(&format!("GIT_CONFIG_KEY_{count}"), &key);
        set(&format!("GIT_CONFIG_VALUE_{count}"), &value);
        count += 1;
    }
    set("GIT_CONFIG_COUNT", &count.to_string());
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_names_the_gate_or_nothing() {
        let index = Url::parse("http://127.0.0.1:8642/simple/").unwrap();
        let folder = Path::new("state");
        let (proxy, host) = ("http://127.0.0.1:8642", "127.0.0.1:8642");
        let git_proxies = ["http.https://index.example/.proxy".to_owned()];
        let gate =
            Gate { index: &index, proxy, host, caches: folder, nothing: folder, git_proxies: &git_proxies };
        let changes = changes(&gate, Some("2"));
        let value =
            |name: &str| changes.iter().find(|(changed, _)| changed == name).map(|(_, value)| value.clone());
        assert_eq!(value("PIP_INDEX_URL"), Some(Some(index.as_str().into())));
        assert_eq!(value("NO_PROXY"), Some(None), "a proxy that is skipped guards nothing");
        assert_eq!(value("GIT_ALLOW_PROTOCOL"), Some(None), "it would allow again what is never allowed");
        assert_eq!(value("https_proxy"), Some(Some(gate.proxy.into())));
        assert_eq!(
            value("GIT_CONFIG_KEY_2"),
            Some(Some("protocol.ssh.allow".into())),
            "after the user's own two"
        );
        assert_eq!(value("GIT_CONFIG_KEY_6"), Some(Some(git_proxies[0].as_str().into())));
        assert_eq!(value("GIT_CONFIG_VALUE_6"), Some(Some(proxy.into())));
        assert_eq!(value("GIT_CONFIG_COUNT"), Some(Some("7".into())));
    }
}
