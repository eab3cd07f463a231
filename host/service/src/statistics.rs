//! The formulas of `/post/stats` and `/reel/stats`, which are pure, and the observations that they use. Independent of
//! HTTP.
//!
//! Instagram publishes none of these figures, and the examples in the specification follow no single formula, so each
//! function here states its own. Nothing is estimated silently: a figure that needs an unstated count is `None`.

mod observations;

pub use observations::Observations;

use crate::contract::record::Media;

/// An hour in seconds.
const HOUR_S: f64 = 3600.0;
/// A day in seconds.
const DAY_S: u64 = 24 * 3600;
/// The minimum time between samples, seconds. Closer samples are the same observation and say nothing about growth.
const APART_S_MIN: u64 = 60;

/// The counts of a post or reel. `None`: Instagram did not state it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Likes.
    pub likes: Option<u64>,
    /// Comments.
    pub comments: Option<u64>,
    /// Saves.
    pub saves: Option<u64>,
    /// Shares.
    pub shares: Option<u64>,
    /// Views of a video, plays of a reel.
    pub views: Option<u64>,
}

impl From<&Media> for Counts {
    fn from(media: &Media) -> Self {
        Self {
            likes: media.like_count,
            comments: media.comment_count,
            saves: media.save_count,
            shares: media.share_count,
            views: media.view_count,
        }
    }
}

impl Counts {
    /// The interactions: likes, comments, saves and shares.
    #[must_use]
    pub fn interactions(&self) -> [Option<u64>; 4] {
        [self.likes, self.comments, self.saves, self.shares]
    }

    /// The interactions and the views, in the order likes, comments, saves, shares, views.
    #[must_use]
    pub fn interactions_and_views(&self) -> [Option<u64>; 5] {
        [
            self.likes,
            self.comments,
            self.saves,
            self.shares,
            self.views,
        ]
    }
}

/// Counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Seconds since 1970.
    pub at: u64,
    /// The counts at that moment.
    pub counts: Counts,
}

/// The base of an engagement rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Views, if stated.
    Views,
    /// The owner's followers, if views are not stated.
    Followers,
}

/// The sum of the stated parts; `None` when no part is stated.
#[must_use]
pub fn total(parts: &[Option<u64>]) -> Option<u64> {
    let stated = parts.iter().flatten().copied();
    stated.reduce(u64::saturating_add)
}

/// Interactions ÷ views, or ÷ the owner's followers if views are not stated, rounded to four decimals. `None` when no
/// interaction or neither base is stated, or the base is 0.
#[must_use]
pub fn engagement_rate(counts: &Counts, followers: Option<u64>) -> Option<(f64, Basis)> {
    let interactions = total(&counts.interactions())?;
    let views = counts.views.map(|views| (views, Basis::Views));
    let followers = followers.map(|followers| (followers, Basis::Followers));
    let (base, basis) = views.or(followers)?;
    (base > 0).then(|| (rounded(float(interactions) / float(base), 4), basis))
}

/// Each stated part as a percentage of the sum of the stated parts, to one decimal.
/// `None` for a part that is not stated, and for all of them when the sum is 0.
#[must_use]
pub fn percentages<const N: usize>(parts: [Option<u64>; N]) -> [Option<f64>; N] {
    let base = total(&parts).filter(|base| *base > 0);
    parts.map(|part| Some(rounded(100.0 * float(part?) / float(base?), 1)))
}

/// The growth of `measure` per hour: from the oldest sample of the last 24 hours to `current`; without an earlier
/// sample, the average since `taken_at` (over at least one minute). `None` when neither is possible. Negative when
/// people remove their likes.
#[must_use]
pub fn velocity_per_hour(
    current: &Sample,
    earlier: &[Sample],
    taken_at: Option<u64>,
    measure: fn(&Counts) -> Vec<Option<u64>>,
) -> Option<f64> {
    let now = measure(&current.counts);
    let last_day = current.at.saturating_sub(DAY_S)..=current.at.saturating_sub(APART_S_MIN);
    let mut lately = earlier
        .iter()
        .filter(|sample| last_day.contains(&sample.at));
    let observed = lately.find_map(|sample| {
        let gained = gained(&measure(&sample.counts), &now)?;
        Some(gained * HOUR_S / float(current.at - sample.at))
    });
    observed.or_else(|| {
        let age_s = current.at.saturating_sub(taken_at?).max(APART_S_MIN);
        Some(float(total(&now)?) * HOUR_S / float(age_s))
    })
}

/// The growth of `measure` in the last 24 hours: since the newest sample that is 24 to 48 hours old, scaled to 24
/// hours. For a post younger than a day, this is its whole count. Otherwise `None` without such a sample.
#[must_use]
pub fn gained_in_24_hours(
    current: &Sample,
    earlier: &[Sample],
    taken_at: Option<u64>,
    measure: fn(&Counts) -> Vec<Option<u64>>,
) -> Option<f64> {
    let now = measure(&current.counts);
    if taken_at.is_some_and(|taken_at| current.at.saturating_sub(taken_at) < DAY_S) {
        return total(&now).map(float);
    }
    let day_before = current.at.checked_sub(2 * DAY_S)?..=current.at - DAY_S;
    let base = earlier
        .iter()
        .rfind(|sample| day_before.contains(&sample.at))?;
    let gained = gained(&measure(&base.counts), &now)?;
    Some(gained * float(DAY_S) / float(current.at - base.at))
}

/// A score from 0 to 10 on a logarithmic scale of engagement per hour: 2.5 · log10(1 + v), so 10 at 10 000 per hour.
#[must_use]
pub fn trend_score(engagement_per_hour: f64) -> f64 {
    score(2.5, engagement_per_hour)
}

/// A trend score of at least 7.5, that is 1 000 per hour.
#[must_use]
pub fn is_trending(trend_score: f64) -> bool {
    trend_score >= 7.5
}

/// A score from 0 to 10 on a logarithmic scale of views per hour: 2 · log10(1 + v), so 10 at 100 000 per hour.
#[must_use]
pub fn viral_score(views_per_hour: f64) -> f64 {
    score(2.0, views_per_hour)
}

/// A viral score of at least 8, that is 10 000 views per hour.
#[must_use]
pub fn is_viral(viral_score: f64) -> bool {
    viral_score >= 8.0
}

fn score(slope: f64, per_hour: f64) -> f64 {
    rounded(
        (slope * per_hour.max(0.0).ln_1p() / std::f64::consts::LN_10).min(10.0),
        1,
    )
}

/// The growth of the parts that are stated both times; `None` if there are none.
fn gained(before: &[Option<u64>], after: &[Option<u64>]) -> Option<f64> {
    let both = before.iter().zip(after);
    both.filter_map(|(before, after)| Some(float((*after)?) - float((*before)?)))
        .reduce(|sum, part| sum + part)
}

/// Returns the value with this many decimals; half is rounded away from zero.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// Converts a count; exact up to 2^53, far above any count.
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
