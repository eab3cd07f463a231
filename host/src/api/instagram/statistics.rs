//! What `/instagram/post/stats` and `/instagram/reel/stats` share, and the observations that they rest on.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::http::clock::now,
    contract::record::Media,
    database::{Database, Observation},
    extraction::Extracted,
    statistics::{Counts, Sample, percentages, rounded},
};

/// Percentages of likes, comments, saves, shares and views together, as far as stated.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Breakdown {
    likes_percent: Option<f64>,
    comments_percent: Option<f64>,
    saves_percent: Option<f64>,
    shares_percent: Option<f64>,
    views_percent: Option<f64>,
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

pub(in crate::api) fn owner_username(media: &Media) -> Option<&str> {
    media.owner.as_ref()?.username.as_deref()
}

pub(in crate::api) fn percent(rate: f64) -> f64 {
    rounded(100.0 * rate, 1)
}

/// The nearest whole number.
pub(in crate::api) fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// Keeps what a post counted when it was read. A database that fails costs velocities, not the answer.
pub(in crate::api) async fn observe(database: &Database, media: &Media, extracted: &Extracted) {
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

pub(in crate::api) async fn earlier(database: &Database, media: &Media) -> Vec<Sample> {
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
pub(in crate::api) fn read_at(extracted: &Extracted) -> u64 {
    now().saturating_sub(extracted.age.as_secs())
}
