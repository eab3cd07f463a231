//! How HTTP is spoken: connections, layers around every request, the table of errors, and what the OpenAPI document
//! says about an endpoint. Knows no endpoint.

pub(in crate::api) mod answer;
pub(in crate::api) mod body;
pub(in crate::api) mod clock;
pub(in crate::api) mod document;
pub(in crate::api) mod error;
pub(in crate::api) mod layers;
pub(in crate::api) mod query;
mod serve;
mod traffic;

use ipnet::IpNet;

pub use serve::serve;
pub use traffic::Traffic;

pub(in crate::api) use traffic::Labels;

/// Which requests are accepted, and their limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// `Host` names to accept besides localhost, 127.0.0.1 and \[::1\]; without port, lower case. Any other name
    /// is rejected, so that no website can reach a laptop's server by pointing its own name at it.
    pub allowed_hosts: Vec<String>,
    /// Websites whose scripts may read answers, as in `https://example.com`. None unless configured.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Longest time to answer a request, milliseconds. Longer than an extraction may take.
    pub handler_ms_max: u64,
    /// Most API requests in progress at once; the next one is answered `SERVER_BUSY`.
    pub in_flight_max: usize,
    /// Most connections at once; the next one waits to be accepted.
    pub connections_max: usize,
    /// Most connections of one address at once, trusted proxies aside; the next one is closed.
    pub connections_per_client_max: usize,
    /// Longest time to wait for a request's head, milliseconds; also how long a connection may be idle.
    pub head_ms_max: u64,
    /// Most header fields of a request.
    pub headers_max: usize,
    /// Largest head of a request, bytes; anything below 8 KiB stands for 8 KiB.
    pub head_bytes_max: usize,
    /// Longest path and query, bytes.
    pub uri_bytes_max: usize,
    /// Most pictures that one client may fetch in any 60 s, counted separately; 0 for no limit.
    pub pictures_per_minute_max: u32,
    /// Largest body of a request, bytes.
    pub body_bytes_max: usize,
    /// Longest time that a client may read nothing of its response, milliseconds; then its connection is closed.
    pub stall_ms_max: u64,
    /// Longest time that requests in progress may take after shutdown began, milliseconds.
    pub drain_ms_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            handler_ms_max: 20_000,
            in_flight_max: 256,
            connections_max: 1024,
            connections_per_client_max: 64,
            head_ms_max: 10_000,
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            uri_bytes_max: 8 * 1024,
            pictures_per_minute_max: 600,
            body_bytes_max: 64 * 1024,
            stall_ms_max: 60_000,
            drain_ms_max: 25_000,
        }
    }
}
