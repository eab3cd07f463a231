//! Exports spans to an OpenTelemetry collector, as OTLP over HTTP with protobuf. Only in builds with the feature
//! `otel`, and only if the standard variables name a collector. Requests to Instagram carry no trace headers.

use std::env;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::upstream::use_ring;

/// The variables with the address of the collector. The first is for all signals, and `/v1/traces` is appended to it;
/// the second is for traces only.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];
/// The variable with the name of this service.
const NAME: &str = "OTEL_SERVICE_NAME";

/// Sends spans in batches from its own thread, and the remaining ones when it is dropped.
pub(super) struct Export(SdkTracerProvider);

impl Export {
    /// Starts the export; `None` if no collector is configured.
    ///
    /// # Errors
    /// If the address of the collector is invalid.
    pub(super) fn start() -> anyhow::Result<Option<Self>> {
        if ENDPOINTS.iter().all(|name| env::var_os(name).is_none()) {
            return Ok(None);
        }
        use_ring();
        let exporter = SpanExporter::builder().with_http().build();
        let exporter = exporter.with_context(|| ENDPOINTS[0])?;
        let name = env::var(NAME).unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name(name).build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self(provider)))
    }

    /// The layer that exports every span that passes the log filter, with its events.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            eprintln!("gramhost: the last spans could not be sent to the collector: {error}");
        }
    }
}
