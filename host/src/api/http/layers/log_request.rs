//! Logs and counts each request once, and opens the span for everything done for it; the only place that logs refusals.
//! Never logs the query, because it shows what somebody looked at.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, field::Empty};

use super::identify::RequestId;
use crate::api::http::{
    error::{ApiError, X_PLUGIN},
    traffic::{RequestLabels, Traffic},
};

pub(super) async fn log_request(
    State(traffic): State<Traffic>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let way = RequestLabels::of(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.to_string());

    // A span of the highest level, so that a filter which lets only errors pass still shows which request they belong
    // to.
    let id = request_id.as_deref();
    let span = tracing::error_span!("request", id, route = way.route, status = Empty);
    let response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    traffic.answered(&way, response.status(), began.elapsed());
    let error = ApiError::of(&response);
    let plugin = response.headers().get(X_PLUGIN);
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_id,
        plugin = plugin.and_then(|label| label.to_str().ok()),
        code = error.as_ref().map(|error| error.code.name()),
        cause = error.and_then(|error| error.cause),
    );
    response
}
