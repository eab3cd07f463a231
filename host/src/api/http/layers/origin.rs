//! Safe on a laptop: no other name and no other website reaches this server.

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

/// The names of this machine for itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What other websites may link to.
const FOLLOWED: [&str; 2] = ["/", "/docs"];

/// Refuses a request to a name that is not ours: a website that points its own name at 127.0.0.1 would otherwise
/// be let through by the browser as its own.
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

/// The one `Host` header.
fn stated_host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    let alone = hosts.next().is_none();
    Authority::try_from(host.as_bytes()).ok().filter(|_| alone)
}

/// On any port, because the port in front of a container or proxy is not ours to know.
fn is_ours(authority: &Authority, allowed: &[String]) -> bool {
    let host = authority.host().to_ascii_lowercase();
    let port = authority
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    // Nothing else in it: neither `user@` nor `:nonsense`, which the parser takes.
    let whole = authority
        .as_str()
        .eq_ignore_ascii_case(&format!("{host}{port}"));
    whole && (LOCAL.contains(&&*host) || allowed.contains(&host))
}

/// Refuses what a browser says another website asked for: such a request cannot read the answer, but would use up
/// the user's budget. A link to the page or to the documentation may be followed.
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
