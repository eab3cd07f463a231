//! How responses travel: compressed, not at all because the client has them, or from another address.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use tower::ServiceExt as _;

use super::{Config, ask, fetch, request, router};

/// The headers and the bytes of a response for a client that accepts these encodings.
async fn encoded(path: &str, accepted: &str) -> (HeaderMap, Bytes) {
    let mut request = request("GET", path);
    let accepted = HeaderValue::from_str(accepted).unwrap();
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, accepted);
    let response = router(&Config::default(), 0)
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    (parts.headers, to_bytes(body, usize::MAX).await.unwrap())
}

#[tokio::test]
async fn what_becomes_smaller_is_compressed_for_who_accepts_it() {
    for path in [
        "/instagram/formats",
        "/openapi.json",
        "/docs/swagger-ui.css",
        "/page/main.js",
    ] {
        let plain = fetch(path).await;
        assert_eq!(plain.header("content-encoding"), None);
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{path}");
        let (headers, gzip) = encoded(path, "gzip").await;
        assert_eq!(headers["content-encoding"], "gzip");
        assert_eq!(headers["vary"], "accept-encoding");
        // From memory, for a document.
        assert_eq!(encoded(path, "gzip").await.1, gzip, "{path}");
        let (headers, zstd) = encoded(path, "gzip;q=0.5, zstd").await;
        assert_eq!(headers["content-encoding"], "zstd");
        for (form, smaller) in [("gzip", gzip), ("zstd", zstd)] {
            println!(
                "{path}: {} bytes, {form} {}",
                plain.body.len(),
                smaller.len()
            );
            assert!(smaller.len() * 2 < plain.body.len(), "{path} {form}");
        }
        for other in ["identity", "br", "gzip;q=0"] {
            let (headers, same) = encoded(path, other).await;
            assert_eq!(headers.get("content-encoding"), None, "{other}");
            assert_eq!(same, plain.body, "{other}");
        }
    }
    // Neither small ones, nor pictures, nor refusals.
    for path in ["/healthz", "/docs/favicon-32x32.png", "/nothing"] {
        let (headers, _) = encoded(path, "gzip, zstd").await;
        assert_eq!(headers.get("content-encoding"), None, "{path}");
    }
}

#[tokio::test]
async fn documents_are_not_sent_again() {
    for path in ["/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/"] {
        let first = fetch(path).await;
        assert_eq!(
            first.header("cache-control"),
            Some("private, no-cache"),
            "{path}"
        );
        let tag = first.header("etag").unwrap();
        // That of the compressed form says that it is not the same in each byte. The page of the documentation is small.
        let (headers, _) = encoded(path, "gzip").await;
        let other = headers["etag"].to_str().unwrap();
        let weak = if path == "/docs" { "" } else { "W/" };
        assert_eq!(other, format!("{weak}{tag}"), "{path}");
        for known in [tag, other] {
            let mut again = request("GET", path);
            let known = HeaderValue::from_str(known).unwrap();
            again.headers_mut().insert(header::IF_NONE_MATCH, known);
            let again = ask(&router(&Config::default(), 30), again).await;
            assert_eq!(
                (again.status, &*again.body),
                (StatusCode::NOT_MODIFIED, ""),
                "{path}"
            );
            assert_eq!(again.header("etag"), Some(tag));
        }
    }
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_address_without_it() {
    let router = router(&Config::default(), 1);
    for (method, path, place) in [
        ("GET", "/instagram/formats/", "/instagram/formats"),
        (
            "POST",
            "/instagram/formats/?x=1&y=%2F",
            "/instagram/formats?x=1&y=%2F",
        ),
        ("GET", "/docs/", "/docs"),
    ] {
        let answered = ask(&router, request(method, path)).await;
        assert_eq!(answered.status, StatusCode::PERMANENT_REDIRECT, "{path}");
        assert_eq!(answered.header("location"), Some(place));
    }
    // It was not counted.
    let mut asked = request("GET", "/instagram/formats");
    *asked.body_mut() = Body::empty();
    assert_eq!(ask(&router, asked).await.status, StatusCode::OK);
}
