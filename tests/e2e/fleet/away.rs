//! The database of a fleet is away: restarted, gone for a while, or cut off from one replica.

use std::time::{Duration, Instant};

use engines::Postgres;
use serde_json::json;
use tokio::time::{interval, timeout};

use super::{replica, settings};
use crate::{
    harness::{
        cdn::Cdn,
        server::Server,
        wire::{State, Wire},
    },
    instagram::download::ended,
};

const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
const STATISTICS: &str = "/instagram/post/stats?url_or_code=DfDjNmTDemo";
/// Longer than a replica needs to notice that its database is there again.
const PATIENCE: Duration = Duration::from_secs(60);

async fn post(server: &Server) -> crate::harness::server::Answer {
    let body = json!({ "url": "DfDjNmTDemo" });
    server.post("/instagram/download/post", &body).await
}

/// Waits until a download is accepted or refused.
async fn until_posts(server: &Server, status: u16) -> crate::harness::server::Answer {
    let mut looks = interval(Duration::from_millis(50));
    let answer = async {
        loop {
            looks.tick().await;
            let answer = post(server).await;
            if answer.status == status {
                return answer;
            }
        }
    };
    timeout(PATIENCE, answer).await.expect("another status")
}

/// What a replica answers while it cannot reach its database.
async fn answers_what_needs_no_database(server: &Server) {
    let info = server.get(INFO).await;
    assert_eq!(info.status, 200, "{}", info.text);
    let began = Instant::now();
    let statistics = server.get(STATISTICS).await;
    assert_eq!(statistics.status, 200, "{}", statistics.text);
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(4),
        "nobody waits for what cannot come: {took:?}"
    );
    let refused = post(server).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.json["error"]["code"], "SERVER_BUSY");
    assert!(refused.headers.contains_key("retry-after"));
    let status = server
        .get("/instagram/status/00000000-0000-4000-8000-000000000000")
        .await;
    assert_eq!(status.status, 503, "{}", status.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_restarts_loses_nothing_and_is_found_again() {
    let engine = Postgres::start(false);
    let url = engine.database();
    let cdn = Cdn::start().await;
    let settings = settings("jobs_waiting_per_client_max = 500");
    let replicas = [0; 2].map(|_| replica(&cdn, &url, &settings));
    let mut ids = Vec::new();
    for number in 0..40 {
        let answer = post(&replicas[number % 2]).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        ids.push(answer.json["job_id"].clone());
    }
    engine.crash();
    for server in &replicas {
        until_posts(server, 503).await;
        answers_what_needs_no_database(server).await;
    }
    engine.resume();
    let back = Instant::now();
    for server in &replicas {
        ids.push(until_posts(server, 202).await.json["job_id"].clone());
    }
    println!(
        "jobs are accepted {:?} after the database was there again",
        back.elapsed()
    );
    for (number, id) in ids.iter().enumerate() {
        let status = ended(&replicas[number % 2], id).await;
        assert_eq!(status["status"], "completed", "{status}");
    }
    println!(
        "all {} accepted jobs were completed after {:?}",
        ids.len(),
        back.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_cut_off_from_its_database_does_what_it_can_and_comes_back() {
    let engine = Postgres::shared();
    let url = engine.database();
    let wire = Wire::to(engine.port()).await;
    let far = url.replace(
        &format!(":{}/", engine.port()),
        &format!(":{}/", wire.port()),
    );
    let cdn = Cdn::start().await;
    // As a network that was lost is noticed: by silence alone.
    let settings = settings("database_connect_ms_max = 500\ndatabase_statement_ms_max = 500");
    let cut_off = replica(&cdn, &far, &settings);
    let other = replica(&cdn, &url, &settings);
    let before = post(&cut_off).await.json["job_id"].clone();
    assert_eq!(ended(&other, &before).await["status"], "completed");
    for state in [State::Silent, State::Cut] {
        wire.set(state);
        until_posts(&cut_off, 503).await;
        answers_what_needs_no_database(&cut_off).await;
        // The other one goes on, and takes over what was left.
        let id = post(&other).await.json["job_id"].clone();
        assert_eq!(ended(&other, &id).await["status"], "completed");
        wire.set(State::Whole);
        let back = Instant::now();
        let id = until_posts(&cut_off, 202).await.json["job_id"].clone();
        println!(
            "{state:?}: jobs are accepted again {:?} after the wire was whole",
            back.elapsed()
        );
        assert_eq!(ended(&cut_off, &id).await["status"], "completed");
    }
}
