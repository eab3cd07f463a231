//! The status of a job, read from its row. The status of a batch is computed from its items and not stored.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Error, JobId};
use crate::database::JobRow;

/// The state of a job. It only moves down this list, except when an attempt is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a worker.
    Pending,
    /// A worker is running it.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended without a result.
    Failed,
    /// Stopped by its client.
    Cancelled,
}

impl State {
    /// Returns whether the state can no longer change.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Pending,
        }
    }
}

/// The number of jobs in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Waiting for a worker.
    pub pending: u64,
    /// Running.
    pub running: u64,
    /// Completed, and not yet forgotten.
    pub completed: u64,
    /// Failed, and not yet forgotten.
    pub failed: u64,
    /// Cancelled, and not yet forgotten.
    pub cancelled: u64,
}

/// The stage of a running job. The queue only stores it. Names are stored, so they must not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Nothing was reported yet. The stored name is empty, as in rows of earlier versions.
    #[default]
    #[serde(rename = "")]
    Starting,
    /// Finding out what there is to do.
    Resolving,
    /// Fetching bytes.
    Downloading,
    /// Converting what was fetched.
    Processing,
    /// Making the results available.
    Publishing,
}

/// The item that a stage is working on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageItem {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub count: usize,
}

/// The progress of a running job: facts only; whoever displays it chooses the words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The current stage.
    pub stage: Stage,
    /// The current item, for a stage that has several.
    #[serde(default)]
    pub item: Option<StageItem>,
    /// 0 to 100; never decreases.
    pub percent: u8,
    /// Bytes read so far.
    pub bytes: Option<u64>,
    /// Total bytes to read, if known.
    pub bytes_total: Option<u64>,
    /// The measured rate.
    pub bytes_per_second: Option<f64>,
    /// The estimated remaining time, seconds.
    pub eta_s: Option<u64>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cause, as the work names it; the name is stored.
    pub code: String,
    /// Details for an investigation; may be empty.
    pub details: String,
    /// Whether another attempt may help.
    pub retry: bool,
}

/// A job, or a batch with its items.
#[derive(Clone, Debug, PartialEq)]
pub struct Status<W> {
    /// Its id.
    pub id: JobId,
    /// Its state.
    pub state: State,
    /// The work; `None` for a batch.
    pub work: Option<W>,
    /// Its progress.
    pub progress: Progress,
    /// The number of attempts so far.
    pub attempt: u32,
    /// When it was accepted, milliseconds since 1970 like the other times.
    pub created_at_ms: u64,
    /// When its first attempt began.
    pub started_at_ms: Option<u64>,
    /// When it ended.
    pub finished_at_ms: Option<u64>,
    /// When it expires.
    pub expires_at_ms: Option<u64>,
    /// The result of a completed job.
    pub result: Option<Value>,
    /// The failure of a failed job.
    pub failure: Option<Failure>,
    /// The items of a batch.
    pub children: Vec<Status<W>>,
}

impl<W: DeserializeOwned> Status<W> {
    /// The status of the first row, with the other rows as its items; `None` if there are no rows.
    pub(super) fn of(rows: Vec<JobRow>) -> Result<Option<Self>, Error> {
        let mut all = rows
            .into_iter()
            .map(Self::one)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let Some(mut first) = all.next() else {
            return Ok(None);
        };
        first.children = all.collect();
        if first.work.is_none() {
            first.gather();
        }
        Ok(Some(first))
    }

    fn one(row: JobRow) -> Result<Self, Error> {
        let json = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
        let state = State::parse(&row.state);
        let progress = row
            .progress
            .as_deref()
            .map(serde_json::from_str)
            .transpose()?;
        Ok(Self {
            id: JobId::try_parse(&row.id).unwrap_or_default(),
            state,
            work: row
                .payload
                .as_deref()
                .map(serde_json::from_str)
                .transpose()?,
            progress: progress.unwrap_or_default(),
            attempt: u32::try_from(row.attempt).unwrap_or_default(),
            created_at_ms: row.created_at.unsigned_abs(),
            started_at_ms: row.started_at.map(i64::unsigned_abs),
            finished_at_ms: row.finished_at.map(i64::unsigned_abs),
            expires_at_ms: row.expires_at.map(i64::unsigned_abs),
            result: json(row.result)?,
            failure: row.error.as_deref().map(serde_json::from_str).transpose()?,
            children: Vec::new(),
        })
    }

    /// Computes the status of a batch from its items.
    pub(super) fn gather(&mut self) {
        let children = &self.children;
        let any = |state| children.iter().any(|child| child.state == state);
        let all_over = children.iter().all(|child| child.state.is_final());
        self.state = if !all_over {
            let begun = any(State::Running) || children.iter().any(|child| child.state.is_final());
            if begun {
                State::Running
            } else {
                State::Pending
            }
        } else if any(State::Completed) {
            State::Completed
        } else if any(State::Failed) {
            State::Failed
        } else {
            State::Cancelled
        };
        let percent = |child: &Self| match child.state {
            state if state.is_final() => 100,
            _ => u64::from(child.progress.percent),
        };
        let sum: u64 = children.iter().map(percent).sum();
        let speeds = children
            .iter()
            .filter(|child| child.state == State::Running);
        let speeds = speeds.filter_map(|child| child.progress.bytes_per_second);
        self.progress = Progress {
            stage: Stage::Downloading,
            percent: (sum / (children.len() as u64).max(1)) as u8,
            bytes_per_second: speeds.reduce(|sum, speed| sum + speed),
            ..Progress::default()
        };
        self.started_at_ms = children
            .iter()
            .filter_map(|child| child.started_at_ms)
            .min();
        if all_over {
            self.finished_at_ms = children
                .iter()
                .filter_map(|child| child.finished_at_ms)
                .max();
            self.expires_at_ms = children
                .iter()
                .filter_map(|child| child.expires_at_ms)
                .max();
            let first = children.iter().find_map(|child| child.failure.clone());
            self.failure = first.filter(|_| self.state == State::Failed);
        }
    }
}
