//! How a job fares: asked once, watched live, or stopped.

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
use serde_json::Value;

use super::{
    error::{ApiError, Code},
    openapi::bodies,
    view::job,
};
use crate::{
    download::{Download, Downloads},
    job::{JobId, Status},
};

/// The shortest time between two looks at a job that changes.
const EVENTS_PAUSE: Duration = Duration::from_millis(100);
/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[utoipa::path(get, path = "/instagram/status/{job_id}", operation_id = "job_status", tag = "Job Management",
    summary = "Check download status",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "Pending, processing, completed, failed or cancelled", body = bodies::Job)))]
pub(super) async fn status(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = find(&downloads, &id).await?;
    Ok(Json(job::status(&found, downloads.now_ms())))
}

#[utoipa::path(delete, path = "/instagram/status/{job_id}", operation_id = "cancel_job", tag = "Job Management",
    summary = "Cancel a download",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "As it is now; a job that has ended stays as it is", body = bodies::Job)))]
pub(super) async fn cancel(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = parse(&id)?;
    let found = downloads.cancel(id).await?.ok_or(Code::JobNotFound)?;
    Ok(Json(job::status(&found, downloads.now_ms())))
}

#[utoipa::path(get, path = "/instagram/status/{job_id}/events", operation_id = "job_events", tag = "Job Management",
    summary = "Watch a download live",
    params(("job_id" = String, Path, description = "Job id of a download or a batch")),
    responses((status = 200, description = "Server-sent events `status`, each with the body of `/instagram/status/{job_id}`; ends with the job",
        body = String, content_type = "text/event-stream")))]
pub(super) async fn events(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = find(&downloads, &id).await?;
    let stream =
        Sse::new(watched(downloads, found.id)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([(header::CACHE_CONTROL, "no-cache")], stream).into_response())
}

fn parse(id: &str) -> Result<JobId, ApiError> {
    id.parse().map_err(|_| Code::JobNotFound.into())
}

async fn find(downloads: &Downloads, id: &str) -> Result<Status<Download>, ApiError> {
    let found = downloads.status(parse(id)?).await?;
    found.ok_or_else(|| Code::JobNotFound.into())
}

/// The status at once, then whenever it has changed, until the job has ended or is forgotten.
fn watched(downloads: Downloads, id: JobId) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = downloads.queue().changes();
    let begin = Some((downloads, changes, Value::Null));
    let steps = stream::unfold(begin, move |state| async move {
        let (downloads, mut changes, told) = state?;
        loop {
            changes.mark_seen();
            let found = downloads.status(id).await.ok().flatten()?;
            let view = job::status(&found, downloads.now_ms());
            let event = Event::default().event("status").data(view.to_string());
            if found.state.is_final() {
                return Some((Ok(event), None));
            }
            if view != told {
                return Some((Ok(event), Some((downloads, changes, view))));
            }
            changes.next().await;
            // Bytes come faster than anybody can read.
            tokio::time::sleep(EVENTS_PAUSE).await;
        }
    });
    steps.fuse()
}
