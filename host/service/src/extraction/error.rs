//! The reasons why there is no record, as the caller sees them.

use std::sync::Arc;

use crate::{contract::Refusal, driver::Cause};

/// Why there is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not exist.
    #[error("it does not exist")]
    NotFound,
    /// It belongs to a private account.
    #[error("it belongs to a private account")]
    Private,
    /// It was removed.
    #[error("it was removed")]
    Deleted,
    /// Withheld because of age.
    #[error("Instagram withholds it because of age")]
    AgeRestricted,
    /// Withheld in this country.
    #[error("Instagram withholds it in this country")]
    RegionBlocked,
    /// It requires a session.
    #[error("Instagram shows it only to people who are logged in")]
    LoginRequired,
    /// Instagram is rate-limiting this server.
    #[error("Instagram is rate-limiting this server")]
    RateLimited {
        /// Seconds, if Instagram stated them.
        retry_after_s: Option<u32>,
    },
    /// Stories are switched off or hidden.
    #[error("the account's stories are switched off or hidden")]
    StoriesUnavailable,
    /// Not a cursor that this server issued.
    #[error("the cursor is not valid")]
    InvalidCursor,
    /// No door of Instagram answered.
    #[error("Instagram did not answer: {0}")]
    Unavailable(String),
    /// The plugin could not read the response, or broke its rules or limits.
    #[error("the extractor failed: {why}")]
    ExtractorFailed {
        /// The reason in words, for the log.
        why: String,
        /// The capture with the exchanges, if one was kept.
        capture: Option<String>,
    },
    /// Too many extractions at once.
    #[error("too many extractions at once")]
    Busy,
}

/// An [`Error`] and the plugin that was called, if there was one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// The reason.
    pub error: Error,
    /// `name@version+digest`.
    pub plugin: Option<Arc<str>>,
    /// Whether it is a refusal from the cache.
    pub hit: bool,
}

/// An extraction that ended without a record, and its capture.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) cause: Cause,
    pub(super) capture: Option<String>,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        let mut error = Self::from(failed.cause);
        if let Self::ExtractorFailed { capture, .. } = &mut error {
            *capture = failed.capture;
        }
        error
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        let extractor_failed = |why| Self::ExtractorFailed { why, capture: None };
        match cause {
            Cause::Refused(refusal) => refusal.into(),
            Cause::Fault(fault) => extractor_failed(fault.to_string()),
            Cause::Violation(broken) => extractor_failed(broken),
            Cause::Unrecorded(_) => extractor_failed(format!("it {cause}")),
            Cause::Late => Self::Unavailable(cause.to_string()),
            Cause::Busy => Self::Busy,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::Private => Self::Private,
            Refusal::Deleted => Self::Deleted,
            Refusal::AgeRestricted => Self::AgeRestricted,
            Refusal::RegionBlocked => Self::RegionBlocked,
            Refusal::LoginRequired => Self::LoginRequired,
            Refusal::RateLimited(retry_after_s) => Self::RateLimited { retry_after_s },
            Refusal::StoriesUnavailable => Self::StoriesUnavailable,
            Refusal::InvalidCursor => Self::InvalidCursor,
            Refusal::Unavailable(doors) => Self::Unavailable(doors),
            Refusal::Changed(change) => Self::ExtractorFailed {
                why: format!(
                    "Instagram changed {}: expected {}, found {}",
                    change.path, change.expected, change.found
                ),
                capture: None,
            },
        }
    }
}
