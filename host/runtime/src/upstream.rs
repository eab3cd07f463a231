//! The only room that speaks HTTP outwards. Knows hosts, addresses, limits and the operator's session; knows no door
//! of Instagram.

mod address;
mod allowlist;
mod client;
mod failure;
mod media;
mod pacing;
mod replay;
mod request;
mod rules;
mod session;
mod tally;
mod transport;

#[cfg(test)]
pub(crate) mod tests;

use std::{fmt, path::PathBuf};

use url::Url;

pub use allowlist::{Denied, https, listed};
pub use client::Client;
pub use media::{MediaError, Opened};
pub use rules::{RequestRules, may_be_allowed};
pub use tally::{Asked, Outcome};
pub use transport::use_ring;

/// Where requests go and what limits them.
#[derive(Clone)]
pub struct Config {
    /// Every request goes to this origin instead, path and query unchanged, with the original authority in `Host`.
    /// The address of the override is not checked, and [`Pacing`](Limits::spacing_ms_min) is off: a gateway paces
    /// itself, and a test must not wait.
    pub origin_override: Option<Url>,
    /// Answers come from the HAR files below this folder; nothing goes out.
    pub replay: Option<PathBuf>,
    /// The operator's session, a Netscape cookie file.
    pub cookies: Option<PathBuf>,
    /// `http://`, `https://` or `socks5://` proxy; none is taken from the environment. Its own address is not checked;
    /// names that an HTTP proxy resolves are beyond our reach.
    pub proxy: Option<Url>,
    /// Hosts that may be asked at all, whatever a manifest says; `*.example.com` is every name below it.
    pub hosts: Vec<String>,
    /// Hosts of [`Config::hosts`] on which media may lie: a record that links elsewhere is not served.
    pub media_hosts: Vec<String>,
    /// Headers that plugins may set beside the built-in ones, lower case; see [`may_be_allowed`].
    pub request_headers: Vec<String>,
    /// What one request may cost.
    pub limits: Limits,
}

/// What one request may cost, and how fast one follows another.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest URL of a request, bytes.
    pub url_bytes_max: usize,
    /// Most headers of a request.
    pub request_headers_max: usize,
    /// Longest body of a request, bytes.
    pub request_body_bytes_max: usize,
    /// Most redirects that are followed.
    pub redirects_max: u32,
    /// Most time to connect, TLS included, milliseconds.
    pub connect_ms_max: u64,
    /// Most time from the start of a request to the head of its response, milliseconds.
    pub first_byte_ms_max: u64,
    /// Longest silence within a body, milliseconds.
    pub idle_ms_max: u64,
    /// Most headers of a response.
    pub response_headers_max: usize,
    /// All headers of a response together, bytes; Instagram's content security policies alone are some 8 KiB.
    pub response_header_bytes_max: u32,
    /// Longest body of a response, decoded, bytes.
    pub body_bytes_max: usize,
    /// Most requests at once.
    pub in_flight_max: usize,
    /// Most requests at once to one host.
    pub in_flight_per_host_max: usize,
    /// Least time between two requests to one host, milliseconds; up to half as much again is added at random.
    pub spacing_ms_min: u64,
    /// Longest `Retry-After` that is believed, seconds.
    pub retry_after_s_max: u64,
    /// Network failures in a row after which a host is left alone.
    pub breaker_failures: u32,
    /// How long it is left alone the first time, milliseconds; doubled with every further failure.
    pub breaker_open_ms_min: u64,
    /// How long at most, milliseconds.
    pub breaker_open_ms_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        let hosts = [
            "instagram.com",
            "*.instagram.com",
            "*.cdninstagram.com",
            "*.fbcdn.net",
        ];
        Self {
            origin_override: None,
            replay: None,
            cookies: None,
            proxy: None,
            media_hosts: hosts.map(str::to_owned).to_vec(),
            hosts: hosts.map(str::to_owned).to_vec(),
            request_headers: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            url_bytes_max: 8 << 10,
            request_headers_max: 32,
            request_body_bytes_max: 64 << 10,
            redirects_max: 3,
            connect_ms_max: 5_000,
            first_byte_ms_max: 10_000,
            idle_ms_max: 15_000,
            response_headers_max: 100,
            response_header_bytes_max: 64 << 10,
            body_bytes_max: 8 << 20,
            in_flight_max: 32,
            in_flight_per_host_max: 6,
            // 30 guest calls back to back in 34 s, and 25 in 1.6 s, were answered without a 429.
            spacing_ms_min: 200,
            retry_after_s_max: 3_600,
            breaker_failures: 5,
            breaker_open_ms_min: 1_000,
            breaker_open_ms_max: 60_000,
        }
    }
}

/// Without the proxy's credentials.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field(
                "origin_override",
                &self.origin_override.as_ref().map(Url::as_str),
            )
            .field("replay", &self.replay)
            .field("cookies", &self.cookies)
            .field("proxy", &self.proxy.as_ref().map(Url::host_str))
            .field("hosts", &self.hosts)
            .field("media_hosts", &self.media_hosts)
            .field("request_headers", &self.request_headers)
            .field("limits", &self.limits)
            .finish()
    }
}

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used.
    #[error("{0}")]
    Config(String),
}
