//! Tests of the API without plugins: the refusals of the layers, endpoints that need no record, and that documents and
//! routes agree.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod answers;
mod bodies;
mod counting;
mod documents;
mod jobs;
mod layers;
mod mapping;
mod operator;
mod page;
mod parameters;
mod records;
mod texts;
mod views;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode},
    routing::get,
};
use serde_json::Value;
use tower::ServiceExt;

use super::{
    Config, DOCUMENT, Traffic, around, documented,
    instagram::about,
    web::{docs, health, page as web, targets},
};
use crate::rate_limit::RateLimiter;

/// The response.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the code of a refusal, after checking the whole envelope.
    fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{}",
            self.body
        );
        let body = self.json();
        let keys: Vec<_> = body["error"].as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["code", "message", "details", "timestamp", "request_id"]
        );
        assert_eq!(
            body["error"]["request_id"],
            self.header("x-request-id").unwrap()
        );
        assert!(body["error"]["timestamp"].as_str().unwrap().ends_with('Z'));
        body["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// A router whose only handler never answers, without a rate limit.
fn hanging(config: &Config) -> Router {
    let hanging = Router::new().route("/", get(std::future::pending::<()>));
    let limiter = Arc::new(RateLimiter::new(0));
    around(hanging, Router::new(), limiter, &Traffic::default(), config)
}

/// The real stack around the routes that need no plugin, and one that panics.
fn router(config: &Config, requests_max: u32) -> Router {
    let limiter = Arc::new(RateLimiter::new(requests_max));
    let limited = Router::new()
        .route("/instagram/formats", get(about::formats::formats))
        .route(
            "/instagram/info",
            get(about::info::info).with_state(Arc::clone(&limiter)),
        )
        .route("/instagram/panic", get(panicking));
    let free = documented([web::route(), targets::route()]).merge(documented(docs::routes()));
    let free = Router::from(free)
        .route("/page/{file}", get(web::asset))
        .route("/page/about.json", get(Json(ABOUT)))
        .route("/healthz", get(health::alive))
        .route("/docs/{file}", get(docs::asset))
        .layer(Extension(docs::Document(&DOCUMENT)));
    around(limited, free, limiter, &Traffic::default(), config)
}

/// The page of a server that has nothing to try.
const ABOUT: web::About = web::About {
    recorded: false,
    examples: Vec::new(),
};

async fn panicking() -> StatusCode {
    panic!("a secret")
}

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:5000")
        .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))))
        .body(Body::empty())
        .unwrap()
}

async fn ask(router: &Router, request: Request<Body>) -> Answered {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answered {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn fetch(path: &str) -> Answered {
    ask(&router(&Config::default(), 30), request("GET", path)).await
}
