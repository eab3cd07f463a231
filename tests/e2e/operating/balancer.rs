//! nginx with the configuration of `deploy/`, in front of three replicas that are stopped one after the other: no client
//! notices.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ::engines::{Postgres, Program, free_port};
use reqwest::Client;
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::{drain, fleet, replica_with, until};
use crate::harness::server::Server;

/// Clients that ask without a pause.
const CLIENTS: usize = 4;

/// A running nginx.
struct Balancer {
    port: u16,
    folder: TempDir,
    _program: Program,
}

/// Starts nginx; `None` if it is not installed.
fn balance(replicas: &[Server]) -> Option<Balancer> {
    let installed = Command::new("nginx").arg("-v").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!("skipped: nginx is not installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nginx.fleet.conf");
    let mut servers = fs::read_to_string(file).unwrap();
    for (number, replica) in replicas.iter().enumerate() {
        let name = format!("replica-{}:5000", number + 1);
        assert!(servers.contains(&name), "{name}");
        servers = servers.replace(&name, &replica.address.to_string());
    }
    let port = free_port();
    let listen = format!("listen 127.0.0.1:{port};");
    let servers = servers.replace("listen 80;", &listen);
    fs::write(here.join("servers.conf"), servers).unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {name};"));
    let text = format!(
        "daemon off; pid pid; error_log error.log; events {{}} http {{ access_log off; {} include {}/servers.conf; }}",
        temporary.join(" "),
        here.display()
    );
    fs::write(here.join("nginx.conf"), text).unwrap();
    let mut nginx = Command::new("nginx");
    // As root, its workers would be another user, who may not enter this folder.
    nginx
        .arg("-p")
        .arg(here)
        .arg("-c")
        .arg(here.join("nginx.conf"));
    nginx.args(["-g", "user root;"]);
    let program = Program::start("TERM", &nginx);
    Some(Balancer {
        port,
        folder,
        _program: program,
    })
}

/// Asks until told to stop; returns the number of responses, and what was wrong with the others.
async fn ask_on(url: String, stop: Arc<AtomicBool>, asked: Arc<AtomicUsize>) -> Vec<String> {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut wrong = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        let request = match number % 5 {
            0 => client
                .post(format!("{url}/instagram/download/post"))
                .header("content-type", "application/json")
                .body(r#"{"url":"DfDjNmTDemo"}"#),
            _ => client.get(format!("{url}/instagram/post/info?url_or_code=DfDjNmTDemo")),
        };
        let is_post = number.is_multiple_of(5);
        let again = request.try_clone().unwrap();
        let mut answer = request.send().await;
        // nginx repeats no POST that has met a connection in the moment in which it was closed; its client does.
        if is_post && answer.as_ref().is_ok_and(|it| it.status() == 502) {
            answer = again.send().await;
        }
        match answer {
            Ok(answer) if answer.status().is_success() => drop(answer.bytes().await),
            Ok(answer) => {
                let status = answer.status();
                wrong.push(format!(
                    "{status} {}",
                    answer.text().await.unwrap_or_default()
                ));
            }
            Err(error) => wrong.push(format!("{error:?}")),
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_are_stopped_one_after_the_other_and_no_client_notices() {
    let database = Postgres::shared().database();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    // All clients have one address here.
    let settings = [
        ("GRAMHOST_LIMITS_JOBS_WAITING_MAX", "1000000"),
        ("GRAMHOST_LIMITS_JOBS_WAITING_PER_CLIENT_MAX", "1000000"),
    ];
    let flags = ["--replay", fixtures, "--rate-limit", "0"];
    let start = |name| replica_with(name, &database, &flags, &settings);
    let mut replicas: Vec<_> = ["one", "two", "three"].into_iter().map(start).collect();
    let Some(balancer) = balance(&replicas) else {
        return;
    };
    let url = format!("http://localhost:{}", balancer.port);
    let client = Client::builder().no_proxy().build().unwrap();
    let up = async || client.get(format!("{url}/readyz")).send().await.is_ok();
    until("nginx is there", up, |up| *up).await;
    let (stop, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(ask_on(url.clone(), Arc::clone(&stop), Arc::clone(&asked))))
        .collect();
    let more = async || {
        let before = asked.load(Ordering::Relaxed);
        let now = async || asked.load(Ordering::Relaxed);
        until("clients go on", now, |now| *now > before + 100).await
    };
    for left in [2, 1] {
        more().await;
        let mut leaving = replicas.remove(0);
        let output = drain(&leaving, &["--wait", "1"]).await;
        assert!(output.status.success(), "{output:?}");
        leaving.signal(Signal::TERM);
        let ended = tokio::task::spawn_blocking(move || (leaving.wait(), leaving.log()));
        let (status, log) = ended.await.unwrap();
        assert_eq!(status.code(), Some(0), "{log}");
        more().await;
        let last = &replicas[replicas.len() - 1];
        fleet(last, "it said goodbye", |fleet| {
            fleet["replicas"].as_array().unwrap().len() == left
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut wrong = Vec::new();
    for client in clients {
        wrong.extend(client.await.unwrap());
    }
    let errors = fs::read_to_string(balancer.folder.path().join("error.log"));
    assert!(wrong.is_empty(), "{wrong:?} {errors:?}");
    println!("{} requests", asked.load(Ordering::Relaxed));
    // Nothing that was accepted is lost: those that a replica gave back were taken over.
    let jobs = async || replicas[0].admin("/jobs").await.json["counts"].clone();
    let counts = until("all jobs end", jobs, |counts| {
        counts["pending"] == 0 && counts["running"] == 0
    })
    .await;
    assert!(counts["completed"].as_u64() > Some(10), "{counts}");
    assert_eq!(
        (&counts["failed"], &counts["cancelled"]),
        (&json!(0), &json!(0))
    );
}
