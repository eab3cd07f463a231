//! The egress rules: which requests of a plugin may be sent, and on which hosts media may be. They have no side
//! effects, so that live calls, admission and replays judge a request or a record in the same way.

use std::sync::Arc;

use url::Url;

use super::{
    Config, Limits,
    allowlist::{Denied, has_name, https, listed, plain_host},
};

/// The headers that a plugin may set without permission from the operator. A reader of public pages needs no others.
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
    // For guests any value is accepted, so it is not a secret; that of a session replaces it.
    "x-csrftoken",
    "x-fb-friendly-name",
    "x-fb-lsd",
    "x-ig-app-id",
    "x-ig-capabilities",
    "x-ig-www-claim",
    "x-requested-with",
];

/// Headers that no setting can allow: they carry secrets, name the target server, or frame the message.
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

/// Prefixes of headers that no setting can allow.
const CLOSED_PREFIXES: [&str; 4] = ["proxy-", "sec-websocket-", "x-forwarded-", "x-http-method"];

/// Returns whether the operator may let plugins set this header: a lower-case name that is not closed.
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

/// The egress rules. Cheap to clone.
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
            // A gateway in place of Instagram may keep media elsewhere.
            any_media_host: config.origin_override.is_some(),
        }))
    }

    /// Returns whether a record may link to this address as media that will be fetched.
    #[must_use]
    pub fn allows_media(&self, url: &str) -> bool {
        let bytes_max = self.0.limits.url_bytes_max;
        let on_list = |name: &str| self.0.any_media_host || has_name(name, &self.0.media_hosts);
        match plain_host(url, bytes_max) {
            Some(name) => on_list(name),
            None => https(url, bytes_max).is_ok_and(|url| url.host_str().is_some_and(on_list)),
        }
    }

    /// Checks that the host is on both the plugin's and the operator's list.
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
    //! Which headers a setting can allow and which none can.

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
