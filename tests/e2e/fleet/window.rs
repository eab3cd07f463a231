//! The limit on requests is one for the whole fleet, whichever replica a client asks, and falls to shares without the
//! database.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use engines::Postgres;
use futures_util::{StreamExt as _, stream};
use tokio::time::interval;

use super::settings;
use crate::harness::{cdn::Cdn, server::Server};

/// Clients of one test, and how often each asks: more often than it may.
const CLIENTS: usize = 100;
const REQUESTS: usize = 36;
/// Requests at once.
const AT_ONCE: usize = 16;

/// A replica that takes the client's address from a proxy, and limits requests.
fn limited(cdn: &Cdn, url: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("trusted_proxies = ['127.0.0.1']\n{}", settings(""));
    std::fs::write(folder.path().join("gramhost.toml"), text).unwrap();
    let origin = &cdn.flags()[1];
    let flags = [
        "--upstream-override",
        origin,
        "--database",
        url,
        "--cache-ttl",
        "3600",
    ];
    Server::start_in(folder, &flags)
}

/// Waits until each replica has counted the others after the last one had joined.
async fn all_know_each_other(engine: &Postgres, url: &str) {
    let counted = "SELECT COUNT(*) FROM replicas WHERE seen_at > 2500 + (SELECT MAX(started_at) FROM replicas)";
    let mut looks = interval(Duration::from_millis(50));
    while engine.run(url, counted) != "3" {
        looks.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_thirty_from_three_replicas_together_and_its_share_without_the_database() {
    let engine = Postgres::start(false);
    let url = engine.database();
    let cdn = Cdn::start().await;
    let replicas = [0; 3].map(|_| limited(&cdn, &url));
    let began = Instant::now();
    let asks = (0..CLIENTS * REQUESTS).map(|number| {
        let (client, server) = (number % CLIENTS, &replicas[(number / CLIENTS) % 3]);
        async move {
            let address = format!("10.0.{}.{}", client / 250, client % 250);
            let headers = [("x-forwarded-for", address.as_str())];
            let path = "/instagram/post/info?url_or_code=DfDjNmTDemo";
            let answer = server.send(reqwest::Method::GET, path, &headers).await;
            (client, answer.status)
        }
    });
    let answers: Vec<_> = stream::iter(asks).buffer_unordered(AT_ONCE).collect().await;
    let took = began.elapsed();
    let mut counts: HashMap<(usize, u16), usize> = HashMap::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    println!(
        "{} requests of {CLIENTS} clients to three replicas in {took:?}",
        CLIENTS * REQUESTS
    );
    assert!(
        took.as_secs() < 60,
        "the first requests have left the window"
    );
    for client in 0..CLIENTS {
        assert_eq!(
            counts.get(&(client, 200)),
            Some(&30),
            "client {client}: {counts:?}"
        );
        assert_eq!(counts.get(&(client, 429)), Some(&(REQUESTS - 30)));
    }
    // Without the database, each of the three allows a third: not more in total, and not nothing.
    all_know_each_other(&engine, &url).await;
    engine.crash();
    let mut allowed = 0;
    for number in 0..60 {
        let server = &replicas[number % 3];
        let headers = [("x-forwarded-for", "10.9.9.9")];
        let path = "/instagram/post/info?url_or_code=DfDjNmTDemo";
        let answer = server.send(reqwest::Method::GET, path, &headers).await;
        allowed += usize::from(answer.status == 200);
    }
    assert_eq!(allowed, 30);
}
