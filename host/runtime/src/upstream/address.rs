//! Decides to which addresses connections may be made: public ones only. The check is in the resolver that the
//! connector uses, so that the address that is checked is the address that is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Addresses that are not public, by IANA's special-purpose registry.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The only block from which public IPv6 addresses are assigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Addresses within [`GLOBAL_V6`] that are not public: IETF protocols (including Teredo), documentation, 6to4.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

/// The prefix through which networks without IPv4 reach it. The last 32 bits are the IPv4 address.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Returns whether an address is public, so that it can be anyone on the internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public(IpAddr::V4(inner)),
            None => {
                GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
            }
        },
    }
}

/// Returns the IPv4 address that is actually reached, if there is one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    address
        .to_ipv4_mapped()
        .or_else(|| NAT64.contains(&address).then(|| Ipv4Addr::new(a, b, c, d)))
}

/// The resolver of the system, without the addresses that are not public.
pub(super) struct Resolver {
    /// Names that the operator chose (override, proxy). Any address is allowed for them.
    pub(super) exempt: Vec<String>,
}

/// A name has addresses, but none of them is public.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no public address")]
pub(super) struct Prohibited;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.exempt.iter().any(|exempt| exempt == name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(dialled(found, exempt)?.into_iter()) as Addrs)
        })
    }
}

fn dialled(mut found: Vec<SocketAddr>, exempt: bool) -> Result<Vec<SocketAddr>, Prohibited> {
    let any = !found.is_empty();
    found.retain(|address| exempt || is_public(address.ip()));
    if any && found.is_empty() {
        return Err(Prohibited);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::net::SocketAddr;

    use super::{dialled, is_public};

    #[test]
    fn addresses_that_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.255.255",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_that_are_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "157.240.0.174",
            "172.32.0.1",
            "198.20.0.1",
            "2a03:2880:f211::1",
            "64:ff9b::9df0:ae",
            "::ffff:157.240.0.174",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn private_answers_are_dropped_and_nothing_left_is_an_error() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mixed = addresses(&["127.0.0.1:443", "157.240.0.174:443", "[::1]:443"]);
        assert_eq!(
            dialled(mixed.clone(), false).unwrap(),
            addresses(&["157.240.0.174:443"])
        );
        assert_eq!(dialled(mixed.clone(), true).unwrap(), mixed);
        assert!(dialled(addresses(&["10.0.0.1:443"]), false).is_err());
        assert!(dialled(Vec::new(), false).unwrap().is_empty());
    }
}
