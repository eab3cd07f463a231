//! App: the parts that a handler may ask for; fields only.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use crate::{
    capture::Captures, database::Database, download::Downloads, drift::Drift,
    extraction::Extraction, fleet::Fleet, plugin::Registry, rate_limit::RateLimiter,
    statistics::Observations,
};

/// A cheap handle to the parts: axum copies it several times for each request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What every handler may ask for, each by its own type.
pub struct Parts {
    /// From a query to a record.
    pub extraction: Extraction,
    /// The plugins that serve.
    pub plugins: Arc<Registry>,
    /// What plugins failed at.
    pub captures: Captures,
    /// How often fields are stated.
    pub drift: Drift,
    /// Jobs, drift and the history of plugins.
    pub database: Database,
    /// What posts and reels counted.
    pub observations: Observations,
    /// From a record to files.
    pub downloads: Downloads,
    /// The replicas that share the database.
    pub fleet: Fleet,
    /// 30 requests in any 60 s for each client.
    pub rate_limiter: Arc<RateLimiter>,
    /// Counts the lines of the log that were dropped.
    pub dropped_lines: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Lets handlers ask for one part.
macro_rules! parts {
    ($($field:ident: $part:ty),+ $(,)?) => {
        $(impl FromRef<App> for $part {
            fn from_ref(app: &App) -> Self {
                app.$field.clone()
            }
        })+
    };
}

parts! {
    extraction: Extraction,
    plugins: Arc<Registry>,
    captures: Captures,
    drift: Drift,
    database: Database,
    observations: Observations,
    downloads: Downloads,
    fleet: Fleet,
    rate_limiter: Arc<RateLimiter>,
}
