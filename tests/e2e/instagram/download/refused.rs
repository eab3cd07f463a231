//! Downloads that are impossible are refused with their documented code, and cost nothing.

use serde_json::json;

use super::{accepted, completed, ended, start};
use crate::harness::{cdn::Cdn, server::Server};

const IMAGE: &str = "DfDjNmTDemo";
const REEL: &str = "DfF-eHzReel";

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_downloaded_is_refused_before_there_is_a_job() {
    let (cdn, server) = start(&[]).await;
    for (kind, body, status, code) in [
        ("post", json!({}), 400, "INVALID_URL"),
        (
            "post",
            json!({ "url": "https://example.com/p/abc/" }),
            400,
            "INVALID_URL",
        ),
        (
            "post",
            json!({ "url": IMAGE, "quality": "huge" }),
            400,
            "INVALID_QUALITY",
        ),
        (
            "post",
            json!({ "url": IMAGE, "download_type": "audio_only" }),
            400,
            "INVALID_PARAMETER",
        ),
        (
            "post",
            json!({ "url": IMAGE, "download_type": "video_only" }),
            400,
            "INVALID_PARAMETER",
        ),
        (
            "post",
            json!({ "url": IMAGE, "output_format": "mp3" }),
            400,
            "INVALID_PARAMETER",
        ),
        (
            "post",
            json!({ "url": IMAGE, "include_metadata": "yes" }),
            400,
            "INVALID_PARAMETER",
        ),
        ("post", json!([]), 400, "INVALID_PARAMETER"),
        ("post", json!({ "url": "De2y3gTPriv" }), 403, "POST_PRIVATE"),
        (
            "post",
            json!({ "url": "De2yxZrMiss" }),
            404,
            "POST_NOT_FOUND",
        ),
        ("carousel", json!({ "url": IMAGE }), 400, "INVALID_URL"),
        ("reel", json!({ "url": "DdsH0ITRprv" }), 403, "REEL_PRIVATE"),
        (
            "reel",
            json!({ "url": REEL, "quality": "medium" }),
            400,
            "INVALID_QUALITY",
        ),
        ("story", json!({ "username": "" }), 400, "INVALID_USERNAME"),
        (
            "story",
            json!({ "username": "nobody.at.all" }),
            404,
            "PROFILE_NOT_FOUND",
        ),
        (
            "story",
            json!({ "username": "private.person" }),
            403,
            "ACCOUNT_PRIVATE",
        ),
        (
            "story",
            json!({ "username": "gramhost.demo" }),
            403,
            "STORIES_UNAVAILABLE",
        ),
        ("batch", json!({}), 400, "INVALID_REQUEST"),
        ("batch", json!({ "items": [] }), 400, "EMPTY_BATCH"),
        (
            "batch",
            json!({ "items": [{ "url": IMAGE, "type": "film" }] }),
            400,
            "INVALID_REQUEST",
        ),
        (
            "batch",
            json!({ "items": vec![json!({ "url": IMAGE, "type": "post" }); 51] }),
            400,
            "INVALID_REQUEST",
        ),
    ] {
        let answer = server
            .post(&format!("/instagram/download/{kind}"), &body)
            .await;
        let found = (
            answer.status,
            answer.json["error"]["code"].as_str().unwrap_or_default(),
        );
        assert_eq!(found, (status, code), "{kind} {body}: {}", answer.text);
    }
    assert_eq!(cdn.media_requests(), 0);
    let form = [("content-type", "text/plain")];
    let answer = server
        .send(reqwest::Method::POST, "/instagram/download/post", &form)
        .await;
    assert_eq!(
        (answer.status, &answer.json["error"]["code"]),
        (415, &json!("INVALID_REQUEST"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_of_a_batch_is_named_or_fails_alone() {
    let (_cdn, server) = start(&[]).await;
    let bad = "https://www.instagram.com/explore/";
    let post = |url: &str| json!({ "url": url, "type": "post" });
    let path = "/instagram/download/batch";
    for (items, carry_on) in [
        (json!([post(IMAGE), post(bad)]), json!(false)),
        (json!([post(bad), post(bad)]), json!(true)),
        (json!([post(bad)]), json!(null)),
    ] {
        let body = json!({ "items": items, "continue_on_error": carry_on });
        let answer = server.post(path, &body).await;
        let error = &answer.json["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (400, &json!("INVALID_URL"))
        );
        let index = usize::from(items.as_array().unwrap()[0] == post(IMAGE));
        let details = error["details"].as_str().unwrap();
        let named = format!("items[{index}] ({bad}): ");
        assert!(details.starts_with(&named), "{details}");
    }
    let story = json!({ "url": "no name", "type": "story" });
    let body = json!({ "items": [post(bad), post(IMAGE), story] });
    let batch = accepted(&server, "batch", body).await;
    let status = ended(&server, &batch["batch_job_id"]).await;
    assert_eq!(status["status"], "completed", "{status}");
    let end = |index: usize| {
        let item = &status["items"][index];
        (item["status"].clone(), item["error"]["code"].clone())
    };
    assert_eq!(end(0), (json!("failed"), json!("INVALID_URL")));
    assert_eq!(end(1), (json!("completed"), json!(null)));
    assert_eq!(end(2), (json!("failed"), json!("INVALID_USERNAME")));
    assert_eq!(status["items"][0]["url"], bad);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ffmpeg_what_needs_it_is_refused_and_the_rest_works() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Server::start_without_tools(&flags);
    for body in [
        json!({ "output_format": "mkv" }),
        json!({ "download_type": "audio_only", "audio_format": "mp3" }),
        json!({ "download_type": "audio_only", "audio_format": "aac" }),
    ] {
        let mut body = body;
        body["url"] = json!(REEL);
        let answer = server.post("/instagram/download/reel", &body).await;
        let found = (answer.status, &answer.json["error"]["code"]);
        assert_eq!(
            found,
            (501, &json!("CONVERSION_UNAVAILABLE")),
            "{body}: {}",
            answer.text
        );
    }
    for (kind, body, dimensions) in [
        ("reel", json!({ "url": REEL }), json!("720x1280")),
        (
            "reel",
            json!({ "url": REEL, "download_type": "audio_only" }),
            json!(null),
        ),
        (
            "reel",
            json!({ "url": REEL, "download_type": "video_only" }),
            json!("1080x1920"),
        ),
        (
            "post",
            json!({ "url": IMAGE, "output_format": "webp", "quality": "low" }),
            json!("320x400"),
        ),
        ("carousel", json!({ "url": "De0N5pLMixd" }), json!(null)),
    ] {
        let status = completed(&server, kind, body).await;
        assert_eq!(status["files"][0]["dimensions"], dimensions, "{status}");
    }
}
