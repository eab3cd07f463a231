//! Compressed responses say the same as others; files and events are never compressed.

use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::{Client, Response};
use serde_json::json;

use super::{demo, download::ended};
use crate::harness::server::Server;

/// The response for a client that takes every encoding, as browsers do.
async fn asked(server: &Server, path: &str) -> Response {
    let url = format!("http://{}{path}", server.address);
    let request = Client::builder().no_proxy().build().unwrap().get(url);
    let request = request.header("accept-encoding", "gzip");
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_say_the_same() {
    let server = demo();
    for path in [
        "/instagram/profile/posts?username=gramhost.demo",
        "/instagram/post/info?url_or_code=De0N5pLMixd",
        "/openapi.json",
        "/docs/swagger-ui-bundle.js",
        "/page/main.js",
    ] {
        // Written by then, so that a cached answer is compressed too.
        let plain = server.get(path).await;
        assert_eq!(plain.headers.get("content-encoding"), None);
        let answer = asked(&server, path).await;
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{path}");
        let bytes = answer.bytes().await.unwrap();
        let mut text = String::new();
        GzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap();
        assert!(text == plain.text, "{path}");
    }
    let body = json!({ "url": "DfDjNmTDemo" });
    let started = server.post("/instagram/download/post", &body).await;
    let place = started.headers["location"].to_str().unwrap();
    assert_eq!(started.json["status_url"], place);
    let status = ended(&server, &started.json["job_id"]).await;
    let file = status["files"][0]["download_url"].as_str().unwrap();
    for path in [file.to_owned(), format!("{place}/events")] {
        let answer = asked(&server, &path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers().get("content-encoding"), None, "{path}");
        assert_eq!(answer.headers().get("vary"), None, "{path}");
    }
}
