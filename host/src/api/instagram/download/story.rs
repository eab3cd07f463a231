//! `POST /instagram/download/story`.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::{
    choices,
    request::{JOB_ERRORS, formats, invalid, plain, video_codec},
    started::{StartedJob, StartedStory, accepted, prepare},
};
use crate::{
    api::{
        http::{
            body::Body,
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
            layers::JobOrigin,
        },
        instagram::{answer::wrong_kind, job::count},
    },
    app::App,
    contract::Record,
    download::{Download, Downloads, Kind, Part},
    extraction::Extraction,
};

/// `POST /instagram/download/story` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("started", include_str!("story.json"))],
    errors: &[
        &[
            Code::InvalidUsername,
            Code::InvalidQuality,
            Code::AccountPrivate,
            Code::StoriesDisabled,
            Code::StoriesUnavailable,
            Code::ProfileNotFound,
        ],
        EXTRACTION_ERRORS,
        JOB_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(story), ENDPOINT)
}

/// The message for the client.
const MESSAGE: &str = "Story download started.";

/// The body of the request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct StoryBody {
    /// Instagram username.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 2048)]
    username: Option<String>,
    #[schema(schema_with = choices::named_quality)]
    quality: Option<String>,
    #[schema(schema_with = choices::story_format)]
    format: Option<String>,
    /// Accepted, but without effect: Instagram does not serve expired stories.
    #[expect(dead_code, reason = "documented; there is nothing to include")]
    include_expired: Option<bool>,
    #[schema(schema_with = choices::visible_format)]
    output_format: Option<String>,
    #[schema(schema_with = choices::video_codec)]
    video_codec: Option<String>,
}

impl StoryBody {
    fn download(self) -> Result<Download, ApiError> {
        let zip = match self.format.as_deref().unwrap_or("individual") {
            "individual" => false,
            "zip" => true,
            _ => return Err(invalid("format", choices::STORY_FORMATS)),
        };
        Ok(Download {
            zip,
            formats: formats(self.output_format.as_deref(), Part::All)?,
            video_codec: video_codec(self.video_codec.as_deref())?,
            ..plain(Kind::Story, ("username", self.username), self.quality)?
        })
    }
}

#[utoipa::path(post, path = "/instagram/download/story", operation_id = "downloadStory", tag = "Download Operations",
    summary = "Download the active stories of an account",
    request_body(content = StoryBody, example = json!({"username": "gramhost.demo", "format": "zip"})),
    responses((status = 202, description = "The job that downloads them", body = StartedJob)))]
async fn story(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    JobOrigin(origin): JobOrigin,
    Body(body): Body<StoryBody>,
) -> Result<Response, ApiError> {
    let download = body.download()?;
    let prepared = prepare(&extraction, &downloads, &download).await?;
    let Record::Stories(stories) = &*prepared.extracted.record else {
        return Err(wrong_kind(&prepared.extracted));
    };
    let info = StartedStory {
        username: &stories.username,
        active_stories_count: count(prepared.files),
        format: if download.zip { "zip" } else { "individual" },
    };
    let job = downloads.start(origin, download).await?;
    Ok(accepted(
        job.id,
        StartedJob {
            story_info: Some(info),
            ..StartedJob::new(job.id, MESSAGE)
        },
    ))
}
