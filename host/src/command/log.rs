//! Sets up logging: to standard error, readable on a terminal and as JSON elsewhere. With the feature `otel`, spans are
//! also exported to a collector, if one is configured.

#[cfg(feature = "otel")]
mod export;

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Keeps the span exporter alive as long as the process logs.
pub(super) struct Logging {
    #[cfg(feature = "otel")]
    _export: Option<export::Export>,
}

/// Starts logging. The filter was validated when the configuration was read.
pub(super) fn start(filter: &str) -> anyhow::Result<Logging> {
    let lines = fmt::layer().with_writer(stderr);
    let lines = if stderr().is_terminal() {
        lines.boxed()
    } else {
        lines.json().flatten_event(true).boxed()
    };
    let lines = tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(lines);
    #[cfg(feature = "otel")]
    {
        let export = export::Export::start()?;
        lines
            .with(export.as_ref().map(export::Export::layer))
            .init();
        Ok(Logging { _export: export })
    }
    #[cfg(not(feature = "otel"))]
    {
        lines.init();
        Ok(Logging {})
    }
}
