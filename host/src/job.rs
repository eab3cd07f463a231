//! A durable queue that knows no downloads: work is accepted, run by workers, tried again, and remembered for a while.
//!
//! The table is the truth. Every attempt holds a lease and is fenced by its number, so that a process that was thought
//! dead changes nothing any more. Work runs at least once; what it does twice must be harmless.

mod queue;
mod status;
#[cfg(test)]
mod tests;
mod worker;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

pub use queue::{Changes, Origin, Queue};
pub use status::{Counts, Failure, Progress, Stage, StageItem, State, Status};

use crate::database;

/// The name of a job: random, so that nobody guesses another's.
pub type JobId = Uuid;

/// The code of a failure that is the queue's own.
const QUEUE_FAILURE: &str = "internal";

/// One kind of work; the queue stores it as JSON.
pub trait Work: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the work needs that is not stored with it.
    type Context: Clone + Send + Sync + 'static;

    /// Does it. Dropped at its next `await` when it is cancelled, takes too long, or the process drains.
    fn run(
        self,
        context: Self::Context,
        attempt: Attempt,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// One attempt at a job, as the work sees it.
#[derive(Debug)]
pub struct Attempt {
    /// Its job.
    pub id: JobId,
    /// 1 for the first.
    pub number: u32,
    /// Where it reports its progress.
    pub progress: Reporter,
}

/// Takes the progress of one attempt.
#[derive(Clone, Debug)]
pub struct Reporter(watch::Sender<Progress>);

impl Reporter {
    /// Reports progress to watchers and to the next heartbeat. Percent never goes back.
    pub fn set(&self, mut progress: Progress) {
        self.0.send_modify(|current| {
            progress.percent = progress.percent.min(100).max(current.percent);
            *current = progress;
        });
    }
}

/// Limits of the queue.
#[derive(Clone, Debug)]
pub struct Config {
    /// Jobs that run at once.
    pub workers: usize,
    /// Most jobs that wait.
    pub waiting_max: u64,
    /// Most jobs of one client that wait.
    pub waiting_per_client_max: u64,
    /// How often a job is started before it has failed.
    pub attempts_max: u32,
    /// The pause before the second attempt, milliseconds; four times as long each time, and up to half as much again.
    pub pause_ms_min: u64,
    /// How long an ended job is remembered, seconds.
    pub retention_s: u64,
    /// How long a silent worker is believed to be alive, seconds.
    pub lease_s: u64,
    /// Longest time of one attempt, seconds.
    pub wall_s_max: u64,
    /// How long jobs may go on after the process was asked to stop, seconds.
    pub drain_s_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 10,
            waiting_max: 500,
            waiting_per_client_max: 100,
            attempts_max: 3,
            pause_ms_min: 500,
            retention_s: 30 * 60,
            lease_s: 60,
            wall_s_max: 15 * 60,
            drain_s_max: 5,
        }
    }
}

/// Why the queue cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many jobs wait.
    #[error("the queue is full")]
    QueueFull,
    /// Too many of this client's jobs wait.
    #[error("the client's share of the queue is full")]
    ShareFull,
    /// The table fails.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// What is stored cannot be read.
    #[error("a stored job cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
}
