//! The metrics for Prometheus: requests, their cost, jobs, files, plugins, captures and drift. Each module keeps its
//! own counts; the text is built anew for each scrape.

mod fleet;

use std::sync::atomic::AtomicU64;

use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry as Metrics,
};

use crate::{
    api::http::{
        Labels, Traffic,
        error::{ApiError, Code},
    },
    app::App,
    drift::Drift,
    job::{Counts, Error},
    plugin::Status,
};
use fleet::{decision_metrics, fleet_metrics};

/// The media type of the OpenMetrics text format.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`.
pub(in crate::api) async fn metrics(
    State(app): State<App>,
    Extension(traffic): Extension<Traffic>,
) -> Result<Response, ApiError> {
    let mut metrics = Metrics::default();
    process_metrics(&mut metrics, &traffic);
    counter(
        &mut metrics,
        "gramhost_log_lines_dropped",
        "Lines of the log that were dropped, because whoever reads it was too slow",
        (app.dropped_lines)(),
    );
    traffic.register(&mut metrics);
    fleet_metrics(&mut metrics, &app.fleet);
    decision_metrics(&mut metrics, &app.rate_limiter);
    // Without the database everything else is still worth knowing.
    if app.fleet.away_since_ms().is_none()
        && let Some(counts) = answered(app.downloads.counts().await)?
    {
        job_metrics(&mut metrics, counts);
    }
    outward_metrics(&mut metrics, &app);
    plugin_metrics(&mut metrics, &app.plugins.status());
    let help = "Captures of failed extractions that are kept";
    gauge(
        &mut metrics,
        "gramhost_captures",
        help,
        app.captures.count() as u64,
    );
    drift_metrics(&mut metrics, &app.drift);
    let mut text = String::new();
    encode(&mut text, &metrics)
        .map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}

/// What was counted; `None` if the database does not answer at the moment.
fn answered(counts: Result<Counts, Error>) -> Result<Option<Counts>, ApiError> {
    match counts {
        Err(Error::Database(error)) if error.is_away() => Ok(None),
        counts => Ok(Some(counts?)),
    }
}

fn process_metrics(metrics: &mut Metrics, traffic: &Traffic) {
    let began = Gauge::<f64, AtomicU64>::default();
    began.set(traffic.began_s());
    metrics.register(
        "process_start_time_seconds",
        "When the process began, seconds since 1970",
        began,
    );
    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    metrics.register("gramhost_build", "What this program is", build);
}

fn job_metrics(metrics: &mut Metrics, counts: Counts) {
    let jobs = Family::<Labels, Gauge>::default();
    for (state, count) in [
        ("pending", counts.pending),
        ("running", counts.running),
        ("completed", counts.completed),
        ("failed", counts.failed),
        ("cancelled", counts.cancelled),
    ] {
        let labels = vec![("state", state.to_owned())];
        jobs.get_or_create(&labels)
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    metrics.register(
        "gramhost_jobs",
        "Downloads that are remembered, by state; each item of a batch is one",
        jobs,
    );
}

/// Metrics of outgoing requests, of downloaded bytes, and of requests saved by the cache or the rate limit.
fn outward_metrics(metrics: &mut Metrics, app: &App) {
    let upstream = app.extraction.upstream();
    let requests = Family::<Labels, Counter>::default();
    for asked in upstream.asked() {
        let labels = vec![
            ("host", escaped(&asked.host)),
            ("outcome", asked.outcome.name().to_owned()),
        ];
        requests.get_or_create(&labels).inc_by(asked.count);
    }
    metrics.register(
        "gramhost_upstream_requests",
        "Requests to hosts of the operator's list, redirects and retries included",
        requests,
    );
    counter(
        metrics,
        "gramhost_downloaded_bytes",
        "Bytes of media that came, also of files that were not kept",
        upstream.media_bytes(),
    );
    let lookups = Family::<Labels, Counter>::default();
    let known = app.extraction.lookups();
    for (result, count) in [
        ("hit", known.hits()),
        ("miss", known.misses()),
        ("joined", known.joins()),
    ] {
        let labels = vec![("result", result.to_owned())];
        lookups.get_or_create(&labels).inc_by(count);
    }
    metrics.register(
        "gramhost_cache_lookups",
        "Questions answered from memory, anew, or by what was under way for somebody else",
        lookups,
    );
    counter(
        metrics,
        "gramhost_rate_limited",
        "Requests to the API that were refused because their client had asked too often",
        app.rate_limiter.refused(),
    );
    let help = "Bytes of downloaded files that are kept";
    gauge(
        metrics,
        "gramhost_files_bytes",
        help,
        app.downloads.files_bytes(),
    );
}

fn counter(metrics: &mut Metrics, name: &str, help: &str, count: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(count);
    metrics.register(name, help, counter);
}

fn gauge(metrics: &mut Metrics, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    metrics.register(name, help, gauge);
}

/// Escapes a label value: names of plugins and settings may contain any character, and the library does not escape.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}

fn plugin_metrics(metrics: &mut Metrics, plugins: &[Status]) {
    let serving = Family::<Labels, Gauge>::default();
    let calls = Family::<Labels, Counter>::default();
    let extractions = Family::<Labels, Counter>::default();
    let trimmed = Family::<Labels, Counter>::default();
    let candidates = Family::<Labels, Gauge>::default();
    for plugin in plugins {
        let Some(version) = &plugin.serving else {
            continue;
        };
        let labels = vec![
            ("plugin", escaped(&plugin.name)),
            ("version", escaped(&version.version)),
            (
                "digest",
                version.digest.get(..8).unwrap_or_default().to_owned(),
            ),
        ];
        serving.get_or_create(&labels).set(1);
        calls.get_or_create(&labels).inc_by(version.calls);
        trimmed.get_or_create(&labels).inc_by(version.trimmed);
        for (ending, count) in &version.endings {
            let mut labels = labels.clone();
            labels.push(("ending", ending.name().to_owned()));
            extractions.get_or_create(&labels).inc_by(*count);
        }
        let plugin_alone = vec![("plugin", escaped(&plugin.name))];
        let waits = i64::from(plugin.candidate.is_some());
        candidates.get_or_create(&plugin_alone).set(waits);
    }
    metrics.register(
        "gramhost_plugin_serving",
        "The version that serves",
        serving,
    );
    metrics.register(
        "gramhost_plugin_calls",
        "Calls of the version that serves",
        calls,
    );
    metrics.register(
        "gramhost_plugin_extractions",
        "Extractions on the version that serves, by how they ended",
        extractions,
    );
    metrics.register(
        "gramhost_plugin_trimmed_records",
        "Records of the version that serves from which the host dropped a field that cannot be true",
        trimmed,
    );
    metrics.register(
        "gramhost_plugin_candidate",
        "1 where a version runs beside what serves, or waits for the operator",
        candidates,
    );
}

fn drift_metrics(metrics: &mut Metrics, drift: &Drift) {
    let shares = Family::<Labels, Gauge>::default();
    for warning in drift.warnings() {
        let labels = vec![
            ("kind", escaped(&warning.kind)),
            ("door", escaped(&warning.door)),
            ("field", escaped(&warning.field)),
            ("before_percent", warning.before_percent.to_string()),
        ];
        let after = i64::try_from(warning.after_percent).unwrap_or(i64::MAX);
        shares.get_or_create(&labels).set(after);
    }
    metrics.register(
        "gramhost_drift_percent",
        "Records that state a field which used to be stated; only fields with a warning",
        shares,
    );
}
