//! The download endpoints over sockets: from a POST to bytes that an independent tool accepts.

mod bucket;
mod choices;
mod codecs;
mod command;
mod crashes;
mod disk;
mod faults;
mod files;
mod folder;
pub(crate) mod jobs;
mod kills;
mod kinds;
mod large;
mod names;
mod partial;
mod power;
mod queue;
mod refused;
mod stops;
mod versions;

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::harness::{cdn::Cdn, server::Server};

/// Longer than any job of these tests takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that downloads from a stand-in.
async fn start(more: &[&str]) -> (Cdn, Server) {
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), more);
    (cdn, server)
}

pub(crate) fn start_at(cdn: &Cdn, folder: TempDir, more: &[&str]) -> Server {
    let flags = cdn.flags();
    let flags: Vec<_> = flags
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    Server::start_in(folder, &flags)
}

/// Starts a download and returns the response, which has status 202.
pub(crate) async fn accepted(server: &Server, kind: &str, body: Value) -> Value {
    let answer = server
        .post(&format!("/instagram/download/{kind}"), &body)
        .await;
    assert_eq!(answer.status, 202, "{body}: {}", answer.text);
    answer.json
}

/// The status of a job once it has ended.
pub(crate) async fn ended(server: &Server, id: &Value) -> Value {
    let path = format!("/instagram/status/{}", id.as_str().unwrap());
    let mut looks = interval(Duration::from_millis(20));
    let wait = async {
        loop {
            looks.tick().await;
            let status = server.get(&path).await.json;
            if !matches!(status["status"].as_str(), Some("pending" | "processing")) {
                return status;
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("the job ends")
}

/// The finished status of a download.
pub(crate) async fn completed(server: &Server, kind: &str, body: Value) -> Value {
    let id = accepted(server, kind, body).await["job_id"].clone();
    let status = ended(server, &id).await;
    assert_eq!(status["status"], "completed", "{status} {}", server.log());
    status
}

/// The error code of a download that fails.
async fn failed(server: &Server, kind: &str, body: Value) -> String {
    let id = accepted(server, kind, body).await["job_id"].clone();
    let status = ended(server, &id).await;
    assert_eq!(status["status"], "failed", "{status}");
    assert!(status["failed_at"].is_string(), "{status}");
    status["error"]["code"].as_str().unwrap().to_owned()
}

pub(crate) fn names(status: &Value) -> Vec<&str> {
    let files = status["files"].as_array();
    let files = files.unwrap_or_else(|| panic!("{status}")).iter();
    files
        .map(|file| file["filename"].as_str().unwrap())
        .collect()
}

/// The output of ffprobe for served bytes: codecs of video and sound, width, height, seconds.
fn probed(bytes: &[u8], name: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let arguments = [
        "-v",
        "error",
        "-show_streams",
        "-show_format",
        "-of",
        "json",
    ];
    let output = Command::new("ffprobe")
        .args(arguments)
        .arg(&path)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let streams = said["streams"].as_array().unwrap();
    let stream = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let video = stream("video").cloned().unwrap_or_default();
    let audio = stream("audio").cloned().unwrap_or_default();
    let seconds: Option<f64> = said["format"]["duration"]
        .as_str()
        .and_then(|text| text.parse().ok());
    json!({
        "video": video["codec_name"],
        "audio": audio["codec_name"],
        "size": [video["width"], video["height"]],
        "seconds": seconds.map(f64::round),
    })
}
