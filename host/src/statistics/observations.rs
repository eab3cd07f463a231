//! Observations: what a post or reel counted when it was extracted, kept so that its growth can be told later.

use super::{Counts, Sample};
use crate::{
    contract::Record,
    database::{Observation, ObservationLog},
};

/// A cheap handle.
#[derive(Clone)]
pub struct Observations(ObservationLog);

impl Observations {
    /// Keeps them in `log`.
    #[must_use]
    pub fn new(log: ObservationLog) -> Self {
        Self(log)
    }

    /// Keeps what a post or reel counted at `now`, seconds since 1970; other records have no counts. A database that
    /// fails costs velocities, not the answer.
    pub async fn observe(&self, record: &Record, now: u64) {
        let Record::Media(media) = record else {
            return;
        };
        let observation = Observation {
            observed_at: now,
            likes: media.like_count,
            comments: media.comment_count,
            views: media.view_count,
            shares: media.share_count,
            saves: media.save_count,
        };
        if let Err(error) = self.0.add(&media.media_id, observation).await {
            tracing::warn!(%error, media_id = media.media_id, "an observation is lost");
        }
    }

    /// What the post or reel with this numeric id counted before, oldest first. A database that fails has none.
    pub async fn of(&self, media_id: &str) -> Vec<Sample> {
        match self.0.of(media_id).await {
            Ok(observations) => observations.iter().map(sample).collect(),
            Err(error) => {
                tracing::warn!(%error, media_id, "observations cannot be read");
                Vec::new()
            }
        }
    }
}

fn sample(observation: &Observation) -> Sample {
    Sample {
        at: observation.observed_at,
        counts: Counts {
            likes: observation.likes,
            comments: observation.comments,
            saves: observation.saves,
            shares: observation.shares,
            views: observation.views,
        },
    }
}
