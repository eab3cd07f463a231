//! The response to an accepted download, and the checks before it is accepted.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        http::error::{ApiError, Subject},
        instagram::job::JobState,
    },
    download::{Download, Downloads, Reason},
    extraction::{Error, Extracted, Extraction},
    job::JobId,
};

/// A job that has been accepted. One of the four `…_info` is there: that of what was asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct StartedJob<'a> {
    pub(super) job_id: Uuid,
    pub(super) status: JobState,
    pub(super) message: &'static str,
    /// The path of its status.
    pub(super) status_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) post_info: Option<StartedPost<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) reel_info: Option<StartedReel<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) story_info: Option<StartedStory<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) carousel_info: Option<StartedCarousel<'a>>,
}

/// The post that is being downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartedPost<'a> {
    pub(super) post_id: &'a str,
    /// `image`, `video` or `carousel`.
    pub(super) content_type: &'a str,
    pub(super) caption: Option<&'a str>,
}

/// The reel that is being downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartedReel<'a> {
    pub(super) reel_id: &'a str,
    /// Seconds.
    pub(super) duration: Option<f64>,
    pub(super) owner: Option<&'a str>,
}

/// The stories that are being downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartedStory<'a> {
    pub(super) username: &'a str,
    pub(super) active_stories_count: u32,
    /// `individual` or `zip`.
    pub(super) format: &'static str,
}

/// The carousel that is being downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartedCarousel<'a> {
    pub(super) post_id: &'a str,
    pub(super) item_count: u32,
    pub(super) output_format: &'static str,
}

impl StartedJob<'_> {
    pub(super) fn new(job_id: JobId, message: &'static str) -> Self {
        Self {
            job_id,
            message,
            status_url: status_url(job_id),
            ..Self::default()
        }
    }
}

/// A checked download.
pub(super) struct CheckedDownload {
    pub(super) extracted: Extracted,
    /// How many files it will have.
    pub(super) files: usize,
}

/// Extracts before the job is created, so that content that cannot be downloaded is an error at once.
pub(super) async fn prepare(
    extraction: &Extraction,
    downloads: &Downloads,
    download: &Download,
) -> Result<CheckedDownload, ApiError> {
    let subject = Subject::from(download.kind);
    let query = download.query.as_ref();
    let query = query.ok_or_else(|| subject.download_error(Reason::InvalidAddress))?;
    let extracted = extraction.run(query).await;
    let extracted = extracted.map_err(|failure| match failure.error {
        // `/story/info` has another code for it.
        Error::StoriesUnavailable => subject.download_error(Reason::NoStories),
        _ => subject.extraction_error(failure),
    })?;
    let files = downloads
        .check(download, &extracted.record)
        .await
        .map_err(|reason| subject.download_error(reason))?;
    Ok(CheckedDownload { extracted, files })
}

/// `202` with the job, and with the path of its status.
pub(super) fn accepted(job_id: JobId, started: impl Serialize) -> Response {
    let place = [(header::LOCATION, status_url(job_id))];
    (StatusCode::ACCEPTED, place, Json(started)).into_response()
}

/// The path of the status of a job.
pub(super) fn status_url(job_id: JobId) -> String {
    format!("/instagram/status/{job_id}")
}
