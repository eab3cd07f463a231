//! What replicas count together: the health of a version, and the comparisons of a candidate.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use super::ground::{Ground, digest, post, until, until_serves};
use crate::{
    harness::{server::Server, upstream::Upstream, workshop::Workshop},
    plugin::{MOVABLE, story::Instagram},
};

/// Comparisons before a decision: two on each replica.
const SHADOW: u32 = 6;

async fn ground(flags: &[&str]) -> (Upstream, Ground) {
    let upstream = Arc::new(Instagram::default()).start().await;
    let origin = upstream.origin();
    let ground = Ground::new(&[&["--upstream-override", &origin], flags].concat());
    (upstream, ground)
}

/// Asks for a post that nobody has asked for, whose code begins so; returns the status.
async fn ask(server: &Server, prefix: &str) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(100);
    let code = format!("{prefix}{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server
        .get(&format!("/instagram/post/info?url_or_code={code}"))
        .await
        .status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_rolled_back_for_what_it_does_on_all_replicas_together() {
    let (_upstream, ground) = ground(&[]).await;
    let [a, b, c] = ground.three();
    let author = Workshop::new(&a, MOVABLE);
    let (good, bad) = (author.pack(""), author.pack("broken_for = \"X\"\n"));
    for component in [&good, &bad] {
        let put = a.put_plugin("post", component).await;
        assert_eq!(put.status, 200, "{}", put.text);
        until_serves(&[&a, &b, &c], component).await;
    }
    // Each replica alone sees too few for a decision: 4 of 10. All together they are 12, of which 6 fail.
    for server in [&a, &b] {
        for (prefix, status) in [("A", 200), ("A", 200), ("X", 502), ("X", 502)] {
            assert_eq!(ask(server, prefix).await, status);
        }
    }
    let counted = "SELECT SUM(good), SUM(own) FROM plugin_health WHERE term = 2";
    ground.until_sql(counted, "4|4").await;
    assert_eq!(post(&c).await["digest"], digest(&bad).as_str());
    for (prefix, status) in [("A", 200), ("A", 200), ("X", 502), ("X", 502)] {
        assert_eq!(ask(&c, prefix).await, status);
    }
    until_serves(&[&a, &b, &c], &good).await;
    let events = b.admin("/plugins/history?plugin=post").await.json;
    let back: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["action"] == "rolled-back")
        .collect();
    assert_eq!(back.len(), 1, "{events}");
    assert_eq!(back[0]["who"], "gramhost");
    let why = back[0]["why"].as_str().unwrap();
    assert!(why.starts_with("6 of its last 12 extractions"), "{why}");
    // It does not return by itself, and what it did before does not count when the operator brings it back.
    let promote = format!("/plugins/post/promote?digest={}", digest(&bad));
    let promoted = c.admin_post(&promote).await;
    assert_eq!(promoted.status, 200, "{}", promoted.text);
    until_serves(&[&a, &b, &c], &bad).await;
    assert_eq!(ask(&a, "X").await, 502);
    let since = "SELECT SUM(own) FROM plugin_health WHERE term > 2 AND own > 0";
    ground.until_sql(since, "1").await;
    assert_eq!(post(&a).await["digest"], digest(&bad).as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_is_compared_by_all_replicas_together() {
    let (_upstream, ground) = ground(&["--shadow", &SHADOW.to_string()]).await;
    let [a, b, c] = ground.three();
    let servers = [&a, &b, &c];
    let author = Workshop::new(&a, MOVABLE);
    let first = author.pack("");
    assert_eq!(a.put_plugin("post", &first).await.status, 200);
    until("it is compared", &servers, |post| {
        !post["candidate"].is_null()
    })
    .await;
    let promoted = b.admin_post("/plugins/post/promote").await;
    assert_eq!(promoted.status, 200, "{}", promoted.text);
    until_serves(&servers, &first).await;

    let equal = author.pack("broken_for = \"-1\"\n");
    assert_eq!(b.put_plugin("post", &equal).await.status, 200);
    let in_shadow =
        |wanted: String| move |post: &Value| post["candidate"]["digest"] == wanted.as_str();
    until("it is compared", &servers, in_shadow(digest(&equal))).await;
    for (number, server) in servers
        .into_iter()
        .cycle()
        .take(SHADOW as usize)
        .enumerate()
    {
        let compared = until("a comparison is counted", &servers, |post| {
            post["candidate"]["shadow"]["compared"] == number
        });
        compared.await;
        assert_eq!(ask(server, "A").await, 200);
    }
    until_serves(&servers, &equal).await;

    // One that fails on one replica only is held on all.
    let worse = author.pack("broken_for = \"X\"\n");
    assert_eq!(c.put_plugin("post", &worse).await.status, 200);
    until("it is compared", &servers, in_shadow(digest(&worse))).await;
    for (server, prefix) in [
        (&a, "A"),
        (&a, "A"),
        (&b, "A"),
        (&b, "A"),
        (&c, "X"),
        (&c, "A"),
    ] {
        assert_eq!(ask(server, prefix).await, 200);
    }
    let held = until("it is held", &servers, |post| {
        post["candidate"]["held"].is_string()
    })
    .await;
    let shadow = &held["candidate"]["shadow"];
    assert_eq!(
        (&shadow["compared"], &shadow["worse"]),
        (&json!(SHADOW), &json!(1))
    );
    assert_eq!(shadow["shown"][0]["verdict"], "worse");
    assert_eq!(held["digest"], digest(&equal).as_str());
}
