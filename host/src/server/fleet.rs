//! What a server does when its fleet has news: it looks for jobs, and shares Instagram's patience.

use std::time::Duration;

use crate::{
    database::Note,
    download::Download,
    fleet::{Fleet, Paused},
    job::Queue,
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
