//! The queue, as the operator sees it.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{error::ApiError, view::job};
use crate::{download::Downloads, job::Counts};

/// Most jobs of one answer.
const JOBS_MAX: u32 = 200;
/// Jobs of an answer where the operator does not say.
const JOBS_DEFAULT: u32 = 50;

#[derive(Deserialize)]
pub(in crate::api) struct Which {
    limit: Option<u32>,
}

/// The queue.
#[derive(Serialize)]
pub(in crate::api) struct Jobs {
    counts: Counts,
    /// Newest first; as clients are told, and why one failed in the host's own words.
    recent: Vec<Value>,
}

/// `GET /jobs`: how many there are, and the latest.
pub(in crate::api) async fn list(
    State(downloads): State<Downloads>,
    Query(which): Query<Which>,
) -> Result<Json<Jobs>, ApiError> {
    let most = which.limit.unwrap_or(JOBS_DEFAULT).min(JOBS_MAX);
    let (counts, recent) = (downloads.counts().await?, downloads.recent(most).await?);
    let now_ms = downloads.now_ms();
    let recent = recent.iter().map(|it| job::listed(it, now_ms)).collect();
    Ok(Json(Jobs { counts, recent }))
}
