//! Which addresses a stranger may send us to.
//!
//! An attacker who controls an index, or a redirect on the way, would like us to ask hosts that only we can
//! reach: the cloud's metadata service, a router, a database's status page.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// How far a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// To any address: the URL comes from the user's or the system's configuration.
    Anywhere,
    /// To public addresses only: the URL comes from a host that is itself public.
    PublicOnly,
}

impl Reach {
    /// Whether the host of a URL may be asked, as far as can be seen before its name is resolved.
    #[must_use]
    pub fn allows(self, host: Option<&Host<&str>>) -> bool {
        self == Self::Anywhere || host.is_some_and(may_be_public)
    }

    /// Whether this address may be connected to.
    #[must_use]
    pub fn allows_address(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// Whether the host is not known to be private: a public address, or a name other than `localhost`
/// (RFC 6761 §6.3).
pub(super) fn may_be_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name != "localhost" && !name.ends_with(".localhost")
        }
        Host::Ipv4(address) => is_public(IpAddr::V4(*address)),
        Host::Ipv6(address) => is_public(IpAddr::V6(*address)),
    }
}

/// Whether everybody on the internet means the same host by this address (IANA special-purpose registries,
/// RFC 6890). What is not known to be public is not.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127 | 224..=255, _, _) => true, // this network, private, loopback, multicast, reserved
        (100, 64..=127, _) => true,               // RFC 6598 carrier NAT
        (169, 254, _) => true,                    // link local, and the clouds' metadata services
        (172, 16..=31, _) | (192, 168, _) => true, // RFC 1918
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) => true, // protocol assignments, documentation
        (192, 88, 99) => true,                    // RFC 7526 former 6to4 relays
        (198, 18..=19, _) => true,                // RFC 2544 benchmarks
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_public_v4(inner);
    }
    match address.segments() {
        [0x2001, 0..=0x01ff, ..] => false, // RFC 2928 protocol assignments, Teredo among them
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false, // documentation
        [0x2000..=0x3fff, ..] => true,     // RFC 4291 §2.4 global unicast
        _ => false,
    }
}

/// The IPv4 address that packets to this one end up at, for the mappings that translators know. Without this
/// `::ffff:127.0.0.1` would be a way round every rule above.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)), // RFC 4291 §2.5.5.2
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)), // RFC 6052 §2.1
        [0x2002, high, low, ..] => Some(join(high, low)),            // RFC 3056 §2
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_is_what_everybody_can_reach() {
        for text in
            ["151.101.0.223", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2a04:4e42::223", "64:ff9b::808:808"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_only_we_can_reach_are_not_public() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn localhost_is_nobody_elses_host() {
        let allows = |text: &str| Reach::PublicOnly.allows(Some(&Host::parse(text).unwrap().map_str()));
        assert!(
            allows("index.example") && !allows("localhost") && !allows("a.LOCALHOST.") && !allows("0x7f.1")
        );
        assert!(!Reach::PublicOnly.allows(None));
    }

    trait MapStr {
        fn map_str(&self) -> Host<&str>;
    }

    impl MapStr for Host<String> {
        fn map_str(&self) -> Host<&str> {
            match self {
                Self::Domain(name) => Host::Domain(name),
                Self::Ipv4(address) => Host::Ipv4(*address),
                Self::Ipv6(address) => Host::Ipv6(*address),
            }
        }
    }
}
