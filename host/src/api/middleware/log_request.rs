//! One line a request; the only place that logs refusals. Never the query: it says what somebody looked at.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};

use super::identify::RequestId;
use crate::api::error::{ApiError, X_PLUGIN};

pub(super) async fn log_request(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.to_string());

    let response = next.run(request).await;
    let refusal = ApiError::of(&response);
    let plugin = response.headers().get(X_PLUGIN);
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_id,
        plugin = plugin.and_then(|label| label.to_str().ok()),
        code = refusal.as_ref().map(|refusal| refusal.code.name()),
        cause = refusal.and_then(|refusal| refusal.cause),
    );
    response
}
