//! Observations: the counts of a post or reel at its extractions, stored to compute its growth later.

use super::{Counts, Sample};
use crate::{
    contract::Record,
    database::{Observation, ObservationLog},
};

/// The store of observations. A cheap handle.
#[derive(Clone)]
pub struct Observations(ObservationLog);

impl Observations {
    /// Stores observations in `log`.
    #[must_use]
    pub fn new(log: ObservationLog) -> Self {
        Self(log)
    }

    /// Stores the counts of a post or reel at `now`, seconds since 1970; other records have no counts. A database
    /// failure only affects velocities, not the response.
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

    /// The earlier counts of the post or reel with this numeric id, oldest first; empty if the database fails.
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
