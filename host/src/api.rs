//! The public and the admin HTTP interface; the only room that knows axum. Knows nothing of Instagram.

mod about;
mod admin;
mod answer;
mod body;
mod clock;
mod docs;
mod download;
mod error;
mod file;
mod health;
mod info;
mod metrics;
mod middleware;
mod openapi;
mod operator;
mod page;
mod picture;
mod request;
mod serve;
mod statistics;
mod status;
mod view;

use std::sync::Arc;

use axum::{
    Extension, Router,
    middleware::from_fn_with_state,
    routing::{MethodRouter, get, post, put},
};
use ipnet::IpNet;
use serde::Serialize;

pub use metrics::Traffic;
pub use openapi::openapi;
pub use serve::serve;

use crate::{app::App, rate_limit::RateLimiter};

/// Who may ask, and what limits them.
#[derive(Clone, Debug)]
pub struct Config {
    /// `Host` names to answer to beside localhost, 127.0.0.1 and \[::1\]; without port, lower case. Any other name
    /// is refused, so that no website can reach a laptop's server by pointing its own name at it.
    pub allowed_hosts: Vec<String>,
    /// Websites whose scripts may read answers, as in `https://example.com`. None unless configured.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Longest time to answer a request, milliseconds. Longer than an extraction may take.
    pub handler_ms_max: u64,
    /// Most API requests at work at once; the next one is refused.
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
    /// Most pictures that one client is shown in any 60 s, on a count of their own; 0 stands for no limit.
    pub pictures_per_minute_max: u32,
    /// Largest body of a request, bytes.
    pub body_bytes_max: usize,
    /// Longest time that a client may read nothing of its answer, milliseconds; then its connection ends.
    pub stall_ms_max: u64,
    /// Longest time that requests at work may take after shutdown began, milliseconds.
    pub drain_ms_max: u64,
}

/// One setting of the server, as the operator is shown it.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its name in the settings file.
    pub key: &'static str,
    /// What holds, without credentials; none: nothing.
    pub value: Option<String>,
    /// What would hold if nobody had set it.
    pub default: Option<String>,
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

/// The API, limited by client and in number.
fn limited_routes() -> [(&'static str, MethodRouter<App>); 18] {
    [
        ("/instagram/profile/info", get(info::profile)),
        ("/instagram/profile/posts", get(info::posts)),
        ("/instagram/profile/reels", get(info::reels)),
        ("/instagram/post/info", get(info::post)),
        ("/instagram/reel/info", get(info::reel)),
        ("/instagram/story/info", get(info::story)),
        ("/instagram/download/post", post(download::post)),
        ("/instagram/download/reel", post(download::reel)),
        ("/instagram/download/story", post(download::story)),
        ("/instagram/download/carousel", post(download::carousel)),
        ("/instagram/download/batch", post(download::batch)),
        (
            "/instagram/status/{job_id}",
            get(status::status).delete(status::cancel),
        ),
        ("/instagram/status/{job_id}/events", get(status::events)),
        ("/instagram/download/file/{filename}", get(file::file)),
        ("/instagram/post/stats", get(statistics::post)),
        ("/instagram/reel/stats", get(statistics::reel)),
        ("/instagram/formats", get(about::formats)),
        ("/instagram/info", get(about::info)),
    ]
}

/// What is free, so that who is over the limit can still read why.
fn free_routes() -> [(&'static str, MethodRouter<App>); 7] {
    [
        ("/", get(page::page)),
        ("/page/{file}", get(page::asset)),
        ("/healthz", get(health::alive)),
        ("/readyz", get(health::ready)),
        ("/openapi.json", get(docs::document)),
        ("/docs", get(docs::page)),
        ("/docs/{file}", get(docs::asset)),
    ]
}

/// What the page shows. Counted, but not with the API: one carousel would use up the minute.
fn picture_routes() -> [(&'static str, MethodRouter<App>); 1] {
    [("/picture", get(picture::picture))]
}

/// The public interface; what it answers is counted in `traffic`.
pub fn public(app: App, traffic: &Traffic, config: &Config) -> Router {
    let rate_limiter = Arc::clone(&app.rate_limiter);
    let limited = router(limited_routes()).with_state(app.clone());
    let pictures = router(picture_routes()).with_state(app.clone());
    let pictures = middleware::every_picture_request(pictures, config);
    let free = router(free_routes()).with_state(app).merge(pictures);
    around(limited, free, rate_limiter, traffic, config)
}

/// The operator's interface, for a listener of its own. Everything but `/healthz` and the files of the page wants
/// `token` as a bearer token; `settings` are those in force. No website may read it, whatever the public interface
/// allows. What it answers is counted in `traffic`, and its `/metrics` tells all of that.
pub fn admin(
    app: App,
    token: &str,
    traffic: &Traffic,
    config: &Config,
    settings: Vec<Setting>,
) -> Router {
    let config = Config {
        allowed_origins: Vec::new(),
        // A component comes in a body.
        body_bytes_max: app.plugins.component_bytes_max().max(config.body_bytes_max),
        ..config.clone()
    };
    let settings: Arc<[Setting]> = settings.into();
    let limits = get(admin::limits::list).with_state(settings);
    let guarded = router(admin_routes())
        .route("/limits", limits)
        .layer(Extension(traffic.clone()))
        .layer(from_fn_with_state(Arc::from(token), admin::guard));
    let free = router(free_admin_routes());
    middleware::every_request(guarded.merge(free).with_state(app), traffic, &config)
}

/// The operator's page, which asks for the token, and what says that the listener is there.
fn free_admin_routes<S: Clone + Send + Sync + 'static>() -> [(&'static str, MethodRouter<S>); 4] {
    [
        ("/", get(operator::page)),
        ("/operator/{file}", get(operator::asset)),
        ("/page/{file}", get(page::asset)),
        ("/healthz", get(health::alive)),
    ]
}

/// What the operator may do, with the token.
fn admin_routes() -> [(&'static str, MethodRouter<App>); 14] {
    [
        ("/plugins", get(admin::plugins::list)),
        ("/plugins/history", get(admin::plugins::history)),
        ("/plugins/{name}", put(admin::plugins::put)),
        ("/plugins/{name}/rollback", post(admin::plugins::roll_back)),
        ("/plugins/{name}/promote", post(admin::plugins::promote)),
        ("/plugins/{name}/discard", post(admin::plugins::discard)),
        ("/captures", get(admin::captures::list)),
        ("/captures/{id}", get(admin::captures::get)),
        ("/captures/{id}/exchange.har", get(admin::captures::har)),
        ("/drift", get(admin::captures::drift)),
        ("/drift/rates", get(admin::captures::rates)),
        ("/drift/accept", post(admin::captures::accept)),
        ("/jobs", get(admin::jobs::list)),
        ("/metrics", get(metrics::metrics)),
    ]
}

fn router<S, const N: usize>(routes: [(&'static str, MethodRouter<S>); N]) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let router = Router::new();
    routes
        .into_iter()
        .fold(router, |router, (path, method)| router.route(path, method))
}

fn around(
    limited: Router,
    free: Router,
    rate_limiter: Arc<RateLimiter>,
    traffic: &Traffic,
    config: &Config,
) -> Router {
    let limited = middleware::every_api_request(limited, rate_limiter, config);
    middleware::every_request(limited.merge(free), traffic, config)
}

#[cfg(test)]
mod tests;
