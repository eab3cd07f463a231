//! `/picture` serves Instagram's pictures and nothing else.

use std::fs;

use tempfile::TempDir;

use super::{Cdn, Server, folder, media, start};
use crate::harness::{
    server::Answer,
    upstream::{Reply, reply},
};

const PICTURE: &str = "https://scontent.cdninstagram.com/v/a_320_n.jpg?oh=00_A&oe=6A";
const VIDEO: &str = "https://video-ams2-1.fna.fbcdn.net/v/a_hd_n.mp4";

/// A folder with a settings file.
fn settings(limits: &str) -> TempDir {
    let folder = folder();
    let text = format!("[limits]\n{limits}\n");
    fs::write(folder.path().join("gramhost.toml"), text).unwrap();
    folder
}

async fn ask(server: &Server, url: &str) -> Answer {
    let query: String = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
    server.get(&format!("/picture?url={query}")).await
}

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.json["error"]["code"].as_str();
    (answer.status, code.unwrap_or("none"))
}

async fn with(
    cdn: &Cdn,
    server: &Server,
    answer: impl Fn() -> Reply + Send + Sync + 'static,
) -> Answer {
    cdn.misbehave(move |_, _, _| Some(answer()));
    ask(server, PICTURE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_comes_as_what_it_is_and_for_this_page_alone() {
    let (_cdn, server) = start(folder(), &[]).await;
    let answer = ask(&server, PICTURE).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // The stand-in sends the type `application/octet-stream`.
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, max-age=3600"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.headers[name], value);
    }
    let length = answer.headers["content-length"].to_str().unwrap();
    assert_eq!(length, media("a_320_n.jpg").len().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn links_elsewhere_are_refused_unasked() {
    let (cdn, server) = start(folder(), &[]).await;
    for url in [
        "https://example.com/a.jpg",
        "https://cdninstagram.com.example.com/a.jpg",
        "https://user@scontent.cdninstagram.com/a_320_n.jpg",
        "http://scontent.cdninstagram.com/a_320_n.jpg",
        "https://127.0.0.1/a_320_n.jpg",
        "file:///etc/passwd",
        "//scontent.cdninstagram.com/a_320_n.jpg",
        "",
    ] {
        assert_eq!(
            code(&ask(&server, url).await),
            (400, "INVALID_URL"),
            "{url}"
        );
    }
    let none = server.get("/picture").await;
    assert_eq!(code(&none), (400, "INVALID_URL"));
    let twice = server.get("/picture?url=a&url=b").await;
    assert_eq!(code(&twice), (400, "INVALID_PARAMETER"));
    assert_eq!(cdn.media_requests(), 0);
    // Also not after a redirect.
    let away = [("location", "https://example.com/a.jpg")];
    let answer = with(&cdn, &server, move || reply(302, &away, "")).await;
    assert_eq!(code(&answer), (400, "INVALID_URL"));
    assert_eq!(cdn.media_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pictures_are_shown() {
    let (cdn, server) = start(folder(), &[]).await;
    let page = "<!DOCTYPE html><script>alert(1)</script>";
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    for body in [page, drawing, "", "GIF89a"] {
        // Whatever its stated type is.
        let called = [("content-type", "image/jpeg")];
        let answer = with(&cdn, &server, move || reply(200, &called, body)).await;
        assert_eq!(code(&answer), (502, "UPSTREAM_UNAVAILABLE"), "{body}");
    }
    cdn.misbehave(|_, _, _| None);
    let video = ask(&server, VIDEO).await;
    assert_eq!(code(&video), (502, "UPSTREAM_UNAVAILABLE"));
    let expired = with(&cdn, &server, || reply(403, &[], "")).await;
    assert_eq!(code(&expired), (404, "FILE_NOT_FOUND"));
    let broken = with(&cdn, &server, || reply(500, &[], "")).await;
    assert_eq!(code(&broken), (502, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_or_a_slow_picture_is_given_up() {
    let limits = "picture_bytes_max = 100000\npicture_ms_max = 500";
    let (cdn, server) = start(settings(limits), &[]).await;
    let head = b"HTTP/1.1 200 X\r\nconnection: close\r\n".to_vec();
    let jpeg = media("a_320_n.jpg");
    // With and without a stated length.
    let stated = [head.as_slice(), b"content-length: 1000000\r\n\r\n", jpeg].concat();
    let answer = with(&cdn, &server, move || Reply::Stall(stated.clone())).await;
    assert_eq!(code(&answer), (413, "FILE_TOO_LARGE"));
    let unstated = [head.as_slice(), b"\r\n", jpeg].concat();
    let long = unstated.clone();
    let answer = with(&cdn, &server, move || Reply::Long(long.clone(), 64 << 20)).await;
    assert_eq!(code(&answer), (413, "FILE_TOO_LARGE"));
    let answer = with(&cdn, &server, move || Reply::Stall(unstated.clone())).await;
    assert_eq!(code(&answer), (502, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_have_a_count_of_their_own_and_the_page_none() {
    let cdn = Cdn::start().await;
    let folder = settings("pictures_per_minute_max = 2");
    let override_ = &cdn.flags()[1];
    let flags = ["--upstream-override", override_, "--rate-limit", "1"];
    let server = Server::start_in(folder, &flags);
    for _ in 0..2 {
        assert_eq!(ask(&server, PICTURE).await.status, 200);
    }
    let over = ask(&server, PICTURE).await;
    assert_eq!(code(&over), (429, "RATE_LIMIT"));
    assert!(over.headers.contains_key("retry-after"));
    assert_eq!(server.get("/instagram/formats").await.status, 200);
    assert_eq!(server.get("/instagram/formats").await.status, 429);
    for _ in 0..3 {
        assert_eq!(server.get("/").await.status, 200);
        assert_eq!(server.get("/page/main.js").await.status, 200);
    }
}
