//! Every refusal becomes a status, a code and a text here and nowhere else.
//!
//! [`ApiError`] travels as an empty response that carries itself in its extensions; the outermost layer
//! ([`super::middleware`]) writes the JSON envelope, because only there the request id is known.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::clock::datetime;
use crate::extraction::{Error, Failure};

/// Which plugin answered, on every answer that one was asked for.
pub(super) const X_PLUGIN: HeaderName = HeaderName::from_static("x-plugin");
/// Whether the answer came from memory: `hit` or `miss`.
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// How long a client should wait when Instagram asks for patience without saying how long.
const UPSTREAM_RETRY_AFTER_S: u32 = 60;

/// Every error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    InvalidUrl,
    InvalidUsername,
    InvalidLimit,
    InvalidParameter,
    InvalidRequest,
    Unauthorized,
    AccountPrivate,
    PostPrivate,
    ReelPrivate,
    PostDeleted,
    StoriesDisabled,
    AgeRestricted,
    LoginRequired,
    RegionBlocked,
    ForbiddenHost,
    ForbiddenOrigin,
    NotFound,
    ProfileNotFound,
    PostNotFound,
    ReelNotFound,
    MethodNotAllowed,
    PayloadTooLarge,
    UriTooLong,
    RateLimit,
    ServerError,
    UpstreamUnavailable,
    ExtractorFailed,
    UpstreamRateLimited,
    ServerBusy,
}

impl Code {
    /// Status, name, message, and what the caller can do about it.
    #[rustfmt::skip]
    fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::InvalidUrl => (400, "INVALID_URL", "URL format is invalid", "Give a post or reel URL, a shortcode or a numeric id"),
            Self::InvalidUsername => (400, "INVALID_USERNAME", "Username is invalid or empty", "A username has 1 to 30 letters, digits, dots and underscores"),
            Self::InvalidLimit => (400, "INVALID_LIMIT", "Limit parameter out of range (1-50)", "Give a whole number from 1 to 50"),
            Self::InvalidParameter => (400, "INVALID_PARAMETER", "Query or body parameter is invalid", "Review parameter documentation"),
            Self::InvalidRequest => (400, "INVALID_REQUEST", "The request is malformed", "See /docs"),
            Self::Unauthorized => (401, "UNAUTHORIZED", "The admin interface wants its token", "Send `Authorization: Bearer` with the token from the data folder"),
            Self::AccountPrivate => (403, "ACCOUNT_PRIVATE", "This is a private account and content is not publicly accessible", "Only public accounts are supported"),
            Self::PostPrivate => (403, "POST_PRIVATE", "Post is private or from a private account", "Post must be from public account"),
            Self::ReelPrivate => (403, "REEL_PRIVATE", "Reel is from a private account", "Reel must be from public account"),
            Self::PostDeleted => (403, "POST_DELETED", "Post has been deleted", "Content is no longer available"),
            Self::StoriesDisabled => (403, "STORIES_DISABLED", "Stories are disabled or hidden", "The account does not show its stories"),
            Self::AgeRestricted => (403, "AGE_RESTRICTED", "Instagram withholds this because of age", "Only content for everybody is supported"),
            Self::LoginRequired => (403, "LOGIN_REQUIRED", "Instagram shows this only to people who are logged in", "Only public content is supported"),
            Self::RegionBlocked => (403, "REGION_BLOCKED", "Instagram withholds this in the server's country", "Only content that is public here is supported"),
            Self::ForbiddenHost => (403, "FORBIDDEN_HOST", "This server does not answer to that Host name", "Use localhost, or let the operator allow the name"),
            Self::ForbiddenOrigin => (403, "FORBIDDEN_ORIGIN", "Requests from other websites are refused", "Let the operator allow the origin"),
            Self::NotFound => (404, "NOT_FOUND", "There is no such path", "See /docs"),
            Self::ProfileNotFound => (404, "PROFILE_NOT_FOUND", "The requested profile does not exist", "Verify username"),
            Self::PostNotFound => (404, "POST_NOT_FOUND", "The requested post does not exist", "Verify URL or shortcode"),
            Self::ReelNotFound => (404, "REEL_NOT_FOUND", "The requested reel does not exist", "Verify URL or reel ID"),
            Self::MethodNotAllowed => (405, "METHOD_NOT_ALLOWED", "The path does not take this method", "See the Allow header"),
            Self::PayloadTooLarge => (413, "PAYLOAD_TOO_LARGE", "The request body is too large", "Send less"),
            Self::UriTooLong => (414, "URI_TOO_LONG", "The URL is too long", "Send at most 8 KiB"),
            Self::RateLimit => (429, "RATE_LIMIT", "Rate limit exceeded. Please try again later", "Wait as long as the Retry-After header says"),
            Self::ServerError => (500, "SERVER_ERROR", "Internal server error", "Retry after a moment; the operator finds the request id in the log"),
            Self::UpstreamUnavailable => (502, "UPSTREAM_UNAVAILABLE", "Instagram did not answer", "Retry after a moment"),
            Self::ExtractorFailed => (502, "EXTRACTOR_FAILED", "Instagram's answer could not be read", "Instagram may have changed; the operator can replace the plugin that the x-plugin header names"),
            Self::UpstreamRateLimited => (503, "UPSTREAM_RATE_LIMITED", "Instagram asks for patience", "Wait as long as the Retry-After header says"),
            Self::ServerBusy => (503, "SERVER_BUSY", "The server is busy", "Retry after a moment"),
        }
    }

    pub(super) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    pub(super) fn message(self) -> &'static str {
        self.row().2
    }

    fn advice(self) -> &'static str {
        self.row().3
    }

    /// The code of a refusal that a library made with a bare status.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            status if status.is_client_error() => Self::InvalidRequest,
            _ => Self::ServerError,
        }
    }
}

/// What an endpoint is about: decides the codes for "private" and "not found".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Account,
    Post,
    Reel,
    Story,
}

impl Subject {
    /// The code for an extraction that ended without a record.
    pub(super) fn code(self, error: &Error) -> Code {
        match (error, self) {
            (Error::NotFound, Self::Account | Self::Story) => Code::ProfileNotFound,
            (Error::NotFound, Self::Post) => Code::PostNotFound,
            (Error::NotFound, Self::Reel) => Code::ReelNotFound,
            (Error::Private, Self::Account | Self::Story) => Code::AccountPrivate,
            (Error::Private, Self::Post) => Code::PostPrivate,
            (Error::Private, Self::Reel) => Code::ReelPrivate,
            // Only posts have a code for it: what is deleted elsewhere is not there.
            (Error::Deleted, Self::Post) => Code::PostDeleted,
            (Error::Deleted, Self::Reel) => Code::ReelNotFound,
            (Error::Deleted, Self::Account | Self::Story) => Code::ProfileNotFound,
            (Error::AgeRestricted, _) => Code::AgeRestricted,
            (Error::RegionBlocked, _) => Code::RegionBlocked,
            (Error::LoginRequired, _) => Code::LoginRequired,
            (Error::StoriesUnavailable, _) => Code::StoriesDisabled,
            (Error::InvalidCursor, _) => Code::InvalidParameter,
            (Error::RateLimited { .. }, _) => Code::UpstreamRateLimited,
            (Error::Unavailable(_), _) => Code::UpstreamUnavailable,
            (Error::ExtractorFailed(_), _) => Code::ExtractorFailed,
            (Error::Busy, _) => Code::ServerBusy,
        }
    }

    /// The refusal for an extraction that ended without a record.
    pub(super) fn refuse(self, failure: Failure) -> ApiError {
        let mut refusal = ApiError::from(self.code(&failure.error));
        match &failure.error {
            Error::RateLimited { retry_after_s } => {
                refusal.retry_after_s =
                    Some(u64::from(retry_after_s.unwrap_or(UPSTREAM_RETRY_AFTER_S)));
            }
            Error::Busy => refusal.retry_after_s = Some(1),
            Error::InvalidCursor => refusal.details = "The cursor is not one of this server's",
            _ => {}
        }
        refusal.cause = Some(failure.error.to_string());
        refusal.plugin = failure.plugin;
        refusal.hit = Some(failure.hit);
        refusal
    }
}

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) code: Code,
    details: &'static str,
    retry_after_s: Option<u64>,
    plugin: Option<Arc<str>>,
    hit: Option<bool>,
    /// For the log only: may hold what Instagram or a plugin said.
    pub(super) cause: Option<String>,
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self {
            code,
            details: code.advice(),
            retry_after_s: None,
            plugin: None,
            hit: None,
            cause: None,
        }
    }
}

impl ApiError {
    /// With other details than the code's own advice.
    pub(super) fn because(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }

    /// With a `Retry-After` header, whole seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// With a cause for the log.
    pub(super) fn caused_by(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The refusal that a response stands for, if it is one.
    pub(super) fn of(response: &Response) -> Option<Self> {
        let status = response.status();
        let refused = status.is_client_error() || status.is_server_error();
        let stated = response.extensions().get::<Self>().cloned();
        refused.then(|| stated.unwrap_or_else(|| Code::of_status(status).into()))
    }

    /// The body that goes out; `at` in seconds since 1970.
    pub(super) fn envelope(&self, request_id: Uuid, at: u64) -> Envelope {
        Envelope {
            error: Refused {
                code: self.code.name(),
                message: self.code.message(),
                details: self.details,
                timestamp: datetime(at).unwrap_or_default(),
                request_id,
            },
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
pub(super) fn cache_state(hit: bool) -> HeaderValue {
    HeaderValue::from_static(if hit { "hit" } else { "miss" })
}

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub(super) struct Envelope {
    error: Refused,
}

/// What was refused and why.
#[derive(Serialize, ToSchema)]
struct Refused {
    /// One of the documented codes.
    code: &'static str,
    /// For people.
    message: &'static str,
    /// What to do about it.
    details: &'static str,
    /// RFC 3339, UTC.
    timestamp: String,
    /// As in the `x-request-id` header and in the server's log.
    request_id: Uuid,
}
