//! `/instagram/post/stats` and `/instagram/reel/stats`.

use axum::{extract::State, response::Response};

use super::{
    answer::answer,
    clock::now,
    error::{ApiError, Subject},
    info::{run, wrong_kind},
    request::{UrlOrCode, UrlOrId},
    view::statistics::{PostStatistics, ReelStatistics},
};
use crate::{
    contract::{Query, Record},
    extraction::{Extracted, Extraction},
    statistics::Observations,
};

#[utoipa::path(get, path = "/instagram/post/stats", operation_id = "post_statistics", tag = "Statistics & Metrics",
    summary = "Get post statistics",
    params(("url_or_code" = String, Query, description = "Post URL, shortcode or numeric id")),
    responses((status = 200, description = "Engagement statistics", body = PostStatistics)))]
pub(super) async fn post(
    State(extraction): State<Extraction>,
    State(observations): State<Observations>,
    UrlOrCode(target): UrlOrCode,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Post { target }, Subject::Post).await?;
    let Record::Post(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = observations.of(&media.media_id).await;
    let read_at = read_at(&extracted);
    Ok(answer(
        &extracted,
        PostStatistics::new(media, read_at, &earlier),
    ))
}

#[utoipa::path(get, path = "/instagram/reel/stats", operation_id = "reel_statistics", tag = "Statistics & Metrics",
    summary = "Get reel statistics",
    params(("url_or_id" = String, Query, description = "Reel URL, shortcode or numeric id")),
    responses((status = 200, description = "Engagement statistics", body = ReelStatistics)))]
pub(super) async fn reel(
    State(extraction): State<Extraction>,
    State(observations): State<Observations>,
    UrlOrId(target): UrlOrId,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Reel { target }, Subject::Reel).await?;
    let Record::Reel(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = observations.of(&media.media_id).await;
    let read_at = read_at(&extracted);
    Ok(answer(
        &extracted,
        ReelStatistics::new(media, read_at, &earlier),
    ))
}

/// Seconds since 1970.
fn read_at(extracted: &Extracted) -> u64 {
    now().saturating_sub(extracted.age.as_secs())
}
