//! Records and lasting refusals in memory, and single flight: equal questions at the same time share one extraction.

use std::{
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache as Memory};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::{Config, Error, Extracted, Failure, error::Failed};
use crate::{
    contract::{Query, Record},
    driver::Class,
};

/// A question to one version of a plugin: another version is asked anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) query: Query,
    /// `name@version+digest`.
    pub(super) plugin: Arc<str>,
}

/// What is remembered.
#[derive(Clone, Debug)]
struct Entry {
    outcome: Result<Arc<Record>, Error>,
    at: Instant,
    ttl: Duration,
}

/// How lookups ended since the process began.
#[derive(Debug, Default)]
pub struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
    joins: AtomicU64,
}

impl Lookups {
    /// Answered from memory.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Asked anew, or refused because too much else was going on.
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Answered by an extraction that was under way for somebody else.
    pub fn joins(&self) -> u64 {
        self.joins.load(Ordering::Relaxed)
    }
}

/// A cheap handle.
#[derive(Clone)]
pub(super) struct Cache {
    lookups: Arc<Lookups>,
    memory: Memory<Key, Entry>,
    places: Arc<Semaphore>,
    record_ttl: Duration,
    refusal_ttl: Duration,
}

struct Ttl;

impl Expiry<Key, Entry> for Ttl {
    fn expire_after_create(&self, _: &Key, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Cache {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            lookups: Arc::default(),
            memory: Memory::builder()
                .max_capacity(config.cache_entries_max)
                .expire_after(Ttl)
                .build(),
            places: Arc::new(Semaphore::new(config.in_flight_max)),
            record_ttl: Duration::from_secs(config.cache_ttl_s),
            refusal_ttl: Duration::from_secs(config.negative_ttl_s.min(config.cache_ttl_s)),
        }
    }

    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The next question is asked anew.
    pub(super) async fn forget(&self, key: &Key) {
        self.memory.invalidate(key).await;
    }

    /// From memory, or from the `work` that is under way for the same question, or from this `work`.
    ///
    /// The work goes on when the caller goes away: others may be waiting for it, and what it learns is kept.
    pub(super) async fn get_or<W>(&self, key: Key, work: W) -> Result<Extracted, Failure>
    where
        W: Future<Output = Result<Arc<Record>, Failed>> + Send + 'static,
    {
        if let Some(entry) = self.memory.get(&key).await {
            self.lookups.hits.fetch_add(1, Ordering::Relaxed);
            return entry.told(&key.plugin, true);
        }
        let plugin = Arc::clone(&key.plugin);
        let this = self.clone();
        let flight = async move {
            let mut joined = true;
            let fresh = async {
                joined = false;
                this.lookups.misses.fetch_add(1, Ordering::Relaxed);
                this.fresh(work).await
            };
            let entry = this.memory.try_get_with(key, fresh).await;
            if joined {
                this.lookups.joins.fetch_add(1, Ordering::Relaxed);
            }
            entry
        };
        // The spans of who asked first go along.
        match tokio::spawn(flight.in_current_span()).await {
            Ok(Ok(entry)) => entry.told(&plugin, false),
            Ok(Err(error)) => Err(Failure {
                error: Error::clone(&error),
                plugin: Some(plugin),
                hit: false,
            }),
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The server is shutting down.
                Err(_) => Err(Failure {
                    error: Error::Busy,
                    plugin: Some(plugin),
                    hit: false,
                }),
            },
        }
    }

    /// What the work yields, if it is worth remembering: a record, or a fact about the target. A wall, a throttle or
    /// a fault may be gone the next moment.
    async fn fresh<W>(&self, work: W) -> Result<Entry, Error>
    where
        W: Future<Output = Result<Arc<Record>, Failed>>,
    {
        let _place = self.places.try_acquire().map_err(|_| Error::Busy)?;
        let (outcome, ttl) = match work.await {
            Ok(record) => (Ok(record), self.record_ttl),
            Err(failed) if failed.cause.class() == Some(Class::Refused) => {
                (Err(failed.into()), self.refusal_ttl)
            }
            Err(failed) => return Err(failed.into()),
        };
        let at = Instant::now();
        Ok(Entry { outcome, at, ttl })
    }
}

impl Entry {
    fn told(self, plugin: &Arc<str>, hit: bool) -> Result<Extracted, Failure> {
        let age = self.at.elapsed();
        let plugin = Arc::clone(plugin);
        match self.outcome {
            Ok(record) => Ok(Extracted {
                record,
                plugin,
                age,
                hit,
                fresh_for: self.ttl.saturating_sub(age),
            }),
            Err(error) => Err(Failure {
                error,
                plugin: Some(plugin),
                hit,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
