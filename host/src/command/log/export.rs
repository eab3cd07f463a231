//! Spans to an OpenTelemetry collector, as OTLP over HTTP with protobuf; only in a build with the feature `otel`, and
//! only where the standard variables name a collector. Nothing of it goes along with requests to Instagram.

use std::env;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::upstream::use_ring;

/// Where the collector is; the first for everything, to which `/v1/traces` is added, the second for traces alone.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];
/// What this process is called there.
const NAME: &str = "OTEL_SERVICE_NAME";

/// Sends spans in batches from a thread of its own; what is left over goes out when it is dropped.
pub(super) struct Export(SdkTracerProvider);

impl Export {
    /// None where no collector is named.
    ///
    /// # Errors
    /// The address of the collector is none.
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

    /// Takes every span that the filter of the log lets pass, and the lines in it.
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
            eprintln!("gramhost: the last spans did not reach the collector: {error}");
        }
    }
}
