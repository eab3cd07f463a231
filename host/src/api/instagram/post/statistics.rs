//! `/instagram/post/stats` and `/instagram/reel/stats`; the formulas are in [`crate::statistics`].

use serde::Serialize;
use utoipa::ToSchema;

use super::rate;
use crate::{
    contract::record::Media,
    statistics::{
        Counts, Sample, gained_in_24_hours, is_trending, is_viral, percentages, rounded, total,
        trend_score, velocity_per_hour, viral_score,
    },
};

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

/// Percentages of likes, comments, saves, shares and views together, as far as stated.
#[derive(Serialize, ToSchema)]
struct Breakdown {
    likes_percent: Option<f64>,
    comments_percent: Option<f64>,
    saves_percent: Option<f64>,
    shares_percent: Option<f64>,
    views_percent: Option<f64>,
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

impl From<&Counts> for Breakdown {
    fn from(counts: &Counts) -> Self {
        let [likes, comments, saves, shares, views] = percentages(counts.interactions_and_views());
        Self {
            likes_percent: likes,
            comments_percent: comments,
            saves_percent: saves,
            shares_percent: shares,
            views_percent: views,
        }
    }
}

fn owner_username(media: &Media) -> Option<&str> {
    media.owner.as_ref()?.username.as_deref()
}

fn percent(rate: f64) -> f64 {
    rounded(100.0 * rate, 1)
}

/// The nearest whole number.
fn whole(value: f64) -> i64 {
    value.round() as i64
}
