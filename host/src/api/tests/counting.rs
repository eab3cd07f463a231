//! What counts for the rate limit, and what the answers say about it.

use axum::http::HeaderValue;

use super::{Config, ask, request, router};

/// Every request for a route of the API counts once, whatever becomes of it. What is free, unknown or of another website
/// counts nothing.
#[tokio::test]
async fn each_request_for_a_route_counts_once_and_nothing_else_does() {
    let router = router(&Config::default(), 30);
    let mut used = 0;
    for (method, path, status, cost) in [
        ("GET", "/instagram/formats", 200, 1),
        ("HEAD", "/instagram/formats", 200, 1),
        ("OPTIONS", "/instagram/formats", 405, 1),
        ("DELETE", "/instagram/formats", 405, 1),
        ("GET", "/instagram/formats?x=1&x=2", 200, 1),
        ("GET", "/instagram/nothing", 404, 0),
        ("GET", "/instagram/formats/", 308, 0),
        ("GET", "/nothing", 404, 0),
        ("GET", "/healthz", 200, 0),
        ("HEAD", "/healthz", 200, 0),
        ("GET", "/docs", 200, 0),
        ("GET", "/openapi.json", 200, 0),
        ("GET", "/", 200, 0),
    ] {
        let answered = ask(&router, request(method, path)).await;
        assert_eq!(answered.status.as_u16(), status, "{method} {path}");
        used += cost;
        let told = answered.header("ratelimit");
        assert_eq!(told.is_some(), cost == 1, "{method} {path}");
        let expected = format!("\"default\";r={};t=", 30 - used);
        assert!(
            told.is_none_or(|told| told.starts_with(&expected)),
            "{told:?}"
        );
    }
    // A handler that breaks costs one too, but nobody is left to say so.
    let broken = ask(&router, request("GET", "/instagram/panic")).await;
    assert_eq!(broken.status.as_u16(), 500);
    used += 1;
    for (name, value) in [("host", "evil.test"), ("origin", "https://evil.test")] {
        let mut refused = request("GET", "/instagram/formats");
        refused
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        let answered = ask(&router, refused).await;
        assert_eq!(
            (answered.status.as_u16(), answered.header("ratelimit")),
            (403, None)
        );
    }
    for left in (0..30 - used).rev() {
        let answered = ask(&router, request("GET", "/instagram/info")).await;
        let told = answered.header("ratelimit").unwrap().to_owned();
        assert!(
            told.starts_with(&format!("\"default\";r={left};t=")),
            "{told}"
        );
    }
    // A refusal does not make the wait longer.
    let mut longest = u64::MAX;
    for _ in 0..100 {
        let refused = ask(&router, request("GET", "/instagram/info")).await;
        assert_eq!(refused.status.as_u16(), 429);
        let wait = refused.header("retry-after").unwrap().parse().unwrap();
        assert!(wait <= longest && wait <= 60, "{wait}");
        longest = wait;
    }
}
