//! `POST /instagram/download/post`.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::{
    choices,
    request::{JOB_ERRORS, audio_format, formats, invalid, plain, video_codec, with_items},
    started::{StartedJob, StartedPost, accepted, prepare},
};
use crate::{
    api::{
        http::{
            body::Body,
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
            layers::JobOrigin,
        },
        instagram::{answer::wrong_kind, view::media_type},
    },
    app::App,
    contract::Record,
    download::{Download, Downloads, Formats, Kind, Part},
    extraction::Extraction,
};

/// `POST /instagram/download/post` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("started", include_str!("post.json"))],
    errors: &[
        &[
            Code::InvalidUrl,
            Code::InvalidQuality,
            Code::PostPrivate,
            Code::PostDeleted,
            Code::PostNotFound,
        ],
        EXTRACTION_ERRORS,
        JOB_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(post), ENDPOINT)
}

/// The message for the client.
const MESSAGE: &str = "Download started. Use /status/{job_id} to check progress.";

/// The body of the request.
#[derive(Deserialize, ToSchema)]
struct PostBody {
    /// Post URL, shortcode or numeric id.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 2048)]
    url: Option<String>,
    #[schema(schema_with = choices::post_quality)]
    quality: Option<String>,
    #[schema(schema_with = choices::post_part)]
    download_type: Option<String>,
    #[schema(schema_with = choices::audio_format)]
    audio_format: Option<String>,
    /// Whether the status tells about the post; true by default.
    include_metadata: Option<bool>,
    #[schema(schema_with = choices::output_format)]
    output_format: Option<String>,
    #[schema(schema_with = choices::video_codec)]
    video_codec: Option<String>,
    /// The number of the only item of a carousel that is wanted, 1 for the first, or 0 for all of them; by default the
    /// `img_index` of the URL, or all.
    item: Option<u32>,
    /// The numbers of the wanted items, from 1 to 100, in place of `item`.
    items: Option<Vec<u32>>,
    /// Whether the cover pictures of videos come beside them; false by default.
    include_cover: Option<bool>,
}

impl PostBody {
    fn download(self) -> Result<Download, ApiError> {
        let part = match self.download_type.as_deref().unwrap_or("media") {
            "media" => Part::All,
            "video_only" => Part::Videos,
            "image_only" => Part::Images,
            "audio_only" => Part::Sound,
            "video_silent" => Part::Silent,
            _ => {
                return Err(invalid(
                    "download_type is media, video_only, image_only, audio_only or video_silent",
                ));
            }
        };
        let audio = audio_format(self.audio_format.as_deref())?;
        let formats = formats(self.output_format.as_deref(), part)?;
        let plain = plain(Kind::Post, self.url, self.quality)?;
        let plain = with_items(plain, self.item, self.items)?;
        Ok(Download {
            part,
            formats: Formats {
                audio: formats.audio.or(audio),
                ..formats
            },
            video_codec: video_codec(self.video_codec.as_deref())?,
            metadata: self.include_metadata.unwrap_or(true),
            cover: self.include_cover.unwrap_or(false),
            ..plain
        })
    }
}

#[utoipa::path(post, path = "/instagram/download/post", operation_id = "download_post", tag = "Download Operations",
    summary = "Download a post", request_body = PostBody,
    responses((status = 202, description = "The job that downloads it", body = StartedJob)))]
async fn post(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    JobOrigin(origin): JobOrigin,
    Body(body): Body<PostBody>,
) -> Result<Response, ApiError> {
    let download = body.download()?;
    let prepared = prepare(&extraction, &downloads, &download).await?;
    let Record::Media(media) = &*prepared.extracted.record else {
        return Err(wrong_kind(&prepared.extracted));
    };
    let info = StartedPost {
        post_id: &media.shortcode,
        content_type: media_type(&media.media_type),
        caption: media.caption.as_deref(),
    };
    let job = downloads.start(origin, download).await?;
    Ok(accepted(StartedJob {
        post_info: Some(info),
        ..StartedJob::new(job.id, MESSAGE)
    }))
}
