//! Jobs of a fleet: any replica answers for them, and another one takes over what a dead or paused one held.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use engines::Postgres;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use super::{LEASE_S, three};
use crate::{
    harness::{cdn::Cdn, server::Server, upstream::Reply},
    instagram::download::ended,
};

/// As many as the issue of this feature asks for.
const JOBS: usize = 200;
/// Requests at once.
const AT_ONCE: usize = 16;
/// Room for all of them, from one client.
const ROOM: &str = "jobs_waiting_per_client_max = 500\njobs_waiting_max = 1000";

async fn accepted(server: &Server) -> Value {
    let body = json!({ "url": "DfDjNmTDemo" });
    let answer = server.post("/instagram/download/post", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json["job_id"].clone()
}

/// Half a file, and then nothing more.
fn half(body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
    Reply::Stall([head.as_bytes(), &body[..body.len() / 2]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_loses_no_job() {
    let cdn = Cdn::start().await;
    let (url, [mut first, second, third]) = three(&cdn, ROOM);
    let replicas = [&first, &second, &third];
    let asked = (0..JOBS).map(|number| accepted(replicas[number % 3]));
    let ids: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let distinct: HashSet<_> = ids.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), JOBS);
    // It runs some of them, and will be heard of no more.
    let owned = "SELECT COUNT(*) FROM jobs WHERE state = 'running' GROUP BY owner";
    let mut looks = interval(Duration::from_millis(5));
    while Postgres::shared().run(&url, owned).lines().count() < 3 {
        looks.tick().await;
    }
    let killed = Instant::now();
    first.signal(Signal::KILL);
    first.wait();
    let held = "SELECT COUNT(*) FROM jobs WHERE state = 'running'";
    let held = Postgres::shared().run(&url, held);
    // Any replica answers for any job.
    let others = [&second, &third];
    let ends = ids.iter().enumerate();
    let ends = ends.map(|(number, id)| ended(others[number % 2], id));
    let states: Vec<_> = stream::iter(ends).buffered(AT_ONCE).collect().await;
    let completed = states
        .iter()
        .filter(|status| status["status"] == "completed");
    assert_eq!(completed.count(), JOBS, "{states:?}");
    println!(
        "{JOBS} jobs, {held} running when one of three replicas was killed: all completed after {:?}",
        killed.elapsed()
    );
    let again = "SELECT MAX(attempt) FROM jobs";
    assert_eq!(
        Postgres::shared().run(&url, again),
        "2",
        "one lease, taken over once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_paused_past_its_lease_changes_nothing_when_it_is_back() {
    let cdn = Cdn::start().await;
    // The first attempt gets half a picture, and never the rest.
    cdn.misbehave(|_, before, body| (before == 0).then(|| half(body)));
    let (url, replicas) = three(&cdn, "downloads_max = 1");
    let id = accepted(&replicas[0]).await;
    let owner = "SELECT owner FROM jobs WHERE state = 'running'";
    let names = "SELECT id FROM replicas ORDER BY started_at";
    let mut looks = interval(Duration::from_millis(5));
    let holder = loop {
        looks.tick().await;
        let owner = Postgres::shared().run(&url, owner);
        let names = Postgres::shared().run(&url, names);
        if let Some(place) = names
            .lines()
            .position(|name| name == owner && !owner.is_empty())
        {
            break place;
        }
    };
    let paused = &replicas[holder];
    let other = &replicas[(holder + 1) % 3];
    let began = Instant::now();
    paused.signal(Signal::STOP);
    let status = ended(other, &id).await;
    assert_eq!(status["status"], "completed", "{status}");
    println!(
        "the job of a paused replica was completed by another after {:?}",
        began.elapsed()
    );
    assert!(began.elapsed() >= Duration::from_secs(LEASE_S) - Duration::from_secs(1));
    let row = "SELECT state, attempt, owner, result FROM jobs";
    let before = Postgres::shared().run(&url, row);
    let files = Postgres::shared().run(&url, "SELECT * FROM files");
    // It goes on in the middle of its download, and finds that the job is no longer its own.
    paused.signal(Signal::CONT);
    let idle = async {
        let mut looks = interval(Duration::from_millis(20));
        // It works again: it claims the next jobs.
        let next = accepted(paused).await;
        while paused
            .get(&format!("/instagram/status/{}", next.as_str().unwrap()))
            .await
            .json["status"]
            != "completed"
        {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(60), idle).await.unwrap();
    let rows = Postgres::shared().run(&url, &format!("{row} ORDER BY seq"));
    assert_eq!(rows.lines().next(), Some(before.as_str()));
    let files_now = Postgres::shared().run(&url, "SELECT * FROM files");
    assert_eq!(files_now.lines().count(), files.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_replica_cancels_a_job_of_another_and_follows_its_progress() {
    let cdn = Cdn::start().await;
    cdn.misbehave(|_, _, body| Some(half(body)));
    let (url, replicas) = three(&cdn, "");
    let id = accepted(&replicas[0]).await;
    let path = format!("/instagram/status/{}", id.as_str().unwrap());
    let mut looks = interval(Duration::from_millis(10));
    for replica in &replicas {
        while replica.get(&path).await.json["status"] != "processing" {
            looks.tick().await;
        }
    }
    let owner = Postgres::shared().run(&url, "SELECT owner FROM jobs");
    let names = Postgres::shared().run(&url, "SELECT id FROM replicas ORDER BY started_at");
    let holder = names.lines().position(|name| name == owner).unwrap();
    let other = &replicas[(holder + 1) % 3];
    let answer = other.send(Method::DELETE, &path, &[]).await;
    assert!(answer.status < 300, "{}", answer.text);
    for replica in &replicas {
        assert_eq!(ended(replica, &id).await["status"], "cancelled");
    }
}
