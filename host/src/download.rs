//! Downloads: what one is, and how it becomes files. The queue that runs them knows none of this.

mod archive;
mod choice;
mod fetch;
mod housekeeping;
mod metadata;
mod options;
mod picture;
mod plan;
mod publish;
mod reason;
mod run;

use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

pub use options::{Download, Formats, Kind, Part, Quality};
pub use picture::{Picture, PictureError};
pub use publish::{FileMade, Made};
pub use reason::Reason;

use crate::{
    clock::Clock,
    contract::Record,
    database::{self, Database, FileRow},
    extraction::Extraction,
    job::{self, Counts, JobId, Origin, Queue, Status},
    media::Media,
    storage::{self, Name, Storage},
    upstream::Client,
};

/// Limits of downloads.
#[derive(Clone, Debug)]
pub struct Config {
    /// Most bytes of one file.
    pub file_bytes_max: u64,
    /// A media server that sends less over 30 s is given up, bytes a second; 0: never.
    pub bytes_per_s_min: u64,
    /// How long a file is served after its job has ended, seconds.
    pub retention_s: u64,
    /// Whether every file name carries something that nobody can guess.
    pub secret_names: bool,
    /// Most bytes of a picture that is shown and not kept.
    pub picture_bytes_max: u64,
    /// Longest time to wait for such a picture, milliseconds.
    pub picture_ms_max: u64,
    /// Such pictures held at once; the next one waits.
    pub pictures_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file_bytes_max: 500 << 20,
            bytes_per_s_min: 4 << 10,
            retention_s: 30 * 60,
            secret_names: false,
            picture_bytes_max: 4 << 20,
            picture_ms_max: 10_000,
            pictures_max: 16,
        }
    }
}

/// Everything that a download needs while it runs.
#[derive(Clone)]
pub struct Tools {
    /// Limits.
    pub config: Arc<Config>,
    /// From a query to a record.
    pub extraction: Extraction,
    /// Opens media links.
    pub upstream: Client,
    /// Probes and converts.
    pub media: Media,
    /// Keeps files.
    pub storage: Storage,
    /// Keeps their rows.
    pub database: Database,
    /// What time it is.
    pub clock: Clock,
    /// Held while names are given out, so that two files never take the same.
    pub naming: Arc<Mutex<()>>,
}

/// A file that may be served.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its checked name.
    pub name: Name,
    /// What it is.
    pub row: FileRow,
}

/// Why a file is not served.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There never was such a file, or long ago.
    #[error("there is no such file")]
    NotFound,
    /// Its time is up.
    #[error("the file has expired")]
    Expired,
    /// The server's own failure.
    #[error("{0}")]
    Failed(String),
}

/// Why downloads cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] job::Error),
    /// The rows of files.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// The files.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// A cheap handle to all downloads.
#[derive(Clone)]
pub struct Downloads {
    queue: Queue<Download>,
    tools: Tools,
    /// Places for pictures that are shown and not kept.
    pictures: Arc<Semaphore>,
}

impl Downloads {
    /// Takes up what an earlier process left, and clears away what belongs to nobody.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open(config: job::Config, tools: Tools) -> Result<Self, Error> {
        let queue = Queue::open(config, tools.database.clone(), tools.clock.clone()).await?;
        housekeeping::at_start(&tools).await?;
        let pictures = Arc::new(Semaphore::new(tools.config.pictures_max));
        Ok(Self {
            queue,
            tools,
            pictures,
        })
    }

    /// What asks Instagram for it.
    #[must_use]
    pub fn extraction(&self) -> &Extraction {
        &self.tools.extraction
    }

    /// Bytes of all files that are kept.
    #[must_use]
    pub fn files_bytes(&self) -> u64 {
        self.tools.storage.used_bytes()
    }

    /// Whether ffmpeg is there.
    #[must_use]
    pub fn can_convert(&self) -> bool {
        self.tools.media.can_convert()
    }

    /// How many files `download` would make of `record`.
    ///
    /// # Errors
    /// [`Reason`]: it cannot succeed, so no job should be made.
    pub fn check(&self, download: &Download, record: &Record) -> Result<usize, Reason> {
        let items = plan::plan(download, record, self.can_convert())?;
        self.tools.storage.has_room(0)?;
        Ok(items.len())
    }

    /// Accepts a download; it survives a crash from here on.
    ///
    /// # Errors
    /// [`job::Error`]: the queue, or this client's share of it, is full.
    pub async fn start(
        &self,
        origin: Origin,
        download: Download,
    ) -> Result<Status<Download>, job::Error> {
        self.queue.submit(origin, download).await
    }

    /// Accepts several at once, all or none.
    ///
    /// # Errors
    /// As [`Downloads::start`].
    pub async fn start_batch(
        &self,
        origin: Origin,
        downloads: Vec<Download>,
        continue_on_error: bool,
    ) -> Result<Status<Download>, job::Error> {
        self.queue
            .submit_batch(origin, downloads, continue_on_error)
            .await
    }

    /// The status of a job; none where there is no such job or it has expired.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn status(&self, id: JobId) -> Result<Option<Status<Download>>, job::Error> {
        self.queue.status(id).await
    }

    /// The latest jobs, newest first, at most so many.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn recent(&self, most: u32) -> Result<Vec<Status<Download>>, job::Error> {
        self.queue.recent(most).await
    }

    /// The number of jobs in each state.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn counts(&self) -> Result<Counts, job::Error> {
        self.queue.counts().await
    }

    /// Stops a job that has not ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn cancel(&self, id: JobId) -> Result<Option<Status<Download>>, job::Error> {
        self.queue.cancel(id).await
    }

    /// The queue, for whoever wants to watch a job.
    #[must_use]
    pub fn queue(&self) -> &Queue<Download> {
        &self.queue
    }

    /// What time it is for expiry.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.tools.clock.now_ms()
    }

    /// A file that may be served now. Expiry is decided here; sweeping is housekeeping.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn file(&self, name: &str) -> Result<Found, FileError> {
        let name = Name::parse(name).ok_or(FileError::NotFound)?;
        let row = self.tools.database.file(name.as_str()).await;
        let row = row.map_err(|error| FileError::Failed(error.to_string()))?;
        let row = row.ok_or(FileError::NotFound)?;
        if row.expires_at_ms <= self.now_ms() {
            return Err(FileError::Expired);
        }
        // Truncated or replaced behind our back: better nothing than something else.
        match self.tools.storage.bytes(&name).await {
            Ok(bytes) if bytes == row.bytes => Ok(Found { name, row }),
            Ok(_) | Err(storage::Error::NotFound) => {
                tracing::error!(%name, "a published file is gone or changed");
                Err(FileError::Expired)
            }
            Err(error) => Err(FileError::Failed(error.to_string())),
        }
    }

    /// The bytes of a found file, or a part of them.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn read(
        &self,
        found: &Found,
        part: Option<Range<u64>>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, FileError> {
        let read = self.tools.storage.read(&found.name, part).await;
        read.map_err(|error| match error {
            storage::Error::NotFound => FileError::Expired,
            error => FileError::Failed(error.to_string()),
        })
    }

    /// Runs jobs until `shutdown`, and gives back what has not ended.
    pub async fn run(&self, shutdown: CancellationToken) {
        let jobs = self.queue.run(self.tools.clone(), shutdown.clone());
        let sweeping = housekeeping::run(&self.queue, &self.tools, shutdown);
        tokio::join!(jobs, sweeping);
    }
}
