//! Where log lines go: standard error, for people on a terminal and as JSON elsewhere. With the feature `otel` spans go
//! to a collector as well, if one is named.

#[cfg(feature = "otel")]
mod export;

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What must live as long as there is something to log.
pub(super) struct Logging {
    #[cfg(feature = "otel")]
    _export: Option<export::Export>,
}

/// Starts logging; the filter was checked when the configuration was read.
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
