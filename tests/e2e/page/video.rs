//! `/video` serves parts of Instagram's videos and nothing else, and the page plays them in place.

use std::fs;

use reqwest::{Client, StatusCode, header};
use tempfile::TempDir;

use super::{ARRIVED, CAROUSEL, Cdn, REEL, Server, WIDE, ask, folder, media, page, start};
use crate::harness::{
    server::Answer,
    upstream::{Reply, reply},
};

const VIDEO: &str = "https://video-ams2-1.fna.fbcdn.net/v/a_hd_n.mp4?oh=00_A&oe=6A";
const PICTURE: &str = "https://scontent.cdninstagram.com/v/a_320_n.jpg";

/// A folder with a settings file.
fn settings(limits: &str) -> TempDir {
    let folder = folder();
    let text = format!("[limits]\n{limits}\n");
    fs::write(folder.path().join("gramhost.toml"), text).unwrap();
    folder
}

fn path(url: &str) -> String {
    let query: String = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/video?url={query}")
}

async fn refused(server: &Server, url: &str) -> (u16, String) {
    let Answer { status, json, .. } = server.get(&path(url)).await;
    let code = json["error"]["code"].as_str();
    (status, code.unwrap_or("none").to_owned())
}

async fn part(server: &Server, range: &str) -> reqwest::Response {
    let url = format!("http://{}{}", server.address, path(VIDEO));
    let asked = Client::new().get(url).header(header::RANGE, range);
    asked.send().await.unwrap()
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_comes_whole_or_in_parts_and_for_this_page_alone() {
    let (_cdn, server) = start(folder(), &[]).await;
    let whole = media("a_hd_n.mp4");
    let url = format!("http://{}{}", server.address, path(VIDEO));
    let response = Client::new().get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    // The stand-in sends the type `application/octet-stream`.
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(response.bytes().await.unwrap(), whole);

    let length = whole.len();
    for (range, first, end) in [
        ("bytes=0-".to_owned(), 0, length),
        ("bytes=0-99".to_owned(), 0, 100),
        ("bytes=500-".to_owned(), 500, length),
        ("bytes=500-1499".to_owned(), 500, 1500),
        (
            format!("bytes={}-999999999", length - 1),
            length - 1,
            length,
        ),
    ] {
        let response = part(&server, &range).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let told = format!("bytes {first}-{}/{length}", end - 1);
        assert_eq!(response.headers()[header::CONTENT_RANGE], told);
        assert_eq!(
            response.bytes().await.unwrap(),
            &whole[first..end],
            "{range}"
        );
    }
    // Several ranges, and the end alone, get the whole video, as any server may answer.
    for range in ["bytes=0-1,5-6", "bytes=-100", "nonsense"] {
        let response = part(&server, range).await;
        assert_eq!(response.status(), StatusCode::OK, "{range}");
        assert_eq!(response.bytes().await.unwrap(), whole, "{range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_elsewhere_are_refused_unasked() {
    let (cdn, server) = start(folder(), &[]).await;
    for url in [
        "https://example.com/a.mp4",
        "https://fbcdn.net.example.com/a.mp4",
        "http://video-ams2-1.fna.fbcdn.net/v/a_hd_n.mp4",
        "https://127.0.0.1/a.mp4",
        "file:///etc/passwd",
        "",
    ] {
        assert_eq!(
            refused(&server, url).await,
            code(400, "INVALID_URL"),
            "{url}"
        );
    }
    assert_eq!(cdn.media_requests(), 0);
    cdn.misbehave(|_, _, _| Some(reply(302, &[("location", "https://example.com/a.mp4")], "")));
    assert_eq!(refused(&server, VIDEO).await, code(400, "INVALID_URL"));
    assert_eq!(cdn.media_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_videos_are_played() {
    let (cdn, server) = start(folder(), &[]).await;
    assert_eq!(
        refused(&server, PICTURE).await,
        code(502, "UPSTREAM_UNAVAILABLE")
    );
    for body in ["<!DOCTYPE html><script>alert(1)</script>", "", "#EXTM3U"] {
        let called = [("content-type", "video/mp4")];
        cdn.misbehave(move |_, _, _| Some(reply(200, &called, body)));
        assert_eq!(
            refused(&server, VIDEO).await,
            code(502, "UPSTREAM_UNAVAILABLE"),
            "{body}"
        );
    }
    cdn.misbehave(|_, _, _| Some(reply(403, &[], "")));
    assert_eq!(refused(&server, VIDEO).await, code(404, "FILE_NOT_FOUND"));
    cdn.misbehave(|_, _, _| Some(reply(416, &[], "")));
    assert_eq!(
        refused(&server, VIDEO).await,
        code(416, "RANGE_NOT_SATISFIABLE")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_of_videos_has_an_effect() {
    let limits =
        "file_bytes_max = 1000\nvideo_ms_max = 2000\nvideos_max = 1\nvideos_per_minute_max = 4";
    let cdn = Cdn::start().await;
    let server = Server::start_in(settings(limits), &["--upstream-override", &cdn.flags()[1]]);
    assert_eq!(refused(&server, VIDEO).await, code(413, "FILE_TOO_LARGE"));
    // A media server that never ends: the place is taken until the time is up.
    let head = b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 900\r\n\r\n";
    let stalled = [head.as_slice(), &media("a_hd_n.mp4")[..200]].concat();
    cdn.misbehave(move |_, _, _| Some(Reply::Stall(stalled.clone())));
    let url = format!("http://{}{}", server.address, path(VIDEO));
    let first = Client::new().get(url).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(refused(&server, VIDEO).await, code(503, "SERVER_BUSY"));
    assert!(first.bytes().await.is_err());
    cdn.misbehave(|_, _, _| None);
    assert_eq!(refused(&server, VIDEO).await, code(413, "FILE_TOO_LARGE"));
    assert_eq!(refused(&server, VIDEO).await, code(429, "RATE_LIMIT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_plays_in_its_place() {
    let (cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, REEL);
    browser.until(ARRIVED);
    browser.click("#view .play");
    browser.until("document.querySelector('#view video')?.currentTime > 0");
    browser.evaluate("document.querySelector('#view video').pause()");
    browser.assert_accessible("playing");
    browser.screenshot("playing");
    assert_eq!(browser.faults(), Vec::<String>::new());

    cdn.misbehave(|seen, _, _| seen.path.contains(".mp4").then(|| reply(404, &[], "")));
    // Another one, because the browser still has the first.
    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    browser.evaluate("document.querySelector('#view .play').click()");
    let told = browser.text("#view .strip .word");
    assert!(
        told.starts_with("The video cannot be played here."),
        "{told}"
    );
}
