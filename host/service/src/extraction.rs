//! Extraction: from a query to a record, by way of the cache, single flight and a run of the driver. It also reports
//! the outcome to the registry of plugins, the captures, the drift counts and the observations.

mod authors;
mod cache;
mod diagnostics;
mod error;
mod follow_up;
mod run;
mod written;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::Semaphore;
use tracing::Instrument as _;

pub use authors::Recording;
pub use cache::Lookups;
pub use error::{Error, Failure};
pub use written::Written;

use self::{
    cache::{Cache, Key},
    error::Failed,
    follow_up::FOLLOW_UPS_MAX,
    run::Run,
};
use crate::{
    capture::Captures,
    contract::{Context, Query, Record},
    drift::Drift,
    driver::Rules,
    plugin::{Plugin, Registry},
    statistics::Observations,
    upstream::Client,
};

/// Limits of an extraction.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a record is served from memory, seconds; 0 disables the cache.
    pub cache_ttl_s: u64,
    /// How long a refusal that states a fact about its target is remembered, seconds; at most as long as a record.
    pub negative_ttl_s: u64,
    /// The maximum number of posts, slides and stories in the records in memory, each of about 5 KB; an account or a
    /// refusal counts as one.
    pub cache_items_max: u64,
    /// The maximum size of all records in memory in their written form, bytes; further ones are written for each request.
    pub cache_written_bytes_max: usize,
    /// The maximum duration of one extraction, milliseconds.
    pub wall_ms_max: u64,
    /// The maximum number of concurrent extractions.
    pub in_flight_max: usize,
    /// The rules that apply to every extraction.
    pub rules: Rules,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_ttl_s: 60,
            negative_ttl_s: 15,
            cache_items_max: 20_000,
            cache_written_bytes_max: 64 * 1024 * 1024,
            wall_ms_max: 15_000,
            in_flight_max: 256,
            rules: Rules::default(),
        }
    }
}

/// A record and its origin.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// The record that the plugin produced.
    pub record: Arc<Record>,
    /// `name@version+digest` of the plugin that produced it; the digest is shortened to 8 hex digits.
    pub plugin: Arc<str>,
    /// The time since it was produced.
    pub age: Duration,
    /// Whether it came from the cache.
    pub hit: bool,
    /// How much longer it may be cached.
    pub fresh_for: Duration,
    /// Its written form, as long as it is cached.
    pub written: Written,
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
    observations: Option<Observations>,
    follow_ups: Arc<Semaphore>,
}

impl Extraction {
    /// Runs the plugins of `registry` on responses from `upstream`.
    #[must_use]
    pub fn new(config: Config, registry: Arc<Registry>, upstream: Client) -> Self {
        Self {
            cache: Cache::new(&config),
            config: Arc::new(config),
            registry,
            upstream,
            captures: Captures::default(),
            drift: Drift::default(),
            observations: None,
            follow_ups: Arc::new(Semaphore::new(FOLLOW_UPS_MAX)),
        }
    }

    /// Stores failures of plugins in `captures` and counts the fields of records in `drift`.
    #[must_use]
    pub fn watched_by(self, captures: Captures, drift: Drift) -> Self {
        Self {
            captures,
            drift,
            ..self
        }
    }

    /// Stores the counts of posts and reels in `observations`, for every extraction.
    #[must_use]
    pub fn observed_by(self, observations: Observations) -> Self {
        Self {
            observations: Some(observations),
            ..self
        }
    }

    /// The client for requests to Instagram.
    #[must_use]
    pub fn upstream(&self) -> &Client {
        &self.upstream
    }

    /// Removes a query from the cache, because the links of its record have expired.
    pub async fn forget(&self, query: &Query) {
        let plugin = self.registry.serving(query.kind());
        let key = Key {
            query: query.clone(),
            plugin: plugin.label(),
        };
        self.cache.forget(&key).await;
    }

    /// Returns the record for a query. The extraction ends on the version of the plugin that it began on.
    ///
    /// # Errors
    /// [`Failure`] says why there is no record.
    pub async fn run(&self, query: &Query) -> Result<Extracted, Failure> {
        let plugin = self.registry.serving(query.kind());
        let key = Key {
            query: query.clone(),
            plugin: plugin.label(),
        };
        if let Some(known) = self.cache.get(&key).await {
            return known;
        }
        let run = self.begin(plugin, query);
        let extraction = self.clone();
        let work = async move {
            // The span is created only when the work begins: a cache hit is not an extraction.
            let (kind, plugin) = (run.query.kind().name(), run.plugin.label());
            let span = tracing::error_span!("extraction", kind, %plugin);
            work(extraction, run).instrument(span).await
        };
        self.cache.run(key, work).await
    }

    /// The counts of cache lookups.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        self.cache.lookups()
    }

    fn begin(&self, plugin: Arc<Plugin>, query: &Query) -> Run {
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

/// Runs one extraction and counts its outcome for the version of the plugin that it ran on.
async fn work(extraction: Extraction, run: Run) -> Result<Arc<Record>, Failed> {
    let ending = extraction.run_live(&run).await;
    run.plugin.ended(&ending);
    let capture = extraction.capture(&run, &ending).await;
    let result = ending.result.clone();
    if let (Some(observations), Ok(record)) = (&extraction.observations, &result) {
        observations.observe(record, run.context.now).await;
    }
    extraction.follow_up(run, ending);
    result.map_err(|cause| Failed { cause, capture })
}
