//! Headers that state where a response or refusal comes from, and access to the operator's routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    middleware::from_fn_with_state,
    response::IntoResponse,
    routing::get,
};

use super::{Config, Traffic, ask, records::bare_media, request};
use crate::{
    api::{
        admin,
        http::{error::Subject, layers::every_request},
        instagram::answer::answer,
    },
    contract::{Record, record::MediaType},
    extraction::{Error, Extracted, Failure, Written},
};

#[test]
fn an_answer_says_how_old_it_is_and_who_read_it() {
    let extracted = |hit| Extracted {
        record: Arc::new(Record::Media(bare_media(MediaType::Image))),
        plugin: "post@1.0.0+ab12cd34".into(),
        age: Duration::from_secs(20),
        hit,
        fresh_for: Duration::from_secs(40),
        written: Written::default(),
    };
    for (hit, state) in [(true, "hit"), (false, "miss")] {
        let response = answer(&extracted(hit), "body");
        assert_eq!(response.headers()["cache-control"], "private, max-age=60");
        assert_eq!(response.headers()["age"], "20");
        assert_eq!(response.headers()["x-cache"], state);
        assert_eq!(response.headers()["x-plugin"], "post@1.0.0+ab12cd34");
    }
}

#[tokio::test]
async fn a_refusal_names_the_plugin_and_keeps_its_words_to_itself() {
    let failure = |error| Failure {
        error,
        plugin: Some("post@1.0.0+ab12cd34".into()),
        hit: true,
    };
    for (error, status, wait) in [
        (
            Error::RateLimited {
                retry_after_s: Some(7),
            },
            503,
            Some("7"),
        ),
        (
            Error::RateLimited {
                retry_after_s: None,
            },
            503,
            Some("60"),
        ),
        (Error::Busy, 503, Some("1")),
        (
            Error::ExtractorFailed {
                why: "trap at /secret/path".to_owned(),
                capture: None,
            },
            502,
            None,
        ),
        (
            Error::Unavailable("GET https://secret".to_owned()),
            502,
            None,
        ),
    ] {
        let refusal = Subject::Post.extraction_error(failure(error));
        let handler = move || async move { refusal.clone().into_response() };
        let router = every_request(
            Router::new().route("/", get(handler)),
            &Traffic::default(),
            &Config::default(),
        );
        let answered = ask(&router, request("GET", "/")).await;
        assert_eq!(answered.status.as_u16(), status);
        assert_eq!(answered.header("retry-after"), wait);
        assert_eq!(answered.header("x-plugin"), Some("post@1.0.0+ab12cd34"));
        assert_eq!(answered.header("x-cache"), Some("hit"));
        assert!(!answered.code().is_empty() && !answered.body.contains("secret"));
    }
}

#[tokio::test]
async fn the_operators_routes_want_the_token() {
    let token: Arc<str> = "0123456789abcdef".into();
    let router = Router::new()
        .route("/plugins", get(|| async { "[]" }))
        .layer(from_fn_with_state(token, admin::guard));
    let router = every_request(router, &Traffic::default(), &Config::default());
    for (shown, allowed) in [
        (None, false),
        (Some(""), false),
        (Some("Bearer "), false),
        (Some("Bearer 0123456789abcdeX"), false),
        (Some("Bearer 0123456789abcdef0"), false),
        (Some("Bearer 0123456789abcde"), false),
        (Some("Basic 0123456789abcdef"), false),
        (Some("Bearer 0123456789abcdef"), true),
        (Some("bearer 0123456789abcdef"), true),
        (Some("BEARER  0123456789abcdef"), true),
        (Some("Bearer0123456789abcdef"), false),
        (Some("Bearer\t0123456789abcdef"), false),
        (Some("Basic 0123456789abcdef"), false),
    ] {
        let mut request = request("GET", "/plugins");
        if let Some(shown) = shown {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, HeaderValue::from_static(shown));
        }
        let answered = ask(&router, request).await;
        assert_eq!(answered.status == StatusCode::OK, allowed, "{shown:?}");
        assert!(allowed || answered.code() == "UNAUTHORIZED");
    }
}
