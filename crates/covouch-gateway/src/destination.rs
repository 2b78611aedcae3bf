//! A host and port that clients may reach past the gateway, as a policy writes it.

use std::{fmt, net::IpAddr, str::FromStr};

use url::Host;

/// `host:port`, in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    host: Host<String>,
    port: u16,
}

/// Why a text is not a destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host and a port such as `git.example:443`")]
pub struct DestinationError(String);

impl FromStr for Destination {
    type Err = DestinationError;

    /// Parses `host:port`. A host is read as a browser reads it, so that `0x7f.1` is what it means: 127.0.0.1.
    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let refused = || DestinationError(text.chars().take(100).flat_map(char::escape_default).collect());
        let (host, port) = text.rsplit_once(':').ok_or_else(refused)?;
        let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port != 0).ok_or_else(refused)?;
        if host.is_empty() || host.len() > 253 || host.contains(['@', '/', '%']) {
            return Err(refused());
        }
        let host = match Host::parse(host).map_err(|_| refused())? {
            // The root's dot names the same host; two spellings would be two entries.
            Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
            address => address,
        };
        Ok(Self { host, port })
    }
}

impl Destination {
    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether a policy that names this destination also means this address. A name may be made to lead anywhere by
    /// whoever answers for it, so it never leads to this machine or its neighbours on the wire; an address that the
    /// policy writes down is meant.
    #[must_use]
    pub(crate) fn may_lead_to(&self, address: IpAddr) -> bool {
        match &self.host {
            Host::Ipv4(named) => address == IpAddr::V4(*named),
            Host::Ipv6(named) => address == IpAddr::V6(*named),
            // RFC 6761 §6.3: these names are this machine's and nobody else's.
            Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
                address.is_loopback()
            }
            Host::Domain(_) => !is_local(address),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Loopback, link-local, unspecified, multicast; also in their IPv6 clothes.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_link_local()
                || address.octets()[0] == 0
                || address.is_multicast()
                || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            let is_compatible = matches!(address.segments(), [0, 0, 0, 0, 0, 0, _, _]);
            address.is_unicast_link_local() || address.is_multicast() || is_compatible
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(text: &str) -> Destination {
        text.parse().unwrap()
    }

    #[test]
    fn a_destination_has_one_spelling() {
        assert_eq!(destination("Git.Example.:443"), destination("git.example:443"));
        assert_eq!(destination("0x7f.1:80").to_string(), "127.0.0.1:80");
        assert_eq!(destination("2130706433:80"), destination("127.0.0.1:80"));
        assert_eq!(destination("[::1]:443").to_string(), "[::1]:443");
        for text in [
            "",
            "git.example",
            "git.example:",
            ":443",
            "git.example:0",
            "git.example:65536",
            "git.example:+1",
            "user@git.example:443",
            "git.example/x:443",
            "::1:443",
            "git%2eexample:443",
            "git example:443",
        ] {
            assert!(text.parse::<Destination>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_never_leads_to_this_machine_and_a_written_address_is_meant() {
        let name = destination("git.example:443");
        for local in [
            "127.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
        ] {
            assert!(!name.may_lead_to(local.parse().unwrap()), "{local}");
        }
        assert!(name.may_lead_to("10.0.0.7".parse().unwrap()), "an internal server may be named");
        let written = destination("127.0.0.1:3000");
        assert!(written.may_lead_to("127.0.0.1".parse().unwrap()));
        assert!(!written.may_lead_to("127.0.0.2".parse().unwrap()));
        let localhost = destination("localhost:3000");
        assert!(localhost.may_lead_to("::1".parse().unwrap()));
        assert!(!localhost.may_lead_to("169.254.169.254".parse().unwrap()));
    }
}
