//! What configured websites may read and send, and no others.

use axum::http::{HeaderValue, header};

use super::{Config, ask, request, router};

#[tokio::test]
async fn cors_is_only_for_configured_websites() {
    let config = Config {
        allowed_origins: vec!["https://app.example.com".to_owned()],
        ..Config::default()
    };
    for (config, origin, expected) in [
        (&Config::default(), "https://app.example.com", None),
        (&config, "https://evil.test", None),
        (&config, "null", None),
        (
            &config,
            "https://app.example.com",
            Some("https://app.example.com"),
        ),
    ] {
        let mut request = request("GET", "/instagram/formats");
        request
            .headers_mut()
            .insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        let answered = ask(&router(config, 0), request).await;
        assert_eq!(
            answered.header("access-control-allow-origin"),
            expected,
            "{origin}"
        );
        let exposed = answered.header("access-control-expose-headers");
        let shown = ["ratelimit", "x-request-id", "retry-after", "location"];
        let is_exposed =
            |name| exposed.is_some_and(|exposed| exposed.split(',').any(|it| it == name));
        assert_eq!(
            shown.map(is_exposed),
            [expected.is_some(); 4],
            "{exposed:?}"
        );
    }
    let mut preflight = request("OPTIONS", "/instagram/formats");
    for (name, value) in [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "GET"),
        ("sec-fetch-site", "cross-site"),
    ] {
        preflight
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    let preflight = ask(&router(&config, 0), preflight).await;
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("content-type,if-none-match,range,last-event-id,x-request-id")
    );
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("GET,HEAD,POST,DELETE")
    );
    let preflight = ask(
        &router(&Config::default(), 0),
        request("OPTIONS", "/instagram/formats"),
    )
    .await;
    assert_eq!(preflight.code(), "METHOD_NOT_ALLOWED");
    assert!(
        !preflight
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"))
    );
}
