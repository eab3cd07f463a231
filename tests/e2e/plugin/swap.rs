//! Swapping plugins under load.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use gramhost::contract::Kind;
use tokio::time::interval;

use super::{POST, answers, ask, digest, open, replace, until, variant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_plugins_are_swapped() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    let done = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU32::new(0));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (registry, done, calls) =
                (Arc::clone(&registry), Arc::clone(&done), Arc::clone(&calls));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let outcome = ask(&registry.serving(Kind::Post), "CnU4zIh9x_F").await;
                    assert!(answers(&outcome), "{outcome:?}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    // Unusable files between the versions, for as long as a watcher takes to notice them.
    let mut every = interval(Duration::from_millis(200));
    for mark in 0..8 {
        replace(folder.path(), "post.wasm", b"garbage");
        every.tick().await;
        let before = digest(&registry);
        replace(folder.path(), "post.wasm", &variant(POST, mark));
        until("the next one serves", || digest(&registry) != before).await;
    }
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(calls.load(Ordering::Relaxed) > 100);
}

#[tokio::test]
async fn a_caller_keeps_the_version_that_it_started_on() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path()).await;
    let old = registry.serving(Kind::Post);
    replace(folder.path(), "post.wasm", &variant(POST, 77));
    until("swapped", || {
        registry.serving(Kind::Post).label() != old.label()
    })
    .await;
    assert!(answers(&ask(&old, "CnU4zIh9x_F").await));
}
