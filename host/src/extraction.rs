//! From a query to a record: cache, single flight, drive the plugin, check what it says; and what follows from how it
//! ended, for the plugin and its author.

mod aside;
mod cache;
mod check;
mod drive;
mod error;
pub mod target;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::Semaphore;
use tracing::Instrument as _;

pub use aside::Recorded;
pub use cache::Lookups;
pub use error::{Error, Failure};

use self::{
    aside::{ASIDE_MAX, Run},
    cache::{Cache, Key},
    drive::Source,
    error::Failed,
};
use crate::{
    capture::Captures,
    contract::{Context, Query, Record},
    drift::Drift,
    plugin::{Ending, Registry},
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
    captures: Captures,
    drift: Drift,
    aside: Arc<Semaphore>,
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
            captures: Captures::default(),
            drift: Drift::default(),
            aside: Arc::new(Semaphore::new(ASIDE_MAX)),
        }
    }

    /// What plugins fail at goes to `captures`, what they read is counted by `drift`.
    #[must_use]
    pub fn watched_by(self, captures: Captures, drift: Drift) -> Self {
        Self {
            captures,
            drift,
            ..self
        }
    }

    /// The way to Instagram.
    #[must_use]
    pub fn upstream(&self) -> &Client {
        &self.upstream
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
        let run = self.begin(query);
        let key = Key {
            query: query.clone(),
            plugin: run.plugin.label(),
        };
        let extraction = self.clone();
        let work = async move {
            // Made when it begins: what comes from memory is no extraction.
            let (kind, plugin) = (run.query.kind().name(), run.plugin.label());
            let span = tracing::error_span!("extraction", kind, %plugin);
            work(extraction, run).instrument(span).await
        };
        self.cache.get_or(key, work).await
    }

    /// How lookups in memory ended.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        self.cache.lookups()
    }

    fn begin(&self, query: &Query) -> Run {
        let plugin = self.registry.serving(query.kind());
        let context = Context {
            now: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
            session: self.upstream.has_session(),
            settings: plugin.settings().to_string(),
        };
        Run {
            plugin,
            query: Arc::new(query.clone()),
            context: Arc::new(context),
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.config.wall_ms_max)
    }
}

/// One extraction, counted for the version of the plugin that it ran on.
async fn work(extraction: Extraction, run: Run) -> Result<Box<Record>, Failed> {
    let source = Source::Upstream(extraction.deadline());
    let driven = extraction.drive(&run, source).await;
    let ending = match &driven.ended {
        Ok(_) => Some(Ending::Record),
        Err(stop) => stop.ending(),
    };
    if let Some(ending) = ending {
        run.plugin.ended(ending);
    }
    let capture = extraction.capture(&run, &driven).await;
    let ended = driven.ended.clone();
    extraction.follow(run, driven);
    ended.map_err(|stop| Failed { stop, capture })
}
