//! A full queue says so and goes on telling; jobs need nobody who watches.

use std::{fs, time::Duration};

use serde_json::json;
use tokio::time::timeout;

use super::{
    PATIENCE, accepted, ended,
    jobs::{hold, until_running},
    start, start_at,
};
use crate::harness::cdn::Cdn;

const IMAGE: &str = "DfDjNmTDemo";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_asks_for_patience_and_goes_on_telling() {
    for (limits, status, code) in [
        ("jobs_waiting_max = 2", 503, "SERVER_BUSY"),
        ("jobs_waiting_per_client_max = 2", 429, "RATE_LIMIT"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("gramhost.toml"),
            format!("[limits]\ndownloads_max = 1\n{limits}"),
        )
        .unwrap();
        let cdn = Cdn::start().await;
        let server = start_at(&cdn, folder, &[]);
        let release = hold(&cdn);
        let body = json!({ "url": IMAGE });
        let mut jobs = vec![accepted(&server, "post", body.clone()).await["job_id"].clone()];
        until_running(&server, &jobs[0]).await;
        for _ in 0..2 {
            jobs.push(accepted(&server, "post", body.clone()).await["job_id"].clone());
        }
        let full = server.post("/instagram/download/post", &body).await;
        assert_eq!(
            (full.status, full.json["error"]["code"].as_str().unwrap()),
            (status, code),
            "{}",
            full.text
        );
        let wait = full.headers["retry-after"].to_str().unwrap();
        assert!(wait.parse::<u64>().unwrap() > 0, "{wait}");
        // All the while others ask how their jobs fare.
        for id in &jobs {
            let path = format!("/instagram/status/{}", id.as_str().unwrap());
            let told = timeout(Duration::from_secs(5), server.get(&path)).await;
            assert_eq!(told.unwrap().status, 200);
        }
        drop(release);
        for id in &jobs {
            assert_eq!(ended(&server, id).await["status"], "completed");
        }
        // And there is room again.
        accepted(&server, "post", body).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watcher_that_goes_away_changes_nothing() {
    let (cdn, server) = start(&[]).await;
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    let path = format!("/instagram/status/{}/events", id.as_str().unwrap());
    for _ in 0..20 {
        let mut watched = server.stream(&path).await;
        // In the middle of what it is told.
        let first = timeout(PATIENCE, watched.chunk()).await;
        assert!(first.unwrap().unwrap().is_some());
    }
    drop(release);
    assert_eq!(ended(&server, &id).await["status"], "completed");
}
