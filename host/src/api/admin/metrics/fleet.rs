//! The metrics of this replica, and of the fleet as this replica sees it.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info};

use super::{Metrics, escaped, gauge};
use crate::{
    api::http::Labels,
    fleet::Fleet,
    rate_limit::{Place, RateLimiter},
};

pub(super) fn fleet_metrics(metrics: &mut Metrics, fleet: &Fleet) {
    let replica = Info::new(vec![
        ("id", fleet.id()),
        ("name", escaped(&fleet.name())),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    metrics.register("gramhost_replica", "The replica that answers", replica);
    let help = "Replicas that are alive and share the database, this one included";
    gauge(
        metrics,
        "gramhost_fleet_replicas",
        help,
        fleet.size().into(),
    );
    let help = "1 if this replica is about to stop and wants no new requests";
    gauge(
        metrics,
        "gramhost_draining",
        help,
        fleet.is_draining().into(),
    );
    let now_ms = fleet.now_ms();
    let silent = fleet
        .alive()
        .iter()
        .map(|it| now_ms.saturating_sub(it.seen_at_ms))
        .max();
    // A server with a database of its own has no heartbeats.
    let silent = silent.filter(|_| !fleet.is_alone()).unwrap_or_default();
    seconds(
        metrics,
        "gramhost_fleet_heartbeat_age_seconds",
        "Age of the oldest of the last heartbeats of the replicas that are alive",
        silent,
    );
    let away = fleet.away_since_ms();
    let help = "1 while the database that replicas share does not answer this one";
    gauge(
        metrics,
        "gramhost_database_away",
        help,
        away.is_some().into(),
    );
    seconds(
        metrics,
        "gramhost_database_away_seconds",
        "How long the database that replicas share has not answered this one; 0: it answers",
        away.map_or(0, |since| now_ms.saturating_sub(since)),
    );
}

/// Where the requests were counted that the rate limit is about.
pub(super) fn decision_metrics(metrics: &mut Metrics, rate_limiter: &RateLimiter) {
    let decisions = Family::<Labels, Counter>::default();
    for place in Place::ALL {
        let labels = vec![("place", place.name().to_owned())];
        decisions
            .get_or_create(&labels)
            .inc_by(rate_limiter.decided(place));
    }
    metrics.register(
        "gramhost_rate_decisions",
        "Requests that were counted for the rate limit, by where they were",
        decisions,
    );
}

fn seconds(metrics: &mut Metrics, name: &str, help: &str, ms: u64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    #[expect(clippy::cast_precision_loss, reason = "a duration far below 2^53 ms")]
    gauge.set(ms as f64 / 1000.0);
    metrics.register(name, help, gauge);
}
