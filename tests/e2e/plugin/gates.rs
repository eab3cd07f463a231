//! Why a version that passes its cases is held: it asks for more, or reads less. Also: a case from a live response.

use std::{fs, sync::Arc};

use serde_json::{Value, json};

use super::{
    MOVABLE, POST,
    story::{Instagram, SHADOW, Stage},
};
use crate::harness::{upstream::Upstream, workshop::Workshop};

/// A server on which the movable guest is the serving version, and its author.
async fn served() -> (Upstream, Stage, Workshop) {
    let upstream = Arc::new(Instagram::default()).start().await;
    let stage = Stage::new(&upstream.origin());
    let author = Workshop::new(&stage.server, MOVABLE);
    author.pack("");
    author.done(&["put", "post.wasm"]);
    author.done(&["promote", "post"]);
    assert_eq!(stage.ask("A").await.0, 200);
    (upstream, stage, author)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_asks_for_more_waits_for_a_person() {
    let (_upstream, stage, author) = served().await;
    let before = stage.post_plugin().await["digest"].clone();
    // The embedded component, as a file: more hosts, more requests, and the session.
    fs::write(author.path("post.wasm"), super::variant(POST, 1)).unwrap();
    author.done(&["put", "post.wasm"]);
    let post = stage.post_plugin().await;
    assert_eq!(post["digest"], before);
    let why = post["candidate"]["held"].as_str().unwrap();
    for asked in ["i.instagram.com", "requests instead of 1", "session"] {
        assert!(why.contains(asked), "{why}");
    }
    let listed = author.done(&["list"]);
    assert!(
        listed.contains("is held for your decision: asks for more"),
        "{listed}"
    );
    author.done(&["promote", "post"]);
    assert_ne!(stage.post_plugin().await["digest"], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_reads_less_beside_the_other_does_not_serve() {
    let (upstream, stage, author) = served().await;
    let before = stage.post_plugin().await["digest"].clone();
    // Its own case states that no likes are correct.
    author.case(
        "plain",
        "PLAIN",
        &json!({"caption": "Hello", "owner": "ann"}),
    );
    let cases = author.path("cases");
    author.done(&["test", "bare/post.wasm", "--cases", &cases, "--update"]);
    author.pack("likes = [\"hearts\"]\n");
    author.done(&["put", "post.wasm"]);
    let asked = upstream.seen().len();
    for _ in 0..SHADOW {
        let (status, post) = stage.ask("A").await;
        assert_eq!((status, &post["edge_liked_by"]["count"]), (200, &json!(7)));
    }
    let post = stage
        .until("held", |post| post["candidate"]["held"].is_string())
        .await;
    assert_eq!(upstream.seen().len(), asked + SHADOW as usize);
    let shadow = &post["candidate"]["shadow"];
    assert_eq!(
        (&post["digest"], &shadow["worse"]),
        (&before, &json!(SHADOW))
    );
    let lost = &shadow["shown"][0]["differences"][0];
    assert_eq!(lost["field"], ".like_count");
    assert_eq!(
        (&lost["expected"], &lost["found"]),
        (&json!("7"), &json!("null"))
    );
    author.done(&["discard", "post"]);
    let post = stage.post_plugin().await;
    assert_eq!(
        (&post["candidate"], &post["refused"]["step"]),
        (&Value::Null, &json!("shadow"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_answer_becomes_a_case_without_its_secrets() {
    let (upstream, stage, author) = served().await;
    let components = || {
        let folder = stage.server.folder.path().join("data/components");
        fs::read_dir(folder).unwrap().count()
    };
    let kept = components();
    let (into, origin) = (author.path("mine"), upstream.origin());
    let record = |code: &str, name: &str| {
        let upstream = ["--upstream-override", &origin];
        let what = ["record", "post", code, "--as", name, "--into", &into];
        author.plugin(&[&what[..], &upstream[..]].concat())
    };
    assert!(record("LIVE", "live").status.success());
    let case = cases::load(author.path("mine/post/live").as_ref()).unwrap();
    let cases::Expected::Record(record_of_it) = &case.expected else {
        panic!("{:?}", case.expected);
    };
    assert_eq!(record_of_it["like_count"], 7);
    let har = case.har.to_json();
    assert!(
        har.contains("csrf_token") && !har.contains("a-real-secret"),
        "{har}"
    );
    author.done(&["test", "post.wasm", "--cases", &into]);
    // Nothing is overwritten, and invalid names are rejected.
    assert!(!record("LIVE", "live").status.success());
    assert!(!record("LIVE", "../live").status.success());
    // A command must not change the components that the server keeps.
    assert_eq!(components(), kept);
}
