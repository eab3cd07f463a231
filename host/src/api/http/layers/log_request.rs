//! Logs and counts each request once, and opens the span for everything done for it; the only place that logs refusals.
//! Never logs the query, because it shows what somebody looked at.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{Method, Uri},
    response::Response,
};
use tracing::{Span, field::Empty};
use uuid::fmt::Hyphenated;

use super::identify::RequestId;
use crate::api::http::{
    error::{ApiError, X_PLUGIN},
    traffic::{RequestLabels, Traffic},
};

/// The line of one request in the log, begun before the request is consumed.
pub(super) struct Entry {
    /// A span of the highest level, so that a filter which lets only errors pass still shows which request they belong
    /// to.
    pub(super) span: Span,
    began: Instant,
    labels: RequestLabels,
    method: Method,
    uri: Uri,
    id: RequestId,
}

impl Entry {
    pub(super) fn begin(request: &Request, id: RequestId) -> Self {
        let began = Instant::now();
        let labels = RequestLabels::of(request);
        let text = &mut [0; Hyphenated::LENGTH];
        let (name, route) = (id.text(text), labels.route());
        Self {
            span: tracing::error_span!("request", id = name, route, status = Empty),
            began,
            labels,
            method: request.method().clone(),
            uri: request.uri().clone(),
            id,
        }
    }

    /// Writes the line and counts the request.
    pub(super) fn end(self, traffic: &Traffic, response: &Response, error: Option<&ApiError>) {
        let (status, took) = (response.status(), self.began.elapsed());
        // Nothing is logged in the span after this, so only an exported span needs it.
        #[cfg(feature = "otel")]
        self.span.record("status", status.as_u16());
        let plugin = response.headers().get(X_PLUGIN);
        tracing::info!(
            method = self.method.as_str(),
            path = self.uri.path(),
            status = status.as_u16(),
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            request_id = self.id.text(&mut [0; Hyphenated::LENGTH]),
            plugin = plugin.and_then(|label| label.to_str().ok()),
            code = error.map(|error| error.code.name()),
            cause = error.and_then(|error| error.cause.as_deref()),
        );
        traffic.answered(self.labels, status, took);
    }
}
