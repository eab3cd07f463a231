//! The one table of errors: the only place where a failure gets its status, code and text.
//!
//! [`ApiError`] travels as an empty response that carries the error in its extensions. The outermost layer
//! ([`super::layers`]) writes the JSON envelope, because the request id is known only there.

mod code;
mod subject;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub use subject::reason_text;

pub(in crate::api) use code::Code;
pub(in crate::api) use subject::Subject;

use super::clock::datetime;
/// How long a client should wait while the database does not answer, seconds.
const DATABASE_RETRY_AFTER_S: u64 = 5;

/// The plugin that produced the response; set on every response for which a plugin was asked.
pub(in crate::api) const X_PLUGIN: HeaderName = HeaderName::from_static("x-plugin");
/// Whether the response came from the cache: `hit` or `miss`.
pub(in crate::api) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// An error that becomes a response.
#[derive(Clone, Debug)]
pub(in crate::api) struct ApiError {
    pub(in crate::api) code: Code,
    details: Cow<'static, str>,
    retry_after_s: Option<u64>,
    plugin: Option<Arc<str>>,
    hit: Option<bool>,
    /// A value next to the error in the body, under a name of its own.
    more: Option<Box<(&'static str, Value)>>,
    /// For the log only: may contain text from Instagram or a plugin.
    pub(in crate::api) cause: Option<String>,
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self {
            code,
            details: code.advice().into(),
            retry_after_s: None,
            plugin: None,
            hit: None,
            more: None,
            cause: None,
        }
    }
}

impl ApiError {
    /// The error while the database that the replicas share does not answer.
    pub(in crate::api) fn database_away() -> Self {
        Self::from(Code::ServerBusy)
            .because("The server cannot reach its database at the moment; nothing that was accepted is lost")
            .retry_after(DATABASE_RETRY_AFTER_S)
    }

    /// What to do about it.
    pub(in crate::api) fn details(&self) -> &str {
        &self.details
    }

    /// Replaces the details, which are the code's own advice by default.
    pub(in crate::api) fn because(mut self, details: impl Into<Cow<'static, str>>) -> Self {
        self.details = details.into();
        self
    }

    /// Names the parameter or field that the details are about.
    pub(in crate::api) fn about(mut self, name: &str) -> Self {
        self.details = format!("`{name}`: {}", self.details).into();
        self
    }

    /// Adds a value next to the error in the body.
    pub(in crate::api) fn with<T: Serialize>(mut self, name: &'static str, value: &T) -> Self {
        self.more = serde_json::to_value(value)
            .ok()
            .map(|value| Box::new((name, value)));
        self
    }

    /// Adds a `Retry-After` header, whole seconds.
    pub(in crate::api) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Adds a cause for the log.
    pub(in crate::api) fn caused_by(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Takes the error out of a response, if it is one.
    pub(in crate::api) fn take(response: &mut Response) -> Option<Self> {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return None;
        }
        let stated = response.extensions_mut().remove();
        Some(stated.unwrap_or_else(|| Code::of_status(status).into()))
    }

    /// Returns the body to send; `at` in seconds since 1970.
    pub(in crate::api) fn envelope(&self, request_id: Uuid, at: u64) -> Envelope {
        Envelope {
            error: ErrorBody {
                code: self.code.name(),
                message: self.code.message(),
                details: self.details.clone(),
                timestamp: datetime(at).unwrap_or_default(),
                request_id,
            },
            more: self.more.as_deref().cloned().into_iter().collect(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(hit) = self.hit {
            headers.insert(X_CACHE, cache_state(hit));
        }
        if let Some(plugin) = self.plugin.as_deref().and_then(|label| label.parse().ok()) {
            headers.insert(X_PLUGIN, plugin);
        }
        let mut response = (self.code.status(), headers).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The value of [`X_CACHE`].
pub(in crate::api) fn cache_state(hit: bool) -> HeaderValue {
    HeaderValue::from_static(if hit { "hit" } else { "miss" })
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Envelope {
    error: ErrorBody,
    /// What else the operator's interface has to say.
    #[serde(flatten)]
    #[schema(ignore)]
    more: BTreeMap<&'static str, Value>,
}

/// What went wrong, and what to do about it.
#[derive(Serialize, ToSchema)]
struct ErrorBody {
    /// One of the documented codes.
    code: &'static str,
    /// For people.
    message: &'static str,
    /// What to do about it.
    details: Cow<'static, str>,
    /// RFC 3339, UTC.
    timestamp: String,
    /// As in the `x-request-id` header and in the server's log.
    request_id: Uuid,
}
