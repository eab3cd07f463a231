//! Protects a server on a laptop: requests for other host names and from other websites are refused.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use crate::api::http::{
    Config,
    error::{ApiError, Code},
};

/// The names of the local machine.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The paths that other websites may link to.
const FOLLOWED: [&str; 2] = ["/", "/docs"];

/// Refuses a request for a host name that is not allowed. Otherwise the browser would treat a website that points its
/// own name at 127.0.0.1 as the same origin.
pub(super) async fn host(
    State(config): State<Arc<Config>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let absolute = request.uri().authority();
    let ours = |authority: &Authority| is_ours(authority, &config.allowed_hosts);
    if !absolute.is_none_or(ours) || !stated_host(request.headers()).is_some_and(|host| ours(&host))
    {
        return Err(Code::ForbiddenHost.into());
    }
    Ok(next.run(request).await)
}

/// Returns the host if there is exactly one `Host` header.
fn stated_host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    let alone = hosts.next().is_none();
    Authority::try_from(host.as_bytes()).ok().filter(|_| alone)
}

/// Accepts any port, because the port in front of a container or proxy is unknown.
fn is_ours(authority: &Authority, allowed: &[String]) -> bool {
    let host = authority.host().to_ascii_lowercase();
    let port = authority
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    // Accepts nothing else: the parser allows `user@` and `:nonsense`.
    let whole = authority
        .as_str()
        .eq_ignore_ascii_case(&format!("{host}{port}"));
    whole && (LOCAL.contains(&&*host) || allowed.contains(&host))
}

/// Refuses a request that, according to the browser, another website caused: that website cannot read the response, but
/// would use up the user's budget. A link to the page or to the documentation may be followed.
pub(super) async fn site(
    State(config): State<Arc<Config>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    let followed = is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
    let refused = is("sec-fetch-site", "cross-site")
        && !(followed && FOLLOWED.contains(&request.uri().path()))
        && !headers
            .get(header::ORIGIN)
            .is_some_and(|origin| allowed(origin, &config));
    if refused {
        return Err(Code::ForbiddenOrigin.into());
    }
    Ok(next.run(request).await)
}

fn allowed(origin: &HeaderValue, config: &Config) -> bool {
    config
        .allowed_origins
        .iter()
        .any(|allowed| origin == allowed)
}
