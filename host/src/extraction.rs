//! From a query to a record: cache, single flight, drive the plugin, check what it says.

mod cache;
mod check;
mod drive;
mod error;
pub mod target;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub use error::{Error, Failure};

use self::{
    cache::{Cache, Key},
    drive::{Stop, drive},
};
use crate::{
    contract::{Context, Query, Record},
    plugin::{Ending, Plugin, Registry},
    upstream::Client,
};

/// Limits of an extraction.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a record is served from memory, seconds; 0 switches the cache off.
    pub cache_ttl_s: u64,
    /// How long a refusal that states a fact about its target is remembered, seconds; never longer than a record.
    pub negative_ttl_s: u64,
    /// Most records in memory.
    pub cache_entries_max: u64,
    /// Most plugin calls of one extraction that end in a fetch; a manifest may set less.
    pub rounds_max: u32,
    /// Most requests of one extraction; a manifest may set less.
    pub requests_max: u32,
    /// Most requests of one round.
    pub requests_at_once_max: usize,
    /// Most time for one extraction, milliseconds.
    pub wall_ms_max: u64,
    /// Most extractions at once.
    pub in_flight_max: usize,
    /// Whether a record's media may lie on any host, not Instagram's alone: true behind `--upstream-override`, where a
    /// gateway answers that may keep them elsewhere.
    pub any_media_host: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_ttl_s: 60,
            negative_ttl_s: 15,
            cache_entries_max: 10_000,
            rounds_max: 8,
            requests_max: 12,
            requests_at_once_max: 4,
            wall_ms_max: 15_000,
            in_flight_max: 256,
            any_media_host: false,
        }
    }
}

/// A record and where it came from.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// What the plugin read.
    pub record: Arc<Record>,
    /// `name@version+digest` of the plugin that read it, digest shortened to 8 hex digits.
    pub plugin: Arc<str>,
    /// How long ago it was read.
    pub age: Duration,
    /// Whether it came from memory.
    pub hit: bool,
    /// How long it may be kept from now on.
    pub fresh_for: Duration,
}

/// A cheap handle to the extraction engine.
#[derive(Clone)]
pub struct Extraction {
    config: Arc<Config>,
    registry: Arc<Registry>,
    upstream: Client,
    cache: Cache,
}

impl Extraction {
    /// Drives the plugins of `registry` with answers from `upstream`.
    #[must_use]
    pub fn new(config: Config, registry: Arc<Registry>, upstream: Client) -> Self {
        Self {
            cache: Cache::new(&config),
            config: Arc::new(config),
            registry,
            upstream,
        }
    }

    /// Lets go of what is remembered of a query: its links have expired.
    pub async fn forget(&self, query: &Query) {
        let plugin = self.registry.serving(query.kind());
        let key = Key {
            query: query.clone(),
            plugin: plugin.label(),
        };
        self.cache.forget(&key).await;
    }

    /// From a query to its record. It ends on the version of the plugin that it began on.
    ///
    /// # Errors
    /// [`Failure`], in the caller's words.
    pub async fn run(&self, query: &Query) -> Result<Extracted, Failure> {
        let plugin = self.registry.serving(query.kind());
        let key = Key {
            query: query.clone(),
            plugin: plugin.label(),
        };
        let work = work(self.clone(), plugin, query.clone());
        self.cache.get_or(key, work).await
    }
}

/// One extraction, counted for the version of the plugin that it ran on.
async fn work(
    extraction: Extraction,
    plugin: Arc<Plugin>,
    query: Query,
) -> Result<Box<Record>, Stop> {
    let context = Arc::new(Context {
        now: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs(),
        session: extraction.upstream.has_session(),
        settings: plugin.settings().to_string(),
    });
    let query = Arc::new(query);
    let call = |exchanges| plugin.extract(Arc::clone(&query), Arc::clone(&context), exchanges);
    let Extraction {
        config, upstream, ..
    } = &extraction;
    let ended = drive(config, upstream, plugin.manifest(), &query, call).await;
    let ending = match &ended {
        Ok(_) => Some(Ending::Record),
        Err(stop) => stop.ending(),
    };
    if let Some(ending) = ending {
        plugin.ended(ending);
    }
    ended
}
