//! The layer stacks of every request, outermost first, and why they are in this order.

mod client;
mod identify;
mod limit;
mod log_request;
mod origin;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tokio::{sync::Semaphore, time::timeout};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
    limit::RequestBodyLimitLayer,
    set_header::SetResponseHeaderLayer,
};

pub(in crate::api) use client::JobOrigin;

use super::{
    Config,
    error::{ApiError, Code, X_CACHE, X_PLUGIN},
    traffic::Traffic,
};
use crate::rate_limit::RateLimiter;
use limit::RateLimit;

/// The layers around everything, including paths that do not exist.
pub(in crate::api) fn every_request(router: Router, traffic: &Traffic, config: &Config) -> Router {
    let shared = Arc::new(config.clone());
    // Innermost, because it changes the type of the body.
    let router = router.layer(RequestBodyLimitLayer::new(config.body_bytes_max));
    let router = match cors(config) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(
        ServiceBuilder::new()
            // Responses are private: no content sniffing, no caching, no referrer.
            .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(header(header::REFERRER_POLICY, "no-referrer"))
            .layer(header(header::CACHE_CONTROL, "no-store"))
            // Assigns the request id, and writes the envelope of every refusal of the inner layers.
            .layer(from_fn(identify::identify))
            // Inside `identify`, because it logs the id; outside everything that may refuse.
            .layer(from_fn_with_state(
                traffic.clone(),
                log_request::log_request,
            ))
            // A bug fails only one request.
            .layer(CatchPanicLayer::custom(panicked))
            // Before anything reads the path.
            .layer(from_fn_with_state(Arc::clone(&shared), uri_length))
            // Before any handler, so that a website gets no response and causes no side effect.
            .layer(from_fn_with_state(Arc::clone(&shared), origin::host))
            .layer(from_fn_with_state(shared, origin::site)),
    )
}

/// The layers around the API's own paths.
pub(in crate::api) fn every_api_request(
    router: Router,
    rate_limiter: Arc<RateLimiter>,
    config: &Config,
) -> Router {
    let rate_limit = RateLimit::new("default", rate_limiter, &config.trusted_proxies);
    let in_flight = Arc::new(Semaphore::new(
        config.in_flight_max.min(Semaphore::MAX_PERMITS),
    ));
    let longest = Duration::from_millis(config.handler_ms_max);
    router.layer(
        ServiceBuilder::new()
            // First, so that a client over the limit costs nothing.
            .layer(from_fn_with_state(Arc::new(rate_limit), limit::rate))
            // Refuses instead of queueing: a client that waits too long gives up and retries.
            .layer(from_fn_with_state(in_flight, limit::in_flight))
            .layer(from_fn_with_state(longest, handler_time)),
    )
}

/// The layers around the pictures that the page shows. The picture endpoint itself limits concurrency and duration.
pub(in crate::api) fn every_picture_request(router: Router, config: &Config) -> Router {
    let limiter = Arc::new(RateLimiter::new(config.pictures_per_minute_max));
    let rate_limit = RateLimit::new("pictures", limiter, &config.trusted_proxies);
    router.layer(from_fn_with_state(Arc::new(rate_limit), limit::rate))
}

fn header(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// CORS for the configured websites only, matched exactly; if there are none, no response has CORS headers.
fn cors(config: &Config) -> Option<CorsLayer> {
    let origins = config.allowed_origins.iter();
    let origins: Vec<_> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let exposed = [header::AGE, header::RETRY_AFTER, X_CACHE, X_PLUGIN];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
            .allow_headers([header::CONTENT_TYPE])
            .expose_headers(exposed)
    })
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    let cause = words.unwrap_or_else(|| "a handler panicked".to_owned());
    ApiError::from(Code::ServerError)
        .caused_by(cause)
        .into_response()
}

async fn uri_length(
    State(config): State<Arc<Config>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let uri = request.uri().path_and_query();
    if uri.is_some_and(|uri| uri.as_str().len() > config.uri_bytes_max) {
        return Err(Code::UriTooLong.into());
    }
    Ok(next.run(request).await)
}

async fn handler_time(
    State(longest): State<Duration>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    timeout(longest, next.run(request)).await.map_err(|_| {
        ApiError::from(Code::ServerBusy)
            .because("The answer took too long")
            .retry_after(1)
    })
}
