//! The operator's routes and the token that guards them.

pub(in crate::api) mod captures;
pub(in crate::api) mod drift;
pub(in crate::api) mod fleet;
pub(in crate::api) mod jobs;
pub(in crate::api) mod limits;
pub(in crate::api) mod metrics;
pub(in crate::api) mod plugins;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::api::http::error::{ApiError, Code};

const SCHEME: &[u8] = b"bearer";

/// Accepts requests that carry the token.
pub(in crate::api) async fn guard(
    State(token): State<Arc<str>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let shown = request.headers().get(header::AUTHORIZATION);
    if !shown
        .and_then(bearer)
        .is_some_and(|shown| equal(shown, token.as_bytes()))
    {
        return Err(Code::Unauthorized.into());
    }
    Ok(next.run(request).await)
}

/// The credentials of the scheme `Bearer`, whose name has no case (RFC 9110, section 11.1).
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, rest) = value.as_bytes().split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME) && rest.starts_with(b" ");
    is_bearer.then(|| rest.trim_ascii())
}

/// Compares every byte, so that the duration does not reveal where two tokens differ.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    left.len() == right.len() && differences == 0
}
