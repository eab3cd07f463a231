//! Housekeeping: deletes expired files, and files that have no row.

use std::{collections::HashSet, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Download, Error, Tools, publish::publication_of};
use crate::job::Queue;

/// The interval, seconds. Expiry does not depend on it: an expired file is not served.
const SWEEP_EVERY_S: u64 = 15;
/// How long one replica sweeps for all until another one may, milliseconds. It renews that with every sweep.
const DUTY_MS: u64 = 4 * SWEEP_EVERY_S * 1_000;
/// How long the row of a deleted file is kept, milliseconds: a day.
const REMEMBER_MS: u64 = 24 * 3600 * 1000;

/// Runs at a start: limits all times to their maximum, and deletes what a crash left.
pub(super) async fn at_start(tools: &Tools) -> Result<(), Error> {
    let latest = tools.clock.now_ms() + tools.config.retention_s * 1000;
    tools.database.clamp_files(latest).await?;
    tools.count().await?;
    clear(tools).await
}

impl Tools {
    /// Tells the store how much it has, where the rows are all that is known of it: every replica changes them.
    async fn count(&self) -> Result<(), Error> {
        if !self.storage.is_counted() {
            let rows = self.database.live_files(self.clock.now_ms()).await?;
            self.storage
                .count_as(rows.iter().map(|row| row.bytes).sum());
        }
        Ok(())
    }
}

/// Deletes files that have no row, because of a crash or because the row could not be stored; in a bucket, its lifecycle
/// rule does.
async fn clear(tools: &Tools) -> Result<(), Error> {
    let Some(files) = tools.storage.files().await? else {
        return Ok(());
    };
    let now = tools.clock.now_ms();
    let rows = tools.database.live_files(now).await?;
    let known: HashSet<_> = rows.iter().map(|row| row.name.as_str()).collect();
    for (name, _) in files {
        if known.contains(name.as_str()) {
            continue;
        }
        let _naming = tools.naming.lock().await;
        // A job may have been about to write the row of this file.
        let current = tools.database.file(name.as_str()).await?;
        if current.is_none_or(|current| current.expires_at_ms <= now) {
            faults::reached("file.unknown");
            tracing::info!(%name, "a file that nobody knows is deleted");
            tools.storage.delete_unknown(&name).await?;
        }
    }
    Ok(())
}

pub(super) async fn run(queue: &Queue<Download>, tools: &Tools, shutdown: CancellationToken) {
    let mut every = interval(Duration::from_secs(SWEEP_EVERY_S));
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        if let Err(error) = tools.count().await {
            tracing::warn!(%error, "files are not counted anew");
        }
        let now = tools.clock.now_ms();
        let until = now + DUTY_MS;
        match tools.database.take_duty("sweep", now, until).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, "sweeping failed and is tried again");
                continue;
            }
        }
        queue.sweep().await;
        if let Err(error) = sweep(tools).await {
            tracing::warn!(%error, "sweeping failed and is tried again");
        }
    }
}

/// Deletes expired files. A reader that has begun can still read its file to the end.
async fn sweep(tools: &Tools) -> Result<(), Error> {
    let now = tools.clock.now_ms();
    for row in tools.database.expired_files(now).await? {
        let _naming = tools.naming.lock().await;
        // A job may have written the file again in the meantime.
        let current = tools.database.file(&row.name).await?;
        if current.is_some_and(|current| current.expires_at_ms > now) {
            continue;
        }
        if let Some(publication) = publication_of(&row) {
            tools.storage.delete(&publication).await?;
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
