//! What operators of a fleet see and do: `/fleet`, `/readyz`, `/drain`, `gramhost doctor`. Real replicas, one database.

mod balancer;
mod doctor;

use std::{process::Output, time::Duration};

use ::engines::Postgres;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::{
    cli::stdout,
    harness::{
        cdn::Cdn,
        server::{Answer, Server, gramhost},
        upstream::Reply,
    },
};

/// Longer than a replica takes to notice anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A replica with this name on a database.
pub(crate) fn replica(name: &str, database: &str, flags: &[&str]) -> Server {
    replica_with(name, database, flags, &[])
}

/// Like [`replica`], with these variables.
fn replica_with(name: &str, database: &str, flags: &[&str], more: &[(&str, &str)]) -> Server {
    let flags = [&["--database", database], flags].concat();
    let variables = [&[("GRAMHOST_REPLICA_NAME", name)], more].concat();
    Server::start_with(tempfile::tempdir().unwrap(), &variables, &flags)
}

/// Asks again until the answer is as wanted.
pub(crate) async fn until<T>(
    what: &str,
    ask: impl AsyncFn() -> T,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let mut looks = interval(Duration::from_millis(50));
    let found = async {
        loop {
            looks.tick().await;
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
        }
    };
    timeout(PATIENCE, found).await.expect(what)
}

/// `GET /fleet` until it is as wanted.
pub(crate) async fn fleet(server: &Server, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let ask = async || server.admin("/fleet").await.json;
    until(what, ask, wanted).await
}

/// Whether the replica of this name has the versions of all plugins.
fn reports(fleet: &Value, name: &str) -> bool {
    let replicas = fleet["replicas"].as_array().unwrap();
    let found = replicas.iter().find(|it| it["name"] == name);
    found.is_some_and(|it| it["report"]["plugins"].as_object().unwrap().len() == 4)
}

fn says(fleet: &Value, part: &str) -> bool {
    fleet["degraded"].to_string().contains(part)
}

async fn drain(server: &Server, more: &[&str]) -> Output {
    let mut command = gramhost(server.folder.path());
    let admin = server.admin.to_string();
    command.args(["drain", "--admin-listen", &admin]).args(more);
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.unwrap().unwrap()
}

async fn ready(server: &Server) -> Answer {
    server.get("/readyz").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_machine_is_a_fleet_of_one() {
    let server = Server::start_on_fixtures(tempfile::tempdir().unwrap());
    let fleet = fleet(&server, "all plugins", |fleet| {
        fleet["replicas"][0]["report"]["plugins"]["story"].is_string()
    })
    .await;
    assert_eq!(
        fleet["database"],
        json!({"shared": false, "away_since": null})
    );
    assert_eq!(fleet["replicas"].as_array().unwrap().len(), 1);
    assert_eq!(fleet["replicas"][0]["id"], fleet["replica"]["id"]);
    assert_eq!(fleet["replicas"][0]["version"], env!("CARGO_PKG_VERSION"));
    for empty in ["degraded", "duties", "running"] {
        assert_eq!(fleet[empty], json!([]), "{empty}");
    }
    let digest = server.admin("/plugins").await.json[1]["digest"].clone();
    assert_eq!(fleet["replicas"][0]["report"]["plugins"]["post"], digest);
    // Only with the token, and only here.
    let stranger = reqwest::get(format!("http://{}/fleet", server.admin))
        .await
        .unwrap();
    assert_eq!(stranger.status(), 401);
    assert_eq!(server.get("/fleet").await.status, 404);
    assert_eq!(ready(&server).await.json, json!({"status": "ready"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_see_each_other_come_go_and_fall_silent() {
    let database = Postgres::shared().database();
    let [one, mut two, three] = ["one", "two", "three"].map(|name| replica(name, &database, &[]));
    let all = fleet(&one, "three replicas", |fleet| {
        ["one", "two", "three"]
            .iter()
            .all(|name| reports(fleet, name))
    })
    .await;
    assert_eq!(all["database"]["shared"], true);
    assert_eq!(all["replica"]["name"], "one");
    assert_eq!(all["degraded"], json!([]));
    let duties = all["duties"].as_array().unwrap();
    assert!(
        duties.iter().any(|duty| duty["duty"] == "replicas"),
        "{duties:?}"
    );
    for replica in all["replicas"].as_array().unwrap() {
        assert!(replica["silent_ms"].as_u64().unwrap() < 10_000 && replica["alive"] == true);
    }
    // One says goodbye, the other cannot.
    two.signal(Signal::TERM);
    three.signal(Signal::KILL);
    let told = fleet(&one, "three is silent", |fleet| {
        fleet["replicas"].as_array().unwrap().len() == 2 && says(fleet, "three has been silent")
    })
    .await;
    let silent = &told["replicas"][1];
    assert_eq!(
        (&silent["name"], &silent["alive"]),
        (&json!("three"), &json!(false))
    );
    assert_eq!(two.wait().code(), Some(0), "{}", two.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_replica_says_so_serves_on_and_leaves_jobs_to_others() {
    let cdn = Cdn::start().await;
    // The media never end, so a job that is taken stays with whoever took it.
    cdn.misbehave(|_, _, _| Some(Reply::Stall(b"HTTP/1.1 200 X\r\n".to_vec())));
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let database = Postgres::shared().database();
    let [one, two] = ["one", "two"].map(|name| replica(name, &database, &flags));
    let output = drain(&one, &["--wait", "1"]).await;
    assert_eq!(stdout(&output), "draining; running jobs: 0\n");
    let refused = ready(&one).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert_eq!(refused.json["status"], "draining");
    assert_eq!(refused.json["error"]["code"], "SERVER_BUSY");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(one.get("/healthz").await.status, 200);
    assert_eq!(ready(&two).await.json, json!({"status": "ready"}));
    let body = json!({"url": "DfDjNmTDemo"});
    for number in 1..=5 {
        let accepted = one.post("/instagram/download/post", &body).await;
        assert_eq!(accepted.status, 202, "{}", accepted.text);
        let taken = fleet(&one, "the other one takes it", |fleet| {
            fleet["running"][0]["jobs"] == number
        })
        .await;
        assert_eq!(taken["running"].as_array().unwrap().len(), 1, "{taken}");
        assert_eq!(taken["running"][0]["name"], "two");
    }
    // It is told to the others with the heartbeat, and so are the jobs of the other one.
    let told = fleet(&two, "one is draining", |fleet| {
        says(fleet, "one is draining")
    })
    .await;
    assert!(
        told["replicas"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["report"]["draining"] == true)
    );
    fleet(&one, "two reports its jobs", |fleet| {
        fleet["replicas"][1]["report"]["jobs"] == 5
    })
    .await;

    assert_eq!(
        stdout(&drain(&one, &["--off"]).await),
        "no longer draining\n"
    );
    assert_eq!(ready(&one).await.json, json!({"status": "ready"}));
    let output = drain(&two, &[]).await;
    assert_eq!(stdout(&output), "draining; running jobs: 5\n");
    assert_eq!(
        two.post("/instagram/download/post", &body).await.status,
        202
    );
    fleet(&two, "the first takes jobs again", |fleet| {
        let running = fleet["running"].as_array().unwrap();
        running
            .iter()
            .any(|it| it["name"] == "one" && it["jobs"] == 1)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_its_database_is_degraded_and_not_dead() {
    let engine = Postgres::start(false);
    let database = engine.database();
    let [one, _two] = ["one", "two"].map(|name| replica(name, &database, &[]));
    // It knows the other one with its next heartbeat.
    until(
        "both",
        async || one.admin("/metrics").await.text,
        |text| text.contains("\ngramhost_fleet_replicas 2\n"),
    )
    .await;
    engine.crash();
    let degraded = until(
        "degraded",
        async || ready(&one).await,
        |answer| answer.json["status"] == "degraded",
    )
    .await;
    assert_eq!(degraded.status, 200, "{}", degraded.text);
    let reason = degraded.json["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("the database has not answered for"),
        "{reason}"
    );
    let told = one.admin("/fleet").await.json;
    assert!(
        told["database"]["away_since"].is_string() && says(&told, "has not answered"),
        "{told}"
    );
    assert_eq!(
        (&told["duties"], &told["running"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(told["replicas"][0]["name"], "one");
    // The other one is not heard either, which says nothing about it.
    until(
        "more than a heartbeat is missing",
        async || one.admin("/fleet").await.json,
        |told| told["replicas"][1]["silent_ms"].as_u64() > Some(10_000),
    )
    .await;
    let told = one.admin("/fleet").await.json;
    assert_eq!(
        (&told["replicas"][1]["alive"], says(&told, "silent")),
        (&json!(true), false)
    );
    let metrics = one.admin("/metrics").await;
    assert_eq!(metrics.status, 200, "{}", metrics.text);
    assert!(
        metrics.text.contains("\ngramhost_database_away 1\n"),
        "{}",
        metrics.text
    );
    // What is not known is left out, not reported as none.
    assert!(!metrics.text.contains("gramhost_jobs{"), "{}", metrics.text);
    engine.resume();
    until(
        "ready",
        async || ready(&one).await,
        |answer| answer.json == json!({"status": "ready"}),
    )
    .await;
    let metrics = one.admin("/metrics").await.text;
    assert!(metrics.contains("\ngramhost_database_away 0\n") && metrics.contains("gramhost_jobs{"));
}
