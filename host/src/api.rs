//! The public and the admin HTTP interface; the only module that depends on axum. Knows nothing of Instagram's own API.
//!
//! `http` holds what HTTP needs for every endpoint. Above it are `instagram` (the documented endpoints), `web` (what
//! browsers load) and `admin` (what operators use). This file is the table of their routes.

mod admin;
mod http;
mod instagram;
mod web;

use std::sync::{Arc, LazyLock};

use axum::{
    Extension, Json, Router,
    middleware::from_fn_with_state,
    routing::{MethodRouter, get, post, put},
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

pub use admin::limits::Setting;
pub use http::{Config, Draining, FileDelivery, Traffic, error::reason_text, serve};
pub use instagram::job::{FailureBody, progress_text};
pub use instagram::record::routes as records;

use admin::{captures, drift, fleet, jobs, limits, metrics, plugins};
use http::{body::BodyLimits, delivery, document, layers, slash};
use instagram::{about, download, file, post as one_post, profile, reel, status, story};
use web::{docs, health, operator, page, picture, targets, video};

use crate::{app::App, contract::Kind, rate_limit::RateLimiter};

/// The time that a component may take to arrive, milliseconds: 8 MiB over a slow line.
const COMPONENT_MS_MAX: u64 = 120_000;

/// The OpenAPI document, built on first use so that it does not delay the start of the server.
static DOCUMENT: LazyLock<String> = LazyLock::new(openapi);

/// The routes of the API, which are limited per client and in concurrency. Each route brings its own part of the
/// OpenAPI document.
fn limited_routes() -> OpenApiRouter<App> {
    documented([
        profile::info::route(),
        profile::posts::route(),
        profile::reels::route(),
        one_post::info::route(),
        reel::info::route(),
        story::route(),
        download::post::route(),
        download::reel::route(),
        download::story::route(),
        download::carousel::route(),
        download::batch::route(),
        status::route(),
        status::events::route(),
        file::route(),
        one_post::statistics::route(),
        reel::statistics::route(),
        about::formats::route(),
        about::info::route(),
    ])
    .merge(records(kinds_without_views()).into())
}

/// Kinds that the specification does not document; there are none today.
fn kinds_without_views() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| !kind.is_documented())
}

/// Routes without a limit, which ask nobody, so that a client over the limit can still read why.
fn free_routes() -> OpenApiRouter<App> {
    documented([page::route(), targets::route()])
        .merge(documented(health::routes()))
        .merge(documented(docs::routes()))
        // The files that the pages load are not part of the interface.
        .route("/page/{file}", get(page::asset))
        .route("/docs/{file}", get(docs::asset))
}

/// The pictures that the page shows. Counted separately from the API, because one carousel would use up the minute.
fn picture_routes() -> OpenApiRouter<App> {
    documented([picture::route()])
}

/// The videos that the page plays: each is many requests, because a browser asks for part after part.
fn video_routes() -> OpenApiRouter<App> {
    documented([video::route()])
}

/// The operator's page, which asks for the token, and the health check of the listener.
fn free_admin_routes<S: Clone + Send + Sync + 'static>() -> [(&'static str, MethodRouter<S>); 4] {
    [
        ("/", get(operator::page)),
        ("/operator/{file}", get(operator::asset)),
        ("/page/{file}", get(page::asset)),
        ("/healthz", get(health::alive)),
    ]
}

/// The operator's routes, which require the token.
fn admin_routes() -> [(&'static str, MethodRouter<App>); 18] {
    [
        ("/plugins", get(plugins::list)),
        ("/plugins/history", get(plugins::history)),
        ("/plugins/{name}", put(plugins::put)),
        ("/plugins/{name}/rollback", post(plugins::roll_back)),
        ("/plugins/{name}/promote", post(plugins::promote)),
        ("/plugins/{name}/discard", post(plugins::discard)),
        (
            "/cases/{kind}/{name}",
            put(plugins::keep_case).delete(plugins::remove_case),
        ),
        ("/captures", get(captures::list)),
        ("/captures/{id}", get(captures::get)),
        ("/captures/{id}/exchange.har", get(captures::har)),
        ("/captures/{id}/explanation", get(captures::explanation)),
        ("/drift", get(drift::list)),
        ("/drift/rates", get(drift::rates)),
        ("/drift/accept", post(drift::accept)),
        ("/jobs", get(jobs::list)),
        ("/fleet", get(fleet::show)),
        ("/drain", post(fleet::drain).delete(fleet::undrain)),
        ("/metrics", get(metrics::metrics)),
    ]
}

/// The OpenAPI document as indented JSON; also `gramhost openapi`.
pub fn openapi() -> String {
    let mut document = document::empty();
    for routes in [
        limited_routes(),
        picture_routes(),
        video_routes(),
        free_routes(),
    ] {
        document.merge(routes.into_openapi());
    }
    document.to_pretty_json().unwrap_or_default()
}

/// The public interface; its responses are counted in `traffic`.
pub fn public(app: App, traffic: &Traffic, config: &Config) -> Router {
    let rate_limiter = Arc::clone(&app.rate_limiter);
    let (limited, free) = (limited_routes(), free_routes());
    let (pictures, videos) = (picture_routes(), video_routes());
    let slashes = [&limited, &free, &pictures, &videos].map(redirects_to);
    let limited = Router::from(limited).with_state(app.clone());
    let limited = delivery::with_delivery(limited, config);
    let pictures = Router::from(pictures).with_state(app.clone());
    let pictures =
        layers::every_shown_request(pictures, "pictures", config.pictures_per_minute_max, config);
    let videos = Router::from(videos).with_state(app.clone());
    let videos =
        layers::every_shown_request(videos, "videos", config.videos_per_minute_max, config);
    let about = page::About {
        recorded: app.downloads.is_recorded(),
        examples: config.examples.clone(),
    };
    let free = Router::from(free)
        .layer(Extension(docs::Document(&DOCUMENT)))
        .route("/page/about.json", get(Json(about)))
        .with_state(app)
        .merge(pictures)
        .merge(videos);
    let free = slashes.into_iter().fold(free, Router::merge);
    around(limited, free, rate_limiter, traffic, config)
}

/// The operator's interface, for a listener of its own. Everything except `/healthz` and the files of the page requires
/// `token` as a bearer token; `settings` are the active ones. No website may read it, whatever the public interface
/// allows. Its responses are counted in `traffic`, and its `/metrics` reports the whole of `traffic`.
pub fn admin(
    app: App,
    token: &str,
    traffic: &Traffic,
    config: &Config,
    settings: Vec<Setting>,
) -> Router {
    let config = Config {
        allowed_origins: Vec::new(),
        // Components are uploaded in a body.
        body_bytes_max: app.plugins.component_bytes_max().max(config.body_bytes_max),
        body_ms_max: COMPONENT_MS_MAX.max(config.body_ms_max),
        ..config.clone()
    };
    let settings: Arc<[Setting]> = settings.into();
    let limits = get(limits::list).with_state(settings);
    let guarded = undocumented(admin_routes())
        .route("/limits", limits)
        .layer(Extension(traffic.clone()))
        // Nothing is read for a stranger.
        .layer(from_fn_with_state(
            BodyLimits::of(&config),
            layers::around_bodies,
        ))
        .layer(from_fn_with_state(Arc::from(token), admin::guard));
    let free = undocumented(free_admin_routes());
    layers::every_request(guarded.merge(free).with_state(app), traffic, &config)
}

/// Redirects to documented routes from their addresses with a slash at the end.
fn redirects_to(routes: &OpenApiRouter<App>) -> Router {
    slash::redirects(routes.get_openapi().paths.paths.keys())
}

/// Routes with their part of the OpenAPI document.
fn documented<S, const N: usize>(routes: [UtoipaMethodRouter<S>; N]) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .into_iter()
        .fold(OpenApiRouter::default(), OpenApiRouter::routes)
}

/// Routes of the operator's interface, which has no OpenAPI document.
fn undocumented<S, const N: usize>(routes: [(&'static str, MethodRouter<S>); N]) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .into_iter()
        .fold(Router::new(), |router, (path, method)| {
            router.route(path, method)
        })
}

fn around(
    limited: Router,
    free: Router,
    rate_limiter: Arc<RateLimiter>,
    traffic: &Traffic,
    config: &Config,
) -> Router {
    let limited = layers::every_api_request(limited, rate_limiter, config);
    let free = free.layer(from_fn_with_state(
        BodyLimits::of(config),
        layers::around_bodies,
    ));
    layers::every_request(limited.merge(free), traffic, config)
}

#[cfg(test)]
mod tests;
