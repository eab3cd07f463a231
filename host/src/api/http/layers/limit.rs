//! Limits the request rate of each client and the number of requests in progress.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use ipnet::IpNet;
use tokio::sync::Semaphore;

use super::client::{ClientAddress, client};
use crate::{
    api::http::error::{ApiError, Code},
    rate_limit::{Decision, RateLimiter, WINDOW},
};

/// The state of [`rate`].
pub(super) struct RateLimit {
    /// The name of this limit in the headers.
    policy: &'static str,
    limiter: Arc<RateLimiter>,
    proxies: Vec<IpNet>,
}

impl RateLimit {
    pub(super) fn new(policy: &'static str, limiter: Arc<RateLimiter>, proxies: &[IpNet]) -> Self {
        let proxies = proxies.to_vec();
        Self {
            policy,
            limiter,
            proxies,
        }
    }
}

/// Counts every request to an API path once, including requests that an inner layer refuses. A 429 does not count, so
/// that it does not make the wait longer.
pub(super) async fn rate(
    State(limit): State<Arc<RateLimit>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client(&request, &limit.proxies);
    request.extensions_mut().insert(ClientAddress(client));
    let decision = limit.limiter.check(client, Instant::now());
    let mut response = if decision.allowed {
        next.run(request).await
    } else {
        let error = ApiError::from(Code::RateLimit).retry_after(decision.reset_s);
        error.into_response()
    };
    tell(limit.policy, &decision, response.headers_mut());
    response
}

/// Adds the fields of draft-ietf-httpapi-ratelimit-headers.
fn tell(policy: &str, decision: &Decision, headers: &mut HeaderMap) {
    if decision.limit == 0 {
        return;
    }
    let window_s = WINDOW.as_secs();
    let rule = format!("\"{policy}\";q={};w={window_s}", decision.limit);
    let now = format!(
        "\"{policy}\";r={};t={}",
        decision.remaining, decision.reset_s
    );
    for (name, value) in [("ratelimit-policy", rule), ("ratelimit", now)] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
}

pub(super) async fn in_flight(
    State(in_flight): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Ok(_permit) = in_flight.try_acquire() else {
        return Err(ApiError::from(Code::ServerBusy).retry_after(1));
    };
    Ok(next.run(request).await)
}
