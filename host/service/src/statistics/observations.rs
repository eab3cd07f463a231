//! Observations: the counts of a post or reel at its extractions, stored to compute its growth later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use moka::future::Cache;
use tokio_util::sync::CancellationToken;

use super::{APART_S_MIN, Counts, DAY_S, Sample};
use crate::{
    clock::Clock,
    contract::Record,
    database::{Observation, ObservationLog},
};

/// The interval at which a server stores what it observed, milliseconds. A write waits for the disk, so one write for
/// each extraction would cost more than the extraction. A crash loses the observations of this time.
const KEEP_EVERY_MS: u64 = 1_000;
/// The maximum number of posts and reels whose observations wait to be stored; further ones are lost.
const PENDING_MAX: usize = 10_000;

/// How long the observations of a post are served from memory, seconds. The formulas use no sample that is younger than
/// this, so they miss none.
const MEMORY_S: u64 = APART_S_MIN - 1;
/// The maximum number of samples in memory; each has about 100 bytes.
const SAMPLES_MAX: u64 = 100_000;

/// The store of observations. A cheap handle.
#[derive(Clone)]
pub struct Observations {
    log: ObservationLog,
    /// What was read lately, by media id.
    memory: Cache<String, Arc<[Sample]>>,
    /// The first observation of each media id that is not stored yet.
    pending: Arc<Mutex<HashMap<String, Observation>>>,
    /// Whether each observation is stored at once, because the process ends after a few.
    at_once: bool,
    /// The clock that all replicas agree on, if there are several.
    clock: Option<Clock>,
}

impl Observations {
    /// Stores observations in `log`, together every second while [`Observations::run`] runs.
    #[must_use]
    pub fn new(log: ObservationLog) -> Self {
        let size = |_: &String, samples: &Arc<[Sample]>| {
            // One more, because an id without samples takes memory too.
            u32::try_from(samples.len() + 1).unwrap_or(u32::MAX)
        };
        let memory = Cache::builder()
            .max_capacity(SAMPLES_MAX)
            .weigher(size)
            .time_to_live(Duration::from_secs(MEMORY_S))
            .build();
        Self {
            log,
            memory,
            pending: Arc::default(),
            at_once: false,
            clock: None,
        }
    }

    /// Times observations by a clock that all replicas agree on. Their own may be minutes apart, and the growth between two
    /// observations of different replicas would be wrong.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self {
            clock: Some(clock),
            ..self
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

    /// The moment of an observation at which this machine's clock showed `now`, seconds since 1970.
    #[must_use]
    pub fn moment(&self, now: u64) -> u64 {
        let Some(clock) = &self.clock else {
            return now;
        };
        let own = SystemTime::now().duration_since(UNIX_EPOCH);
        let ago_s = own.unwrap_or_default().as_secs().saturating_sub(now);
        (clock.now_ms() / 1_000).saturating_sub(ago_s)
    }

    /// Stores the counts that a post or reel had when this machine's clock showed `now`, seconds since 1970; other records
    /// have no counts. A database failure only affects velocities, not the response.
    pub async fn observe(&self, record: &Record, now: u64) {
        let Record::Media(media) = record else {
            return;
        };
        let observation = Observation {
            observed_at: self.moment(now),
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

    /// The counts of the post or reel with this numeric id so far, oldest first, as far as the formulas use them; empty if
    /// the database fails.
    pub async fn of(&self, media_id: &str) -> Arc<[Sample]> {
        if let Some(samples) = self.memory.get(media_id).await {
            return samples;
        }
        self.keep().await;
        match self.log.of(media_id).await {
            Ok(observations) => {
                let samples: Arc<[Sample]> = lately(&observations).iter().map(sample).collect();
                let id = media_id.to_owned();
                self.memory.insert(id, Arc::clone(&samples)).await;
                samples
            }
            Err(error) => {
                tracing::warn!(%error, media_id, "observations cannot be read");
                Arc::default()
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

/// The observations of two days until the newest; the formulas use no older ones.
fn lately(observations: &[Observation]) -> &[Observation] {
    let newest = observations.last().map_or(0, |newest| newest.observed_at);
    let oldest = newest.saturating_sub(2 * DAY_S);
    let old = observations.partition_point(|observation| observation.observed_at < oldest);
    observations.get(old..).unwrap_or_default()
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

#[cfg(test)]
mod tests;
