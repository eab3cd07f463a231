//! Tests of the rounds of a live extraction, with closures as plugins and a local server in place of Instagram.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bytes::Bytes;

use super::*;
use crate::{
    contract::{Fetch, Method, Request, Step, Target},
    upstream,
};

#[expect(dead_code, reason = "the harness serves other tests too")]
#[path = "../../../../../tests/harness/upstream.rs"]
mod harness;

use harness::{Reply, Upstream};

/// Nothing listens on port 1, so every fetch fails at once.
const NOBODY: &str = "http://127.0.0.1:1";

/// Runs a plugin that requests this many pages in every call; also returns the number of calls.
async fn run(origin: &str, at_once: usize, wall: Duration) -> (Ending, usize) {
    let client = Client::new(upstream::Config {
        origin_override: Some(origin.parse().unwrap()),
        ..upstream::Config::default()
    });
    let client = client.unwrap();
    let manifest = Manifest {
        name: "post".into(),
        version: "1.0.0".into(),
        hosts: vec!["www.instagram.com".into()],
        rounds: 8,
        requests: 12,
        uses_session: false,
        settings: String::new(),
    };
    let query = Query::post(Target::Shortcode("DdEo7DPG8x2".into()));
    let page = Request {
        method: Method::Get,
        url: "https://www.instagram.com/".into(),
        headers: Vec::new(),
        body: None,
        session: false,
    };
    let calls = AtomicUsize::new(0);
    let call = |_: Arguments| {
        calls.fetch_add(1, Ordering::Relaxed);
        let step = Step::Fetch(Fetch {
            requests: vec![page.clone(); at_once],
            memo: Bytes::new(),
        });
        async {
            Ok(Outcome {
                step,
                door: None,
                diagnostics: Vec::new(),
            })
        }
    };
    let source = Source::Upstream(&client, Instant::now() + wall);
    let ending = rounds(&Rules::default(), source, &manifest, &query, call).await;
    (ending, calls.into_inner())
}

#[tokio::test]
async fn the_requests_of_a_round_are_under_way_at_the_same_time() {
    let upstream = Upstream::start(|_| Reply::Stall(Vec::new())).await;
    let (ending, calls) = run(&upstream.origin(), 4, Duration::from_secs(1)).await;
    assert_eq!(ending.result, Err(Cause::Late));
    assert_eq!((calls, upstream.seen().len()), (2, 4));
}

#[tokio::test]
async fn time_is_up_for_everyone() {
    let (ending, calls) = run(NOBODY, 1, Duration::ZERO).await;
    assert_eq!((ending.result, calls), (Err(Cause::Late), 1));
}
