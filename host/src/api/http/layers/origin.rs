//! Protects a server on a laptop: requests for other host names and from other websites are refused.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

use crate::api::http::{Config, error::Code};

/// The names of the local machine.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The paths that other websites may link to.
const FOLLOWED: [&str; 2] = ["/", "/docs"];

/// Refuses a request for a host name that is not allowed. Otherwise the browser would treat a website that points its
/// own name at 127.0.0.1 as the same origin.
pub(super) fn host(request: &Request, config: &Config) -> Result<(), Code> {
    let ours = |host: &str| is_ours(host, &config.allowed_hosts);
    let absolute = request.uri().authority();
    let absolute = absolute.is_none_or(|authority| ours(authority.as_str()));
    if absolute && stated_host(request.headers()).is_some_and(ours) {
        Ok(())
    } else {
        Err(Code::ForbiddenHost)
    }
}

/// Returns the host if there is exactly one `Host` header.
fn stated_host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    let alone = hosts.next().is_none();
    host.to_str().ok().filter(|_| alone)
}

/// Accepts any port, because the port in front of a container or proxy is unknown.
fn is_ours(stated: &str, allowed: &[String]) -> bool {
    let host = match stated.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => stated,
    };
    let is = |name: &str| name.eq_ignore_ascii_case(host);
    LOCAL.into_iter().any(is) || allowed.iter().any(|name| is(name))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Refuses a request that, according to the browser, another website caused: that website cannot read the response, but
/// would use up the user's budget. A link to the page or to the documentation may be followed.
pub(super) fn site(request: &Request, config: &Config) -> Result<(), Code> {
    let headers = request.headers();
    let is = |name: HeaderName, value: &str| headers.get(name).is_some_and(|given| given == value);
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let passes = if is(SEC_FETCH_SITE, "cross-site") {
        let followed = is(SEC_FETCH_MODE, "navigate") && is(SEC_FETCH_DEST, "document");
        followed && FOLLOWED.contains(&request.uri().path())
            || origins.any(|origin| allowed(origin, config))
    } else {
        // Older browsers state only the origin. Newer ones state `null` for some requests of our own pages.
        let is_vouched_for = headers.contains_key(SEC_FETCH_SITE);
        origins.all(|origin| {
            is_own(origin, config) || allowed(origin, config) || is_vouched_for && origin == "null"
        })
    };
    match passes {
        true => Ok(()),
        false => Err(Code::ForbiddenOrigin),
    }
}

/// Returns whether an origin is one of our own names, with any port, as for `Host`.
fn is_own(origin: &HeaderValue, config: &Config) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let (scheme, host) = origin.split_once("://").unwrap_or_default();
    matches!(scheme, "http" | "https") && is_ours(host, &config.allowed_hosts)
}

fn allowed(origin: &HeaderValue, config: &Config) -> bool {
    config
        .allowed_origins
        .iter()
        .any(|allowed| origin == allowed)
}
