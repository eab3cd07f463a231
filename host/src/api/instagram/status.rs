//! The status of a job: read once, watched live, or cancelled.

pub(in crate::api) mod events;

use axum::{
    Json,
    extract::{Path, State},
};
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

/// `/instagram/status/{job_id}` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[
        ("processing", include_str!("status/processing.json")),
        ("completed", include_str!("status/completed.json")),
        ("failed", include_str!("status/failed.json")),
    ],
    errors: &[&[Code::JobNotFound], LIMIT_ERRORS],
};

/// The route of the status.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(status, cancel), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/status/{job_id}", operation_id = "getJobStatus", tag = "Job Management",
    summary = "Check download status",
    params(("job_id" = String, Path, description = "Job id of a download or a batch", example = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")),
    responses((status = 200, description = "Pending, processing, completed, failed or cancelled", body = Job)))]
async fn status(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Job>, ApiError> {
    let found = find(&downloads, &id).await?;
    Ok(Json(Job::new(&found, downloads.now_ms())))
}

#[utoipa::path(delete, path = "/instagram/status/{job_id}", operation_id = "cancelJob", tag = "Job Management",
    summary = "Cancel a download",
    params(("job_id" = String, Path, description = "Job id of a download or a batch", example = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d")),
    responses((status = 200, description = "As it is now; a job that has ended stays as it is", body = Job)))]
async fn cancel(
    State(downloads): State<Downloads>,
    Path(id): Path<String>,
) -> Result<Json<Job>, ApiError> {
    let id = parse(&id)?;
    let found = downloads.cancel(id).await?.ok_or(Code::JobNotFound)?;
    Ok(Json(Job::new(&found, downloads.now_ms())))
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
