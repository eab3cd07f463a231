//! Keeps what this replica says of itself to the others up to date.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{api::Draining, app::App, fleet::Fleet};

/// How often it is brought up to date; a heartbeat passes it on.
const EVERY: Duration = Duration::from_secs(1);

/// Reports until the process ends; from `shutdown` on, that it is about to stop.
pub(super) async fn keep(app: App, shutdown: CancellationToken) {
    let mut every = interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        if shutdown.is_cancelled() {
            app.fleet.drain(true);
        }
        let serving = app.plugins.status().into_iter().filter_map(|plugin| {
            let version = plugin.serving?;
            Some((plugin.name, version.digest))
        });
        let (plugins, jobs) = (serving.collect(), app.downloads.queue().running_here());
        app.fleet.report(|report| {
            report.jobs = jobs as u64;
            report.plugins = plugins;
        });
    }
}

/// What connections ask before they are used again.
pub(super) fn draining(fleet: Fleet) -> Draining {
    Arc::new(move || fleet.is_draining())
}
