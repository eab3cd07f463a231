//! Incomplete bodies are never files, and one file that is missing does not take the others with it.

use std::process::Command;

use serde_json::{Value, json};

use super::{completed, ended, failed, names, start, start_at};
use crate::harness::{
    cdn::{Cdn, media},
    upstream::{Reply, reply},
};

const IMAGE: &str = "DfDjNmTDemo";
const CAROUSEL: &str = "De0N5pLMixd";
const REEL: &str = "DfF-eHzReel";

/// A body without a length, which ends when the connection closes.
fn without_length(body: &[u8]) -> Reply {
    Reply::Bytes([b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n", body].concat())
}

/// A server that gives each job one attempt.
async fn start_once() -> (Cdn, crate::harness::server::Server) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("gramhost.toml"),
        "[limits]\njob_attempts_max = 1\n",
    )
    .unwrap();
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, folder, &[]);
    (cdn, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_length_that_ends_early_is_no_file() {
    let (cdn, server) = start_once().await;
    for (kind, url) in [("post", IMAGE), ("reel", REEL)] {
        cdn.misbehave(|_, _, body| Some(without_length(&body[..body.len() / 2])));
        let code = failed(&server, kind, json!({ "url": url })).await;
        assert_eq!(code, "UPSTREAM_UNAVAILABLE", "{kind}");
        cdn.misbehave(|_, _, body| Some(without_length(body)));
        let status = completed(&server, kind, json!({ "url": url })).await;
        assert!(status.get("missing_files").is_none(), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_cut_once_is_fetched_again() {
    let (cdn, server) = start(&[]).await;
    cdn.misbehave(|_, before, body| {
        let length = if before == 0 {
            body.len() - 1
        } else {
            body.len()
        };
        Some(without_length(&body[..length]))
    });
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    let bytes = server
        .bytes(status["files"][0]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(bytes, media("/x_1080_n.jpg"));
    assert_eq!(cdn.media_requests(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rendition_that_is_always_cut_gives_way_to_the_next_one() {
    let (cdn, server) = start(&[]).await;
    cdn.misbehave(|seen, _, body| {
        let is_best = seen.path.contains("_1080_n.jpg");
        is_best.then(|| without_length(&body[..body.len() / 2]))
    });
    let status = completed(&server, "post", json!({ "url": IMAGE })).await;
    assert_eq!(status["files"][0]["dimensions"], "640x800", "{status}");
}

/// Checks a status of the carousel without its third picture, which is missing with this code.
fn assert_partial(status: &Value, files: usize, code: &str) {
    assert_eq!(status["file_count"], files, "{status}");
    assert_eq!(
        status["missing_files"][0]["name"], "De0N5pLMixd_image_3",
        "{status}"
    );
    assert_eq!(
        status["missing_files"][0]["error"]["code"], code,
        "{status}"
    );
    assert_eq!(
        status["missing_files"].as_array().unwrap().len(),
        1,
        "{status}"
    );
    let message = "Download completed, but 1 file is missing.";
    assert_eq!(status["message"], message, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_is_gone_does_not_refuse_the_others() {
    let (cdn, server) = start(&[]).await;
    for code in [404, 410, 403] {
        cdn.misbehave(move |seen, _, _| {
            seen.path
                .contains("_mix3_")
                .then(|| reply(code, &[], "gone"))
        });
        let status = completed(&server, "post", json!({ "url": CAROUSEL })).await;
        assert_eq!(
            names(&status),
            ["De0N5pLMixd_image_1.jpg", "De0N5pLMixd_video_2.mp4"]
        );
        assert_partial(&status, 2, "UPSTREAM_UNAVAILABLE");
        assert_eq!(
            status["metadata"]["missing"],
            json!(["De0N5pLMixd_image_3"])
        );
    }
    let zip = completed(&server, "carousel", json!({ "url": CAROUSEL })).await;
    assert_partial(&zip, 1, "UPSTREAM_UNAVAILABLE");
    let bytes = server
        .bytes(zip["files"][0]["download_url"].as_str().unwrap())
        .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, bytes).unwrap();
    let script =
        "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('metadata.json').decode())";
    let read = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(metadata["missing"], json!(["De0N5pLMixd_image_3"]));
    assert_eq!(metadata["files"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_without_media_does_not_refuse_the_others() {
    let cdn = Cdn::start_as(|body| {
        let Ok(mut answer) = serde_json::from_slice::<Value>(body) else {
            return body.to_vec();
        };
        let path = "/data/xig_polaris_media/if_not_gated_logged_out/carousel_media/2";
        if let Some(item) = answer.pointer_mut(path) {
            item["image_versions2"] = Value::Null;
            item["display_uri"] = Value::Null;
        }
        answer.to_string().into_bytes()
    })
    .await;
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let started = super::accepted(&server, "post", json!({ "url": CAROUSEL })).await;
    let status = ended(&server, &started["job_id"]).await;
    assert_partial(&status, 2, "POST_NOT_FOUND");
    let started = super::accepted(&server, "carousel", json!({ "url": CAROUSEL })).await;
    assert_eq!(started["carousel_info"]["item_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_which_nothing_is_left_fails() {
    let (cdn, server) = start_once().await;
    cdn.misbehave(|_, _, _| Some(reply(404, &[], "gone")));
    let code = failed(&server, "post", json!({ "url": CAROUSEL })).await;
    assert_eq!(code, "UPSTREAM_UNAVAILABLE");
}
