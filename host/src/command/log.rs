//! Where log lines go: standard error, for people on a terminal and as JSON elsewhere.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging; the filter was checked when the configuration was read.
pub(super) fn start(filter: &str) {
    let lines = fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(stderr);
    if stderr().is_terminal() {
        lines.init();
    } else {
        lines.json().flatten_event(true).init();
    }
}
