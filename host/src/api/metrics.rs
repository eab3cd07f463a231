//! What Prometheus is told of plugins, captures and drift; put together anew for each scrape.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry as Metrics,
};

use super::error::{ApiError, Code};
use crate::{
    capture::Captures,
    drift::Drift,
    plugin::{Registry, Status},
};

/// What OpenMetrics calls its text.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

/// `GET /metrics`.
pub(super) async fn metrics(
    State(plugins): State<Arc<Registry>>,
    State(captures): State<Captures>,
    State(drift): State<Drift>,
) -> Result<Response, ApiError> {
    let mut metrics = Metrics::with_prefix("gramhost");
    plugin_metrics(&mut metrics, &plugins.status());
    let kept = Gauge::<i64>::default();
    kept.set(i64::try_from(captures.list().len()).unwrap_or(i64::MAX));
    metrics.register(
        "captures",
        "Captures of failed extractions that are kept",
        kept,
    );
    drift_metrics(&mut metrics, &drift);
    let mut text = String::new();
    encode(&mut text, &metrics)
        .map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}

fn plugin_metrics(metrics: &mut Metrics, plugins: &[Status]) {
    let serving = Family::<Labels, Gauge>::default();
    let calls = Family::<Labels, Counter>::default();
    let extractions = Family::<Labels, Counter>::default();
    let candidates = Family::<Labels, Gauge>::default();
    for plugin in plugins {
        let Some(version) = &plugin.serving else {
            continue;
        };
        let labels = vec![
            ("plugin", plugin.name.clone()),
            ("version", version.version.clone()),
            (
                "digest",
                version.digest.get(..8).unwrap_or_default().to_owned(),
            ),
        ];
        serving.get_or_create(&labels).set(1);
        calls.get_or_create(&labels).inc_by(version.calls);
        for (ending, count) in &version.endings {
            let mut labels = labels.clone();
            labels.push(("ending", ending.name().to_owned()));
            extractions.get_or_create(&labels).inc_by(*count);
        }
        let plugin_alone = vec![("plugin", plugin.name.clone())];
        let waits = i64::from(plugin.candidate.is_some());
        candidates.get_or_create(&plugin_alone).set(waits);
    }
    metrics.register("plugin_serving", "The version that serves", serving);
    metrics.register("plugin_calls", "Calls of the version that serves", calls);
    metrics.register(
        "plugin_extractions",
        "Extractions on the version that serves, by how they ended",
        extractions,
    );
    metrics.register(
        "plugin_candidate",
        "1 where a version runs beside what serves, or waits for the operator",
        candidates,
    );
}

fn drift_metrics(metrics: &mut Metrics, drift: &Drift) {
    let shares = Family::<Labels, Gauge>::default();
    for warning in drift.warnings() {
        let labels = vec![
            ("kind", warning.kind),
            ("door", warning.door),
            ("field", warning.field),
            ("before_percent", warning.before_percent.to_string()),
        ];
        let after = i64::try_from(warning.after_percent).unwrap_or(i64::MAX);
        shares.get_or_create(&labels).set(after);
    }
    metrics.register(
        "drift_percent",
        "Records that state a field which used to be stated; only fields with a warning",
        shares,
    );
}
