//! Whether the server stops: responses that would last end by themselves then, and hold nobody up.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use tokio_util::sync::CancellationToken;

/// The end of the server that serves a request.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Stopping(CancellationToken);

impl Stopping {
    pub(super) fn by(shutdown: &CancellationToken) -> Self {
        Self(shutdown.clone())
    }

    /// Waits until the server stops.
    pub(in crate::api) async fn begun(&self) {
        self.0.cancelled().await;
    }
}

/// Without a listener, there is nothing that stops.
impl<S: Sync> FromRequestParts<S> for Stopping {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
