//! Determines the client of a request: the peer, or the address that a trusted proxy states.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, header::FORWARDED, request::Parts},
};
use ipnet::IpNet;

use super::identify::RequestId;
use crate::{
    api::http::error::{ApiError, Code},
    job::Origin,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address, as determined by [`super::limit::RateLimit`].
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// The client and the request that a job comes from.
#[derive(Debug)]
pub(in crate::api) struct JobOrigin(pub(in crate::api) Origin);

impl<S: Sync> FromRequestParts<S> for JobOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let client = parts.extensions.get::<ClientAddress>();
        let ClientAddress(client) = client.ok_or(Code::ServerError)?;
        let request = parts.extensions.get::<RequestId>().map(|id| id.0);
        Ok(Self(Origin {
            client: client.to_string(),
            request,
        }))
    }
}

/// Returns the address of the client.
///
/// `X-Forwarded-For` and `Forwarded` (RFC 7239) count only from a trusted proxy, and are read from the right: each
/// trusted hop vouches for the one before it, and everything further left is whatever the client wrote. A proxy writes
/// one of the two headers and passes on the other as the client wrote it, so if they disagree, neither counts.
pub(super) fn client(request: &Request, proxies: &[IpNet]) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
    let peer = peer.to_canonical();
    let headers = request.headers();
    let plain = hops(headers, X_FORWARDED_FOR, |line| {
        line.split(',').map(address).collect()
    });
    let standard = hops(headers, FORWARDED, forwarded);
    let client = |hops: Vec<Option<IpAddr>>| before(peer, &hops, proxies);
    match (plain.map(client), standard.map(client)) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Goes back from the peer, as far as each hop is trusted.
fn before(peer: IpAddr, hops: &[Option<IpAddr>], proxies: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        let is_trusted = proxies.iter().any(|proxy| proxy.contains(&client));
        match hop {
            Some(hop) if is_trusted => client = *hop,
            _ => break,
        }
    }
    client
}

/// The hops of all lines of a header, in order, each with its address if it states one; `None` without the header.
fn hops(
    headers: &HeaderMap,
    name: HeaderName,
    read: impl Fn(&str) -> Vec<Option<IpAddr>>,
) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    Some(lines.flat_map(read).collect())
}

/// Reads a line of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https, for=10.0.0.2`. `unknown` and names that a
/// proxy made up (`_hidden`) are no addresses.
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    // A client that leaves a quote open would hide what the proxy adds behind it.
    if !line.matches('"').count().is_multiple_of(2) {
        return vec![None];
    }
    let node = |element: &str| {
        let pairs = split(element, ';').into_iter();
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        address(node.trim().trim_matches('"'))
    };
    split(line, ',').into_iter().map(node).collect()
}

/// Splits a text at a separator outside of quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    let parts = text.split(|c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    });
    parts.collect()
}

/// Reads an address with or without a port; with a port or brackets, as `[2001:db8::1]:443` or `192.0.2.1:443`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let host = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (after.is_empty() || after.starts_with(':')).then_some(host)?
        }
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    host.parse::<IpAddr>().ok().map(|host| host.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! A client cannot choose its own address.

    use axum::{body::Body, http::HeaderName};
    use proptest::prelude::*;

    use super::*;

    const FOR: &str = "x-forwarded-for";

    /// The client of a request from `peer` with these lines, where `10.0.0.0/8` and `fd00::/8` are trusted.
    fn found(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut request = Request::new(Body::empty());
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(peer));
        for (name, line) in lines {
            let name = HeaderName::from_static(name);
            request.headers_mut().append(name, line.parse().unwrap());
        }
        client(&request, &proxies).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, forwarded, expected) in [
            ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
            (
                "10.0.0.1",
                "203.0.113.66, 198.51.100.9, 10.2.2.2",
                "198.51.100.9",
            ),
            ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
            ("fd00::1", "2001:db8::9", "2001:db8::9"),
            ("10.0.0.1", "203.0.113.66, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            assert_eq!(found(peer, &[(FOR, forwarded)]), expected, "{forwarded}");
        }
        let forwarded = [("forwarded", "for=198.51.100.9")];
        assert_eq!(found("192.0.2.1", &forwarded), "192.0.2.1");
    }

    #[test]
    fn ports_and_brackets_are_not_part_of_an_address() {
        for (forwarded, expected) in [
            ("198.51.100.9:4711", "198.51.100.9"),
            (
                "203.0.113.66, 198.51.100.9:4711, 10.2.2.2:80",
                "198.51.100.9",
            ),
            ("[2001:db8::9]", "2001:db8::9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("[::ffff:198.51.100.9]:1", "198.51.100.9"),
            ("[2001:db8::9]x", "10.0.0.1"),
            ("[2001:db8::9", "10.0.0.1"),
            ("198.51.100.9:4711:1", "10.0.0.1"),
            (":4711", "10.0.0.1"),
            ("unknown", "10.0.0.1"),
        ] {
            assert_eq!(
                found("10.0.0.1", &[(FOR, forwarded)]),
                expected,
                "{forwarded}"
            );
        }
    }

    /// The examples of RFC 7239, section 4 and 6.
    #[test]
    fn the_standard_header_is_read_too() {
        for (forwarded, expected) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            (
                "for=192.0.2.43, for=198.51.100.17;by=10.0.0.1",
                "198.51.100.17",
            ),
            ("for=192.0.2.43, for=\"10.0.0.7:80\"", "192.0.2.43"),
            ("by=10.0.0.1 ; FOR = \"192.0.2.43:_port\"", "192.0.2.43"),
            ("for=192.0.2.43;by=\"a,b;for=1.1.1.1\"", "192.0.2.43"),
            ("for=192.0.2.43, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.43, for=unknown", "10.0.0.1"),
            ("for=\"_gazonk\", for=10.0.0.2", "10.0.0.2"),
            ("proto=https", "10.0.0.1"),
            ("192.0.2.43", "10.0.0.1"),
            ("for=\"192.0.2.43", "10.0.0.1"),
            ("for=203.0.113.66;by=\", for=192.0.2.43", "10.0.0.1"),
        ] {
            let found = found("10.0.0.1", &[("forwarded", forwarded)]);
            assert_eq!(found, expected, "{forwarded}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = ["203.0.113.66", "198.51.100.9, 10.0.0.3", "10.0.0.2"];
        let lines = lines.map(|line| (FOR, line));
        assert_eq!(found("10.0.0.1", &lines), "198.51.100.9");
        let lines = ["for=203.0.113.66", "for=198.51.100.9, for=10.0.0.3"];
        let lines = lines.map(|line| ("forwarded", line));
        assert_eq!(found("10.0.0.1", &lines), "198.51.100.9");
    }

    #[test]
    fn headers_that_disagree_do_not_count() {
        let both = |one, other| found("10.0.0.1", &[(FOR, one), ("forwarded", other)]);
        assert_eq!(both("198.51.100.9", "for=198.51.100.9"), "198.51.100.9");
        assert_eq!(both("198.51.100.9", "for=203.0.113.66"), "10.0.0.1");
        assert_eq!(both("198.51.100.9", "for=unknown"), "10.0.0.1");
    }

    proptest! {
        /// Whatever a client sends, a trusted proxy adds its address at the end.
        #[test]
        fn what_a_client_writes_itself_never_counts(written in "[ -~]{0,40}", quoted: bool) {
            let line = format!("{written}, 198.51.100.9");
            prop_assert_eq!(found("10.0.0.1", &[(FOR, &line)]), "198.51.100.9");
            let last = if quoted { "for=\"198.51.100.9:1\"" } else { "for=198.51.100.9" };
            let line = format!("{written},{last}");
            let is_closed = written.matches('"').count() % 2 == 0;
            let expected = if is_closed { "198.51.100.9" } else { "10.0.0.1" };
            prop_assert_eq!(found("10.0.0.1", &[("forwarded", &line)]), expected);
        }
    }
}
