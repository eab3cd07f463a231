//! Downloads: what a download is, and how it becomes files. The queue that runs downloads knows nothing about them.

mod archive;
mod available;
mod choice;
mod fetch;
mod housekeeping;
mod make;
mod metadata;
mod options;
mod picture;
mod plan;
mod progress;
mod publish;
mod reason;
mod run;
mod transfer;
mod video;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

pub use available::{AvailableFile, FileError, Rows};
pub use options::{Download, Formats, Kind, Part, Quality, wanted_item};
pub use picture::{Picture, PictureError};
pub use publish::{MissingFile, Output, OutputFile};
pub use reason::Reason;
pub use transfer::{Carried, carry_files};
pub use video::{Video, VideoError};

use crate::{
    clock::Clock,
    contract::Record,
    database::{self, Database},
    extraction::Extraction,
    job::{self, Counts, JobId, Origin, Queue, Status},
    media::Media,
    storage::{self, Storage},
    upstream::Client,
};

/// Limits of downloads.
#[derive(Clone, Debug)]
pub struct Config {
    /// The maximum size of one file, bytes.
    pub file_bytes_max: u64,
    /// A transfer that is slower than this over 30 s is aborted, bytes per second; 0: never.
    pub bytes_per_s_min: u64,
    /// How long a file is served after its job has ended, seconds.
    pub retention_s: u64,
    /// Whether every file name contains a random part that nobody can guess.
    pub secret_names: bool,
    /// The maximum size of a picture that is only displayed and not stored, bytes.
    pub picture_bytes_max: u64,
    /// The maximum time to wait for such a picture, milliseconds.
    pub picture_ms_max: u64,
    /// The maximum number of such pictures held at once; further requests wait.
    pub pictures_max: usize,
    /// The maximum time for one part of a video that is only displayed, milliseconds; a browser then asks for the rest.
    pub video_ms_max: u64,
    /// The maximum number of such parts sent at once; a further request is refused.
    pub videos_max: usize,
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
            video_ms_max: 300_000,
            videos_max: 32,
        }
    }
}

/// Everything that a download needs to run.
#[derive(Clone)]
pub struct Tools {
    /// Limits.
    pub config: Arc<Config>,
    /// Provides the record for a query.
    pub extraction: Extraction,
    /// Opens media links.
    pub upstream: Client,
    /// Probes and converts files.
    pub media: Media,
    /// Stores files.
    pub storage: Storage,
    /// Stores the rows of files.
    pub database: Database,
    /// The clock.
    pub clock: Clock,
    /// Held while a name is chosen, so that two files never get the same one.
    pub naming: Arc<Mutex<()>>,
    /// The rows of files that were published or served.
    pub rows: Rows,
}

/// Why downloads cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] job::Error),
    /// The rows of files could not be read or written.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// The file store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// A cheap handle to all downloads. Every request gets one.
#[derive(Clone)]
pub struct Downloads(Arc<Inner>);

struct Inner {
    queue: Queue<Download>,
    tools: Tools,
    /// Permits for pictures that are only displayed.
    pictures: Arc<Semaphore>,
    /// Permits for videos that are only displayed.
    videos: Arc<Semaphore>,
}

impl Downloads {
    /// Opens all downloads: takes over what an earlier process left, and deletes files that belong to no job.
    ///
    /// # Errors
    /// [`Error`] says which part failed.
    pub async fn open(config: job::Config, tools: Tools) -> Result<Self, Error> {
        let queue = Queue::open(config, tools.database.clone(), tools.clock.clone()).await?;
        housekeeping::at_start(&tools).await?;
        let pictures = Arc::new(Semaphore::new(tools.config.pictures_max));
        let videos = Arc::new(Semaphore::new(tools.config.videos_max));
        Ok(Self(Arc::new(Inner {
            queue,
            tools,
            pictures,
            videos,
        })))
    }

    /// The client for requests to Instagram.
    #[must_use]
    pub fn extraction(&self) -> &Extraction {
        &self.0.tools.extraction
    }

    /// Whether the answers of Instagram are recorded ones: then only what was recorded can be shown.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.0.tools.upstream.is_recorded()
    }

    /// The total size of all stored files, bytes.
    #[must_use]
    pub fn files_bytes(&self) -> u64 {
        self.0.tools.storage.used_bytes()
    }

    /// Returns the number of files that `download` would create from `record`.
    ///
    /// # Errors
    /// [`Reason`]: the download cannot succeed, so no job should be created.
    pub async fn check(&self, download: &Download, record: &Record) -> Result<usize, Reason> {
        let plan = plan::plan(download, record, self.0.tools.media.abilities().await)?;
        self.0.tools.storage.has_room(0)?;
        Ok(plan.items.len())
    }

    /// Accepts a download. It survives a crash from here on.
    ///
    /// # Errors
    /// [`job::Error`]: the queue, or this client's share of it, is full.
    pub async fn start(
        &self,
        origin: Origin,
        download: Download,
    ) -> Result<Status<Download>, job::Error> {
        self.0.queue.submit(origin, download).await
    }

    /// Accepts several downloads at once, all or none.
    ///
    /// # Errors
    /// As [`Downloads::start`].
    pub async fn start_batch(
        &self,
        origin: Origin,
        downloads: Vec<Download>,
        continue_on_error: bool,
    ) -> Result<Status<Download>, job::Error> {
        self.0
            .queue
            .submit_batch(origin, downloads, continue_on_error)
            .await
    }

    /// The status of a job; `None` if there is no such job or it has expired.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn status(&self, id: JobId) -> Result<Option<Status<Download>>, job::Error> {
        self.0.queue.status(id).await
    }

    /// The latest jobs, newest first, at most `most`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn recent(&self, most: u32) -> Result<Vec<Status<Download>>, job::Error> {
        self.0.queue.recent(most).await
    }

    /// The number of jobs in each state.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn counts(&self) -> Result<Counts, job::Error> {
        self.0.queue.counts().await
    }

    /// Cancels a job that has not ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn cancel(&self, id: JobId) -> Result<Option<Status<Download>>, job::Error> {
        self.0.queue.cancel(id).await
    }

    /// The queue, for watching a job.
    #[must_use]
    pub fn queue(&self) -> &Queue<Download> {
        &self.0.queue
    }

    /// The current time, as it is used for expiry, milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.0.tools.clock.now_ms()
    }

    /// Runs jobs until `shutdown`, and returns unfinished ones to the queue.
    pub async fn run(&self, shutdown: CancellationToken) {
        let jobs = self.0.queue.run(self.0.tools.clone(), shutdown.clone());
        let sweeping = housekeeping::run(&self.0.queue, &self.0.tools, shutdown);
        tokio::join!(jobs, sweeping);
    }
}
