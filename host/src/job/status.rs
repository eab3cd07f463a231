//! How a job fares, read from its row. A batch is what its items are; nothing about it is stored.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Error, JobId};
use crate::database::JobRow;

/// Where a job is. It only ever moves down this list, but for attempts that are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a worker.
    Pending,
    /// A worker has it.
    Running,
    /// Done.
    Completed,
    /// Over, without a result.
    Failed,
    /// Stopped by its client.
    Cancelled,
}

impl State {
    /// Whether nothing more will happen.
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

/// How many jobs there are, by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Wait for a worker.
    pub pending: u64,
    /// At work.
    pub running: u64,
    /// Done, and not yet forgotten.
    pub completed: u64,
    /// As above.
    pub failed: u64,
    /// As above.
    pub cancelled: u64,
}

/// How far a running job is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// In the work's own words.
    pub stage: String,
    /// 0 to 100; never goes back.
    pub percent: u8,
    /// Bytes so far of what is being read.
    pub bytes: Option<u64>,
    /// Bytes of all of it, where known.
    pub bytes_total: Option<u64>,
    /// Measured.
    pub bytes_per_second: Option<f64>,
    /// Seconds that are probably left.
    pub eta_s: Option<u64>,
    /// For people.
    pub message: String,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The work's own name for it.
    pub code: String,
    /// For people.
    pub message: String,
    /// More of it.
    pub details: String,
    /// Whether another attempt may help.
    pub retry: bool,
}

/// A job, or a batch with its items.
#[derive(Clone, Debug, PartialEq)]
pub struct Status<W> {
    /// Its name.
    pub id: JobId,
    /// Where it is.
    pub state: State,
    /// What is to be done; none: a batch.
    pub work: Option<W>,
    /// How far it is.
    pub progress: Progress,
    /// How often it was started.
    pub attempt: u32,
    /// When it was accepted, milliseconds since 1970 as the others.
    pub created_at_ms: u64,
    /// When its first attempt began.
    pub started_at_ms: Option<u64>,
    /// When it ended.
    pub finished_at_ms: Option<u64>,
    /// When it is forgotten.
    pub expires_at_ms: Option<u64>,
    /// Of a completed job.
    pub result: Option<Value>,
    /// Of a failed job.
    pub error: Option<Failure>,
    /// Of a batch.
    pub children: Vec<Status<W>>,
}

impl<W: DeserializeOwned> Status<W> {
    /// The first row with the others as its items; none without rows.
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
            error: row.error.as_deref().map(serde_json::from_str).transpose()?,
            children: Vec::new(),
        })
    }

    /// What follows from the items.
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
        let done = children
            .iter()
            .filter(|child| child.state.is_final())
            .count();
        let speeds = children
            .iter()
            .filter(|child| child.state == State::Running);
        let speeds = speeds.filter_map(|child| child.progress.bytes_per_second);
        self.progress = Progress {
            stage: "downloading".to_owned(),
            percent: (sum / (children.len() as u64).max(1)) as u8,
            bytes_per_second: speeds.reduce(|sum, speed| sum + speed),
            message: format!("{done} of {} items are done.", children.len()),
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
            let first = children.iter().find_map(|child| child.error.clone());
            self.error = first.filter(|_| self.state == State::Failed);
        }
    }
}
