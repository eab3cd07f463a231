//! Failing calls return a specific fault to their caller, and affect nothing else.

use std::{fs, sync::Arc, time::Instant};

use futures_util::future::join_all;
use gramhost::{
    contract::{Fault, Fetch, Kind, Refusal, Step},
    plugin::{Plugin, Registry},
};
use tempfile::TempDir;

use super::{MISBEHAVING, answers, ask, config, open, unavailable};

async fn misbehaving() -> (TempDir, Arc<Registry>, Arc<Plugin>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("post.wasm"), MISBEHAVING).unwrap();
    let registry = open(folder.path()).await;
    let plugin = registry.serving(Kind::Post);
    (folder, registry, plugin)
}

/// Fails three times, then runs the honest path: on the same plugin and on another.
async fn fault(shortcode: &str) -> Fault {
    let (_folder, registry, plugin) = misbehaving().await;
    let mut fault = None;
    for _ in 0..3 {
        fault = ask(&plugin, shortcode).await.err();
    }
    assert!(answers(&ask(&plugin, "CnU4zIh9x_F").await));
    assert_eq!(registry.serving(Kind::Reel).manifest().name, "reel");
    fault.unwrap()
}

#[tokio::test]
async fn a_loop_ends_at_the_deadline() {
    let (_folder, _registry, plugin) = misbehaving().await;
    let start = Instant::now();
    assert_eq!(ask(&plugin, "spin").await.err(), Some(Fault::Deadline));
    // Generous, because the machine may be busy, but limited.
    assert!(start.elapsed().as_millis() < 5000, "{:?}", start.elapsed());
    assert_eq!(fault("bulk-spin").await, Fault::Deadline);
}

/// A call begins on the thread of its caller. This test has only one.
#[tokio::test]
async fn a_long_call_is_repeated_where_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("post.wasm"), MISBEHAVING).unwrap();
    let mut config = config(folder.path());
    config.call_ms_max = 60_000;
    let registry = Registry::open(config, None).await.unwrap();
    let plugin = registry.serving(Kind::Post);
    for _ in 0..2 {
        let toil = async {
            let Step::Refuse(refusal) = ask(&plugin, "toil").await.unwrap().step else {
                panic!()
            };
            (refusal, Instant::now())
        };
        let others = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            Instant::now()
        };
        let ((refusal, end_of_toil), end_of_others) = tokio::join!(toil, others);
        assert_eq!(refusal, Refusal::Unavailable("toiled".to_owned()));
        assert!(end_of_others < end_of_toil);
    }
}

#[tokio::test]
async fn memory_beyond_the_limit_is_denied_and_named() {
    assert_eq!(fault("hoard").await, Fault::Memory);
}

#[tokio::test]
async fn endless_recursion_overflows_its_own_stack() {
    assert_eq!(fault("recurse").await, Fault::Stack);
    assert_eq!(fault("recurse-with-frames").await, Fault::Stack);
}

#[tokio::test]
async fn nobody_waits_in_the_host_where_no_deadline_counts() {
    let Fault::Trap(words) = fault("sleep").await else {
        panic!()
    };
    assert!(words.contains("a plugin may not wait"), "{words}");
}

#[tokio::test]
async fn a_panic_is_reported_in_its_own_words() {
    let Fault::Trap(words) = fault("trap").await else {
        panic!()
    };
    assert!(words.contains("index out of bounds"), "{words}");
    assert!(words.contains("misbehaving/src/behaviour.rs"), "{words}");
}

#[tokio::test]
async fn what_it_shouts_is_cut_and_tamed() {
    let Fault::Trap(words) = fault("shout").await else {
        panic!()
    };
    assert!(words.contains("loud loud"), "{words}");
    assert!(
        words.len() < 5000 && !words.contains(char::is_control),
        "{words}"
    );
}

#[tokio::test]
async fn an_exit_is_a_trap_and_ends_no_process() {
    assert!(matches!(fault("exit").await, Fault::Trap(_)));
}

#[tokio::test]
async fn a_flood_is_not_taken() {
    assert_eq!(fault("flood").await, Fault::Output);
}

#[tokio::test]
async fn a_call_finds_nothing_of_the_calls_before_it() {
    let (_folder, _registry, plugin) = misbehaving().await;
    for _ in 0..3 {
        assert_eq!(unavailable(ask(&plugin, "count").await), "1");
    }
}

/// Extraction checks requests and records; the host passes them on unchanged.
#[tokio::test]
async fn rule_breaking_answers_are_handed_over() {
    let (_folder, _registry, plugin) = misbehaving().await;
    let Step::Fetch(Fetch { requests, .. }) = ask(&plugin, "fanout").await.unwrap().step else {
        panic!()
    };
    assert_eq!(requests.len(), 500);
    let Step::Done(record) = ask(&plugin, "other-post").await.unwrap().step else {
        panic!()
    };
    assert!(format!("{record:?}").contains("CnU4zIh9x_F"));
}

#[tokio::test]
async fn calls_beyond_the_limit_wait_and_then_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("post.wasm"), MISBEHAVING).unwrap();
    let mut config = config(folder.path());
    (config.calls_max, config.wait_ms_max) = (1, 50);
    let registry = Registry::open(config, None).await.unwrap();
    let plugin = registry.serving(Kind::Post);
    let ended = join_all([ask(&plugin, "spin"), ask(&plugin, "CnU4zIh9x_F")]).await;
    assert_eq!(ended[0], Err(Fault::Deadline));
    assert_eq!(ended[1], Err(Fault::Busy));
    assert!(answers(&ask(&plugin, "CnU4zIh9x_F").await));
}

#[tokio::test]
async fn a_caller_that_goes_away_gives_its_place_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("post.wasm"), MISBEHAVING).unwrap();
    let mut config = config(folder.path());
    (config.calls_max, config.wait_ms_max) = (1, 20_000);
    let registry = Registry::open(config, None).await.unwrap();
    let plugin = registry.serving(Kind::Post);
    let gone = tokio::spawn({
        let plugin = Arc::clone(&plugin);
        async move { ask(&plugin, "spin").await }
    });
    tokio::task::yield_now().await;
    gone.abort();
    assert!(answers(&ask(&plugin, "CnU4zIh9x_F").await));
}
