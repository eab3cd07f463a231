//! A version of a plugin comes to all replicas, or to none.

mod counts;
mod ground;
mod lives;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use guests::{MISBEHAVING, variant};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{harness::server::Server, plugin::POST};
use ground::{Ground, add_impossible_case, digest, post, until, until_serves};

/// How long after a decision all replicas do what was decided, at most. They look every two seconds without being told.
const SERVES_WITHIN: Duration = Duration::from_millis(1_500);
const PATH: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";

/// `POST /plugins/post/{what}` on the admin listener.
async fn decide(server: &Server, what: &str) -> (u16, Value) {
    let answer = server.admin_post(&format!("/plugins/post/{what}")).await;
    (answer.status, answer.json)
}

/// The actions in the history of `post`, newest first, as this replica tells it.
async fn history(server: &Server) -> Vec<String> {
    let events = server.admin("/plugins/history?plugin=post").await.json;
    let events = events.as_array().unwrap().iter();
    events
        .map(|event| {
            let digest = event["digest"].as_str().unwrap_or("-");
            format!("{} {}", event["action"].as_str().unwrap(), &digest[..8])
        })
        .collect()
}

/// Clients of all replicas, until the flag is set; each counts its responses, none of which may fail.
async fn load(servers: &[Server; 3], stop: &AtomicBool) -> u32 {
    let clients = servers.iter().map(async |server| {
        let mut answers = 0;
        while !stop.load(Ordering::Relaxed) {
            let answer = server.send(Method::GET, PATH, &[]).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answers += 1;
        }
        answers
    });
    join_all(clients).await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_on_one_replica_serves_on_all_and_is_rolled_back_on_all() {
    let ground = Ground::on_fixtures();
    let servers = Arc::new(ground.three());
    let [a, b, c] = &*servers;
    let stop = Arc::new(AtomicBool::new(false));
    let clients = tokio::spawn({
        let (servers, stop) = (Arc::clone(&servers), Arc::clone(&stop));
        async move { load(&servers, &stop).await }
    });
    let (one, two) = (variant(POST, 1), variant(POST, 2));
    for (server, component) in [(a, &one), (b, &two)] {
        let began = Instant::now();
        let put = server.put_plugin("post", component).await;
        assert_eq!(
            (put.status, &put.json["digest"]),
            (200, &json!(digest(component))),
            "{}",
            put.text
        );
        let answered = began.elapsed();
        until_serves(&[a, b, c], component).await;
        let later = began.elapsed() - answered;
        println!("put to answer {answered:?}; it serves on all three {later:?} later");
        assert!(later < SERVES_WITHIN, "{later:?}");
    }
    assert!(!a.folder.path().join("data/plugins/post.wasm").exists());

    let began = Instant::now();
    assert_eq!(decide(c, "rollback?why=a-hunch").await.0, 200);
    until_serves(&[a, b, c], &one).await;
    let took = began.elapsed();
    println!("a rollback is done on all three after {took:?}");
    assert!(took < SERVES_WITHIN, "{took:?}");
    assert_eq!(
        decide(a, &format!("rollback?digest={}", digest(&two)))
            .await
            .0,
        409
    );

    let promoted = format!("promote?digest={}", digest(&two));
    assert_eq!(decide(b, &promoted).await.0, 200);
    until_serves(&[a, b, c], &two).await;
    assert_eq!(decide(a, "rollback").await.0, 200);
    assert_eq!(decide(b, "rollback").await.0, 200);
    until_serves(&[a, b, c], POST).await;
    let (status, _) = decide(c, "rollback").await;
    assert_eq!(status, 409, "nothing is left to go back to");

    stop.store(true, Ordering::Relaxed);
    let answers = clients.await.unwrap();
    println!("{answers} answers meanwhile, none failed");
    assert!(answers > 30, "{answers}");
    let (o, t, e) = (&digest(&one)[..8], &digest(&two)[..8], &digest(POST)[..8]);
    let told = [
        format!("serves {e}"),
        format!("rolled-back {o}"),
        format!("serves {o}"),
        format!("rolled-back {t}"),
        format!("serves {t}"),
        format!("serves {o}"),
        format!("rolled-back {t}"),
        format!("serves {t}"),
        format!("serves {o}"),
    ];
    for server in [a, b, c] {
        assert_eq!(history(server).await, told);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_rejects_serves_nowhere_and_it_is_said_where_and_why() {
    let ground = Ground::on_fixtures();
    let [a, b, c] = ground.three();
    let good = variant(POST, 3);
    assert_eq!(a.put_plugin("post", &good).await.status, 200);
    add_impossible_case(&b.folder.path().join("data"));
    let bad = variant(POST, 4);
    let put = a.put_plugin("post", &bad).await;
    assert_eq!(
        (put.status, &put.json["error"]["code"]),
        (422, &json!("PLUGIN_REFUSED")),
        "{}",
        put.text
    );
    let refused = &put.json["refused"];
    assert_eq!(
        (&refused["replica"], &refused["step"]),
        (&json!("b"), &json!("replay"))
    );
    assert_eq!(refused["cases"][0]["case"], "post/impossible");
    let words = put.json["error"]["details"].as_str().unwrap();
    assert!(
        words.contains("on the replica b") && words.contains("post/impossible"),
        "{words}"
    );
    for server in [&a, &b, &c] {
        let post = until("it is shown", &[server], |post| {
            post["refused"]["digest"] == digest(&bad).as_str()
        })
        .await;
        assert_eq!(post["refused"]["replica"], "b");
        assert_eq!(post["digest"], digest(&good).as_str());
        assert_eq!(
            history(server).await[0],
            format!("refused {}", &digest(&bad)[..8])
        );
    }
    // What the replica that is asked rejects itself is known to the others too.
    let put = c.put_plugin("post", b"garbage").await;
    assert_eq!(
        (put.status, &put.json["refused"]["replica"]),
        (422, &json!("c"))
    );
    until("it is shown", &[&a, &b, &c], |post| {
        post["refused"]["digest"] == digest(b"garbage").as_str()
    })
    .await;
    // Once the cause is gone, the same version can be put again.
    fs::remove_dir_all(b.folder.path().join("data/fixtures/post/impossible")).unwrap();
    assert_eq!(b.put_plugin("post", &bad).await.status, 200);
    until_serves(&[&a, &b, &c], &bad).await;
    assert!(post(&c).await["refused"].is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_versions_at_once_are_checked_one_after_the_other() {
    let ground = Ground::on_fixtures();
    let [a, b, c] = ground.three();
    let (one, two) = (variant(POST, 5), variant(POST, 6));
    let (first, second, same) = tokio::join!(
        a.put_plugin("post", &one),
        b.put_plugin("post", &two),
        c.put_plugin("post", &two),
    );
    for put in [&first, &second, &same] {
        assert_eq!(put.status, 200, "{}", put.text);
    }
    let serving = post(&a).await["digest"].clone();
    until("all agree", &[&a, &b, &c], |post| post["digest"] == serving).await;
    let history = history(&a).await;
    let events: Vec<_> = history
        .iter()
        .filter(|event| event.starts_with("serves"))
        .collect();
    assert!((2..=3).contains(&events.len()), "{events:?}");
    assert_eq!(
        *events[0],
        format!("serves {}", &serving.as_str().unwrap()[..8])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_asks_for_more_is_held_on_all_until_one_decides() {
    let ground = Ground::on_fixtures();
    let [a, b, c] = ground.three();
    let author = crate::harness::workshop::Workshop::new(&a, crate::plugin::MOVABLE);
    let modest = author.pack("");
    let put = a.put_plugin("post", &modest).await;
    assert_eq!(put.status, 200, "{}", put.text);
    until_serves(&[&a, &b, &c], &modest).await;
    let more = variant(POST, 7);
    assert_eq!(b.put_plugin("post", &more).await.status, 200);
    let held = |post: &Value| post["candidate"]["held"].is_string();
    until("it is held", &[&a, &b, &c], held).await;
    assert_eq!(post(&c).await["digest"], digest(&modest).as_str());
    assert_eq!(decide(&c, "discard?why=not-now").await.0, 200);
    until("it is dropped", &[&a, &b, &c], |post| {
        post["candidate"].is_null() && post["refused"]["step"] == "shadow"
    })
    .await;
    assert_eq!(decide(&a, "promote").await.0, 409);
    assert_eq!(a.put_plugin("post", &more).await.status, 200);
    until("it is held", &[&a, &b, &c], held).await;
    assert_eq!(decide(&b, "promote").await.0, 200);
    until_serves(&[&a, &b, &c], &more).await;
    // A version with which every call of the fixtures' plugin fails is not one that any replica lets in.
    assert_eq!(b.put_plugin("post", &MISBEHAVING[..9]).await.status, 422);
}
