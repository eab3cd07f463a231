//! The five endpoints that start downloads. Each extracts first, so that what cannot be downloaded is refused at once.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    body::{BatchBody, Body, CarouselBody, PostBody, ReelBody, StoryBody},
    error::{ApiError, Subject},
    middleware::Asker,
    openapi::bodies,
    view::{
        job::{Batch, Started},
        media_type,
    },
};
use crate::{
    contract::Record,
    download::{Download, Downloads, Kind, Reason},
    extraction::{Error, Extraction},
};

#[utoipa::path(post, path = "/instagram/download/post", operation_id = "download_post", tag = "Download Operations",
    summary = "Download a post", request_body = PostBody,
    responses((status = 202, description = "The job that downloads it", body = bodies::StartedJob)))]
pub(super) async fn post(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    asker: Asker,
    Body(body): Body<PostBody>,
) -> Result<Response, ApiError> {
    let starting = Starting::new(&extraction, &downloads, asker, body.download()?);
    starting
        .answer(
            "Download started. Use /status/{job_id} to check progress.",
            "post_info",
            post_info,
        )
        .await
}

#[utoipa::path(post, path = "/instagram/download/reel", operation_id = "download_reel", tag = "Download Operations",
    summary = "Download a reel, its sound, or its video without sound", request_body = ReelBody,
    responses((status = 202, description = "The job that downloads it", body = bodies::StartedJob)))]
pub(super) async fn reel(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    asker: Asker,
    Body(body): Body<ReelBody>,
) -> Result<Response, ApiError> {
    let starting = Starting::new(&extraction, &downloads, asker, body.download()?);
    starting
        .answer("Reel download started.", "reel_info", reel_info)
        .await
}

#[utoipa::path(post, path = "/instagram/download/story", operation_id = "download_story", tag = "Download Operations",
    summary = "Download the active stories of an account", request_body = StoryBody,
    responses((status = 202, description = "The job that downloads them", body = bodies::StartedJob)))]
pub(super) async fn story(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    asker: Asker,
    Body(body): Body<StoryBody>,
) -> Result<Response, ApiError> {
    let starting = Starting::new(&extraction, &downloads, asker, body.download()?);
    starting
        .answer("Story download started.", "story_info", story_info)
        .await
}

#[utoipa::path(post, path = "/instagram/download/carousel", operation_id = "download_carousel", tag = "Download Operations",
    summary = "Download a carousel as one ZIP", request_body = CarouselBody,
    responses((status = 202, description = "The job that downloads it", body = bodies::StartedJob)))]
pub(super) async fn carousel(
    State(extraction): State<Extraction>,
    State(downloads): State<Downloads>,
    asker: Asker,
    Body(body): Body<CarouselBody>,
) -> Result<Response, ApiError> {
    let starting = Starting::new(&extraction, &downloads, asker, body.download()?);
    starting
        .answer(
            "Carousel download started as ZIP.",
            "carousel_info",
            carousel_info,
        )
        .await
}

#[utoipa::path(post, path = "/instagram/download/batch", operation_id = "download_batch", tag = "Download Operations",
    summary = "Download several posts, reels and stories", request_body = BatchBody,
    responses((status = 202, description = "The job of the batch, and one for each item", body = bodies::StartedBatch)))]
pub(super) async fn batch(
    State(downloads): State<Downloads>,
    Asker(origin): Asker,
    Body(body): Body<BatchBody>,
) -> Result<Response, ApiError> {
    let (items, continue_on_error) = body.downloads()?;
    let status = downloads
        .start_batch(origin, items, continue_on_error)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Batch::from(&status))).into_response())
}

/// A download on its way to becoming a job.
struct Starting<'a> {
    extraction: &'a Extraction,
    downloads: &'a Downloads,
    asker: Asker,
    download: Download,
}

impl<'a> Starting<'a> {
    fn new(
        extraction: &'a Extraction,
        downloads: &'a Downloads,
        asker: Asker,
        download: Download,
    ) -> Self {
        Self {
            extraction,
            downloads,
            asker,
            download,
        }
    }

    /// `about` is the name of what `info` says of the record.
    async fn answer(
        self,
        message: &'static str,
        about: &'static str,
        info: fn(&Record, &Download, usize) -> Value,
    ) -> Result<Response, ApiError> {
        let subject = subject(self.download.kind);
        let extracted = self.extraction.run(&self.download.query).await;
        let extracted = extracted.map_err(|failure| match failure.error {
            // `/story/info` calls it by another name.
            Error::StoriesUnavailable => subject.cannot(Reason::NoStories),
            _ => subject.refuse(failure),
        })?;
        let cannot = |reason| subject.cannot(reason);
        let files = self
            .downloads
            .check(&self.download, &extracted.record)
            .map_err(cannot)?;
        let info = info(&extracted.record, &self.download, files);
        let status = self.downloads.start(self.asker.0, self.download).await?;
        let started = Started::new(&status, message, about, info);
        Ok((StatusCode::ACCEPTED, Json(started)).into_response())
    }
}

/// What a download of this kind is about.
pub(super) fn subject(kind: Kind) -> Subject {
    match kind {
        Kind::Post | Kind::Carousel => Subject::Post,
        Kind::Reel => Subject::Reel,
        Kind::Story => Subject::Story,
    }
}

fn post_info(record: &Record, _: &Download, _: usize) -> Value {
    let Record::Post(media) = record else {
        return Value::Null;
    };
    let content_type = media_type(&media.media_type);
    json!({ "post_id": media.shortcode, "content_type": content_type, "caption": media.caption })
}

fn reel_info(record: &Record, _: &Download, _: usize) -> Value {
    let Record::Reel(media) = record else {
        return Value::Null;
    };
    let owner = media
        .owner
        .as_ref()
        .and_then(|owner| owner.username.as_deref());
    json!({ "reel_id": media.shortcode, "duration": media.renditions.duration, "owner": owner })
}

fn story_info(record: &Record, download: &Download, files: usize) -> Value {
    let Record::Stories(stories) = record else {
        return Value::Null;
    };
    let format = if download.zip { "zip" } else { "individual" };
    json!({ "username": stories.username, "active_stories_count": files, "format": format })
}

fn carousel_info(record: &Record, _: &Download, files: usize) -> Value {
    let Record::Post(media) = record else {
        return Value::Null;
    };
    json!({ "post_id": media.shortcode, "item_count": files, "output_format": "zip" })
}
