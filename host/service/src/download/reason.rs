//! Why a download fails. The name of the reason is stored with the job; the API chooses the words.

use serde::{Deserialize, Serialize};

use crate::{extraction, job::Failure, media, storage, upstream::MediaError};

/// Why there are no files. The names are stored: do not rename them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its address is not that of a post, reel or account.
    InvalidAddress,
    /// There is no such post, reel or account.
    NotFound,
    /// It belongs to a private account.
    Private,
    /// It was removed.
    Deleted,
    /// Withheld because of age.
    AgeRestricted,
    /// Withheld in this country.
    RegionBlocked,
    /// Instagram requires a login.
    LoginRequired,
    /// Instagram is rate-limiting this server.
    RateLimited,
    /// Stories are switched off, hidden, or there are none.
    NoStories,
    /// The plugin failed.
    ExtractorFailed,
    /// Instagram or its media server did not respond, or broke off repeatedly.
    Unavailable,
    /// The server is busy.
    Busy,
    /// Not a carousel.
    NotACarousel,
    /// The post has no video.
    NoVideo,
    /// The post has no picture.
    NoImage,
    /// The post or reel has no sound.
    NoSound,
    /// Instagram shows no media of this item.
    Withheld,
    /// The post has no item with the wanted number.
    NoItem,
    /// ffmpeg is not installed, or not with what this needs.
    NoConverter,
    /// The conversion failed.
    Conversion,
    /// The fetched file is not a picture, video or sound.
    NotMedia,
    /// The file exceeds the maximum size.
    TooLarge,
    /// The disk or the quota is full.
    Full,
    /// An error of the server.
    Internal,
}

impl Reason {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| Some(name.as_str()?.to_owned()))
            .unwrap_or_default()
    }

    /// The reason of a stored failure; any other code counts as an error of the server.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        serde_json::from_value(failure.code.as_str().into()).unwrap_or(Self::Internal)
    }

    /// Returns whether trying again later may help.
    #[must_use]
    pub fn is_transient(self) -> bool {
        // A disk that failed once may accept the same bytes in a new file.
        matches!(
            self,
            Self::RateLimited | Self::Unavailable | Self::Busy | Self::Internal
        )
    }
}

impl Reason {
    /// Returns whether the reason lies in one file, so that another rendition of it, or the other files, may do.
    pub(super) fn is_of_file(self) -> bool {
        matches!(
            self,
            Self::Unavailable
                | Self::NotMedia
                | Self::Conversion
                | Self::NoConverter
                | Self::NoSound
                | Self::TooLarge
                | Self::Withheld
        )
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.name(),
            details: String::new(),
            retry: reason.is_transient(),
        }
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
            // No file descriptor, process or disk space: the file itself is not at fault.
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
