//! `GET /instagram/post/stats`; the formulas are in [`crate::statistics`].

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::{
        http::{
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code, Subject},
        },
        instagram::{
            answer::{answer, run, wrong_kind},
            parameters::UrlOrCode,
            statistics::{Breakdown, owner_username, percent, read_at, whole},
            view::rate,
        },
    },
    app::App,
    contract::{Query, Record, record::Media},
    statistics::{
        Counts, Sample, gained_in_24_hours, is_trending, total, trend_score, velocity_per_hour,
    },
};

/// `/instagram/post/stats` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("post", include_str!("statistics.json"))],
    errors: &[
        &[
            Code::InvalidUrl,
            Code::PostPrivate,
            Code::PostDeleted,
            Code::PostNotFound,
        ],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(post), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/post/stats", operation_id = "post_statistics", tag = "Statistics & Metrics",
    summary = "Get post statistics",
    params(("url_or_code" = String, Query, min_length = 1, max_length = 2048, description = "Post URL, shortcode or numeric id")),
    responses((status = 200, description = "Engagement statistics", body = PostStatistics)))]
async fn post(State(app): State<App>, UrlOrCode(target): UrlOrCode) -> Result<Response, ApiError> {
    let extracted = run(&app.extraction, &Query::post(target), Subject::Post).await?;
    let Record::Media(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = app.observations.of(&media.media_id).await;
    let read_at = app.observations.moment(read_at(&extracted));
    Ok(answer(
        &extracted,
        PostStatistics::new(media, read_at, &earlier),
    ))
}

/// The counts of a post and what follows from them.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PostStatistics<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The shortcode.
    post_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    owner_username: Option<&'a str>,
    /// When it was taken, seconds since 1970.
    timestamp: Option<u64>,
    statistics: PostCounts,
    engagement_breakdown: Breakdown,
    trending: Trending,
}

/// What Instagram states of a post.
#[derive(Serialize, ToSchema)]
struct PostCounts {
    likes_count: Option<u64>,
    comments_count: Option<u64>,
    saves_count: Option<u64>,
    shares_count: Option<u64>,
    view_count: Option<u64>,
    /// Likes, comments, saves, shares and views, as far as stated.
    total_engagement: Option<u64>,
    /// Likes, comments, saves and shares over the basis.
    engagement_rate: Option<f64>,
    engagement_rate_percent: Option<f64>,
    /// `views` or `followers`.
    engagement_rate_basis: Option<&'static str>,
}

/// How fast engagement grows.
#[derive(Serialize, ToSchema)]
struct Trending {
    /// A score of at least 7.5.
    is_trending: Option<bool>,
    /// 0 to 10: 2.5 · log10(1 + velocity).
    trend_score: Option<f64>,
    /// Total engagement gained an hour: since the oldest observation of the last 24 hours, else since it was posted.
    engagement_velocity: Option<i64>,
    /// Total engagement gained in the last 24 hours; null without an observation that old, unless the post is younger.
    engagement_velocity_24h: Option<i64>,
}

impl<'a> PostStatistics<'a> {
    /// `now` in seconds since 1970; `earlier` observations oldest first.
    pub(in crate::api) fn new(media: &'a Media, now: u64, earlier: &[Sample]) -> Self {
        let counts = Counts::from(media);
        let current = Sample { at: now, counts };
        let engagement = |counts: &Counts| counts.interactions_and_views().to_vec();
        let velocity = velocity_per_hour(&current, earlier, media.taken_at, engagement);
        let day = gained_in_24_hours(&current, earlier, media.taken_at, engagement);
        let (rate, basis) = rate(media);
        let score = velocity.map(trend_score);
        Self {
            kind: "post_statistics",
            post_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            owner_username: owner_username(media),
            timestamp: media.taken_at,
            statistics: PostCounts {
                likes_count: counts.likes,
                comments_count: counts.comments,
                saves_count: counts.saves,
                shares_count: counts.shares,
                view_count: counts.views,
                total_engagement: total(&counts.interactions_and_views()),
                engagement_rate: rate,
                engagement_rate_percent: rate.map(percent),
                engagement_rate_basis: basis,
            },
            engagement_breakdown: Breakdown::from(&counts),
            trending: Trending {
                is_trending: score.map(is_trending),
                trend_score: score,
                engagement_velocity: velocity.map(whole),
                engagement_velocity_24h: day.map(whole),
            },
        }
    }
}
