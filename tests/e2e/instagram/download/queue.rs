//! A full queue rejects new jobs and still reports on the others; jobs need no watcher, no free socket, and no
//! uninterrupted process.

use std::{fs, time::Duration};

use rustix::process::Signal;
use serde_json::json;
use tokio::{
    net::TcpStream,
    time::{interval, timeout},
};

use super::{
    PATIENCE, accepted, completed, ended,
    jobs::{hold, until_running},
    start, start_at,
};
use crate::harness::{cdn::Cdn, server::Server};

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
        // Meanwhile clients can read the status of their jobs.
        for id in &jobs {
            let path = format!("/instagram/status/{}", id.as_str().unwrap());
            let told = timeout(Duration::from_secs(5), server.get(&path)).await;
            assert_eq!(told.unwrap().status, 200);
        }
        drop(release);
        for id in &jobs {
            assert_eq!(ended(&server, id).await["status"], "completed");
        }
        // The queue accepts jobs again.
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
        // Disconnects in the middle of the stream.
        let first = timeout(PATIENCE, watched.chunk()).await;
        assert!(first.unwrap().unwrap().is_some());
    }
    drop(release);
    assert_eq!(ended(&server, &id).await["status"], "completed");
}

/// F20: clients use up all file descriptors.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_free_descriptor_a_job_fails_at_most_and_the_server_comes_back() {
    const DESCRIPTORS: u32 = 128;
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    // The limit per client must not apply first.
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\nconnections_per_client_max = 1000",
    )
    .unwrap();
    let server = Server::start_with_open_files(DESCRIPTORS, folder, &flags);
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    until_running(&server, &id).await;
    let mut crowd = Vec::new();
    for _ in 0..DESCRIPTORS {
        crowd.push(TcpStream::connect(server.address).await.unwrap());
    }
    let mut looks = interval(Duration::from_millis(5));
    let open = || {
        fs::read_dir(format!("/proc/{}/fd", server.pid()))
            .unwrap()
            .count()
    };
    let full = async {
        while open() < DESCRIPTORS as usize {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, full).await.expect("all are taken");
    drop(release);
    // The existing connection is still open.
    let path = format!("/instagram/status/{}", id.as_str().unwrap());
    assert_eq!(server.get(&path).await.status, 200);
    drop(crowd);
    let status = ended(&server, &id).await;
    assert!(
        status["status"] == "completed" || status["error"]["code"] == "SERVER_ERROR",
        "{status}"
    );
    completed(&server, "post", json!({ "url": IMAGE })).await;
}

/// F26: the process is stopped, as on a suspended laptop, and a file expires meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_expired_while_the_process_stood_still_is_gone_at_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\nfile_retention_s = 2",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    let file = "/instagram/download/file/DfDjNmTDemo_image.jpg";
    assert_eq!(server.get(file).await.status, 200);
    server.signal(Signal::STOP);
    // A request meanwhile waits until the process continues, which is after the file has expired.
    let stopped = timeout(Duration::from_millis(2_500), server.get(file)).await;
    assert!(stopped.is_err(), "{stopped:?}");
    server.signal(Signal::CONT);
    let gone = server.get(file).await;
    assert_eq!(
        (gone.status, gone.json["error"]["code"].as_str().unwrap()),
        (410, "FILE_EXPIRED")
    );
}
