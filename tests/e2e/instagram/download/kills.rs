//! Fifty kills at arbitrary moments lose no accepted job. Also: many small jobs in one process.

use std::time::{Duration, Instant};

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{accepted, ended, start_at};
use crate::harness::cdn::Cdn;

/// `GRAMHOST_KILLS` sets a higher number, for example for a run overnight.
const KILLS: usize = 50;
const JOBS: usize = 1_000;
/// Within the limit of one client.
const BATCH: usize = 50;

fn posts(count: usize) -> Value {
    let item = json!({ "url": "DfDjNmTDemo", "type": "post" });
    json!({ "items": vec![item; count] })
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_no_accepted_job() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    // Otherwise a job that is killed in the middle each time would be abandoned, which another test covers.
    std::fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\njob_attempts_max = 100",
    )
    .unwrap();
    let mut server = start_at(&cdn, folder, &[]);
    // The same moments in each run.
    let mut moments = TestRunner::deterministic();
    let mut batches = Vec::new();
    let kills = std::env::var("GRAMHOST_KILLS").ok();
    let kills = kills.map_or(KILLS, |kills| kills.parse().unwrap());
    for kill in 0..kills {
        if kill % 5 == 0 {
            batches.push(accepted(&server, "batch", posts(8)).await["batch_job_id"].clone());
        }
        let moment = (0..120_u64).new_tree(&mut moments).unwrap().current();
        // Just waits: the server is killed at this moment, whatever it is doing.
        let _late = timeout(Duration::from_millis(moment), std::future::pending::<()>()).await;
        server = server.crash_and_restart(&flags);
    }
    for batch in &batches {
        let status = ended(&server, batch).await;
        assert_eq!(
            (&status["status"], &status["completed_count"]),
            (&json!("completed"), &json!(8)),
            "{status}"
        );
    }
    let staged = std::fs::read_dir(server.folder.path().join("data/files/.staging")).unwrap();
    assert_eq!(staged.count(), 0);
    println!(
        "{} jobs over {kills} kills, {} media requests",
        batches.len() * 8,
        cdn.media_requests()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_small_jobs_go_through_one_process() {
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let began = Instant::now();
    for _ in 0..JOBS / BATCH {
        let batch = accepted(&server, "batch", posts(BATCH)).await["batch_job_id"].clone();
        let status = ended(&server, &batch).await;
        assert_eq!(status["completed_count"], BATCH, "{status}");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{JOBS} jobs in {seconds:.1} s, {:.0} a second",
        JOBS as f64 / seconds
    );
}
