//! Kinds without a documented view: each existing kind, served as its record.

use std::path::PathBuf;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use cases::{Case, Expected};
use gramhost::{
    api,
    config::EMBEDDED,
    contract::{Kind, Shape},
    extraction::{self, Extraction},
    plugin::{self, Registry},
    upstream::{self, Client},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{every_case::OVER, fixtures};

async fn router() -> Router {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let config = plugin::Config::new(env!("CARGO_BIN_EXE_gramhost").into(), cache, EMBEDDED);
    let upstream = upstream::Config {
        replay: Some(fixtures()),
        ..upstream::Config::default()
    };
    let extraction = Extraction::new(
        extraction::Config::default(),
        Registry::open(config, None).await.unwrap(),
        Client::new(upstream).unwrap(),
    );
    api::records(Kind::ALL).with_state(extraction)
}

async fn get(router: &Router, path: &str) -> (u16, Vec<u8>) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, body.into())
}

/// A case without a session that ends in a record, and the path and query of its request.
fn case(kind: Kind) -> (String, Value) {
    let cases = cases::load_all(&fixtures().join("instagram")).unwrap();
    let wanted = |case: &Case| {
        let question = &case.question;
        let is_new = question.query["cursor"].is_null();
        case.kind == kind.name()
            && !question.session
            && is_new
            && !OVER.contains(&format!("{kind}/{}", case.name).as_str())
    };
    let found = cases.into_iter().filter(wanted);
    let mut found = found.filter_map(|case| match case.expected {
        Expected::Record(record) => Some((case.question.query, record)),
        _ => None,
    });
    let (query, record) = found.next().unwrap();
    let parameters = match kind.shape() {
        Shape::Account => format!("username={}", text(&query["username"])),
        Shape::List => format!(
            "username={}&limit={}",
            text(&query["username"]),
            query["limit"]
        ),
        Shape::Media => format!("url_or_code={}", text(&query["target"]["shortcode"])),
    };
    (format!("/instagram/{kind}?{parameters}"), record)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn every_kind_is_served_as_the_record_that_its_case_expects() {
    let router = router().await;
    for kind in Kind::ALL {
        let (path, record) = case(kind);
        let (status, body) = get(&router, &path).await;
        assert_eq!(status, 200, "{path}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, record, "{path}");
    }
}

#[tokio::test]
async fn parameters_that_are_missing_or_wrong_are_refused_as_elsewhere() {
    let router = router().await;
    for path in [
        "/instagram/profile-info",
        "/instagram/story?username=a%20b",
        "/instagram/profile-posts?username=a&limit=51",
        "/instagram/post?url_or_code=https://example.com/",
    ] {
        // The layers around these routes write the body.
        assert_eq!(get(&router, path).await.0, 400, "{path}");
    }
}
