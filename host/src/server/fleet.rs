//! What a server does when its fleet has news: it looks for jobs, shares Instagram's patience, and decides
//! about plugins together with the others.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    config::Config,
    database::{Database, Note},
    download::Download,
    fleet::{ALIVE_MS, Fleet, Paused},
    job::Queue,
    plugin::{Member, Registry},
    upstream::{Client, HostPause},
};

/// Looks for jobs whenever another replica has accepted some.
pub(super) async fn look_for_jobs(fleet: Fleet, queue: Queue<Download>) {
    let mut notes = fleet.notes(Note::Jobs);
    while notes.changed().await.is_ok() {
        queue.wake();
    }
}

/// Keeps to this replica's share of what Instagram bears from one address, and to the pauses that others behind the same
/// address were asked for.
pub(super) async fn share_upstream(fleet: Fleet, client: Client) {
    let mut alive = fleet.watch();
    loop {
        client.share(fleet.size_of_egress());
        let now = fleet.now_ms();
        for pause in fleet.pauses_of_others() {
            let left = Duration::from_millis(pause.until_ms.saturating_sub(now));
            client.pause(&HostPause {
                host: pause.host,
                status: pause.status,
                left,
            });
        }
        let paused = client.pauses().into_iter().map(|pause| Paused {
            host: pause.host,
            status: pause.status,
            until_ms: now + u64::try_from(pause.left.as_millis()).unwrap_or(u64::MAX / 2),
        });
        fleet.report(|report| report.paused = paused.collect());
        if alive.changed().await.is_err() {
            return;
        }
    }
}

/// Opens the plugins: those of this machine alone, or those that the replicas of a fleet decide about together.
pub(super) async fn plugins(
    config: &Config,
    database: Database,
    (fleet, clock): (&Fleet, &Clock),
) -> anyhow::Result<Arc<Registry>> {
    let plugin = config.plugin.clone();
    if fleet.is_alone() {
        return Ok(Registry::open(plugin, Some(database)).await?);
    }
    let member = Member {
        name: fleet.name(),
        alive_ms: ALIVE_MS,
        clock: clock.clone(),
        notes: fleet.notes(Note::Plugins),
    };
    let artifacts = Arc::new(database.clone());
    let joined = Registry::join(plugin, database.clone(), artifacts, member).await;
    if joined.is_err() {
        // Nobody waits for the vote of a replica that does not start.
        let _silent = database.remove_replica(&fleet.id()).await;
    }
    Ok(joined?)
}
