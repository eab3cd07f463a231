//! The status of a job: read once, watched live, or cancelled.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::{
        http::{
            document::{Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
        },
        instagram::job::Job,
    },
    app::App,
    download::{Download, Downloads},
    job::{JobId, Status},
};

/// The minimum time between two events.
const EVENTS_PAUSE: Duration = Duration::from_millis(100);
/// How often a silent stream sends a keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `/instagram/status/{job_id}` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[
        ("processing", include_str!("status/processing.json")),
        ("completed", include_str!("status/completed.json")),
        ("failed", include_str!("status/failed.json")),
    ],
    errors: &[&[Code::JobNotFound], LIMIT_ERRORS],
};

/// `/instagram/status/{job_id}/events` in the document.
const EVENTS: Endpoint = Endpoint {
    examples: &[],
    ..ENDPOINT
};

/// The route of the status.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(status, cancel), ENDPOINT)
}

/// The route of the live status.
pub(in crate::api) fn events_route() -> UtoipaMethodRouter<App> {
    described(routes!(events), EVENTS)
}

#[utoipa::path(get, path = "/instagram/status/{job_id}", operation_id = "job_status", tag = "Job Management",
    summary = "Check download status",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "Pending, processing, completed, failed or cancelled", body = Job)))]
async fn status(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Job>, ApiError> {
    let found = find(&downloads, &id).await?;
    Ok(Json(Job::new(&found, downloads.now_ms())))
}

#[utoipa::path(delete, path = "/instagram/status/{job_id}", operation_id = "cancel_job", tag = "Job Management",
    summary = "Cancel a download",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "As it is now; a job that has ended stays as it is", body = Job)))]
async fn cancel(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Job>, ApiError> {
    let id = parse(&id)?;
    let found = downloads.cancel(id).await?.ok_or(Code::JobNotFound)?;
    Ok(Json(Job::new(&found, downloads.now_ms())))
}

#[utoipa::path(get, path = "/instagram/status/{job_id}/events", operation_id = "job_events", tag = "Job Management",
    summary = "Watch a download live",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "Server-sent events, as the schema describes each of them; the stream ends with the job",
        body = StatusEvent, content_type = "text/event-stream")))]
async fn events(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = find(&downloads, &id).await?;
    let stream =
        Sse::new(watched(downloads, found.id)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([(header::CACHE_CONTROL, "no-cache")], stream).into_response())
}

/// One server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document needs it: axum writes events")]
struct StatusEvent {
    /// Always `status`.
    event: String,
    /// The body of `/instagram/status/{job_id}` at that moment, JSON.
    data: String,
}

fn parse(id: &str) -> Result<JobId, ApiError> {
    let parsed = JobId::try_parse(id).ok();
    // Only in the form in which it was given out: each job has one address.
    let own = parsed.filter(|parsed| parsed.to_string() == id);
    own.ok_or_else(|| Code::JobNotFound.into())
}

async fn find(downloads: &Downloads, id: &str) -> Result<Status<Download>, ApiError> {
    let found = downloads.status(parse(id)?).await?;
    found.ok_or_else(|| Code::JobNotFound.into())
}

/// Sends the status at once, then whenever it has changed, until the job has ended or is forgotten.
fn watched(downloads: Downloads, id: JobId) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = downloads.queue().changes();
    let begin = Some((downloads, changes, None));
    let steps = stream::unfold(begin, move |state| async move {
        let (downloads, mut changes, sent) = state?;
        loop {
            changes.mark_seen();
            let found = downloads.status(id).await.ok().flatten()?;
            let job = Some(Job::new(&found, downloads.now_ms()));
            let data = serde_json::to_string(&job).ok()?;
            let event = Event::default().event("status").data(data);
            if found.state.is_final() {
                return Some((Ok(event), None));
            }
            if job != sent {
                return Some((Ok(event), Some((downloads, changes, job))));
            }
            changes.next().await;
            // Progress changes faster than anyone can read.
            tokio::time::sleep(EVENTS_PAUSE).await;
        }
    });
    steps.fuse()
}
