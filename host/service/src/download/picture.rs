//! Fetches one of Instagram's pictures for display beside a record: within limits, identified by its bytes, not stored.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::Downloads;
use crate::{
    contract::FetchError,
    media::{is_whole_content, sniff},
    upstream::{MediaError, OpenMedia},
};

/// A complete picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Derived from its bytes, whatever the media server states.
    pub content_type: &'static str,
    /// The whole picture.
    pub bytes: Bytes,
}

/// Why a picture cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The link does not lead to Instagram's media servers.
    #[error("the link is not allowed: {0}")]
    Denied(String),
    /// The link has expired.
    #[error("the link has expired")]
    Expired,
    /// The link leads to something else.
    #[error("not a picture")]
    NotAPicture,
    /// The picture exceeds the maximum size.
    #[error("the picture is larger than {0} bytes")]
    TooLarge(u64),
    /// Too many others are being fetched.
    #[error("too many pictures at once")]
    Busy,
    /// The network failed.
    #[error("{0}")]
    Unavailable(String),
}

impl From<MediaError> for PictureError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Denied(why) => Self::Denied(why),
            MediaError::Fetch(FetchError::HttpRequestDenied(why)) => Self::Denied(why),
            MediaError::Expired(_) => Self::Expired,
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl Downloads {
    /// Returns the picture at a link to Instagram's media servers; the egress rules are those of downloads.
    ///
    /// # Errors
    /// [`PictureError`], after `picture_ms_max` at the latest.
    pub async fn picture(&self, url: &str) -> Result<Picture, PictureError> {
        let longest = Duration::from_millis(self.0.tools.config.picture_ms_max);
        let mut turn = false;
        let fetched = timeout(longest, async {
            let Ok(place) = Arc::clone(&self.0.pictures).acquire_owned().await else {
                return Err(PictureError::Busy);
            };
            turn = true;
            let opened = self.0.tools.upstream.open_media(url, 0, None).await?;
            let (content_type, bytes) =
                whole(opened, self.0.tools.config.picture_bytes_max).await?;
            let bytes = Bytes::from_owner(PictureBytes {
                bytes,
                _place: place,
            });
            Ok(Picture {
                content_type,
                bytes,
            })
        });
        match fetched.await {
            Ok(fetched) => fetched,
            Err(_) if !turn => Err(PictureError::Busy),
            Err(_) => Err(FetchError::HttpResponseTimeout.into()),
        }
    }
}

/// Bytes that hold their permit until they are sent, so that slow readers cannot make pictures pile up in memory.
struct PictureBytes {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for PictureBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Checks the first bytes before it reads more, so that a video costs no more than its first chunk.
async fn whole(
    mut opened: OpenMedia,
    bytes_max: u64,
) -> Result<(&'static str, Vec<u8>), PictureError> {
    let too_large = PictureError::TooLarge(bytes_max);
    if opened.total.is_some_and(|total| total > bytes_max) {
        return Err(too_large);
    }
    let mut bytes = Vec::new();
    let mut content_type = None;
    while let Some(chunk) = opened.chunk().await? {
        if (bytes.len() + chunk.len()) as u64 > bytes_max {
            return Err(too_large);
        }
        bytes.extend_from_slice(&chunk);
        if content_type.is_none() && bytes.len() >= HEAD_BYTES {
            content_type = Some(told(&bytes)?);
        }
    }
    if opened.total.is_some_and(|total| total > bytes.len() as u64) {
        return Err(FetchError::HttpResponseIncomplete.into());
    }
    let content_type = match content_type {
        Some(content_type) => content_type,
        None => told(&bytes)?,
    };
    if opened.total.is_none() && !is_whole_content(&bytes) {
        return Err(FetchError::HttpResponseIncomplete.into());
    }
    Ok((content_type, bytes))
}

/// The number of bytes that is enough to recognise every type of picture.
const HEAD_BYTES: usize = 64;

fn told(head: &[u8]) -> Result<&'static str, PictureError> {
    let kind = sniff(head).filter(|kind| kind.is_image());
    let kind = kind.ok_or(PictureError::NotAPicture)?;
    Ok(kind.content_type())
}

impl From<FetchError> for PictureError {
    fn from(error: FetchError) -> Self {
        MediaError::from(error).into()
    }
}
