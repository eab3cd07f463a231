//! The body of a job as the specification defines it: in progress, completed, failed, cancelled, and batches.

mod error;
mod files;
mod text;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub use text::progress_text;

use self::error::JobError;
use self::files::{JobFile, MEGABYTE, hundredths, megabytes};
use crate::{
    api::http::{
        clock::datetime,
        error::{Subject, reason_text},
    },
    download::{Download, Kind, Output, Reason},
    job::{Failure, State, Status},
};

/// A key that only some states have: absent unless set, and null if its value is unknown.
type Stated<T> = Option<Option<T>>;

/// The state of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum JobState {
    #[default]
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl From<State> for JobState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Running => Self::Processing,
            State::Completed => Self::Completed,
            State::Failed => Self::Failed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// The status of a job. What is there besides the first four depends on `status`; a batch has `items` too.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(in crate::api) struct Job {
    job_id: Uuid,
    status: JobState,
    /// Percent; never falls.
    progress: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<JobError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress_details: Option<ProgressDetails>,
    created_at: Option<String>,
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    completed_at: Stated<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    failed_at: Stated<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cancelled_at: Stated<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    duration_seconds: Stated<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    estimated_completion_seconds: Stated<u64>,
    /// Megabits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    speed_mbps: Stated<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    file_size_mb: Stated<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    files: Option<Vec<JobFile>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    file_count: Option<u32>,
    /// Megabytes of 1,000,000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total_size_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<String>,
    /// The files that could not be made, where others could.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    missing_files: Vec<MissingJobFile>,
    /// After that its files are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    expires_in_seconds: Stated<u64>,
    /// About the content, where `include_metadata` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    completed_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failed_count: Option<u32>,
    /// The jobs of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, no_recursion)]
    items: Option<Vec<Job>>,
    /// Of an item: what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    url: Stated<String>,
    /// Of an item: `post`, `reel` or `story`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    kind: Stated<Kind>,
}

/// What it is doing.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct ProgressDetails {
    current: u8,
    total: u8,
    stage: &'static str,
}

/// A file that could not be made, although others could.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct MissingJobFile {
    /// The name that it would have, without its ending.
    name: String,
    error: JobError,
}

/// A job as the operator sees it: the request, and the failure in the host's own terms.
#[derive(Debug, Serialize)]
pub(in crate::api) struct ListedJob {
    #[serde(flatten)]
    job: Job,
    attempt: u32,
    failure: Option<FailureBody>,
}

/// A stored failure for operators.
#[derive(Debug, Serialize)]
pub struct FailureBody {
    /// The name of a [`Reason`].
    pub code: String,
    /// What it means.
    pub message: &'static str,
    /// More details; empty if there are none.
    pub details: String,
    /// Whether another attempt may help.
    pub retry: bool,
}

impl Job {
    /// The status of a job at `now_ms`; for a batch, with its items.
    pub(in crate::api) fn new(status: &Status<Download>, now_ms: u64) -> Self {
        let job = match status.state {
            State::Completed => Self::completed(status, now_ms),
            State::Failed => Self::failed(status),
            State::Cancelled => Self::cancelled(status),
            State::Pending | State::Running => Self::under_way(status),
        };
        match &status.work {
            Some(_) => job,
            None => job.with_items(status, now_ms),
        }
    }

    /// The fields that every state has.
    fn begun(status: &Status<Download>) -> Self {
        Self {
            job_id: status.id,
            status: status.state.into(),
            progress: status.progress.percent,
            created_at: time(Some(status.created_at_ms)),
            started_at: time(status.started_at_ms),
            ..Self::default()
        }
    }

    fn under_way(status: &Status<Download>) -> Self {
        let progress = &status.progress;
        let speed = progress
            .bytes_per_second
            .map(|bytes| hundredths(bytes * 8.0 / MEGABYTE));
        Self {
            progress_details: Some(ProgressDetails {
                current: progress.percent,
                total: 100,
                stage: text::stage(status),
            }),
            estimated_completion_seconds: Some(progress.eta_s),
            speed_mbps: Some(speed),
            file_size_mb: Some(progress.bytes_total.map(megabytes)),
            message: Some(text::under_way(status)),
            ..Self::begun(status)
        }
    }

    fn completed(status: &Status<Download>, now_ms: u64) -> Self {
        let made = made(status);
        let size: u64 = made.files.iter().map(|file| file.bytes).sum();
        let started = status.started_at_ms.unwrap_or(status.created_at_ms);
        let lasted = status
            .finished_at_ms
            .map(|finished| finished.saturating_sub(started) / 1000);
        let left = status
            .expires_at_ms
            .map(|at| at.saturating_sub(now_ms) / 1000);
        Self {
            progress: 100,
            completed_at: Some(time(status.finished_at_ms)),
            duration_seconds: Some(lasted),
            file_count: Some(count(made.files.len())),
            files: Some(made.files.into_iter().map(JobFile::from).collect()),
            total_size_mb: Some(megabytes(size)),
            message: Some(text::completed(made.missing.len())),
            missing_files: missing(status),
            expires_in_seconds: Some(left),
            metadata: made.metadata,
            ..Self::begun(status)
        }
    }

    fn failed(status: &Status<Download>) -> Self {
        Self {
            error: Some(JobError::of(status)),
            failed_at: Some(time(status.finished_at_ms)),
            ..Self::begun(status)
        }
    }

    fn cancelled(status: &Status<Download>) -> Self {
        Self {
            cancelled_at: Some(time(status.finished_at_ms)),
            message: Some(text::CANCELLED.to_owned()),
            ..Self::begun(status)
        }
    }

    fn with_items(self, batch: &Status<Download>, now_ms: u64) -> Self {
        let items = batch.children.iter();
        Self {
            batch_size: Some(count(batch.children.len())),
            completed_count: Some(children_in(batch, State::Completed)),
            failed_count: Some(children_in(batch, State::Failed)),
            items: Some(
                items
                    .map(|item| Self::new(item, now_ms).naming(item))
                    .collect(),
            ),
            ..self
        }
    }

    /// Adds what was requested.
    fn naming(self, status: &Status<Download>) -> Self {
        let work = status.work.as_ref();
        Self {
            url: Some(work.map(|download| download.url.clone())),
            kind: Some(work.map(|download| download.kind)),
            ..self
        }
    }
}

impl ListedJob {
    /// The status of a job at `now_ms`, for the operator.
    pub(in crate::api) fn new(status: &Status<Download>, now_ms: u64) -> Self {
        let job = Job::new(status, now_ms);
        Self {
            job: match &status.work {
                Some(_) => job.naming(status),
                None => job,
            },
            attempt: status.attempt,
            failure: status.failure.as_ref().map(FailureBody::from),
        }
    }
}

impl From<&Failure> for FailureBody {
    fn from(failure: &Failure) -> Self {
        Self {
            code: failure.code.clone(),
            message: reason_text(Reason::of(failure)),
            details: failure.details.clone(),
            retry: failure.retry,
        }
    }
}

/// The files of a completed job; for a batch, the files of all its items.
fn made(status: &Status<Download>) -> Output {
    if status.work.is_none() {
        let made = status.children.iter().map(made);
        return made.fold(Output::default(), |mut all, one| {
            all.files.extend(one.files);
            all.missing.extend(one.missing);
            all
        });
    }
    let result = status.result.clone().unwrap_or_default();
    serde_json::from_value(result).unwrap_or_default()
}

/// The files that are missing of a completed job; for a batch, of all its items.
fn missing(status: &Status<Download>) -> Vec<MissingJobFile> {
    let Some(download) = &status.work else {
        return status.children.iter().flat_map(missing).collect();
    };
    let subject = Subject::from(download.kind);
    let missing = made(status).missing.into_iter().map(|file| MissingJobFile {
        error: JobError::of_file(subject.reason(file.reason), file.reason),
        name: file.name,
    });
    missing.collect()
}

fn children_in(batch: &Status<Download>, state: State) -> u32 {
    let children = batch.children.iter();
    count(children.filter(|child| child.state == state).count())
}

/// A count as the bodies write it.
pub(in crate::api) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn time(at_ms: Option<u64>) -> Option<String> {
    datetime(at_ms? / 1000)
}
