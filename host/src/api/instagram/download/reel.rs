//! `POST /instagram/download/reel`.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::{
    choices,
    request::{JOB_ERRORS, audio_format, formats, invalid, plain, video_codec},
    started::{StartedJob, StartedReel, accepted, prepare},
};
use crate::{
    api::{
        http::{
            body::Body,
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code},
            layers::JobOrigin,
        },
        instagram::{answer::wrong_kind, statistics::owner_username},
    },
    app::App,
    contract::Record,
    download::{Download, Downloads, Formats, Kind, Part},
    extraction::Extraction,
};

/// `POST /instagram/download/reel` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("started", include_str!("reel.json"))],
    errors: &[
        &[
            Code::InvalidUrl,
            Code::InvalidQuality,
            Code::ReelPrivate,
            Code::ReelNotFound,
        ],
        EXTRACTION_ERRORS,
        JOB_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(reel), ENDPOINT)
}

/// The message for the client.
const MESSAGE: &str = "Reel download started.";

/// The body of the request.
#[derive(Deserialize, ToSchema)]
struct ReelBody {
    /// Reel URL, shortcode or numeric id.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 2048)]
    url: Option<String>,
    #[schema(schema_with = choices::reel_quality)]
    quality: Option<String>,
    #[schema(schema_with = choices::reel_part)]
    download_type: Option<String>,
    #[schema(schema_with = choices::audio_format)]
    audio_format: Option<String>,
    /// Whether the status tells about the reel; true by default.
    include_metadata: Option<bool>,
    #[schema(schema_with = choices::output_format)]
    output_format: Option<String>,
    #[schema(schema_with = choices::video_codec)]
    video_codec: Option<String>,
    /// Whether the cover picture comes beside the video; false by default.
    include_cover: Option<bool>,
}

impl ReelBody {
    fn download(self) -> Result<Download, ApiError> {
        let part = match self.download_type.as_deref().unwrap_or("video") {
            "video" => Part::All,
            "audio_only" => Part::Sound,
            "video_only" => Part::Silent,
            "cover" => Part::Images,
            _ => {
                return Err(invalid(
                    "download_type is video, audio_only, video_only or cover",
                ));
            }
        };
        let audio = audio_format(self.audio_format.as_deref())?;
        let formats = formats(self.output_format.as_deref(), part)?;
        Ok(Download {
            part,
            formats: Formats {
                audio: formats.audio.or(audio),
                ..formats
            },
            video_codec: video_codec(self.video_codec.as_deref())?,
            metadata: self.include_metadata.unwrap_or(true),
            cover: self.include_cover.unwrap_or(false),
            ..plain(Kind::Reel, self.url, self.quality)?
        })
    }
}

#[utoipa::path(post, path = "/instagram/download/reel", operation_id = "download_reel", tag = "Download Operations",
    summary = "Download a reel, its sound, or its video without sound", request_body = ReelBody,
    responses((status = 202, description = "The job that downloads it", body = StartedJob)))]
async fn reel(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    JobOrigin(origin): JobOrigin,
    Body(body): Body<ReelBody>,
) -> Result<Response, ApiError> {
    let download = body.download()?;
    let prepared = prepare(&extraction, &downloads, &download).await?;
    let Record::Media(media) = &*prepared.extracted.record else {
        return Err(wrong_kind(&prepared.extracted));
    };
    let info = StartedReel {
        reel_id: &media.shortcode,
        duration: media.renditions.duration,
        owner: owner_username(media),
    };
    let job = downloads.start(origin, download).await?;
    Ok(accepted(StartedJob {
        reel_info: Some(info),
        ..StartedJob::new(job.id, MESSAGE)
    }))
}
