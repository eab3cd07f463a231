//! The refusals of the layers: host, site, size, method, path, budget, panic. Each has the envelope.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, header},
};

use super::{Config, StatusCode, ask, fetch, hanging, request, router};

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let config = Config {
        allowed_hosts: vec!["api.example.com".to_owned()],
        ..Config::default()
    };
    let router = router(&config, 0);
    for (host, allowed) in [
        ("localhost", true),
        ("LocalHost:5000", true),
        ("127.0.0.1:80", true),
        ("[::1]:5000", true),
        ("api.example.com", true),
        ("evil.test", false),
        ("localhost.evil.test", false),
        ("localhost:5000.evil", false),
        ("evil@localhost", false),
        ("", false),
    ] {
        for path in ["/instagram/formats", "/healthz", "/docs", "/nothing"] {
            let mut request = request("GET", path);
            request
                .headers_mut()
                .insert(header::HOST, HeaderValue::from_static(host));
            let answered = ask(&router, request).await;
            assert_eq!(
                answered.status != StatusCode::FORBIDDEN,
                allowed,
                "{host} {path}"
            );
            assert!(allowed || answered.code() == "FORBIDDEN_HOST");
        }
    }
}

#[tokio::test]
async fn no_host_two_hosts_or_another_in_the_target_is_refused() {
    let router = router(&Config::default(), 0);
    let mut without = request("GET", "/healthz");
    without.headers_mut().remove(header::HOST);
    let mut twice = request("GET", "/healthz");
    twice
        .headers_mut()
        .append(header::HOST, HeaderValue::from_static("localhost"));
    let absolute = request("GET", "http://evil.test/healthz");
    for request in [without, twice, absolute] {
        assert_eq!(ask(&router, request).await.code(), "FORBIDDEN_HOST");
    }
}

#[tokio::test]
async fn other_websites_are_refused_but_may_link_to_the_pages() {
    let router = router(&Config::default(), 0);
    for (path, mode, dest, allowed) in [
        ("/instagram/formats", "no-cors", "image", false),
        ("/instagram/formats", "navigate", "document", false),
        ("/", "navigate", "document", true),
        ("/page/main.js", "no-cors", "script", false),
        ("/docs", "navigate", "document", true),
        ("/docs", "navigate", "iframe", false),
    ] {
        let mut request = request("GET", path);
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", dest),
        ] {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        let answered = ask(&router, request).await;
        assert_eq!(
            answered.status == StatusCode::OK,
            allowed,
            "{path} {mode} {dest}"
        );
        assert!(allowed || answered.code() == "FORBIDDEN_ORIGIN");
    }
}

#[tokio::test]
async fn the_origin_of_another_website_is_refused_by_itself() {
    let config = Config {
        allowed_hosts: vec!["api.example.com".to_owned()],
        allowed_origins: vec!["https://app.example.com".to_owned()],
        ..Config::default()
    };
    let router = router(&config, 0);
    for (origin, site, allowed) in [
        ("https://evil.test", None, false),
        ("https://evil.test", Some("same-origin"), false),
        ("http://localhost.evil.test", None, false),
        ("http://evil.test:5000", None, false),
        ("http://localhost@evil.test", None, false),
        ("null", None, false),
        ("null", Some("cross-site"), false),
        ("null", Some("same-origin"), true),
        ("", None, false),
        ("localhost:5000", None, false),
        ("moz-extension://localhost", None, false),
        ("http://localhost:5000", None, true),
        ("http://127.0.0.1:3000", None, true),
        ("http://[::1]:5000", Some("same-origin"), true),
        ("https://api.example.com", None, true),
        ("https://app.example.com", None, true),
        ("https://app.example.com", Some("cross-site"), true),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let mut request = request(method, "/instagram/formats");
            let headers = request.headers_mut();
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            let answered = ask(&router, request).await;
            let refused = answered.status == StatusCode::FORBIDDEN;
            assert_eq!(!refused, allowed, "{method} {origin} {site:?}");
            assert!(!refused || answered.code() == "FORBIDDEN_ORIGIN");
        }
    }
    // A second line hides nothing.
    let mut request = request("GET", "/instagram/formats");
    for origin in ["http://localhost", "https://evil.test"] {
        let origin = HeaderValue::from_static(origin);
        request.headers_mut().append(header::ORIGIN, origin);
    }
    assert_eq!(ask(&router, request).await.code(), "FORBIDDEN_ORIGIN");
}

#[tokio::test]
async fn unknown_path_and_wrong_method_are_refused_in_json() {
    for path in [
        "/page/",
        "/page/nothing.js",
        "/instagram",
        "/instagram/formats//",
        "/Instagram/formats",
        "/docs/nothing.js",
        "/plugins",
    ] {
        let answered = fetch(path).await;
        assert_eq!(
            (answered.status.as_u16(), &*answered.code()),
            (404, "NOT_FOUND"),
            "{path}"
        );
    }
    let answered = ask(
        &router(&Config::default(), 30),
        request("DELETE", "/instagram/formats"),
    )
    .await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (405, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(answered.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn a_long_url_or_body_is_refused() {
    let answered = fetch(&format!("/instagram/formats?x={}", "y".repeat(8 * 1024))).await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (414, "URI_TOO_LONG")
    );
    let request = request("GET", "/instagram/formats").map(|_| Body::from(vec![b' '; 65_537]));
    let answered = ask(&router(&Config::default(), 30), request).await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (413, "PAYLOAD_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_panic_costs_one_request_and_tells_nothing() {
    let answered = fetch("/instagram/panic").await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (500, "SERVER_ERROR")
    );
    assert!(!answered.body.contains("secret"));
}

#[tokio::test]
async fn the_thirty_first_request_waits() {
    let router = router(&Config::default(), 30);
    for used in 1..=30 {
        // A refusal by the router counts as well.
        let method = if used % 2 == 0 { "GET" } else { "PUT" };
        let answered = ask(&router, request(method, "/instagram/formats")).await;
        assert_eq!(
            answered.header("ratelimit-policy"),
            Some("\"default\";q=30;w=60")
        );
        let state = answered.header("ratelimit").unwrap();
        assert!(
            state.starts_with(&format!("\"default\";r={};t=", 30 - used)),
            "{state}"
        );
    }
    let refused = ask(&router, request("GET", "/instagram/info")).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.code()),
        (429, "RATE_LIMIT")
    );
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    for free in ["/healthz", "/docs", "/openapi.json", "/docs/swagger-ui.css"] {
        assert_eq!(
            ask(&router, request("GET", free)).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn who_forges_forwarded_headers_has_one_budget() {
    let router = router(&Config::default(), 2);
    let mut passed = 0;
    for hop in 1..=5 {
        let mut request = request("GET", "/instagram/formats");
        let forged = HeaderValue::from_str(&format!("203.0.113.{hop}")).unwrap();
        for name in ["x-forwarded-for", "x-real-ip"] {
            request.headers_mut().insert(name, forged.clone());
        }
        passed += u32::from(ask(&router, request).await.status == StatusCode::OK);
    }
    assert_eq!(passed, 2);
}

#[tokio::test]
async fn zero_switches_the_limit_off() {
    let router = router(&Config::default(), 0);
    for _ in 0..100 {
        let answered = ask(&router, request("GET", "/instagram/formats")).await;
        assert_eq!(answered.status, StatusCode::OK);
        assert_eq!(answered.header("ratelimit"), None);
    }
}

#[tokio::test]
async fn no_place_is_a_busy_server() {
    let config = Config {
        in_flight_max: 0,
        ..Config::default()
    };
    let answered = ask(&router(&config, 30), request("GET", "/instagram/formats")).await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (503, "SERVER_BUSY")
    );
    assert_eq!(answered.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_request_is_named_by_a_uuid_only() {
    let router = router(&Config::default(), 30);
    let ours = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d";
    for (given, taken) in [(ours, true), ("1; DROP", false), ("", false)] {
        let mut request = request("GET", "/nothing");
        request
            .headers_mut()
            .insert("x-request-id", HeaderValue::from_static(given));
        let answered = ask(&router, request).await;
        assert_eq!(answered.code(), "NOT_FOUND");
        assert_eq!(
            answered.header("x-request-id") == Some(given),
            taken,
            "{given}"
        );
    }
}

#[tokio::test]
async fn answers_are_not_guessed_at_and_not_kept() {
    for path in ["/healthz", "/instagram/info", "/nothing"] {
        let answered = fetch(path).await;
        assert_eq!(answered.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answered.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answered.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_given_up() {
    let router = hanging(&Config::default());
    let answered = ask(&router, request("GET", "/")).await;
    assert_eq!(
        (answered.status.as_u16(), &*answered.code()),
        (503, "SERVER_BUSY")
    );
}

#[tokio::test]
async fn a_request_is_one_line_without_its_query() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(log.reopen().unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(writer);
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let mut text = String::new();
    // A test on another thread may register the line at the same moment, as one that nobody reads.
    for _ in 0..100 {
        tracing::callsite::rebuild_interest_cache();
        fetch("/instagram/nothing?username=somebody").await;
        text = std::fs::read_to_string(log.path()).unwrap();
        if !text.is_empty() {
            break;
        }
    }
    drop(guard);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("/instagram/nothing") && text.contains("404"),
        "{text}"
    );
    assert!(!text.contains("somebody"), "{text}");
}
