//! A durable queue that knows nothing about downloads: it accepts work, lets workers run and retry it, and keeps
//! results for a while.
//!
//! The table is the source of truth. Every attempt holds a lease and is fenced by its number, so that a process that
//! was considered dead can no longer change anything. Work runs at least once, so it must be idempotent.

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

/// The id of a job. It is random, so that nobody can guess another client's job.
pub type JobId = Uuid;

/// The code of failures caused by the queue itself.
const QUEUE_FAILURE: &str = "internal";

/// One kind of work; the queue stores it as JSON.
pub trait Work: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the work needs that is not stored with it.
    type Context: Clone + Send + Sync + 'static;

    /// Runs the work. It is dropped at its next `await` when it is cancelled, takes too long, or the process drains.
    fn run(
        self,
        context: Self::Context,
        attempt: Attempt,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// One attempt at a job, as the work sees it.
#[derive(Debug)]
pub struct Attempt {
    /// The id of its job.
    pub id: JobId,
    /// 1 for the first.
    pub number: u32,
    /// Whether no other attempt follows a failure.
    pub is_last: bool,
    /// Receives the progress of the attempt.
    pub progress: Reporter,
}

/// Receives the progress of one attempt.
#[derive(Clone, Debug)]
pub struct Reporter(watch::Sender<Progress>);

impl Reporter {
    /// Reports progress to watchers and to the next heartbeat. The percentage never decreases.
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
    /// The number of jobs that run at once.
    pub workers: usize,
    /// The number of jobs that run at once in all replicas together; `None`: no limit beside that of each replica.
    pub fleet_workers: Option<u64>,
    /// The maximum number of waiting jobs.
    pub waiting_max: u64,
    /// The maximum number of waiting jobs of one client.
    pub waiting_per_client_max: u64,
    /// The number of attempts after which a job has failed.
    pub attempts_max: u32,
    /// The pause before the second attempt, milliseconds. Each further pause is four times as long; up to half is added
    /// at random.
    pub pause_ms_min: u64,
    /// How long an ended job is remembered, seconds.
    pub retention_s: u64,
    /// How long a silent worker is considered alive, seconds.
    pub lease_s: u64,
    /// The maximum duration of one attempt, seconds.
    pub wall_s_max: u64,
    /// How long jobs may continue after the process was asked to stop, seconds.
    pub drain_s_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 10,
            fleet_workers: None,
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

/// Why the queue rejects a request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many jobs wait.
    #[error("the queue is full")]
    QueueFull,
    /// Too many jobs of this client wait.
    #[error("the client's share of the queue is full")]
    ShareFull,
    /// The database fails.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// A stored job cannot be read.
    #[error("a stored job cannot be read: {0}")]
    Stored(#[from] serde_json::Error),
}
