//! Replicas whose clocks are five minutes apart agree on leases and on when files expire, because all follow the database.

use engines::Postgres;
use serde_json::json;

use super::settings;
use crate::{
    clock::faketime,
    harness::{cdn::Cdn, server::Server},
    instagram::download::ended,
};

/// A replica whose wall clock is wrong by this much.
fn wrong_by(cdn: &Cdn, url: &str, library: &str, offset: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gramhost.toml"), settings("")).unwrap();
    let variables = [
        ("LD_PRELOAD", library),
        ("FAKETIME", offset),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let flags = cdn.flags();
    let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
    flags.extend(["--database", url]);
    Server::start_with(folder, &variables, &flags)
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_five_minutes_apart_take_no_job_away_and_expire_no_file() {
    let Some(library) = faketime() else {
        println!("skipped: libfaketime is not installed");
        return;
    };
    let url = Postgres::shared().database();
    let cdn = Cdn::start().await;
    let library = library.to_str().unwrap();
    let replicas = ["-5m", "+0", "+5m"].map(|offset| wrong_by(&cdn, &url, library, offset));
    let body = json!({ "url": "DfDjNmTDemo" });
    let mut ids = Vec::new();
    for number in 0..30 {
        let answer = replicas[number % 3]
            .post("/instagram/download/post", &body)
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        ids.push(answer.json["job_id"].clone());
    }
    for (number, id) in ids.iter().enumerate() {
        let status = ended(&replicas[(number + 1) % 3], id).await;
        assert_eq!(status["status"], "completed", "{status}");
    }
    let attempts = Postgres::shared().run(&url, "SELECT MIN(attempt), MAX(attempt) FROM jobs");
    assert_eq!(attempts, "1|1", "no lease ended early");
    // All of them keep to the same half hour.
    let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let left = format!(
        "SELECT MIN(expires_at - {now}) > 1700000 AND MAX(expires_at - {now}) <= 1800000 FROM jobs"
    );
    assert_eq!(Postgres::shared().run(&url, &left), "t");
    let heartbeats = format!("SELECT MAX(ABS(seen_at - {now})) < 30000 FROM replicas");
    assert_eq!(Postgres::shared().run(&url, &heartbeats), "t");
}
