//! Every refusal becomes a status, a code and a text here and nowhere else.
//!
//! [`ApiError`] travels as an empty response that carries itself in its extensions; the outermost layer
//! ([`super::middleware`]) writes the JSON envelope, because only there the request id is known.

mod code;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) use code::Code;

use super::clock::datetime;
use crate::{
    download::Reason,
    extraction::{Error, Failure},
    job,
};

/// Which plugin answered, on every answer that one was asked for.
pub(super) const X_PLUGIN: HeaderName = HeaderName::from_static("x-plugin");
/// Whether the answer came from memory: `hit` or `miss`.
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// How long a client should wait when Instagram asks for patience without saying how long.
const UPSTREAM_RETRY_AFTER_S: u32 = 60;
/// How long a client should wait when the queue or the disk is full.
const FULL_RETRY_AFTER_S: u64 = 10;

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
            (Error::ExtractorFailed { .. }, _) => Code::ExtractorFailed,
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
            Error::InvalidCursor => {
                refusal = refusal.because("The cursor is not one of this server's");
            }
            Error::ExtractorFailed {
                capture: Some(capture),
                ..
            } => {
                let advice = Code::ExtractorFailed.advice();
                refusal.details =
                    format!("{advice}; what it was answered is capture {capture}").into();
            }
            _ => {}
        }
        refusal.cause = Some(failure.error.to_string());
        refusal.plugin = failure.plugin;
        refusal.hit = Some(failure.hit);
        refusal
    }
}

impl Subject {
    /// The code for a download that failed.
    pub(super) fn reason(self, reason: Reason) -> Code {
        let extraction = |error| self.code(&error);
        match reason {
            Reason::NotFound => extraction(Error::NotFound),
            Reason::Private => extraction(Error::Private),
            Reason::Deleted => extraction(Error::Deleted),
            Reason::AgeRestricted => Code::AgeRestricted,
            Reason::RegionBlocked => Code::RegionBlocked,
            Reason::LoginRequired => Code::LoginRequired,
            Reason::RateLimited => Code::UpstreamRateLimited,
            Reason::NoStories => Code::StoriesUnavailable,
            Reason::ExtractorFailed => Code::ExtractorFailed,
            Reason::Unavailable | Reason::NotMedia => Code::UpstreamUnavailable,
            Reason::Busy => Code::ServerBusy,
            Reason::NotACarousel => Code::InvalidUrl,
            Reason::NoVideo | Reason::NoImage | Reason::NoSound => Code::InvalidParameter,
            Reason::NoConverter => Code::ConversionUnavailable,
            Reason::Conversion => Code::ConversionFailed,
            Reason::TooLarge => Code::FileTooLarge,
            Reason::Full => Code::StorageFull,
            Reason::Internal => Code::ServerError,
        }
    }

    /// The refusal of a download that cannot succeed.
    pub(super) fn cannot(self, reason: Reason) -> ApiError {
        let refusal = ApiError::from(self.reason(reason)).caused_by(reason);
        match reason {
            Reason::NotACarousel => refusal.because("URL is not a carousel post"),
            Reason::NoVideo => refusal.because("The post has no video"),
            Reason::NoImage => refusal.because("The post has no picture"),
            Reason::NoSound => refusal.because("The reel has no sound"),
            Reason::Full => refusal.retry_after(FULL_RETRY_AFTER_S),
            _ => refusal,
        }
    }
}

/// A job that was not taken.
impl From<job::Error> for ApiError {
    fn from(error: job::Error) -> Self {
        let refusal = match &error {
            job::Error::QueueFull => Self::from(Code::ServerBusy).retry_after(FULL_RETRY_AFTER_S),
            job::Error::ShareFull => Self::from(Code::RateLimit)
                .because("Too many of your downloads are waiting")
                .retry_after(FULL_RETRY_AFTER_S),
            _ => Self::from(Code::ServerError),
        };
        refusal.caused_by(error)
    }
}

/// A refusal on its way out.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) code: Code,
    details: Cow<'static, str>,
    retry_after_s: Option<u64>,
    plugin: Option<Arc<str>>,
    hit: Option<bool>,
    /// Beside the error in the body, under a name of its own.
    more: Option<Box<(&'static str, Value)>>,
    /// For the log only: may hold what Instagram or a plugin said.
    pub(super) cause: Option<String>,
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
    /// With other details than the code's own advice.
    pub(super) fn because(mut self, details: impl Into<Cow<'static, str>>) -> Self {
        self.details = details.into();
        self
    }

    /// With a value beside the error in the body.
    pub(super) fn with<T: Serialize>(mut self, name: &'static str, value: &T) -> Self {
        self.more = serde_json::to_value(value)
            .ok()
            .map(|value| Box::new((name, value)));
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
pub(super) fn cache_state(hit: bool) -> HeaderValue {
    HeaderValue::from_static(if hit { "hit" } else { "miss" })
}

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub(super) struct Envelope {
    error: Refused,
    /// What else the operator's interface has to say.
    #[serde(flatten)]
    #[schema(ignore)]
    more: BTreeMap<&'static str, Value>,
}

/// What was refused and why.
#[derive(Serialize, ToSchema)]
struct Refused {
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
