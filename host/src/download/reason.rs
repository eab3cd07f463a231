//! Why a download fails. Stored with its job by name, so that the API can say it in its own words later.

use serde::{Deserialize, Serialize};

use crate::{extraction, media, storage, upstream::MediaError};

/// Why there are no files. Each name is stored: do not rename one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No such post, reel or account.
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
    /// Wants a session.
    #[error("Instagram shows it only to people who are logged in")]
    LoginRequired,
    /// Instagram asks for patience.
    #[error("Instagram asks for patience")]
    RateLimited,
    /// Stories are switched off, hidden, or there are none.
    #[error("there are no stories to download")]
    NoStories,
    /// The plugin failed.
    #[error("the extractor failed")]
    ExtractorFailed,
    /// Instagram or its media server did not answer, or broke off again and again.
    #[error("Instagram's media server does not deliver the file")]
    Unavailable,
    /// Too much else is going on.
    #[error("too much else is going on")]
    Busy,
    /// Not a carousel.
    #[error("the post is no carousel")]
    NotACarousel,
    /// There is no video.
    #[error("the post has no video")]
    NoVideo,
    /// There is no picture.
    #[error("the post has no picture")]
    NoImage,
    /// There is no sound.
    #[error("the reel has no sound")]
    NoSound,
    /// ffmpeg is not installed.
    #[error("this server cannot convert: ffmpeg is not installed")]
    NoConverter,
    /// The conversion failed.
    #[error("the file could not be converted")]
    Conversion,
    /// What came is no picture, video or sound.
    #[error("what Instagram delivers is no media file")]
    NotMedia,
    /// Larger than a file may be.
    #[error("the file is larger than this server allows")]
    TooLarge,
    /// The disk or the quota is full.
    #[error("this server has no room for more files")]
    Full,
    /// The server's own failure.
    #[error("the server failed")]
    Internal,
}

impl Reason {
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| Some(name.as_str()?.to_owned()))
            .unwrap_or_default()
    }

    /// The reason of this name; any other name stands for the server's own failure.
    #[must_use]
    pub fn named(name: &str) -> Self {
        serde_json::from_value(name.into()).unwrap_or(Self::Internal)
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_transient(self) -> bool {
        // A disk that failed once may take the same bytes in a new file.
        matches!(
            self,
            Self::RateLimited | Self::Unavailable | Self::Busy | Self::Internal
        )
    }
}

impl From<&extraction::Error> for Reason {
    fn from(error: &extraction::Error) -> Self {
        use extraction::Error;
        match error {
            Error::NotFound => Self::NotFound,
            Error::Private => Self::Private,
            Error::Deleted => Self::Deleted,
            Error::AgeRestricted => Self::AgeRestricted,
            Error::RegionBlocked => Self::RegionBlocked,
            Error::LoginRequired => Self::LoginRequired,
            Error::RateLimited { .. } => Self::RateLimited,
            Error::StoriesUnavailable => Self::NoStories,
            Error::Unavailable(_) => Self::Unavailable,
            Error::ExtractorFailed { .. } | Error::InvalidCursor => Self::ExtractorFailed,
            Error::Busy => Self::Busy,
        }
    }
}

impl From<storage::Error> for Reason {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Full(_) => Self::Full,
            error => {
                tracing::error!(%error, "a download cannot keep its files");
                Self::Internal
            }
        }
    }
}

impl From<media::Error> for Reason {
    fn from(error: media::Error) -> Self {
        use media::Error;
        match error {
            Error::Unavailable => Self::NoConverter,
            Error::NoSound => Self::NoSound,
            Error::NotMedia(_) => Self::NotMedia,
            Error::TooLarge(_) => Self::TooLarge,
            // No file descriptor, no process, no room: nothing that is wrong with the file.
            Error::Io(error) => storage::Error::from(error).into(),
            error => {
                tracing::warn!(%error, "a conversion failed");
                Self::Conversion
            }
        }
    }
}

impl From<MediaError> for Reason {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Denied(_) => Self::ExtractorFailed,
            MediaError::Coding => Self::NotMedia,
            _ => Self::Unavailable,
        }
    }
}
