//! A store that is slow, fails, is full or breaks off: jobs end, nothing that was accepted is lost, and no client takes a
//! part of a file for the whole.

use super::*;
use crate::harness::proxy::{Asked, Fault, Proxy};

const FULL: &str = "<Error><Code>QuotaExceeded</Code><Message>full</Message></Error>";

/// A stand-in for Instagram, a proxy before the store, and a place behind it with short limits.
async fn behind_a_proxy() -> (Cdn, Proxy, Place) {
    let (cdn, store) = (Cdn::start().await, Store::shared());
    let proxy = Proxy::start(store.address).await;
    let place = Place::behind(proxy.endpoint())
        .with("GRAMHOST_LIMITS_S3_FIRST_BYTE_MS_MAX", 1_000)
        .with("GRAMHOST_LIMITS_S3_RETRY_MS_MAX", 1_000);
    (cdn, proxy, place)
}

fn writes(asked: &Asked) -> bool {
    matches!(asked.method, "PUT" | "POST")
}

/// A download of a picture, once it has ended.
async fn picture_job(server: &Server) -> Value {
    let id = accepted(server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    ended(server, &id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_is_waited_for() {
    let (cdn, proxy, place) = behind_a_proxy().await;
    let server = place.serve(&cdn);
    let slow = Duration::from_millis(300);
    proxy.misbehave(move |_| Some(Fault::Late(slow)));
    cdn.misbehave(|_, _, body| Some(long(body, 20 << 20)));
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let status = completed(&server, "reel", reel).await;
    assert_eq!(server.bytes(&url_of(&status)).await.len(), 20 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_store_does_not_begin_to_send_is_an_error_in_time() {
    let (cdn, proxy, place) = behind_a_proxy().await;
    let server = place.serve(&cdn);
    completed(&server, "post", json!({ "url": IMAGE })).await;
    for (fault, name) in [
        (Fault::Stalled, "stalled"),
        (Fault::Closed, "closed"),
        (Fault::Answer(503, ""), "503"),
        (
            Fault::Answer(500, "<Error><Code>InternalError</Code></Error>"),
            "500",
        ),
    ] {
        proxy.misbehave(move |_| Some(fault.clone()));
        let answer = timeout(Duration::from_secs(20), server.get(IMAGE_URL)).await;
        let answer = answer.expect(name);
        assert_eq!(
            (answer.status, &answer.json["error"]["code"]),
            (500, &json!("SERVER_ERROR")),
            "{name}"
        );
        // What needs no store is answered, and the store is asked again for the next request.
        assert_eq!(
            server.send(Method::HEAD, IMAGE_URL, &[]).await.status,
            200,
            "{name}"
        );
        proxy.behave();
        assert!(server.bytes(IMAGE_URL).await == picture(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_for_a_moment_costs_nothing_but_time() {
    let (cdn, proxy, place) = behind_a_proxy().await;
    let server = place.serve(&cdn);
    cdn.misbehave(|_, _, body| Some(long(body, 20 << 20)));
    // Every second request fails, each in another way.
    proxy.misbehave(|asked| match asked.before % 6 {
        1 => Some(Fault::Answer(503, "<Error><Code>SlowDown</Code></Error>")),
        3 => Some(Fault::Closed),
        5 => Some(Fault::Answer(500, "")),
        _ => None,
    });
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let status = completed(&server, "reel", reel).await;
    assert_eq!(server.bytes(&url_of(&status)).await.len(), 20 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_nothing_fails_the_job_and_the_next_one_works() {
    let (cdn, proxy, place) = behind_a_proxy().await;
    let place = place.with("GRAMHOST_LIMITS_S3_RETRY_MS_MAX", 100);
    let server = place.serve(&cdn);
    for (fault, code) in [
        (Fault::Answer(503, ""), "SERVER_ERROR"),
        (Fault::Closed, "SERVER_ERROR"),
        (Fault::Answer(507, ""), "STORAGE_FULL"),
        (Fault::Answer(403, FULL), "STORAGE_FULL"),
    ] {
        let answer = fault.clone();
        proxy.misbehave(move |asked| writes(asked).then(|| answer.clone()));
        let status = picture_job(&server).await;
        assert_eq!(status["status"], "failed", "{fault:?}: {status}");
        assert_eq!(status["error"]["code"], code, "{fault:?}: {status}");
        assert_eq!(server.get(IMAGE_URL).await.status, 404, "{fault:?}");
    }
    proxy.behave();
    completed(&server, "post", json!({ "url": IMAGE })).await;
    assert!(server.bytes(IMAGE_URL).await == picture());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_outlives_a_store_that_is_away_and_a_crash() {
    let (cdn, proxy, place) = behind_a_proxy().await;
    let server = place.serve(&cdn);
    proxy.misbehave(|_| Some(Fault::Closed));
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    // A server starts without the store, too.
    let server = place.serve_again(server, &cdn);
    server.logged("the store does not answer").await;
    proxy.behave();
    let status = ended(&server, &id).await;
    assert_eq!(status["status"], "completed", "{status} {}", server.log());
    assert!(server.bytes(IMAGE_URL).await == picture());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_is_continued_or_ends_with_an_error() {
    const BYTES: usize = 20 << 20;
    let (cdn, proxy, place) = behind_a_proxy().await;
    let server = place.serve(&cdn);
    cdn.misbehave(|_, _, body| Some(long(body, BYTES as u64)));
    let reel = json!({ "url": "DfF-eHzReel", "quality": "720p" });
    let url = url_of(&completed(&server, "reel", reel).await);
    let whole = server.bytes(&url).await;
    assert_eq!(whole.len(), BYTES);
    // Each answer of the store ends early: the rest is asked for until the file is whole, however often.
    proxy.misbehave(|_| Some(Fault::CutAt(1 << 20)));
    assert!(server.bytes(&url).await == whole);
    // Nothing more comes, however often it is asked for.
    proxy.misbehave(|_| Some(Fault::CutAt(0)));
    let mut response = server.stream(&url).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_length(), Some(BYTES as u64));
    let mut read = 0;
    let cut = loop {
        match response.chunk().await {
            Ok(Some(piece)) => read += piece.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(cut && read < BYTES, "{read} bytes");
    server
        .logged("a file of the bucket is not sent to its end")
        .await;
}
