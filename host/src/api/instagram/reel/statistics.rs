//! `GET /instagram/reel/stats`; the formulas are in [`crate::statistics`].

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
            parameters::UrlOrId,
            statistics::{Breakdown, owner_username, percent, read_at, whole},
            view::rate,
        },
    },
    app::App,
    contract::{Query, Record, record::Media},
    statistics::{Counts, Sample, is_viral, total, velocity_per_hour, viral_score},
};

/// `/instagram/reel/stats` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("reel", include_str!("statistics.json"))],
    errors: &[
        &[Code::InvalidUrl, Code::ReelPrivate, Code::ReelNotFound],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(reel), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/reel/stats", operation_id = "reel_statistics", tag = "Statistics & Metrics",
    summary = "Get reel statistics",
    params(("url_or_id" = String, Query, min_length = 1, max_length = 2048, description = "Reel URL, shortcode or numeric id")),
    responses((status = 200, description = "Engagement statistics", body = ReelStatistics)))]
async fn reel(State(app): State<App>, UrlOrId(target): UrlOrId) -> Result<Response, ApiError> {
    let extracted = run(&app.extraction, &Query::reel(target), Subject::Reel).await?;
    let Record::Media(media) = &*extracted.record else {
        return Err(wrong_kind(&extracted));
    };
    let earlier = app.observations.of(&media.media_id).await;
    let read_at = app.observations.moment(read_at(&extracted));
    Ok(answer(
        &extracted,
        ReelStatistics::new(media, read_at, &earlier),
    ))
}

/// The counts of a reel and what follows from them.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ReelStatistics<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The shortcode.
    reel_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    owner_username: Option<&'a str>,
    /// Seconds.
    duration: Option<f64>,
    /// When it was taken, seconds since 1970.
    timestamp: Option<u64>,
    statistics: ReelCounts,
    engagement_breakdown: Breakdown,
    viral_metrics: Viral,
}

/// What Instagram states of a reel.
#[derive(Serialize, ToSchema)]
struct ReelCounts {
    views: Option<u64>,
    likes: Option<u64>,
    comments: Option<u64>,
    shares: Option<u64>,
    saves: Option<u64>,
    /// Likes, comments, shares and saves, as far as stated.
    total_engagement: Option<u64>,
    /// Likes, comments, saves and shares over the basis.
    engagement_rate: Option<f64>,
    engagement_rate_percent: Option<f64>,
    /// `views` or `followers`.
    engagement_rate_basis: Option<&'static str>,
    /// Instagram tells only the owner, so always null.
    average_watch_time_seconds: Option<f64>,
    /// Instagram tells only the owner, so always null.
    average_watch_percent: Option<f64>,
    /// Instagram tells only the owner, so always null.
    completion_rate: Option<f64>,
}

/// How fast a reel spreads.
#[derive(Serialize, ToSchema)]
struct Viral {
    /// A score of at least 8.
    is_viral: Option<bool>,
    /// 0 to 10: 2 · log10(1 + views an hour).
    viral_score: Option<f64>,
    /// Views gained an hour: since the oldest observation of the last 24 hours, else since it was posted.
    view_velocity_per_hour: Option<i64>,
    /// Total engagement gained an hour, likewise.
    engagement_velocity_per_hour: Option<i64>,
}

impl<'a> ReelStatistics<'a> {
    /// `now` in seconds since 1970; `earlier` observations oldest first.
    pub(in crate::api) fn new(media: &'a Media, now: u64, earlier: &[Sample]) -> Self {
        let counts = Counts::from(media);
        let current = Sample { at: now, counts };
        let velocity = |measure| velocity_per_hour(&current, earlier, media.taken_at, measure);
        let views = velocity(|counts| vec![counts.views]);
        let engagement = velocity(|counts| counts.interactions().to_vec());
        let (rate, basis) = rate(media);
        let score = views.map(viral_score);
        Self {
            kind: "reel_statistics",
            reel_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            owner_username: owner_username(media),
            duration: media.renditions.duration,
            timestamp: media.taken_at,
            statistics: ReelCounts {
                views: counts.views,
                likes: counts.likes,
                comments: counts.comments,
                shares: counts.shares,
                saves: counts.saves,
                total_engagement: total(&counts.interactions()),
                engagement_rate: rate,
                engagement_rate_percent: rate.map(percent),
                engagement_rate_basis: basis,
                average_watch_time_seconds: None,
                average_watch_percent: None,
                completion_rate: None,
            },
            engagement_breakdown: Breakdown::from(&counts),
            viral_metrics: Viral {
                is_viral: score.map(is_viral),
                viral_score: score,
                view_velocity_per_hour: views.map(whole),
                engagement_velocity_per_hour: engagement.map(whole),
            },
        }
    }
}
