//! Maps failures of extractions, downloads and the queue to error codes.

use super::{ApiError, Code};
use crate::{
    contract::target::{InvalidUrl, InvalidUsername},
    download::{Kind, Reason},
    extraction::{Error, Failure},
    job,
};

/// How long a client should wait when Instagram is rate-limiting this server and states no time.
const UPSTREAM_RETRY_AFTER_S: u32 = 60;
/// How long a client should wait when the queue or the disk is full.
const FULL_RETRY_AFTER_S: u64 = 10;

/// The subject of an endpoint: decides the codes for "private" and "not found".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Subject {
    Account,
    Post,
    Reel,
    Story,
}

impl Subject {
    /// The code for an extraction that ended without a record.
    pub(in crate::api) fn code(self, error: &Error) -> Code {
        match (error, self) {
            (Error::NotFound, Self::Account | Self::Story) => Code::ProfileNotFound,
            (Error::NotFound, Self::Post) => Code::PostNotFound,
            (Error::NotFound, Self::Reel) => Code::ReelNotFound,
            (Error::Private, Self::Account | Self::Story) => Code::AccountPrivate,
            (Error::Private, Self::Post) => Code::PostPrivate,
            (Error::Private, Self::Reel) => Code::ReelPrivate,
            // Only posts have a code for deleted content; everything else that was deleted is not found.
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

    /// The error for an extraction that ended without a record.
    pub(in crate::api) fn extraction_error(self, failure: Failure) -> ApiError {
        let mut response = ApiError::from(self.code(&failure.error));
        match &failure.error {
            Error::RateLimited { retry_after_s } => {
                response.retry_after_s =
                    Some(u64::from(retry_after_s.unwrap_or(UPSTREAM_RETRY_AFTER_S)));
            }
            Error::Busy => response.retry_after_s = Some(1),
            Error::InvalidCursor => {
                response = response.because("The cursor did not come from this server");
            }
            Error::ExtractorFailed {
                capture: Some(capture),
                ..
            } => {
                let advice = Code::ExtractorFailed.advice();
                response.details =
                    format!("{advice}; the response was saved as capture {capture}").into();
            }
            _ => {}
        }
        response.cause = Some(failure.error.to_string());
        response.plugin = failure.plugin;
        response.hit = Some(failure.hit);
        response
    }
}

impl Subject {
    /// The code for a download that failed.
    pub(in crate::api) fn reason(self, reason: Reason) -> Code {
        let extraction = |error| self.code(&error);
        match reason {
            Reason::InvalidAddress => self.invalid_address(),
            Reason::Withheld if self == Self::Story => Code::StoriesUnavailable,
            Reason::NotFound | Reason::Withheld => extraction(Error::NotFound),
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
            Reason::NoVideo | Reason::NoImage | Reason::NoSound | Reason::NoItem => {
                Code::InvalidParameter
            }
            Reason::NoConverter => Code::ConversionUnavailable,
            Reason::Conversion => Code::ConversionFailed,
            Reason::TooLarge => Code::FileTooLarge,
            Reason::Full => Code::StorageFull,
            Reason::Internal => Code::ServerError,
        }
    }

    /// The code for a text that does not name such a subject.
    pub(in crate::api) fn invalid_address(self) -> Code {
        match self {
            Self::Account | Self::Story => Code::InvalidUsername,
            Self::Post | Self::Reel => Code::InvalidUrl,
        }
    }

    /// The error for a download that cannot succeed.
    pub(in crate::api) fn download_error(self, reason: Reason) -> ApiError {
        let response = ApiError::from(self.reason(reason)).caused_by(reason_text(reason));
        match reason {
            Reason::NotACarousel => response.because("URL is not a carousel post"),
            Reason::NoVideo => response.because("The post has no video"),
            Reason::NoImage => response.because("The post has no picture"),
            Reason::NoSound => response.because("It has no sound"),
            Reason::NoItem => response.because("The post has no item with this number"),
            Reason::Full => response.retry_after(FULL_RETRY_AFTER_S),
            _ => response,
        }
    }
}

impl From<InvalidUrl> for ApiError {
    fn from(why: InvalidUrl) -> Self {
        Self::from(Code::InvalidUrl).because(why.to_string())
    }
}

impl From<InvalidUsername> for ApiError {
    fn from(why: InvalidUsername) -> Self {
        Self::from(Code::InvalidUsername).because(why.to_string())
    }
}

/// Converts the reason why a job was not accepted.
impl From<job::Error> for ApiError {
    fn from(error: job::Error) -> Self {
        let response = match &error {
            job::Error::QueueFull => Self::from(Code::ServerBusy).retry_after(FULL_RETRY_AFTER_S),
            job::Error::ShareFull => Self::from(Code::RateLimit)
                .because("Too many of your downloads are waiting")
                .retry_after(FULL_RETRY_AFTER_S),
            job::Error::Database(error) if error.is_away() => Self::database_away(),
            _ => Self::from(Code::ServerError),
        };
        response.caused_by(error)
    }
}

impl From<Kind> for Subject {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Post | Kind::Carousel => Self::Post,
            Kind::Reel => Self::Reel,
            Kind::Story => Self::Story,
        }
    }
}

/// Why a download failed, as a sentence for clients.
#[must_use]
pub fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::InvalidAddress => "its address is not that of a post, a reel or an account",
        Reason::NotFound => "it does not exist",
        Reason::Private => "it belongs to a private account",
        Reason::Deleted => "it was removed",
        Reason::AgeRestricted => "it is age-restricted on Instagram",
        Reason::RegionBlocked => "Instagram does not show it in this country",
        Reason::LoginRequired => "Instagram requires a login to show it",
        Reason::RateLimited => "Instagram is rate-limiting this server",
        Reason::NoStories => "there are no stories to download",
        Reason::ExtractorFailed => "the extractor failed",
        Reason::Unavailable => "Instagram's media server did not deliver the file",
        Reason::Busy => "the server is busy",
        Reason::NotACarousel => "the post is not a carousel",
        Reason::NoVideo => "the post has no video",
        Reason::NoImage => "the post has no picture",
        Reason::NoSound => "it has no sound",
        Reason::NoItem => "the post has no item with this number",
        Reason::Withheld => "Instagram shows no media of this item",
        Reason::NoConverter => {
            "this server cannot convert it: ffmpeg is not installed, or not with what this needs"
        }
        Reason::Conversion => "the file could not be converted",
        Reason::NotMedia => "Instagram did not deliver a media file",
        Reason::TooLarge => "the file is larger than this server allows",
        Reason::Full => "this server has no room for more files",
        Reason::Internal => "the server failed",
    }
}
