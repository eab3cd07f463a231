//! Jobs as the specification writes them: accepted, under way, completed, failed, and batches.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    api::{clock::datetime, download::subject, error::Code},
    download::{Download, FileMade, Made, Reason},
    job::{State, Status},
};

/// Bytes of a megabyte, as the specification's `size_mb` counts.
const MEGABYTE: f64 = 1_000_000.0;

/// The answer to a download.
pub(in crate::api) struct Started(Value);

impl Started {
    pub(in crate::api) fn new(
        status: &Status<Download>,
        message: &str,
        about: &str,
        info: Value,
    ) -> Self {
        Self(json!({
            "job_id": status.id,
            "status": "pending",
            "message": message,
            "status_url": status_url(status),
            about: info,
        }))
    }
}

impl Serialize for Started {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The answer to a batch.
#[derive(Serialize)]
pub(in crate::api) struct Batch {
    batch_job_id: String,
    status: &'static str,
    message: &'static str,
    batch_size: usize,
    items: Vec<Value>,
    status_url: String,
}

impl From<&Status<Download>> for Batch {
    fn from(status: &Status<Download>) -> Self {
        let item = |child: &Status<Download>| {
            let (url, kind) = asked(child);
            json!({ "job_id": child.id, "url": url, "type": kind, "status": word(child.state) })
        };
        Self {
            batch_job_id: status.id.to_string(),
            status: "pending",
            message: "Batch download started.",
            batch_size: status.children.len(),
            items: status.children.iter().map(item).collect(),
            status_url: status_url(status),
        }
    }
}

fn status_url(status: &Status<Download>) -> String {
    format!("/instagram/status/{}", status.id)
}

/// What was asked for, as the client wrote it, and its type.
fn asked(status: &Status<Download>) -> (Value, Value) {
    match &status.work {
        Some(download) => (json!(download.url), json!(download.kind)),
        None => (Value::Null, Value::Null),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Running => "processing",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
}

/// How a job fares at `now_ms`; a batch with its items.
pub(in crate::api) fn status(status: &Status<Download>, now_ms: u64) -> Value {
    let mut view = match status.state {
        State::Completed => completed(status, now_ms),
        State::Failed => failed(status),
        State::Cancelled => cancelled(status),
        State::Pending | State::Running => under_way(status),
    };
    if status.work.is_none() {
        batch(&mut view, status, now_ms);
    }
    view
}

/// As above, for the operator's list: also what was asked for, and the stored reason of a failure.
pub(in crate::api) fn listed(status: &Status<Download>, now_ms: u64) -> Value {
    let mut view = self::status(status, now_ms);
    if status.work.is_some() {
        (view["url"], view["type"]) = asked(status);
    }
    view["attempt"] = json!(status.attempt);
    view["failure"] = json!(status.error);
    view
}

fn under_way(status: &Status<Download>) -> Value {
    let progress = &status.progress;
    let speed = progress
        .bytes_per_second
        .map(|bytes| hundredths(bytes * 8.0 / MEGABYTE));
    let stage = match (status.state, progress.stage.as_str()) {
        (State::Pending, _) => "pending",
        (_, "") => "resolving",
        (_, stage) => stage,
    };
    let message = match (status.state, progress.message.as_str()) {
        (State::Pending, _) => "Waiting for its turn...",
        (_, "") => "Starting...",
        (_, message) => message,
    };
    json!({
        "job_id": status.id,
        "status": word(status.state),
        "progress": progress.percent,
        "progress_details": { "current": progress.percent, "total": 100, "stage": stage },
        "created_at": time(Some(status.created_at_ms)),
        "started_at": time(status.started_at_ms),
        "estimated_completion_seconds": progress.eta_s,
        "speed_mbps": speed,
        "file_size_mb": progress.bytes_total.map(megabytes),
        "message": message,
    })
}

fn completed(status: &Status<Download>, now_ms: u64) -> Value {
    let made = made(status);
    let size: u64 = made.files.iter().map(|file| file.bytes).sum();
    let started = status.started_at_ms.unwrap_or(status.created_at_ms);
    let lasted = status
        .finished_at_ms
        .map(|finished| finished.saturating_sub(started) / 1000);
    let mut view = json!({
        "job_id": status.id,
        "status": "completed",
        "progress": 100,
        "created_at": time(Some(status.created_at_ms)),
        "started_at": time(status.started_at_ms),
        "completed_at": time(status.finished_at_ms),
        "duration_seconds": lasted,
        "files": made.files.iter().map(file).collect::<Vec<_>>(),
        "file_count": made.files.len(),
        "total_size_mb": megabytes(size),
        "message": "Download completed successfully.",
        "expires_in_seconds": status.expires_at_ms.map(|at| at.saturating_sub(now_ms) / 1000),
    });
    if let Some(metadata) = made.metadata {
        view["metadata"] = metadata;
    }
    view
}

/// A batch has the files of all its items.
fn made(status: &Status<Download>) -> Made {
    if status.work.is_none() {
        let files = status.children.iter().flat_map(|child| made(child).files);
        return Made {
            files: files.collect(),
            metadata: None,
        };
    }
    let result = status.result.clone().unwrap_or_default();
    serde_json::from_value(result).unwrap_or_default()
}

fn file(file: &FileMade) -> Value {
    json!({
        "filename": file.filename,
        "size_mb": megabytes(file.bytes),
        "download_url": format!("/instagram/download/file/{}", file.filename),
        "media_type": file.content_type,
        "dimensions": file.dimensions,
    })
}

fn failed(status: &Status<Download>) -> Value {
    json!({
        "job_id": status.id,
        "status": "failed",
        "progress": status.progress.percent,
        "error": error(status),
        "created_at": time(Some(status.created_at_ms)),
        "started_at": time(status.started_at_ms),
        "failed_at": time(status.finished_at_ms),
    })
}

/// A stored reason in the API's words.
fn error(status: &Status<Download>) -> Value {
    let stored = status.error.as_ref();
    let reason = stored.map_or(Reason::Internal, |error| Reason::named(&error.code));
    let code = match &status.work {
        Some(download) => subject(download.kind).reason(reason),
        None => Code::ServerError,
    };
    json!({ "code": code.name(), "message": code.message(), "details": reason.to_string() })
}

fn cancelled(status: &Status<Download>) -> Value {
    json!({
        "job_id": status.id,
        "status": "cancelled",
        "progress": status.progress.percent,
        "created_at": time(Some(status.created_at_ms)),
        "started_at": time(status.started_at_ms),
        "cancelled_at": time(status.finished_at_ms),
        "message": "Download cancelled.",
    })
}

fn batch(view: &mut Value, status: &Status<Download>, now_ms: u64) {
    let count = |state| {
        status
            .children
            .iter()
            .filter(|child| child.state == state)
            .count()
    };
    view["batch_size"] = json!(status.children.len());
    view["completed_count"] = json!(count(State::Completed));
    view["failed_count"] = json!(count(State::Failed));
    let items = status.children.iter().map(|child| {
        let mut item = self::status(child, now_ms);
        let (url, kind) = asked(child);
        item["url"] = url;
        item["type"] = kind;
        item
    });
    view["items"] = items.collect();
}

fn time(at_ms: Option<u64>) -> Option<String> {
    datetime(at_ms? / 1000)
}

fn megabytes(bytes: u64) -> f64 {
    hundredths(bytes as f64 / MEGABYTE)
}

/// A small file is not of no size.
fn hundredths(value: f64) -> f64 {
    let scale = if value < 0.1 { 1_000_000.0 } else { 100.0 };
    (value * scale).round() / scale
}
