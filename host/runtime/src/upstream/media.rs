//! Media files: opened at any byte and read piece by piece, so that no file is ever held in memory as a whole.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{
        ACCEPT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED,
        RANGE,
    },
};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::{
    allowlist::{Denied, https},
    client::{Client, fetching},
    coding, failure,
    pool::Lent,
    request::Hop,
    tally::Tally,
    transport::redirect,
};
use crate::contract::FetchError;

/// Why a media file cannot be opened or read further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The link breaks a rule: another host, or another scheme.
    #[error("the link is not allowed: {0}")]
    Denied(String),
    /// The link is no longer valid (403, 404, 410): ask Instagram for a new one.
    #[error("the link has expired: HTTP {0}")]
    Expired(u16),
    /// The server responds, but not with the file.
    #[error("the media server answers HTTP {0}")]
    Status(u16),
    /// The file is encoded, although we asked for the plain file.
    #[error("the media server sends an encoded file")]
    Coding,
    /// The network failed.
    #[error("{0}")]
    Fetch(#[from] FetchError),
}

impl MediaError {
    /// Returns whether another attempt, perhaps from where it stopped, may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::Fetch(error) => !matches!(
                error,
                FetchError::DestinationIpProhibited | FetchError::HttpRequestDenied(_)
            ),
            Self::Denied(_) | Self::Expired(_) | Self::Coding => false,
        }
    }
}

/// An open media file.
#[derive(Debug)]
pub struct OpenMedia {
    /// The position of the first byte that is sent: the requested one, or 0 if the server starts from the beginning.
    pub start: u64,
    /// Length of the whole file in bytes, if the server states it.
    pub total: Option<u64>,
    /// Identifies this version of the file, so that reading can continue later without mixing two versions.
    pub tag: Option<String>,
    body: Body,
    tally: Arc<Tally>,
}

#[derive(Debug)]
enum Body {
    Network(reqwest::Response, Lent, Duration),
    Recorded(Option<Bytes>),
}

impl OpenMedia {
    /// Returns the next piece, or `None` at the end of the body.
    ///
    /// # Errors
    /// [`FetchError::HttpResponseTimeout`] if no data comes for `idle_ms_max`, or the error of a broken connection.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let piece = match &mut self.body {
            Body::Recorded(bytes) => Ok(bytes.take()),
            Body::Network(response, lent, idle) => timeout(*idle, response.chunk())
                .await
                .map_err(|_| {
                    lent.give_up();
                    FetchError::HttpResponseTimeout
                })?
                .map_err(|error| failure::reading(&error)),
        }?;
        self.tally
            .add_media_bytes(piece.as_ref().map_or(0, Bytes::len));
        Ok(piece)
    }
}

impl Client {
    /// Opens a media file at byte `from`. With the `tag` of an earlier response, starts at `from` only if it is still
    /// the same file, or else from the beginning. The egress rules are those of plugin requests; the operator's
    /// session is never sent.
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn open_media(
        &self,
        url: &str,
        from: u64,
        tag: Option<&str>,
    ) -> Result<OpenMedia, MediaError> {
        let hop = Hop {
            method: Method::GET,
            url: https(url, self.limits().url_bytes_max)?,
            headers: headers(from, tag),
            body: None,
        };
        let span = fetching(&hop.url);
        self.follow_media(hop, from).instrument(span).await
    }

    /// Opens a media file at byte `from`, whatever version of it is there: for somebody who watches it, part by part. The
    /// rules are those of [`Client::open_media`].
    ///
    /// # Errors
    /// [`MediaError`].
    pub async fn open_media_part(&self, url: &str, from: u64) -> Result<OpenMedia, MediaError> {
        let mut headers = headers(0, None);
        let range = HeaderValue::from_str(&format!("bytes={from}-")).ok();
        headers.extend(range.map(|range| (RANGE, range)));
        let hop = Hop {
            method: Method::GET,
            url: https(url, self.limits().url_bytes_max)?,
            headers,
            body: None,
        };
        let span = fetching(&hop.url);
        self.follow_media(hop, from).instrument(span).await
    }

    async fn follow_media(&self, mut hop: Hop, from: u64) -> Result<OpenMedia, MediaError> {
        for _ in 0..=self.limits().redirects_max {
            self.rules().check_media_host(&hop.url)?;
            if let Some(bytes) = self.recorded_media(&hop.url) {
                let bytes = bytes.ok_or(MediaError::Status(404))?;
                let is_part =
                    hop.headers.contains_key(RANGE) && !hop.headers.contains_key(IF_RANGE);
                return recorded(bytes, if is_part { from } else { 0 }, self.tally());
            }
            let (response, lent) = self.send_media(&hop).await?;
            match redirect(response.status(), response.headers(), &hop.url) {
                Some(url) => hop.url = https(url.as_str(), self.limits().url_bytes_max)?,
                None => {
                    let idle = Duration::from_millis(self.limits().idle_ms_max);
                    return opened((response, lent), from, idle, self.tally());
                }
            }
        }
        Err(FetchError::LoopDetected.into())
    }
}

/// A recorded file, as if the server had started at this byte.
fn recorded(bytes: Bytes, start: u64, tally: &Arc<Tally>) -> Result<OpenMedia, MediaError> {
    let total = bytes.len() as u64;
    let begin = usize::try_from(start).ok().filter(|_| start <= total);
    let begin = begin.ok_or(MediaError::Status(416))?;
    Ok(OpenMedia {
        start,
        total: Some(total),
        tag: None,
        body: Body::Recorded(Some(bytes.slice(begin..))),
        tally: Arc::clone(tally),
    })
}

fn headers(from: u64, tag: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let tag = tag.and_then(|tag| HeaderValue::from_str(tag).ok());
    // Without a tag for the version, the rest could be of another file.
    let range = HeaderValue::from_str(&format!("bytes={from}-")).ok();
    if let Some((tag, range)) = tag.zip(range).filter(|_| from > 0) {
        headers.insert(RANGE, range);
        headers.insert(IF_RANGE, tag);
    }
    headers
}

fn opened(
    (response, lent): (reqwest::Response, Lent),
    from: u64,
    idle: Duration,
    tally: &Arc<Tally>,
) -> Result<OpenMedia, MediaError> {
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if !matches!(coding::of(headers), Ok(None)) {
        return Err(MediaError::Coding);
    }
    let (start, total) = match response.status() {
        StatusCode::OK => (0, response.content_length()),
        StatusCode::PARTIAL_CONTENT => match text(CONTENT_RANGE).and_then(range) {
            Some((start, total)) if start == from => (start, total),
            _ => return Err(FetchError::HttpProtocolError.into()),
        },
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            return Err(MediaError::Expired(response.status().as_u16()));
        }
        status => return Err(MediaError::Status(status.as_u16())),
    };
    // Only a strong tag identifies the exact bytes.
    let strong = text(ETAG).filter(|tag| !tag.starts_with("W/"));
    let tag = strong.or_else(|| text(LAST_MODIFIED)).map(str::to_owned);
    Ok(OpenMedia {
        start,
        total,
        tag,
        body: Body::Network(response, lent, idle),
        tally: Arc::clone(tally),
    })
}

/// Parses `bytes 5-9/10` into the first byte and the total length, if it is known.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()))
}

impl From<Denied> for MediaError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn content_ranges_say_where_they_start() {
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        for wrong in ["bytes */10", "5-9/10", "bytes -9/10", ""] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
