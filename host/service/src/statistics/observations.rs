//! Observations: the counts of a post or reel at its extractions, stored to compute its growth later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{Counts, Sample};
use crate::{
    contract::Record,
    database::{Observation, ObservationLog},
};

/// The interval at which a server stores what it observed, milliseconds. A write waits for the disk, so one write for
/// each extraction would cost more than the extraction. A crash loses the observations of this time.
const KEEP_EVERY_MS: u64 = 1_000;
/// The maximum number of posts and reels whose observations wait to be stored; further ones are lost.
const PENDING_MAX: usize = 10_000;

/// The store of observations. A cheap handle.
#[derive(Clone)]
pub struct Observations {
    log: ObservationLog,
    /// The latest observation of each media id that is not stored yet.
    pending: Arc<Mutex<HashMap<String, Observation>>>,
    /// Whether each observation is stored at once, because the process ends after a few.
    at_once: bool,
}

impl Observations {
    /// Stores observations in `log`, together every second while [`Observations::run`] runs.
    #[must_use]
    pub fn new(log: ObservationLog) -> Self {
        Self {
            log,
            pending: Arc::default(),
            at_once: false,
        }
    }

    /// Stores each observation in `log` before the extraction ends.
    #[must_use]
    pub fn at_once(log: ObservationLog) -> Self {
        Self {
            at_once: true,
            ..Self::new(log)
        }
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
        {
            let mut pending = self.pending();
            if pending.len() < PENDING_MAX {
                // The first one counts, as in the database.
                let id = media.media_id.clone();
                pending.entry(id).or_insert(observation);
            }
        }
        if self.at_once {
            self.keep().await;
        }
    }

    /// The counts of the post or reel with this numeric id so far, oldest first; empty if the database fails.
    pub async fn of(&self, media_id: &str) -> Vec<Sample> {
        self.keep().await;
        match self.log.of(media_id).await {
            Ok(observations) => observations.iter().map(sample).collect(),
            Err(error) => {
                tracing::warn!(%error, media_id, "observations cannot be read");
                Vec::new()
            }
        }
    }

    /// Stores what was observed every second, until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        let every = Duration::from_millis(KEEP_EVERY_MS);
        while shutdown
            .run_until_cancelled(tokio::time::sleep(every))
            .await
            .is_some()
        {
            self.keep().await;
        }
    }

    /// Stores what was observed since the last time. If the database fails, this is logged and tried again next time.
    pub async fn keep(&self) {
        let observed: Vec<_> = self.pending().drain().collect();
        if observed.is_empty() {
            return;
        }
        if let Err(error) = self.log.add(&observed).await {
            tracing::warn!(%error, count = observed.len(), "observations cannot be kept");
            let mut pending = self.pending();
            let room = PENDING_MAX.saturating_sub(pending.len());
            for (id, observation) in observed.into_iter().take(room) {
                pending.insert(id, observation);
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<String, Observation>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
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
