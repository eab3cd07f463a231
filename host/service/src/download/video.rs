//! Streams one of Instagram's videos for display beside a record: any part of it, within limits, not stored.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream::try_unfold};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout_at},
};

use super::Downloads;
use crate::{
    contract::FetchError,
    media::sniff,
    upstream::{MediaError, OpenMedia},
};

/// A part of a video, from one byte to the last of the video.
pub struct Video {
    /// The position of its first byte: the requested one, or 0 if the media server starts from the beginning.
    pub start: u64,
    /// Length of the whole video in bytes, if the media server states it.
    pub total: Option<u64>,
    watched: Watched,
}

/// Why a video cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VideoError {
    /// The link does not lead to Instagram's media servers.
    #[error("the link is not allowed: {0}")]
    Denied(String),
    /// The link has expired.
    #[error("the link has expired")]
    Expired,
    /// The link leads to something else.
    #[error("not a video")]
    NotAVideo,
    /// The video has no such byte.
    #[error("the video ends before the requested part")]
    BeyondEnd,
    /// The video exceeds the maximum size of a file.
    #[error("the video is larger than {0} bytes")]
    TooLarge(u64),
    /// Too many others are being watched.
    #[error("too many videos at once")]
    Busy,
    /// The network failed.
    #[error("{0}")]
    Unavailable(String),
}

impl From<MediaError> for VideoError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Denied(why) => Self::Denied(why),
            MediaError::Fetch(FetchError::HttpRequestDenied(why)) => Self::Denied(why),
            MediaError::Expired(_) => Self::Expired,
            MediaError::Status(416) => Self::BeyondEnd,
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<FetchError> for VideoError {
    fn from(error: FetchError) -> Self {
        MediaError::from(error).into()
    }
}

impl Downloads {
    /// Opens the video at a link to Instagram's media servers, at byte `from`; the egress rules are those of downloads, and
    /// so is the maximum size. It holds one of `videos_max` places until it is dropped.
    ///
    /// # Errors
    /// [`VideoError`], after `video_ms_max` at the latest.
    pub async fn video(&self, url: &str, from: u64) -> Result<Video, VideoError> {
        let config = &self.0.tools.config;
        let until = Instant::now() + Duration::from_millis(config.video_ms_max);
        let place = Arc::clone(&self.0.videos).try_acquire_owned();
        let place = place.map_err(|_| VideoError::Busy)?;
        let opened = timeout_at(until, self.0.tools.upstream.open_media_part(url, from));
        let mut opened = opened.await.map_err(|_| late())??;
        let too_large = |bytes: &u64| *bytes > config.file_bytes_max;
        if opened.total.is_some_and(|total| too_large(&total)) {
            return Err(VideoError::TooLarge(config.file_bytes_max));
        }
        let read = timeout_at(until, opened.chunk());
        let read = read.await.map_err(|_| late())??;
        // What a later part holds cannot be told by its bytes, but no browser runs it either.
        let head = read.as_deref().unwrap_or_default();
        if opened.start == 0 && !sniff(head).is_some_and(|kind| kind.is_video()) {
            return Err(VideoError::NotAVideo);
        }
        Ok(Video {
            start: opened.start,
            total: opened.total,
            watched: Watched {
                left: config.file_bytes_max,
                opened,
                read,
                until,
                _place: place,
            },
        })
    }
}

fn late() -> VideoError {
    FetchError::HttpResponseTimeout.into()
}

impl Video {
    /// The next `length` bytes. An error ends the stream: the connection failed, or the time is up.
    pub fn read(self, length: Option<u64>) -> impl Stream<Item = Result<Bytes, FetchError>> + Send {
        let mut watched = self.watched;
        watched.left = length.unwrap_or(watched.left).min(watched.left);
        try_unfold(watched, Watched::next)
    }
}

/// What is left of a video.
struct Watched {
    opened: OpenMedia,
    /// The piece that was read to tell what it is.
    read: Option<Bytes>,
    /// The number of bytes that may still be sent.
    left: u64,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

impl Watched {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, FetchError> {
        if self.left == 0 {
            return Ok(None);
        }
        let piece = match self.read.take() {
            Some(piece) => Some(piece),
            None => timeout_at(self.until, self.opened.chunk())
                .await
                .map_err(|_| FetchError::HttpResponseTimeout)??,
        };
        let Some(mut piece) = piece else {
            return Ok(None);
        };
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        Ok(Some((piece, self)))
    }
}
