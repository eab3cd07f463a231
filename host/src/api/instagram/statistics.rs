//! `/instagram/post/stats` and `/instagram/reel/stats`, and the observations that they rest on.

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
    contract::{Query, Record, record::Media},
    database::{Database, Observation},
    extraction::{Extracted, Extraction},
    statistics::{Counts, Sample},
};

#[utoipa::path(get, path = "/instagram/post/stats", operation_id = "post_statistics", tag = "Statistics & Metrics",
    summary = "Get post statistics",
    params(("url_or_code" = String, Query, description = "Post URL, shortcode or numeric id")),
    responses((status = 200, description = "Engagement statistics", body = PostStatistics)))]
pub(super) async fn post(
    State(extraction): State<Extraction>,
    State(database): State<Database>,
    UrlOrCode(target): UrlOrCode,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Post { target }, Subject::Post).await?;
    let Record::Post(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = earlier(&database, media).await;
    observe(&database, media, &extracted).await;
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
    State(database): State<Database>,
    UrlOrId(target): UrlOrId,
) -> Result<Response, ApiError> {
    let extracted = run(&extraction, &Query::Reel { target }, Subject::Reel).await?;
    let Record::Reel(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = earlier(&database, media).await;
    observe(&database, media, &extracted).await;
    let read_at = read_at(&extracted);
    Ok(answer(
        &extracted,
        ReelStatistics::new(media, read_at, &earlier),
    ))
}

/// Keeps what a post counted when it was read. A database that fails costs velocities, not the answer.
pub(super) async fn observe(database: &Database, media: &Media, extracted: &Extracted) {
    // What comes from memory was observed when it was read.
    if extracted.hit {
        return;
    }
    let observation = Observation {
        observed_at: read_at(extracted),
        likes: media.like_count,
        comments: media.comment_count,
        views: media.view_count,
        shares: media.share_count,
        saves: media.save_count,
    };
    if let Err(error) = database.observe(&media.media_id, observation).await {
        tracing::warn!(%error, media_id = media.media_id, "an observation is lost");
    }
}

async fn earlier(database: &Database, media: &Media) -> Vec<Sample> {
    match database.observations(&media.media_id).await {
        Ok(observations) => observations.iter().map(sample).collect(),
        Err(error) => {
            tracing::warn!(%error, media_id = media.media_id, "observations cannot be read");
            Vec::new()
        }
    }
}

fn sample(observation: &Observation) -> Sample {
    let counts = Counts {
        likes: observation.likes,
        comments: observation.comments,
        saves: observation.saves,
        shares: observation.shares,
        views: observation.views,
    };
    Sample {
        at: observation.observed_at,
        counts,
    }
}

/// Seconds since 1970.
fn read_at(extracted: &Extracted) -> u64 {
    now().saturating_sub(extracted.age.as_secs())
}
