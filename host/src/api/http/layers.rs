//! The layers around every request, outermost first, and why they are in this order.
//!
//! A layer costs a copy of everything inside it for each request, so there are few: one around everything, and
//! inside it those of a group of paths; the API has one. Each of their rules is a function in its own file.

mod client;
mod identify;
mod limit;
mod log_request;
mod origin;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use tokio::{sync::Semaphore, time::timeout};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;

pub(in crate::api) use client::JobOrigin;

use super::{
    Config,
    body::{BodyLimits, arrived},
    error::{ApiError, Code, X_CACHE, X_PLUGIN},
    shares::Shares,
    traffic::Traffic,
};
use crate::rate_limit::RateLimiter;
use identify::RequestId;
use limit::RateLimit;
use log_request::Entry;

/// What every response says unless its handler says otherwise. Responses are private: no content sniffing, no caching,
/// no referrer.
const EVERY_RESPONSE: [(HeaderName, HeaderValue); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// The layer around everything, including paths that do not exist.
pub(in crate::api) fn every_request(router: Router, traffic: &Traffic, config: &Config) -> Router {
    let router = match cors(config) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let around = Around {
        traffic: traffic.clone(),
        config: config.clone(),
    };
    router.layer(from_fn_with_state(Arc::new(around), around_everything))
}

/// The state of [`around_everything`].
struct Around {
    traffic: Traffic,
    config: Config,
}

async fn around_everything(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id);
    let entry = Entry::begin(&request, id);
    let answer = async {
        match refused(&request, &around.config) {
            // Before any handler, so that a website gets no response and causes no side effect.
            Some(code) => ApiError::from(code).into_response(),
            None => next.run(request).await,
        }
    };
    // A bug fails only one request.
    let answer = AssertUnwindSafe(answer.instrument(entry.span.clone())).catch_unwind();
    let mut response = answer.await.unwrap_or_else(|panic| panicked(&*panic));
    let error = ApiError::take(&mut response);
    // The id is assigned before and the envelope written after, so that the log knows the id and the error.
    entry.end(&around.traffic, &response, error.as_ref());
    if let Some(error) = error {
        response = identify::enveloped(response, &error, id);
    }
    identify::tell(id, response.headers_mut());
    for (name, value) in EVERY_RESPONSE {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// The rules that need nothing but the head of a request.
fn refused(request: &Request, config: &Config) -> Option<Code> {
    // Before anything reads the path.
    uri_length(request, config)
        .and_then(|()| origin::host(request, config))
        .and_then(|()| origin::site(request, config))
        .err()
}

fn uri_length(request: &Request, config: &Config) -> Result<(), Code> {
    let uri = request.uri().path_and_query();
    match uri {
        Some(uri) if uri.as_str().len() > config.uri_bytes_max => Err(Code::UriTooLong),
        _ => Ok(()),
    }
}

/// The layer around the API's own paths.
pub(in crate::api) fn every_api_request(
    router: Router,
    rate_limiter: Arc<RateLimiter>,
    config: &Config,
) -> Router {
    let limits = ApiLimits {
        rate: RateLimit::new("default", rate_limiter, &config.trusted_proxies),
        body: BodyLimits::of(config),
        in_flight: Semaphore::new(config.in_flight_max.min(Semaphore::MAX_PERMITS)),
        shares: Arc::default(),
        share_max: config.in_flight_per_client_max,
        longest: Duration::from_millis(config.handler_ms_max),
    };
    // Only around routes: a path that does not exist is not the API's.
    router.route_layer(from_fn_with_state(Arc::new(limits), around_api))
}

/// The state of [`around_api`].
struct ApiLimits {
    rate: RateLimit,
    body: BodyLimits,
    in_flight: Semaphore,
    /// The places that each client has taken.
    shares: Arc<Shares>,
    share_max: usize,
    longest: Duration,
}

async fn around_api(
    State(limits): State<Arc<ApiLimits>>,
    request: Request,
    next: Next,
) -> Response {
    let limits = &*limits;
    // First, so that a client over the limit costs nothing.
    let within_rate = |request: Request, client| async move {
        // A place is taken when the body is there: a slow client costs nobody else a place.
        let request = match arrived(request, limits.body).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
        let Some(_share) = Shares::take(&limits.shares, client, limits.share_max) else {
            return ApiError::from(Code::RateLimit)
                .because("Too many of your requests are in progress: wait for their answers")
                .retry_after(1)
                .into_response();
        };
        // Refuses instead of queueing: a client that waits too long gives up and retries.
        let Ok(_permit) = limits.in_flight.try_acquire() else {
            return ApiError::from(Code::ServerBusy)
                .retry_after(1)
                .into_response();
        };
        let answer = timeout(limits.longest, next.run(request)).await;
        answer.unwrap_or_else(|_| {
            ApiError::from(Code::ServerBusy)
                .because("The answer took too long")
                .retry_after(1)
                .into_response()
        })
    };
    limits.rate.around(request, within_rate).await
}

/// The layer around paths that take no place: waits for the body of a request. On the admin listener, it is inside the
/// check of the token.
pub(in crate::api) async fn around_bodies(
    State(limits): State<BodyLimits>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    Ok(next.run(arrived(request, limits).await?).await)
}

/// The layer around the pictures or videos that the page shows, with a count of their own. Their endpoints limit concurrency
/// and duration.
pub(in crate::api) fn every_shown_request(
    router: Router,
    policy: &'static str,
    per_minute_max: u32,
    config: &Config,
) -> Router {
    let limiter = Arc::new(RateLimiter::new(per_minute_max));
    let rate = RateLimit::new(policy, limiter, &config.trusted_proxies);
    router.route_layer(from_fn_with_state(Arc::new(rate), around_shown))
}

async fn around_shown(
    State(rate): State<Arc<RateLimit>>,
    request: Request,
    next: Next,
) -> Response {
    rate.around(request, |request, _| next.run(request)).await
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

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::from(Code::ServerError)
        .caused_by(words.unwrap_or("a handler panicked"))
        .into_response()
}
