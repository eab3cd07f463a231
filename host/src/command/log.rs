//! Sets up logging: to standard error, readable on a terminal and as JSON elsewhere. With the feature `otel`, spans are
//! also exported to a collector, if one is configured.

#[cfg(feature = "otel")]
mod export;
mod json;
mod lines;

use std::{
    io::{IsTerminal, stderr},
    sync::{Mutex, PoisonError},
};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::server::Log;
use json::Json;
use lines::{Dropped, Lines};

/// Keeps what logs in the background alive.
#[derive(Default)]
pub(super) struct Logging {
    dropped: Option<Dropped>,
    /// Writes the lines that wait when it is dropped.
    rest: Mutex<Option<WorkerGuard>>,
    #[cfg(feature = "otel")]
    _export: Option<export::Export>,
}

impl Log for Logging {
    fn dropped_lines(&self) -> u64 {
        self.dropped.as_ref().map_or(0, Dropped::count)
    }

    fn end(&self) {
        let rest = self
            .rest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(rest);
    }
}

/// Starts logging. The filter was validated when the configuration was read.
pub(super) fn start(filter: &str) -> anyhow::Result<Logging> {
    let mut logging = Logging::default();
    let lines = if stderr().is_terminal() {
        fmt::layer().with_writer(stderr).boxed()
    } else {
        let Lines {
            writer,
            dropped,
            rest,
        } = Lines::start(stderr());
        logging.dropped = Some(dropped);
        logging.rest = Mutex::new(Some(rest));
        fmt::layer()
            .fmt_fields(Json)
            .event_format(Json)
            .with_writer(writer)
            .boxed()
    };
    let lines = tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(lines);
    #[cfg(feature = "otel")]
    {
        logging._export = export::Export::start()?;
        let spans = logging._export.as_ref().map(export::Export::layer);
        lines.with(spans).init();
    }
    #[cfg(not(feature = "otel"))]
    lines.init();
    Ok(logging)
}
