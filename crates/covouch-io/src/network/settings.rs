//! How the network is reached: proxies, root certificates, patience.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use covouch_core::{code::Code, hint::Hint};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::pace::Pace;
use crate::limits;

/// What [`super::Network::new`] needs to know.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which hosts are reached through which proxy.
    pub proxies: Proxies,
    /// What servers' certificates are checked against.
    pub roots: Roots,
    /// How long we wait.
    pub patience: Patience,
}

/// Proxies, as the environment names them. Empty means none.
#[derive(Clone, Default)]
pub struct Proxies {
    http: String,
    https: String,
    exceptions: String,
}

/// Where root certificates come from.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// `SSL_CERT_FILE`: instead of the system's.
    pub file: Option<PathBuf>,
    /// `SSL_CERT_DIR`: instead of the system's.
    pub folder: Option<PathBuf>,
    /// A file whose certificates count too, such as the one pip's `cert` setting names.
    pub extra: Option<PathBuf>,
}

/// How long we wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a TCP connection.
    pub connect: Duration,
    /// For the next sign of life.
    pub idle: Duration,
    /// For a page in all, redirects and retries included.
    pub total: Duration,
    /// With a body that comes, but slowly.
    pub pace: Pace,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT_TIME,
            idle: limits::IDLE_TIME,
            total: limits::PAGE_TIME,
            pace: Pace { bytes: limits::PACE_BYTES, within: limits::PACE_TIME },
        }
    }
}

/// Why the network cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A proxy's address is not one. It is not shown: it may carry a password.
    #[error("`{variable}` does not hold the address of an http or https proxy")]
    Proxy {
        /// The variable it came from.
        variable: &'static str,
    },
    /// A file or folder of root certificates that was named and does not hold any.
    #[error("`{path}` holds no root certificates: {reason}")]
    Roots {
        /// What was named.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library does not start.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl SettingsError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[Code::new("proxy-unusable"), Code::new("roots-unusable")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Proxy { .. } => "proxy-unusable",
            Self::Roots { .. } | Self::Tls(_) => "roots-unusable",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Proxy { .. } => {
                Some(Hint::new("write it as `http://host:port`; SOCKS proxies are not supported"))
            }
            Self::Roots { .. } => Some(Hint::new("name a file of certificates in PEM form")),
            Self::Tls(_) => None,
        }
    }
}

impl Settings {
    /// Reads the variables that every tool of the trade reads.
    ///
    /// # Errors
    /// [`SettingsError::Proxy`] when a proxy is named that we cannot use: going round it would not be what the
    /// user asked for.
    pub fn from_env(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SettingsError> {
        let path = |name: &str| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        Ok(Self {
            proxies: Proxies::from_env(variable)?,
            roots: Roots { file: path("SSL_CERT_FILE"), folder: path("SSL_CERT_DIR"), extra: None },
            patience: Patience::default(),
        })
    }
}

impl Proxies {
    fn from_env(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SettingsError> {
        let first = |names: [&'static str; 2]| {
            let text = |name| variable(name).and_then(|value| value.into_string().ok());
            names
                .into_iter()
                .find_map(|name| text(name).filter(|value| !value.is_empty()).map(|value| (name, value)))
        };
        let all = first(["ALL_PROXY", "all_proxy"]);
        let https = first(["HTTPS_PROXY", "https_proxy"]).or_else(|| all.clone());
        // Under CGI, `HTTP_PROXY` is a header of the request (CVE-2016-5385).
        let http = if variable("REQUEST_METHOD").is_some() {
            first(["http_proxy", "http_proxy"])
        } else {
            first(["HTTP_PROXY", "http_proxy"])
        };
        Ok(Self {
            http: checked(http.or(all))?,
            https: checked(https)?,
            exceptions: first(["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default(),
        })
    }

    /// Whether no proxy is used at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.http.is_empty() && self.https.is_empty()
    }

    pub(super) fn matcher(&self) -> Matcher {
        Matcher::builder()
            .http(self.http.as_str())
            .https(self.https.as_str())
            .no(self.exceptions.as_str())
            .build()
    }
}

/// Shows no address: it may carry a password.
impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").field("empty", &self.is_empty()).finish()
    }
}

/// The matcher takes what it cannot read for "no proxy", so it is given only what it can read.
fn checked(proxy: Option<(&'static str, String)>) -> Result<String, SettingsError> {
    let Some((variable, address)) = proxy else { return Ok(String::new()) };
    let usable = |uri: Uri| {
        let scheme = uri.scheme_str().is_none_or(|scheme| scheme == "http" || scheme == "https");
        scheme && uri.host().is_some_and(|host| !host.is_empty())
    };
    if address.parse().is_ok_and(usable) { Ok(address) } else { Err(SettingsError::Proxy { variable }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, SettingsError> {
        Proxies::from_env(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    fn way(proxies: &Proxies, destination: &str) -> Option<String> {
        let uri = destination.parse().unwrap();
        Some(proxies.matcher().intercept(&uri)?.uri().to_string())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_exceptions_go_direct() {
        let set = proxies(&[
            ("HTTPS_PROXY", "http://user:pass@proxy.example:3128"),
            ("all_proxy", "proxy.example:8080"),
            ("no_proxy", "internal.example, 10.0.0.0/8"),
        ])
        .unwrap();
        assert_eq!(way(&set, "https://index.example/").unwrap(), "http://proxy.example:3128/");
        assert_eq!(way(&set, "http://index.example/").unwrap(), "http://proxy.example:8080/");
        assert_eq!(way(&set, "https://a.internal.example/"), None);
        assert_eq!(way(&set, "https://10.1.2.3/"), None);
        assert!(!format!("{set:?}").contains("pass"));
    }

    #[test]
    fn a_proxy_we_cannot_use_is_an_error_and_not_a_way_round() {
        for address in ["socks5://proxy.example:1080", "http://", "not a proxy", "ftp://proxy.example"] {
            let error = proxies(&[("ALL_PROXY", address)]).map(|_| ()).unwrap_err();
            assert_eq!(error, SettingsError::Proxy { variable: "ALL_PROXY" }, "{address}");
        }
        assert!(proxies(&[("ALL_PROXY", "")]).unwrap().is_empty());
    }

    #[test]
    fn a_request_header_cannot_name_a_proxy() {
        let set = proxies(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.example")]).unwrap();
        assert!(set.is_empty());
    }
}
