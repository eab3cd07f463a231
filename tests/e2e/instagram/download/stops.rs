//! SIGTERM in each state of a job: the server ends soon and by itself, and the next one finishes the job.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use super::{
    PATIENCE, accepted,
    crashes::converters,
    ended,
    jobs::{hold, until_running},
    start_at,
};
use crate::harness::{cdn::Cdn, server::Server};

/// More than it takes to give jobs back, on a busy machine, and less than a client's request may delay the end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// How long a server with nothing but open streams may take.
const STREAMS_END_WITHIN: Duration = Duration::from_secs(1);
const SETTINGS: &str = "[limits]\njob_drain_s_max = 0\ndownloads_max = 1";

/// Ends a server by SIGTERM, which must be soon, and starts the next one.
async fn stopped(mut server: Server, flags: &[&str]) -> Server {
    let data = server.folder.path().join("data").canonicalize().unwrap();
    let began = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    assert!(began.elapsed() < ENDS_WITHIN, "{:?}", began.elapsed());
    let mut looks = interval(Duration::from_millis(5));
    let ended = async {
        while !converters(&data).is_empty() {
            looks.tick().await;
        }
    };
    let ended = timeout(Duration::from_secs(2), ended).await;
    ended.expect("no converter is left");
    let staged = fs::read_dir(data.join("files/.staging")).unwrap();
    assert_eq!(staged.count(), 0, "what was unfinished is gone");
    server.restart(flags)
}

async fn all_completed(server: &Server, ids: &[Value]) {
    for id in ids {
        let status = ended(server, id).await;
        assert_eq!(status["status"], "completed", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sigterm_gives_back_jobs_that_wait_or_fetch() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), SETTINGS).unwrap();
    let server = start_at(&cdn, folder, &[]);
    let release = hold(&cdn);
    let mut ids = Vec::new();
    for kind in ["post", "reel", "carousel"] {
        let url = match kind {
            "post" => "DfDjNmTDemo",
            "reel" => "DfF-eHzReel",
            _ => "De0N5pLMixd",
        };
        ids.push(accepted(&server, kind, json!({ "url": url })).await["job_id"].clone());
    }
    let item = json!({ "url": "DfDjNmTDemo", "type": "post" });
    let batch = accepted(&server, "batch", json!({ "items": [item, item] })).await;
    ids.push(batch["batch_job_id"].clone());
    until_running(&server, &ids[0]).await;
    let server = stopped(server, &flags).await;
    drop(release);
    all_completed(&server, &ids).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sigterm_during_a_conversion_gives_the_job_back() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), SETTINGS).unwrap();
    let server = Server::start_with_endless_ffmpeg(folder, &flags);
    let data = server.folder.path().join("data").canonicalize().unwrap();
    let mut ids = Vec::new();
    for body in [
        json!({ "url": "DfF-eHzReel", "quality": "1080p" }),
        json!({ "url": "DfF-eHzReel", "download_type": "audio_only", "audio_format": "mp3" }),
    ] {
        ids.push(accepted(&server, "reel", body).await["job_id"].clone());
    }
    let mut looks = interval(Duration::from_millis(5));
    let converting = async {
        while converters(&data).is_empty() {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, converting).await.expect("a conversion");
    let server = stopped(server, &flags).await;
    all_completed(&server, &ids).await;
}

/// A browser opens its stream again at the next server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn open_streams_do_not_hold_up_the_end() {
    let cdn = Cdn::start().await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), SETTINGS).unwrap();
    let mut server = start_at(&cdn, folder, &[]);
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": "DfDjNmTDemo" })).await["job_id"].clone();
    until_running(&server, &id).await;
    let path = format!("/instagram/status/{}/events", id.as_str().unwrap());
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = server.stream(&path).await;
        let first = timeout(PATIENCE, stream.chunk()).await.expect("an event");
        assert!(first.unwrap().is_some());
        streams.push(stream);
    }
    let began = Instant::now();
    server.signal(Signal::TERM);
    for mut stream in streams {
        let mut rest = String::new();
        while let Some(piece) = timeout(PATIENCE, stream.chunk()).await.unwrap().unwrap() {
            rest.push_str(std::str::from_utf8(&piece).unwrap());
        }
        assert!(rest.ends_with("retry: 2000\n\n"), "{rest}");
    }
    assert!(
        began.elapsed() < STREAMS_END_WITHIN,
        "{:?}",
        began.elapsed()
    );
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    println!("ended after {:?}", began.elapsed());
    assert!(
        began.elapsed() < STREAMS_END_WITHIN,
        "{:?}",
        began.elapsed()
    );
    drop(release);
}
