//! `POST /instagram/download/carousel`.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::{
    choices,
    request::{JOB_ERRORS, formats, plain, video_codec, with_items},
    started::{StartedCarousel, StartedJob, accepted, prepare},
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

/// `POST /instagram/download/carousel` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("started", include_str!("carousel.json"))],
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
    described(routes!(carousel), ENDPOINT)
}

/// The message for the client.
const MESSAGE: &str = "Carousel download started as ZIP.";

/// The body of the request.
#[derive(Deserialize, ToSchema)]
struct CarouselBody {
    /// Post URL, shortcode or numeric id.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 2048)]
    url: Option<String>,
    #[schema(schema_with = choices::named_quality)]
    quality: Option<String>,
    /// Whether the ZIP holds a `metadata.json`; true by default.
    include_metadata: Option<bool>,
    #[schema(schema_with = choices::visible_format)]
    output_format: Option<String>,
    #[schema(schema_with = choices::video_codec)]
    video_codec: Option<String>,
    /// The number of the only item that is wanted, 1 for the first, or 0 for all of them; by default the `img_index` of
    /// the URL, or all.
    item: Option<u32>,
    /// The numbers of the wanted items, from 1 to 100, in place of `item`.
    items: Option<Vec<u32>>,
    /// Whether the cover pictures of videos come beside them; false by default.
    include_cover: Option<bool>,
}

impl CarouselBody {
    fn download(self) -> Result<Download, ApiError> {
        let plain = plain(Kind::Carousel, self.url, self.quality)?;
        let plain = with_items(plain, self.item, self.items)?;
        Ok(Download {
            zip: true,
            formats: formats(self.output_format.as_deref(), Part::All)?,
            video_codec: video_codec(self.video_codec.as_deref())?,
            metadata: self.include_metadata.unwrap_or(true),
            cover: self.include_cover.unwrap_or(false),
            ..plain
        })
    }
}

#[utoipa::path(post, path = "/instagram/download/carousel", operation_id = "download_carousel", tag = "Download Operations",
    summary = "Download a carousel as one ZIP", request_body = CarouselBody,
    responses((status = 202, description = "The job that downloads it", body = StartedJob)))]
async fn carousel(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    JobOrigin(origin): JobOrigin,
    Body(body): Body<CarouselBody>,
) -> Result<Response, ApiError> {
    let download = body.download()?;
    let prepared = prepare(&extraction, &downloads, &download).await?;
    let Record::Media(media) = &*prepared.extracted.record else {
        return Err(wrong_kind(&prepared.extracted));
    };
    let info = StartedCarousel {
        post_id: &media.shortcode,
        item_count: count(prepared.files),
        output_format: "zip",
    };
    let job = downloads.start(origin, download).await?;
    Ok(accepted(StartedJob {
        carousel_info: Some(info),
        ..StartedJob::new(job.id, MESSAGE)
    }))
}
