//! The only module that sends HTTP requests to other hosts. It handles hosts, addresses, limits and the operator's
//! session; it knows no endpoint of Instagram.

mod address;
mod allowlist;
mod client;
mod coding;
mod failure;
mod media;
mod pacing;
mod pool;
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
pub use media::{MediaError, OpenMedia};
pub use pacing::HostPause;
pub use request::PermittedRequest;
pub use rules::{RequestRules, may_be_allowed};
pub use tally::{Outcome, RequestCount};
pub use transport::use_ring;

/// Where requests go and what limits them.
#[derive(Clone)]
pub struct Config {
    /// Every request goes to this origin instead, with path and query unchanged and the original authority in `Host`.
    /// The address of the override is not checked, and [`Pacing`](Limits::spacing_ms_min) is off: a gateway does its
    /// own pacing, and a test must not wait.
    pub origin_override: Option<Url>,
    /// Responses come from the HAR files below this folder; nothing is sent.
    pub replay: Option<PathBuf>,
    /// The operator's session, a Netscape cookie file.
    pub cookies: Option<PathBuf>,
    /// An `http://`, `https://`, `socks5://` or `socks5h://` proxy; none is taken from the environment. Its own address
    /// is not checked, and we cannot check names that the proxy resolves: all but `socks5://` do.
    pub proxy: Option<Url>,
    /// Hosts to which requests may be sent at all, whatever a manifest says; `*.example.com` stands for every name
    /// below it.
    pub hosts: Vec<String>,
    /// Hosts of [`Config::hosts`] on which media may be: a record that links elsewhere is not served.
    pub media_hosts: Vec<String>,
    /// Headers that plugins may set in addition to the built-in ones, in lower case; see [`may_be_allowed`].
    pub request_headers: Vec<String>,
    /// The limits of requests.
    pub limits: Limits,
}

/// The limits of one request, and of the pace of requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum length of the URL of a request, bytes.
    pub url_bytes_max: usize,
    /// Maximum number of headers of a request.
    pub request_headers_max: usize,
    /// Maximum length of all headers of a request together, names and values, bytes.
    pub request_header_bytes_max: usize,
    /// Maximum length of the body of a request, bytes.
    pub request_body_bytes_max: usize,
    /// Maximum number of redirects that are followed.
    pub redirects_max: u32,
    /// Maximum time to connect, including TLS, milliseconds.
    pub connect_ms_max: u64,
    /// Maximum time from the start of a request to the head of its response, milliseconds.
    pub first_byte_ms_max: u64,
    /// Maximum time without data within a body, milliseconds.
    pub idle_ms_max: u64,
    /// Maximum number of headers of a response.
    pub response_headers_max: usize,
    /// Maximum size of all headers of a response together, bytes. Instagram's content security policies alone are
    /// about 8 KiB.
    pub response_header_bytes_max: u32,
    /// Maximum length of the body of a response, decoded, bytes.
    pub body_bytes_max: usize,
    /// Maximum number of requests at once.
    pub in_flight_max: usize,
    /// Maximum number of requests at once to one host.
    pub in_flight_per_host_max: usize,
    /// Minimum time between two requests to one host, milliseconds. Up to half as much again is added at random.
    pub spacing_ms_min: u64,
    /// Maximum `Retry-After` that is honoured, seconds.
    pub retry_after_s_max: u64,
    /// The number of network failures in a row after which the breaker for a host opens.
    pub breaker_failures: u32,
    /// How long the breaker stays open the first time, milliseconds; doubled with every further failure.
    pub breaker_open_ms_min: u64,
    /// Maximum time that the breaker stays open, milliseconds.
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
            request_header_bytes_max: 16 << 10,
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
            // 30 requests without a session back to back in 34 s, and 25 in 1.6 s, got no 429.
            spacing_ms_min: 200,
            retry_after_s_max: 3_600,
            breaker_failures: 5,
            breaker_open_ms_min: 1_000,
            breaker_open_ms_max: 60_000,
        }
    }
}

/// Leaves out the proxy's credentials.
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

/// Why the client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used.
    #[error("{0}")]
    Config(String),
}
