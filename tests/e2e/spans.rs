//! The request id is in every log line that a request causes: plugin calls, requests to Instagram, jobs.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{cdn::Cdn, server::Server, upstream::reply};

const ID: &str = "6f2c7a7e-2b1c-4a53-9a0c-0b8d6c9c2f11";

async fn start() -> (Cdn, Server) {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("gramhost.toml"),
        "log = 'info,gramhost=debug'\n",
    )
    .unwrap();
    (cdn, Server::start_in(folder, &flags))
}

/// The spans of the lines with this message, outermost first.
fn spans(server: &Server, message: &str) -> Vec<Vec<Value>> {
    let log = server.log();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = lines.filter(|line| line["message"] == message);
    lines
        .map(|line| line["spans"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn names(spans: &[Value]) -> Vec<&str> {
    spans
        .iter()
        .filter_map(|span| span["name"].as_str())
        .collect()
}

#[tokio::test]
async fn a_request_to_instagram_says_for_which_request_it_is() {
    let (_cdn, server) = start().await;
    let path = "/instagram/post/info?url_or_code=DfDjNmTDemo";
    let answer = server
        .send(Method::GET, path, &[("x-request-id", ID)])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    server.logged("\"fetched\"").await;
    let fetched = spans(&server, "fetched");
    assert!(!fetched.is_empty());
    for spans in fetched {
        assert_eq!(names(&spans), ["request", "extraction", "fetch"]);
        assert_eq!(spans[0]["id"], ID);
        assert_eq!(spans[0]["route"], "/instagram/post/info");
        assert_eq!(spans[1]["kind"], "post");
        assert!(spans[1]["plugin"].as_str().unwrap().starts_with("post@"));
        assert!(
            spans[2]["host"]
                .as_str()
                .unwrap()
                .ends_with("instagram.com")
        );
    }
}

#[tokio::test]
async fn a_job_says_which_request_made_it() {
    let (cdn, server) = start().await;
    cdn.misbehave(|_, before, _| (before == 0).then(|| reply(503, &[], "")));
    let body = json!({"url": "https://www.instagram.com/reel/DfF-eHzReel/"});
    let answer = server.post("/instagram/download/reel", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    server.logged("a media link is read on").await;
    let spans = spans(&server, "a media link is read on");
    assert_eq!(names(&spans[0]), ["job"]);
    assert_eq!(
        spans[0][0]["request"],
        answer.headers["x-request-id"].to_str().unwrap()
    );
    assert_eq!(spans[0][0]["attempt"], 1);
    let log = server.log();
    for secret in ["_nc_ht", "oh=", "sig="] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}
