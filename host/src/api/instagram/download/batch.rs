//! `POST /instagram/download/batch`.

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};
use uuid::Uuid;

use super::{
    choices,
    request::{formats, query, unread, video_codec},
    started::{accepted, status_url},
};
use crate::{
    api::{
        http::{
            body::Body,
            document::{Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
            layers::JobOrigin,
        },
        instagram::job::{JobState, count},
    },
    app::App,
    download::{Download, Downloads, Kind, Part},
    job::Status,
};

/// Maximum number of items in a batch.
const BATCH_MAX: usize = 50;
/// Maximum number of characters of an item's address that an error repeats.
const SHOWN_CHARS_MAX: usize = 200;
/// The message for the client.
const MESSAGE: &str = "Batch download started.";

/// `POST /instagram/download/batch` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("started", include_str!("batch.json"))],
    errors: &[
        &[
            Code::InvalidUrl,
            Code::InvalidUsername,
            Code::InvalidQuality,
            Code::InvalidParameter,
            Code::EmptyBatch,
            Code::InvalidRequest,
            Code::NotJson,
        ],
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(batch), ENDPOINT)
}

/// The body of the request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct BatchBody {
    /// 1 to 50 of them.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 50)]
    items: Option<Vec<BatchItem>>,
    #[schema(schema_with = choices::batch_quality)]
    quality: Option<String>,
    /// Whether the others go on when one fails, also for an address that is not valid; true by default.
    continue_on_error: Option<bool>,
    #[schema(schema_with = choices::visible_format)]
    output_format: Option<String>,
    #[schema(schema_with = choices::video_codec)]
    video_codec: Option<String>,
}

/// One of a batch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct BatchItem {
    /// URL, shortcode, numeric id; of a story a username.
    #[schema(min_length = 1, max_length = 2048)]
    url: String,
    #[serde(rename = "type")]
    #[schema(schema_with = choices::kind)]
    kind: String,
}

impl BatchBody {
    /// Returns the downloads, and whether the others continue when one fails.
    fn downloads(self) -> Result<(Vec<Download>, bool), ApiError> {
        let items = self.items.ok_or_else(|| {
            ApiError::from(Code::InvalidRequest).because("`items` is missing. Give 1 to 50 items")
        })?;
        if items.is_empty() {
            return Err(Code::EmptyBatch.into());
        }
        if items.len() > BATCH_MAX {
            let error = ApiError::from(Code::InvalidRequest);
            return Err(error.because("`items`: a batch has at most 50"));
        }
        let carry_on = self.continue_on_error.unwrap_or(true);
        let formats = formats(self.output_format.as_deref(), Part::All)?;
        let video_codec = video_codec(self.video_codec.as_deref())?;
        let quality = self.quality.as_deref();
        let mut refused = None;
        let mut downloads = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let error = |error: ApiError| {
                let details = error.details();
                let name = format!(
                    "items[{index}] ({:.*}): {details}",
                    SHOWN_CHARS_MAX, item.url
                );
                error.because(name)
            };
            let kind = item.kind().map_err(error)?;
            let (query, item_of_url) = match query(kind, &item.url) {
                Ok((query, item)) => (Some(query), item),
                Err(why) => {
                    refused.get_or_insert(error(why));
                    (None, None)
                }
            };
            let plain = unread(kind, item.url.clone(), quality).map_err(error)?;
            downloads.push(Download {
                formats,
                video_codec,
                query,
                item: item_of_url,
                ..plain
            });
        }
        // With `continue_on_error`, an item fails alone as long as there are others.
        let none_left = downloads.iter().all(|download| download.query.is_none());
        match refused {
            Some(error) if !carry_on || none_left => Err(error),
            _ => Ok((downloads, carry_on)),
        }
    }
}

impl BatchItem {
    fn kind(&self) -> Result<Kind, ApiError> {
        match self.kind.as_str() {
            "post" => Ok(Kind::Post),
            "reel" => Ok(Kind::Reel),
            "story" => Ok(Kind::Story),
            _ => {
                let error = ApiError::from(Code::InvalidRequest);
                Err(error.because(choices::takes(choices::KINDS)).about("type"))
            }
        }
    }
}

/// A batch that has been accepted.
#[derive(Debug, Serialize, ToSchema)]
struct StartedBatch {
    batch_job_id: Uuid,
    status: JobState,
    message: &'static str,
    batch_size: u32,
    items: Vec<StartedItem>,
    status_url: String,
}

/// One item of it, a job of its own.
#[derive(Debug, Serialize, ToSchema)]
struct StartedItem {
    job_id: Uuid,
    #[schema(value_type = String)]
    url: Option<String>,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Option<Kind>,
    status: JobState,
}

impl From<&Status<Download>> for StartedBatch {
    fn from(batch: &Status<Download>) -> Self {
        Self {
            batch_job_id: batch.id,
            status: JobState::Pending,
            message: MESSAGE,
            batch_size: count(batch.children.len()),
            items: batch.children.iter().map(StartedItem::from).collect(),
            status_url: status_url(batch.id),
        }
    }
}

impl From<&Status<Download>> for StartedItem {
    fn from(item: &Status<Download>) -> Self {
        let download = item.work.as_ref();
        Self {
            job_id: item.id,
            url: download.map(|download| download.url.clone()),
            kind: download.map(|download| download.kind),
            status: item.state.into(),
        }
    }
}

#[utoipa::path(post, path = "/instagram/download/batch", operation_id = "downloadBatch", tag = "Download Operations",
    summary = "Download several posts, reels and stories",
    request_body(content = BatchBody, example = json!({"items": [{"url": "DfDjNmTDemo", "type": "post"}, {"url": "DfF-eHzReel", "type": "reel"}]})),
    responses((status = 202, description = "The job of the batch, and one for each item", body = StartedBatch)))]
async fn batch(
    State(downloads): State<Downloads>,
    JobOrigin(origin): JobOrigin,
    Body(body): Body<BatchBody>,
) -> Result<Response, ApiError> {
    let (items, continue_on_error) = body.downloads()?;
    let batch = downloads
        .start_batch(origin, items, continue_on_error)
        .await?;
    Ok(accepted(batch.id, StartedBatch::from(&batch)))
}
