//! The operator's routes and the token that guards them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};

use super::error::{ApiError, Code};
use crate::plugin::{Registry, Status};

/// `GET /plugins`: what serves, and what was refused and why.
pub(super) async fn plugins(State(plugins): State<Arc<Registry>>) -> Json<Vec<Status>> {
    Json(plugins.status())
}

/// Lets pass who shows the token.
pub(super) async fn guard(
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

/// Looks at every byte, so that the time it takes tells nothing about where two tokens differ.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    left.len() == right.len() && differences == 0
}
