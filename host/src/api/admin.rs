//! The operator's routes and the token that guards them.

pub(in crate::api) mod captures;
pub(in crate::api) mod drift;
pub(in crate::api) mod jobs;
pub(in crate::api) mod limits;
pub(in crate::api) mod metrics;
pub(in crate::api) mod plugins;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};

use crate::api::http::error::{ApiError, Code};

/// Accepts requests that carry the token.
pub(in crate::api) async fn guard(
    State(token): State<Arc<str>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if !shown.is_some_and(|shown| equal(shown, token.as_bytes())) {
        return Err(Code::Unauthorized.into());
    }
    Ok(next.run(request).await)
}

/// Compares every byte, so that the duration does not reveal where two tokens differ.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    left.len() == right.len() && differences == 0
}
