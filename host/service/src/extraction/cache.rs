//! The cache of records and lasting refusals, and single flight: equal concurrent queries share one extraction.

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

use super::{
    Config, Error, Extracted, Failure,
    error::Failed,
    written::{Room, Written},
};
use crate::{
    contract::{Query, Record},
    driver::Class,
};

/// A record of one item that is larger, in JSON, counts as several, bytes. A post has about 5 KB, one with everything that
/// Instagram states three times as much.
const ITEM_BYTES_MAX: usize = 32 << 10;

/// A query to one version of a plugin; another version has its own entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) query: Query,
    /// `name@version+digest`.
    pub(super) plugin: Arc<str>,
}

/// A cached outcome.
#[derive(Clone, Debug)]
struct Entry {
    outcome: Result<Kept, Error>,
    at: Instant,
    ttl: Duration,
}

/// A record in memory.
#[derive(Clone, Debug)]
struct Kept {
    record: Arc<Record>,
    written: Written,
}

/// The outcomes of lookups since the process began.
#[derive(Debug, Default)]
pub struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
    joins: AtomicU64,
}

impl Lookups {
    /// Lookups that were served from memory.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Lookups that began an extraction, or were rejected because too many others were running.
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Lookups that joined an extraction which another caller had begun.
    pub fn joins(&self) -> u64 {
        self.joins.load(Ordering::Relaxed)
    }
}

/// A cheap handle.
#[derive(Clone)]
pub(super) struct Cache {
    lookups: Arc<Lookups>,
    memory: Memory<Key, Entry>,
    room: Room,
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
                .max_capacity(config.cache_items_max)
                .weigher(|_, entry: &Entry| entry.items())
                .expire_after(Ttl)
                .build(),
            room: Room::new(config.cache_written_bytes_max),
            places: Arc::new(Semaphore::new(config.in_flight_max)),
            record_ttl: Duration::from_secs(config.cache_ttl_s),
            refusal_ttl: Duration::from_secs(config.negative_ttl_s.min(config.cache_ttl_s)),
        }
    }

    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Removes an entry, so that the next query runs an extraction.
    pub(super) async fn forget(&self, key: &Key) {
        self.memory.invalidate(key).await;
    }

    /// Returns the outcome from memory, if it is there.
    pub(super) async fn get(&self, key: &Key) -> Option<Result<Extracted, Failure>> {
        let entry = self.memory.get(key).await?;
        self.lookups.hits.fetch_add(1, Ordering::Relaxed);
        Some(entry.told(&key.plugin, true))
    }

    /// Returns the outcome of the `work` already running for the same key, or of this `work`.
    ///
    /// The work continues when the caller is dropped: others may be waiting for it, and its outcome is cached.
    pub(super) async fn run<W>(&self, key: Key, work: W) -> Result<Extracted, Failure>
    where
        W: Future<Output = Result<Arc<Record>, Failed>> + Send + 'static,
    {
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
        // The work runs in the span of the first caller.
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

    /// Returns the outcome of the work if it is worth caching: a record, or a fact about the target. A login wall, rate
    /// limiting or a fault may be over the next moment.
    async fn fresh<W>(&self, work: W) -> Result<Entry, Error>
    where
        W: Future<Output = Result<Arc<Record>, Failed>>,
    {
        let _place = self.places.try_acquire().map_err(|_| Error::Busy)?;
        let (outcome, ttl) = match work.await {
            Ok(record) => {
                let written = self.room.place();
                (Ok(Kept { record, written }), self.record_ttl)
            }
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
    /// The number of items, which says how much memory it takes: a page of fifty posts has more than a hundred. A record
    /// that has more text than its items ever have counts as more items.
    fn items(&self) -> u32 {
        let items = self.outcome.as_ref().map_or(1, |kept| {
            let large = kept.record.json_bytes() / ITEM_BYTES_MAX;
            kept.record.items().max(large)
        });
        u32::try_from(items).unwrap_or(u32::MAX)
    }

    fn told(self, plugin: &Arc<str>, hit: bool) -> Result<Extracted, Failure> {
        let age = self.at.elapsed();
        let plugin = Arc::clone(plugin);
        match self.outcome {
            Ok(Kept { record, written }) => Ok(Extracted {
                record,
                written,
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
