//! Shared parts of `/instagram/post/stats` and `/instagram/reel/stats`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::http::clock::now,
    contract::record::Media,
    extraction::Extracted,
    statistics::{Counts, percentages, rounded},
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

/// Rounds to the nearest whole number.
pub(in crate::api) fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// When the record was read, seconds since 1970, by the clock of this machine.
pub(in crate::api) fn read_at(extracted: &Extracted) -> u64 {
    now().saturating_sub(extracted.age.as_secs())
}
