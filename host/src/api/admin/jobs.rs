//! The operator's route for the job queue.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};

use crate::{
    api::{http::error::ApiError, instagram::job::ListedJob},
    download::Downloads,
    job::Counts,
};

/// Maximum number of jobs in one response.
const JOBS_MAX: u32 = 200;
/// Number of jobs in a response if the operator does not set one.
const JOBS_DEFAULT: u32 = 50;

#[derive(Deserialize)]
pub(in crate::api) struct Filter {
    limit: Option<u32>,
}

/// The queue.
#[derive(Serialize)]
pub(in crate::api) struct Jobs {
    counts: Counts,
    /// Newest first.
    recent: Vec<ListedJob>,
}

/// `GET /jobs`: the counts of jobs, and the latest jobs.
pub(in crate::api) async fn list(
    State(downloads): State<Downloads>,
    Query(which): Query<Filter>,
) -> Result<Json<Jobs>, ApiError> {
    let most = which.limit.unwrap_or(JOBS_DEFAULT).min(JOBS_MAX);
    let (counts, recent) = (downloads.counts().await?, downloads.recent(most).await?);
    let now_ms = downloads.now_ms();
    let recent = recent
        .iter()
        .map(|job| ListedJob::new(job, now_ms))
        .collect();
    Ok(Json(Jobs { counts, recent }))
}
