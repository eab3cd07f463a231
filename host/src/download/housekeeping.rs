//! What is cleared away: files whose time is up, and files that nobody knows.

use std::{collections::HashSet, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Download, Error, Tools};
use crate::{job::Queue, storage::Name};

/// How often, seconds. Expiry does not wait for it: a file whose time is up is not served.
const SWEEP_EVERY_S: u64 = 15;
/// How long it is remembered that a file was there, milliseconds: a day.
const REMEMBER_MS: u64 = 24 * 3600 * 1000;

/// After a start: no time is beyond what one may be, and whatever a crash left is cleared away.
pub(super) async fn at_start(tools: &Tools) -> Result<(), Error> {
    let latest = tools.clock.now_ms() + tools.config.retention_s * 1000;
    tools.database.clamp_files(latest).await?;
    clear(tools).await
}

/// Deletes files that the table does not know: of a crash, or of a row that could not be kept.
async fn clear(tools: &Tools) -> Result<(), Error> {
    let files = tools.storage.files().await?;
    let now = tools.clock.now_ms();
    let rows = tools.database.live_files(now).await?;
    let known: HashSet<_> = rows.iter().map(|row| row.name.as_str()).collect();
    for (name, _) in files {
        if known.contains(name.as_str()) {
            continue;
        }
        let _naming = tools.naming.lock().await;
        // Somebody may have been between the file and its row.
        let current = tools.database.file(name.as_str()).await?;
        if current.is_none_or(|current| current.expires_at_ms <= now) {
            faults::reached("file.unknown");
            tracing::info!(%name, "a file that nobody knows is deleted");
            tools.storage.delete(&name).await?;
        }
    }
    Ok(())
}

pub(super) async fn run(queue: &Queue<Download>, tools: &Tools, shutdown: CancellationToken) {
    let mut every = interval(Duration::from_secs(SWEEP_EVERY_S));
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        queue.sweep().await;
        if let Err(error) = sweep(tools).await {
            tracing::warn!(%error, "sweeping failed and is tried again");
        }
    }
}

/// A reader that began before keeps its file until it has read it.
async fn sweep(tools: &Tools) -> Result<(), Error> {
    let now = tools.clock.now_ms();
    for row in tools.database.expired_files(now).await? {
        let _naming = tools.naming.lock().await;
        // Somebody may have made it anew meanwhile.
        let current = tools.database.file(&row.name).await?;
        if current.is_some_and(|current| current.expires_at_ms > now) {
            continue;
        }
        if let Some(name) = Name::parse(&row.name) {
            tools.storage.delete(&name).await?;
        }
        faults::reached("sweep.deleted");
        tools.database.bury_file(&row, now).await?;
    }
    tools
        .database
        .forget_files(now.saturating_sub(REMEMBER_MS))
        .await?;
    clear(tools).await
}
