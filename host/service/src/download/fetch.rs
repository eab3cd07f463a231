//! Fetches one link into one staged file: streamed, counted, and resumed after a broken connection.

use std::{path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use super::reason::Reason;
use crate::{
    contract::FetchError,
    media::is_whole,
    storage::{self, FileDigest, StagedFile, Storage},
    upstream::{Client, MediaError, OpenMedia},
};

/// The maximum number of attempts in a row to open a link; an attempt that comes further than all before resets the
/// count.
const OPENINGS_MAX: u32 = 4;
/// The pause before the second opening, milliseconds; doubled each time.
const PAUSE_MS_MIN: u64 = 250;
/// The free disk space is checked again after this many bytes.
const LOOK_EVERY_BYTES: u64 = 16 << 20;

/// The time over which the rate of a media server is measured.
const PACE_WINDOW: Duration = Duration::from_secs(30);

/// Why a link did not become a file.
#[derive(Debug)]
pub(super) enum LinkError {
    /// The link has expired; a new one may exist.
    Expired,
    /// The download fails for this reason.
    For(Reason),
}

impl<E: Into<Reason>> From<E> for LinkError {
    fn from(error: E) -> Self {
        Self::For(error.into())
    }
}

/// The inputs of a fetch, and its progress callback.
pub(super) struct Fetch<'a, R> {
    pub(super) upstream: &'a Client,
    pub(super) storage: &'a Storage,
    /// The maximum size of one file, bytes.
    pub(super) bytes_max: u64,
    /// The minimum rate over [`PACE_WINDOW`], bytes per second.
    pub(super) bytes_per_s_min: u64,
    /// Called with the number of bytes received and, if known, the length of the file.
    pub(super) report: R,
}

/// A staged file that is being written.
struct Target {
    file: StagedFile,
    written: u64,
    looked_at: u64,
}

impl<R: Fn(u64, Option<u64>)> Fetch<'_, R> {
    /// Fetches `url` to the staged file `path` and returns its length and hash. A media file that does not reach its own end counts
    /// as an interrupted transfer; what is not a media file fails. A failed fetch is deleted with its staging folder.
    pub(super) async fn run(&self, url: &str, path: &Path) -> Result<FileDigest, LinkError> {
        faults::may_fail("fetch.create", path).map_err(storage::Error::from)?;
        let mut target = Target {
            file: StagedFile::create(path).await?,
            written: 0,
            looked_at: 0,
        };
        let mut tag = None;
        let mut openings = 0;
        let mut furthest = 0;
        loop {
            let failed = match self.opening(url, &mut target, &mut tag).await {
                Ok(()) if is_whole(path).await? => return Ok(target.file.finish().await?),
                // The server does not state the length, or states that of a part.
                Ok(()) => FetchError::HttpResponseIncomplete.into(),
                Err(Interruption::Broken(error)) if error.is_transient() => error,
                Err(Interruption::Broken(MediaError::Expired(_))) => {
                    return Err(LinkError::Expired);
                }
                Err(Interruption::Broken(error)) => return Err(error.into()),
                Err(Interruption::For(reason)) => return Err(LinkError::For(reason)),
            };
            // An attempt that came further than all before resets the count.
            openings = if target.written > furthest {
                1
            } else {
                openings + 1
            };
            furthest = furthest.max(target.written);
            if openings >= OPENINGS_MAX {
                return Err(failed.into());
            }
            tracing::info!(error = %failed, at = target.written, "a media link is read on");
            sleep(Duration::from_millis(PAUSE_MS_MIN << openings)).await;
        }
    }

    async fn opening(
        &self,
        url: &str,
        target: &mut Target,
        tag: &mut Option<String>,
    ) -> Result<(), Interruption> {
        let mut opened = self
            .upstream
            .open_media(url, target.written, tag.as_deref())
            .await?;
        if opened.start != target.written {
            target.file.start_over().await?;
            (target.written, target.looked_at) = (0, 0);
        }
        *tag = opened.tag.take();
        self.room(target.written, opened.total)?;
        self.drain(&mut opened, target).await?;
        faults::may_fail("fetch.flush", "").map_err(storage::Error::from)?;
        target.file.flush().await?;
        match opened.total {
            Some(total) if target.written < total => Err(Interruption::Broken(
                FetchError::HttpResponseIncomplete.into(),
            )),
            _ if target.written == 0 => Err(Interruption::For(Reason::NotMedia)),
            _ => Ok(()),
        }
    }

    async fn drain(&self, opened: &mut OpenMedia, target: &mut Target) -> Result<(), Interruption> {
        let total = opened.total;
        let mut told = Instant::now();
        let mut pace = Pace::from(target.written);
        while let Some(piece) = opened.chunk().await.map_err(MediaError::from)? {
            target.written += piece.len() as u64;
            if pace.is_below(self.bytes_per_s_min, target.written) {
                tracing::info!(at = target.written, "a media server is too slow");
                return Err(Interruption::For(Reason::Unavailable));
            }
            self.room(target.written, None)?;
            if target.written - target.looked_at >= LOOK_EVERY_BYTES {
                self.storage.has_room(0)?;
                target.looked_at = target.written;
            }
            faults::may_fail("fetch.write", "").map_err(storage::Error::from)?;
            target.file.write(&piece).await?;
            if told.elapsed() >= Duration::from_millis(100) {
                (self.report)(target.written, total);
                told = Instant::now();
            }
        }
        (self.report)(target.written, total);
        Ok(())
    }

    /// Checks that a file may be stored: its `written` bytes, and those that the server announces.
    fn room(&self, written: u64, announced: Option<u64>) -> Result<(), Interruption> {
        if written.max(announced.unwrap_or_default()) > self.bytes_max {
            return Err(Interruption::For(Reason::TooLarge));
        }
        match announced {
            Some(bytes) => Ok(self.storage.has_room(bytes.saturating_sub(written))?),
            None => Ok(()),
        }
    }
}

/// Measures the rate of a media server since the window began.
struct Pace {
    since: Instant,
    at: u64,
}

impl Pace {
    fn from(at: u64) -> Self {
        let since = Instant::now();
        Self { since, at }
    }

    /// Returns whether a window has ended with too few bytes, and begins the next one.
    fn is_below(&mut self, bytes_per_s_min: u64, written: u64) -> bool {
        let passed = self.since.elapsed();
        if passed < PACE_WINDOW {
            return false;
        }
        let came = written.saturating_sub(self.at);
        *self = Self::from(written);
        came < bytes_per_s_min.saturating_mul(passed.as_secs())
    }
}

/// Why one opening of the link ended.
enum Interruption {
    Broken(MediaError),
    For(Reason),
}

impl From<MediaError> for Interruption {
    fn from(error: MediaError) -> Self {
        Self::Broken(error)
    }
}

impl From<storage::Error> for Interruption {
    fn from(error: storage::Error) -> Self {
        Self::For(error.into())
    }
}

#[cfg(test)]
mod tests {
    //! Tests the difference between slow and too slow.

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_whole_window_below_the_rate_is_too_slow() {
        let mut pace = Pace::from(0);
        tokio::time::advance(PACE_WINDOW / 2).await;
        assert!(!pace.is_below(100, 0));
        tokio::time::advance(PACE_WINDOW / 2).await;
        assert!(!pace.is_below(100, 3_000));
        tokio::time::advance(PACE_WINDOW).await;
        assert!(pace.is_below(100, 5_999));
        tokio::time::advance(PACE_WINDOW).await;
        assert!(!pace.is_below(0, 5_999));
    }
}
