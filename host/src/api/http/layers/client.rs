//! Determines the client of a request: the peer, or the address that a trusted proxy states.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::request::Parts,
};
use ipnet::IpNet;

use super::identify::RequestId;
use crate::{
    api::http::error::{ApiError, Code},
    job::Origin,
};

/// The client's address, as determined by [`super::limit::rate`].
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
/// `X-Forwarded-For` counts only from a trusted proxy, and is read from the right: each trusted hop vouches for the one
/// before it, and everything further left is whatever the client wrote.
pub(super) fn client(request: &Request, proxies: &[IpNet]) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
    let forwarded = request.headers().get_all("x-forwarded-for");
    let lines: Vec<_> = forwarded
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));

    let mut client = peer.to_canonical();
    for hop in hops.map(|hop| hop.trim().parse::<IpAddr>()) {
        let trusted = proxies.iter().any(|proxy| proxy.contains(&client));
        match hop {
            Ok(hop) if trusted => client = hop.to_canonical(),
            _ => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! A client cannot choose its own address.

    use axum::body::Body;

    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
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
            let mut request = Request::new(Body::empty());
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
                .headers_mut()
                .insert("x-forwarded-for", forwarded.parse().unwrap());
            assert_eq!(
                client(&request, &proxies).to_string(),
                expected,
                "{forwarded}"
            );
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let mut request = Request::new(Body::empty());
        let peer = SocketAddr::new("10.0.0.1".parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(peer));
        for line in ["203.0.113.66", "198.51.100.9, 10.0.0.3", "10.0.0.2"] {
            request
                .headers_mut()
                .append("x-forwarded-for", line.parse().unwrap());
        }
        assert_eq!(client(&request, &proxies).to_string(), "198.51.100.9");
    }
}
