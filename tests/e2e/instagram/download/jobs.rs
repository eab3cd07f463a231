//! Jobs: watched, cancelled, in batches, expired, and resumed after a crash.

use std::{
    fs,
    sync::{Mutex, mpsc},
    time::Duration,
};

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{task::block_in_place, time::interval};

use super::{accepted, completed, ended, names, start, start_at};
use crate::harness::{
    cdn::{Cdn, media},
    server::Server,
};

const IMAGE: &str = "DfDjNmTDemo";

#[tokio::test(flavor = "multi_thread")]
async fn unknown_jobs_and_files_are_not_found() {
    let (_cdn, server) = start(&[]).await;
    for id in [
        "x",
        "00000000-0000-0000-0000-000000000000",
        "..%2f..",
        "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d",
    ] {
        let answer = server.get(&format!("/instagram/status/{id}")).await;
        assert_eq!(
            (answer.status, &answer.json["error"]["code"]),
            (404, &json!("JOB_NOT_FOUND")),
            "{id}"
        );
    }
    for name in [
        "x.jpg",
        "..%2f..%2fetc%2fpasswd",
        "owner.lock",
        "%00.jpg",
        ".staging",
        "a.exe",
    ] {
        let answer = server
            .get(&format!("/instagram/download/file/{name}"))
            .await;
        assert_eq!(
            (answer.status, &answer.json["error"]["code"]),
            (404, &json!("FILE_NOT_FOUND")),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_runs_its_items_and_tells_about_each() {
    let (_cdn, server) = start(&[]).await;
    let items = json!([
        { "url": format!("https://www.instagram.com/p/{IMAGE}/"), "type": "post" },
        { "url": "DfF-eHzReel", "type": "reel" },
        { "url": "De2yxZrMiss", "type": "post" },
    ]);
    let answer = accepted(&server, "batch", json!({ "items": items })).await;
    assert_eq!(answer["batch_size"], 3);
    assert!(
        answer["items"][0]["job_id"]
            .as_str()
            .is_some_and(|id| id.len() == 36)
    );
    let status = ended(&server, &answer["batch_job_id"]).await;
    assert_eq!(
        (
            &status["status"],
            &status["completed_count"],
            &status["failed_count"]
        ),
        (&json!("completed"), &json!(2), &json!(1)),
        "{status}"
    );
    assert_eq!(status["file_count"], 2);
    assert_eq!(status["items"][2]["error"]["code"], "POST_NOT_FOUND");
    let child = server
        .get(&format!(
            "/instagram/status/{}",
            answer["items"][0]["job_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(names(&child.json), ["DfDjNmTDemo_image.jpg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_must_not_go_on_stops_at_the_first_failure() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\ndownloads_max = 1",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    let items = json!([{ "url": "De2yxZrMiss", "type": "post" }, { "url": IMAGE, "type": "post" }]);
    let answer = accepted(
        &server,
        "batch",
        json!({ "items": items, "continue_on_error": false }),
    )
    .await;
    let status = ended(&server, &answer["batch_job_id"]).await;
    assert_eq!(status["status"], "failed", "{status}");
    assert_eq!(status["items"][1]["status"], "cancelled", "{status}");
    assert_eq!(cdn.media_requests(), 0);
}

/// Makes media requests wait until the sender is dropped.
pub(crate) fn hold(cdn: &Cdn) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    cdn.misbehave(move |_, _, _| {
        // Returns with an error, and so continues, once the sender is dropped.
        let _free = block_in_place(|| released.lock().unwrap().recv());
        None
    });
    release
}

/// Waits until a worker has the job.
pub(super) async fn until_running(server: &Server, id: &Value) {
    let path = format!("/instagram/status/{}", id.as_str().unwrap());
    let mut looks = interval(Duration::from_millis(10));
    while server.get(&path).await.json["status"] != "processing" {
        looks.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_running_job_can_be_cancelled_and_leaves_nothing() {
    let (cdn, server) = start(&[]).await;
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    until_running(&server, &id).await;
    let path = format!("/instagram/status/{}", id.as_str().unwrap());
    let answer = server.send(Method::DELETE, &path, &[]).await;
    assert_eq!(
        (answer.status, &answer.json["status"]),
        (200, &json!("cancelled")),
        "{}",
        answer.text
    );
    drop(release);
    assert_eq!(server.get(&path).await.json["status"], "cancelled");
    assert_eq!(
        fs::read_dir(server.folder.path().join("data/files/.staging"))
            .unwrap()
            .count(),
        0
    );
    let again = server.send(Method::DELETE, &path, &[]).await;
    assert_eq!(again.json["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_the_way_to_the_end() {
    let (_cdn, server) = start(&[]).await;
    let id = accepted(&server, "reel", json!({ "url": "DfF-eHzReel" })).await["job_id"].clone();
    let mut stream = server
        .stream(&format!(
            "/instagram/status/{}/events",
            id.as_str().unwrap()
        ))
        .await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while let Some(piece) = stream.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["status"], "completed", "{text}");
    let progress: Vec<_> = events
        .iter()
        .map(|event| event["progress"].as_u64().unwrap())
        .collect();
    assert!(progress.is_sorted(), "{progress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_jobs_expire_at_the_moment_they_say() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\nfile_retention_s = 1",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    let status = format!("/instagram/status/{}", id.as_str().unwrap());
    let file = "/instagram/download/file/DfDjNmTDemo_image.jpg";
    let mut looks = interval(Duration::from_millis(20));
    while server.get(&status).await.status == 200 {
        looks.tick().await;
    }
    while server.get(file).await.status == 200 {
        looks.tick().await;
    }
    let gone = server.get(file).await;
    assert_eq!(
        (gone.status, &gone.json["error"]["code"]),
        (410, &json!("FILE_EXPIRED"))
    );
    assert_eq!(
        server.get(&status).await.json["error"]["code"],
        "JOB_NOT_FOUND"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_kill_9_every_accepted_job_ends_and_no_half_file_is_seen() {
    let (cdn, server) = start(&[]).await;
    let release = hold(&cdn);
    let items: Vec<_> = (0..6)
        .map(|_| json!({ "url": IMAGE, "type": "post" }))
        .collect();
    let batch = accepted(&server, "batch", json!({ "items": items })).await;
    let lone = accepted(&server, "post", json!({ "url": "De0N5pLMixd" })).await;
    until_running(&server, &lone["job_id"]).await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = server.crash_and_restart(&flags);
    drop(release);
    let batch = ended(&server, &batch["batch_job_id"]).await;
    assert_eq!(
        (&batch["status"], &batch["completed_count"]),
        (&json!("completed"), &json!(6)),
        "{batch}"
    );
    let lone = ended(&server, &lone["job_id"]).await;
    assert_eq!(lone["file_count"], 3, "{lone}");
    let bytes = server
        .bytes("/instagram/download/file/DfDjNmTDemo_image.jpg")
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
    assert_eq!(
        fs::read_dir(server.folder.path().join("data/files/.staging"))
            .unwrap()
            .count(),
        0
    );
    // Once more without running jobs: what was finished stays finished, and is not fetched again.
    let before = cdn.media_requests();
    let server = server.crash_and_restart(&flags);
    let again = server
        .get("/instagram/download/file/DfDjNmTDemo_image.jpg")
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(cdn.media_requests(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_qualities_of_one_post_never_share_a_name() {
    let (_cdn, server) = start(&[]).await;
    let best = completed(&server, "post", json!({ "url": IMAGE })).await;
    let low = completed(&server, "post", json!({ "url": IMAGE, "quality": "low" })).await;
    let again = completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(names(&best), names(&again));
    assert_ne!(names(&best), names(&low));
    let bytes = server
        .bytes(best["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn capability_names_cannot_be_guessed() {
    let (_cdn, server) = start(&["--file-names", "capability"]).await;
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    let name = names(&status)[0].to_owned();
    assert!(
        name.starts_with("DfDjNmTDemo_image_") && name.len() > 30,
        "{name}"
    );
    assert_eq!(
        server
            .get("/instagram/download/file/DfDjNmTDemo_image.jpg")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sigterm_gives_jobs_back_and_the_next_start_finishes_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\njob_drain_s_max = 0",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let mut server = start_at(&cdn, folder, &[]);
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    until_running(&server, &id).await;
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    drop(release);
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = server.restart(&flags);
    assert_eq!(ended(&server, &id).await["status"], "completed");
}
