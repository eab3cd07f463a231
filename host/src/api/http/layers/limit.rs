//! Limits the request rate of each client.

use std::{net::IpAddr, sync::Arc, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use ipnet::IpNet;

use super::client::{ClientAddress, client};
use crate::{
    api::http::error::{ApiError, Code},
    rate_limit::{Decision, RateLimiter, WINDOW},
};

pub(super) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A limit and its name.
pub(super) struct RateLimit {
    /// The name of this limit in the headers.
    policy: &'static str,
    /// The rule in the headers; it never changes.
    rule: Option<HeaderValue>,
    limiter: Arc<RateLimiter>,
    proxies: Vec<IpNet>,
}

impl RateLimit {
    pub(super) fn new(policy: &'static str, limiter: Arc<RateLimiter>, proxies: &[IpNet]) -> Self {
        let (limit, window_s) = (limiter.requests_max(), WINDOW.as_secs());
        let rule = format!("\"{policy}\";q={limit};w={window_s}");
        Self {
            policy,
            rule: rule.parse().ok().filter(|_| limit > 0),
            limiter,
            proxies: proxies.to_vec(),
        }
    }

    /// Finds out who sent a request, and tells the handlers.
    pub(super) fn identify(&self, request: &mut Request) -> IpAddr {
        let client = client(request, &self.proxies);
        request.extensions_mut().insert(ClientAddress(client));
        client
    }

    /// Counts a request of this client once, including one that an inner rule refuses, and passes it on if it is within the
    /// limit. A 429 does not count, so that it does not make the wait longer.
    pub(super) async fn around<F>(
        &self,
        request: Request,
        client: IpAddr,
        within: impl FnOnce(Request) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        let decision = self.limiter.decide(client, Instant::now()).await;
        let mut response = if decision.allowed {
            within(request).await
        } else {
            let error = ApiError::from(Code::RateLimit).retry_after(decision.reset_s);
            error.into_response()
        };
        self.tell(&decision, response.headers_mut());
        response
    }

    /// Adds the fields of draft-ietf-httpapi-ratelimit-headers, if there is a limit.
    fn tell(&self, decision: &Decision, headers: &mut HeaderMap) {
        let Some(rule) = &self.rule else {
            return;
        };
        headers.insert(RATELIMIT_POLICY, rule.clone());
        let (policy, remaining, reset_s) = (self.policy, decision.remaining, decision.reset_s);
        let now = format!("\"{policy}\";r={remaining};t={reset_s}");
        if let Ok(now) = HeaderValue::try_from(now) {
            headers.insert(RATELIMIT, now);
        }
    }
}
