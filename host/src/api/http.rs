//! HTTP without any endpoint: connections, layers around every request, the table of errors, and helpers for the
//! OpenAPI document.

pub(in crate::api) mod answer;
pub(in crate::api) mod body;
pub(in crate::api) mod clock;
pub(in crate::api) mod conditional;
pub(in crate::api) mod delivery;
pub(in crate::api) mod document;
pub(in crate::api) mod error;
pub(in crate::api) mod layers;
pub(in crate::api) mod query;
mod serve;
mod shares;
mod traffic;

use ipnet::IpNet;

pub use delivery::FileDelivery;
pub use serve::{Draining, serve};
pub use traffic::Traffic;

pub(in crate::api) use traffic::Labels;

/// Which requests are accepted, and their limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// `Host` names to accept besides localhost, 127.0.0.1 and \[::1\]; without port, lower case. Any other name
    /// is rejected, so that no website can reach a laptop's server by pointing its own name at it.
    pub allowed_hosts: Vec<String>,
    /// Websites whose scripts may read responses, as in `https://example.com`. None unless configured.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Who sends the bytes of files to clients that come through a trusted proxy.
    pub file_delivery: FileDelivery,
    /// Maximum time to answer a request, milliseconds. Longer than an extraction may take.
    pub handler_ms_max: u64,
    /// Maximum number of API requests in progress; the next one gets `SERVER_BUSY`. A request whose body has not arrived
    /// is not in progress yet.
    pub in_flight_max: usize,
    /// Maximum number of API requests of one client in progress; the next one gets `RATE_LIMIT`.
    pub in_flight_per_client_max: usize,
    /// Maximum number of connections; the next one waits to be accepted.
    pub connections_max: usize,
    /// Maximum number of connections of one address, except trusted proxies; the next one is closed.
    pub connections_per_client_max: usize,
    /// Maximum time to wait for the head of a request, milliseconds; also how long a connection may be idle.
    pub head_ms_max: u64,
    /// Maximum number of header fields of a request.
    pub headers_max: usize,
    /// Maximum size of the head of a request, bytes; values below 8 KiB count as 8 KiB.
    pub head_bytes_max: usize,
    /// Maximum length of path and query, bytes.
    pub uri_bytes_max: usize,
    /// Maximum number of pictures that one client may fetch in any 60 s, counted separately; 0 for no limit.
    pub pictures_per_minute_max: u32,
    /// Maximum number of parts of videos that one client may ask for in any 60 s, counted separately; 0 for no limit.
    pub videos_per_minute_max: u32,
    /// Maximum size of the body of a request, bytes.
    pub body_bytes_max: usize,
    /// Maximum time that the body of a request may take, milliseconds.
    pub body_ms_max: u64,
    /// The body of a request that arrives more slowly than this, after 3 s of patience, is refused, bytes per second;
    /// 0: never.
    pub body_bytes_per_s_min: u64,
    /// Maximum time for which a client may read nothing of its response, milliseconds; then its connection is closed.
    pub stall_ms_max: u64,
    /// Maximum time that requests in progress may take after shutdown began, milliseconds.
    pub drain_ms_max: u64,
    /// What the page offers to try: addresses of which recorded answers exist. Only the demo has some.
    pub examples: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            file_delivery: FileDelivery::default(),
            handler_ms_max: 20_000,
            in_flight_max: 256,
            in_flight_per_client_max: 64,
            connections_max: 1024,
            connections_per_client_max: 64,
            head_ms_max: 10_000,
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            uri_bytes_max: 8 * 1024,
            pictures_per_minute_max: 600,
            videos_per_minute_max: 300,
            body_bytes_max: 64 * 1024,
            body_ms_max: 10_000,
            body_bytes_per_s_min: 8 * 1024,
            stall_ms_max: 60_000,
            drain_ms_max: 25_000,
            examples: Vec::new(),
        }
    }
}
