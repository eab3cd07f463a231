//! The egress rules: which requests of a plugin may be sent, and on which hosts media may lie. Pure, so that whoever
//! judges a request or a record (live, at admission, on a replay) judges it alike.

use std::sync::Arc;

use url::Url;

use super::{
    Config, Limits,
    allowlist::{Denied, https, listed},
};

/// What a plugin may set without a word from the operator. Everything else is of no use to a reader of public pages.
const HEADERS: [&str; 27] = [
    "accept",
    "accept-language",
    "cache-control",
    "content-type",
    "dnt",
    "origin",
    "pragma",
    "priority",
    "referer",
    "sec-ch-prefers-color-scheme",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "upgrade-insecure-requests",
    "user-agent",
    "x-asbd-id",
    // For guests any value does, so it is no secret; a session's own replaces it.
    "x-csrftoken",
    "x-fb-friendly-name",
    "x-fb-lsd",
    "x-ig-app-id",
    "x-ig-capabilities",
    "x-ig-www-claim",
    "x-requested-with",
];

/// Headers that no setting opens: they carry secrets, name the server that is asked, or frame the message.
const CLOSED_HEADERS: [&str; 19] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];

/// Families of headers that no setting opens.
const CLOSED_PREFIXES: [&str; 4] = ["proxy-", "sec-websocket-", "x-forwarded-", "x-http-method"];

/// Whether the operator may let plugins set this header: a lower-case name that is not closed.
#[must_use]
pub fn may_be_allowed(header: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&header.len())
        && header.bytes().all(is_name)
        && !CLOSED_HEADERS.contains(&header)
        && !CLOSED_PREFIXES
            .iter()
            .any(|prefix| header.starts_with(prefix))
}

/// A cheap handle.
#[derive(Clone, Debug)]
pub struct RequestRules(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hosts: Vec<String>,
    media_hosts: Vec<String>,
    headers: Vec<String>,
    limits: Limits,
    any_media_host: bool,
}

impl Default for RequestRules {
    fn default() -> Self {
        Self::new(&Config::default())
    }
}

impl RequestRules {
    /// The rules that follow from the operator's settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Inner {
            hosts: config.hosts.clone(),
            media_hosts: config.media_hosts.clone(),
            headers: config.request_headers.clone(),
            limits: config.limits.clone(),
            // A gateway that stands in for Instagram may keep media elsewhere.
            any_media_host: config.origin_override.is_some(),
        }))
    }

    /// Whether a record may link to this address as media that will be fetched.
    #[must_use]
    pub fn allows_media(&self, url: &str) -> bool {
        https(url, self.0.limits.url_bytes_max)
            .is_ok_and(|url| self.0.any_media_host || listed(&url, &self.0.media_hosts))
    }

    /// The name must be on the plugin's list and on the operator's.
    pub(super) fn check_host(&self, url: &Url, allowed: &[String]) -> Result<(), Denied> {
        if listed(url, allowed) && listed(url, &self.0.hosts) {
            return Ok(());
        }
        Err(Denied::Host(url.host_str().unwrap_or_default().to_owned()))
    }

    pub(super) fn check_media_host(&self, url: &Url) -> Result<(), Denied> {
        self.check_host(url, &self.0.media_hosts)
    }

    pub(super) fn allows_header(&self, name: &str) -> bool {
        HEADERS.contains(&name) || self.0.headers.iter().any(|it| it == name)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }
}

#[cfg(test)]
mod tests {
    //! What a setting can open, and what none can.

    use super::*;

    #[test]
    fn no_setting_opens_a_header_that_is_closed() {
        for closed in CLOSED_HEADERS.into_iter().chain([
            "proxy-authorization",
            "x-forwarded-for",
            "sec-websocket-key",
        ]) {
            assert!(!may_be_allowed(closed), "{closed}");
        }
        for odd in ["", "X-Ig-Bloks", "x ig", "x_ig", "x-ü", &"x".repeat(65)] {
            assert!(!may_be_allowed(odd), "{odd}");
        }
        for built_in in HEADERS {
            assert!(may_be_allowed(built_in), "{built_in}");
        }
        assert!(may_be_allowed("x-ig-bloks-version-id"));
    }
}
