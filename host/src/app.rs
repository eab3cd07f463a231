//! App: the parts that a handler may ask for; fields only.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::{
    capture::Captures, database::Database, download::Downloads, drift::Drift,
    extraction::Extraction, plugin::Registry, rate_limit::RateLimiter, statistics::Observations,
};

/// What every handler may ask for, each by its own type.
#[derive(Clone, FromRef)]
pub struct App {
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
    /// 30 requests in any 60 s for each client.
    pub rate_limiter: Arc<RateLimiter>,
}
