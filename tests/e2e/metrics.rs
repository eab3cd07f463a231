//! `GET /metrics`: valid for a strict parser, correct, and of a size that no client can increase.

mod openmetrics;

use std::{fs, time::Duration};

use ::engines::Postgres;
use reqwest::Method;
use serde_json::json;
use tokio::time::interval;

use crate::{
    harness::{cdn::Cdn, server::Server},
    operating::{fleet, replica, until},
};
use openmetrics::Exposition;

const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";

async fn scrape(server: &Server) -> Exposition {
    let answer = server.admin("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    openmetrics::parse(&answer.text)
}

async fn start() -> (Cdn, Server) {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let folder = tempfile::tempdir().unwrap();
    // The default flags of the stand-in switch the limit off.
    let server = Server::start_in(folder, &flags);
    (cdn, server)
}

#[tokio::test]
async fn what_was_asked_fetched_and_kept_is_counted() {
    let (_cdn, server) = start().await;
    let before = scrape(&server).await;
    for family in [
        "gramhost_build",
        "process_start_time_seconds",
        "gramhost_plugin_serving",
    ] {
        assert!(before.kind(family).is_some(), "{family}");
    }
    assert_eq!(
        before.value("gramhost_jobs", &[("state", "completed")]),
        Some(0.0)
    );

    for _ in 0..2 {
        assert_eq!(server.get(INFO).await.status, 200);
    }
    assert_eq!(server.get("/instagram/post/info").await.status, 400);
    let body = json!({"url": "https://www.instagram.com/reel/DfF-eHzReel/"});
    let job = server.post("/instagram/download/reel", &body).await.json;
    let path = format!("/instagram/status/{}", job["job_id"].as_str().unwrap());
    let mut looks = interval(Duration::from_millis(20));
    while server.get(&path).await.json["status"] != "completed" {
        looks.tick().await;
    }

    let after = scrape(&server).await;
    let value = |name, labels: &[(&str, &str)]| {
        let value = after.value(name, labels);
        value.unwrap_or_else(|| panic!("{name} {labels:?}: {after:?}"))
    };
    let route = ("route", "/instagram/post/info");
    let requests = |status| {
        let labels = [route, ("method", "GET"), ("status", status)];
        value("gramhost_http_requests_total", &labels)
    };
    assert_eq!((requests("200"), requests("400")), (2.0, 1.0));
    assert_eq!(
        value("gramhost_http_request_duration_seconds_count", &[route]),
        3.0
    );
    let lookups = |result| value("gramhost_cache_lookups_total", &[("result", result)]);
    // The second post, and the reel again when its job ran.
    assert_eq!(
        (lookups("hit"), lookups("miss"), lookups("joined")),
        (2.0, 2.0, 0.0)
    );
    let upstream = |host| {
        let labels = [("host", host), ("outcome", "answered")];
        value("gramhost_upstream_requests_total", &labels)
    };
    assert!(upstream("*.instagram.com") >= 2.0);
    assert!(upstream("*.cdninstagram.com") + upstream("*.fbcdn.net") >= 1.0);
    assert_eq!(value("gramhost_jobs", &[("state", "completed")]), 1.0);
    let kept = value("gramhost_files_bytes", &[]);
    assert!(kept > 0.0 && value("gramhost_downloaded_bytes_total", &[]) > 0.0);
    assert_eq!(value("gramhost_rate_limited_total", &[]), 0.0);
    assert!(value("process_start_time_seconds", &[]) > 1.7e9);
}

#[tokio::test]
async fn random_paths_methods_and_names_make_no_new_series() {
    let (_cdn, server) = start().await;
    let ask = async |round: usize| {
        for number in 0..10 {
            let name = format!("{round}x{number}");
            for path in [
                format!("/{name}"),
                format!("/instagram/{name}?x={name}"),
                format!("/instagram/status/{name}"),
                format!("/instagram/download/file/{name}.mp4"),
                format!("/instagram/post/info?url_or_code=https://{name}.example.com/p/abc/"),
                format!("/picture?url=https://{name}.example.com/x.jpg"),
            ] {
                server.get(&path).await;
            }
            let method = Method::from_bytes(format!("M{round}{number}").as_bytes()).unwrap();
            server.send(method, "/instagram/info", &[]).await;
            server
                .send(
                    Method::GET,
                    "/healthz",
                    &[("host", &format!("{name}.example.com"))],
                )
                .await;
        }
        scrape(&server).await.series()
    };
    // A scrape is counted only after its response was sent.
    scrape(&server).await;
    let once = ask(0).await;
    let more = ask(1).await;
    assert_eq!(once, more);
    let text = format!("{more:?}");
    assert!(
        text.contains("unmatched") && text.contains("\"other\""),
        "{text}"
    );
    for secret in ["example.com", "0x", "1x"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gramhost.toml"), "rate_limit = 1\n").unwrap();
    let server = Server::start_in(folder, &[]);
    for _ in 0..4 {
        server.get("/instagram/formats").await;
    }
    let metrics = scrape(&server).await;
    assert_eq!(metrics.value("gramhost_rate_limited_total", &[]), Some(3.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_counts_for_itself_and_knows_its_fleet() {
    let engine = Postgres::start(false);
    let database = engine.database();
    let [one, _two] = ["one", "two"].map(|name| replica(name, &database, &["--rate-limit", "4"]));
    let known = fleet(&one, "both", |it| {
        it["replicas"].as_array().unwrap().len() == 2
    })
    .await;
    for _ in 0..3 {
        assert_eq!(one.get("/instagram/formats").await.status, 200);
    }
    // It sees the other one with its next heartbeat.
    let ask = async || scrape(&one).await;
    let metrics = until("both", ask, |metrics| {
        metrics.value("gramhost_fleet_replicas", &[]) == Some(2.0)
    })
    .await;
    let labels = [
        ("id", known["replica"]["id"].as_str().unwrap()),
        ("name", "one"),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(metrics.value("gramhost_replica_info", &labels), Some(1.0));
    let value = |metrics: &Exposition, name| metrics.value(name, &[]).unwrap();
    assert_eq!(value(&metrics, "gramhost_database_away"), 0.0);
    assert_eq!(value(&metrics, "gramhost_database_away_seconds"), 0.0);
    assert_eq!(value(&metrics, "gramhost_draining"), 0.0);
    let age = value(&metrics, "gramhost_fleet_heartbeat_age_seconds");
    assert!((0.0..10.0).contains(&age), "{age}");
    let counted = |metrics: &Exposition, place| {
        let found = metrics.value("gramhost_rate_decisions_total", &[("place", place)]);
        found.unwrap_or_else(|| panic!("{place}: {metrics:?}"))
    };
    assert_eq!(
        (counted(&metrics, "database"), counted(&metrics, "share")),
        (3.0, 0.0)
    );
    engine.crash();
    fleet(&one, "away", |it| it["database"]["away_since"].is_string()).await;
    // Each of the two allows half of the limit.
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(one.get("/instagram/formats").await.status);
    }
    assert_eq!(answers, [200, 200, 429]);
    let metrics = scrape(&one).await;
    assert_eq!(
        (counted(&metrics, "database"), counted(&metrics, "share")),
        (3.0, 3.0)
    );
    assert_eq!(value(&metrics, "gramhost_database_away"), 1.0);
    assert!(value(&metrics, "gramhost_database_away_seconds") > 0.0);
    assert_eq!(
        metrics.value("gramhost_jobs", &[("state", "running")]),
        None
    );
    assert_eq!(counted(&metrics, "process"), 0.0);
}
