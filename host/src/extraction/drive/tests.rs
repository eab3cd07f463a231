//! Rounds and rules with plugins that are closures, against a local stand-in.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;
use crate::{
    contract::{Change, Method, Target},
    extraction::{Error, check::tests::post},
    upstream::{
        self,
        tests::harness::{Reply, Upstream},
    },
};

const CODE: &str = "DdEo7DPG8x2";

/// Nobody listens on port 1: every fetch fails at once, which is all that most rules need.
const NOBODY: &str = "http://127.0.0.1:1";

fn client(origin: &str) -> Client {
    Client::new(upstream::Config {
        origin_override: Some(origin.parse().unwrap()),
        ..upstream::Config::default()
    })
    .unwrap()
}

fn manifest() -> Manifest {
    Manifest {
        name: "post".into(),
        version: "1.0.0".into(),
        hosts: vec!["www.instagram.com".into()],
        rounds: 8,
        requests: 12,
        uses_session: false,
        settings: String::new(),
    }
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.into(),
        headers: Vec::new(),
        body: None,
        session: false,
    }
}

fn fetch(count: usize) -> Step {
    fetch_of(vec![request("https://www.instagram.com/"); count])
}

fn fetch_of(requests: Vec<Request>) -> Step {
    Step::Fetch(Fetch {
        requests,
        memo: Bytes::new(),
    })
}

/// The memo that a call is given: what the call before it wrote, nothing at first.
fn written(call: usize) -> Bytes {
    vec![0; call].into()
}

/// Runs a plugin whose nth call returns `step(n, answers)`; also gives the number of calls.
async fn run_with(
    config: &Config,
    origin: &str,
    manifest: &Manifest,
    step: impl Fn(usize, &[Exchange]) -> Result<Step, Fault>,
) -> (Result<Box<Record>, Stop>, usize) {
    let calls = AtomicUsize::new(0);
    let query = Query::Post {
        target: Target::Shortcode(CODE.into()),
    };
    let call = |memo: Bytes, answers: Arc<Vec<Exchange>>| {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        assert_eq!(memo, written(number), "the memo of the call before");
        let step = step(number, &answers).map(|step| match step {
            Step::Fetch(fetch) => Step::Fetch(Fetch {
                memo: written(number + 1),
                ..fetch
            }),
            end => end,
        });
        async {
            step.map(|step| Outcome {
                step,
                door: None,
                diagnostics: Vec::new(),
            })
        }
    };
    let rules = Rules {
        config,
        upstream: &client(origin),
        manifest,
    };
    let deadline = Instant::now() + Duration::from_millis(config.wall_ms_max);
    let ended = drive(&rules, Source::Upstream(deadline), &query, call)
        .await
        .ended;
    (ended, calls.into_inner())
}

async fn run(
    step: impl Fn(usize, &[Exchange]) -> Result<Step, Fault>,
) -> (Result<Box<Record>, Stop>, usize) {
    run_with(&Config::default(), NOBODY, &manifest(), step).await
}

fn done() -> Step {
    Step::Done(Box::new(Record::Post(post(CODE))))
}

#[track_caller]
fn broke(ended: Result<Box<Record>, Stop>) -> String {
    match ended {
        Err(stop @ Stop::Rules(_)) => {
            assert_eq!(stop.ending(), Some(Ending::Rules));
            Error::from(stop).to_string()
        }
        other => format!("not a broken rule: {other:?}"),
    }
}

#[tokio::test]
async fn each_call_is_given_the_memo_and_the_answers_of_the_call_before() {
    let (ended, calls) = run(|call, exchanges| {
        assert_eq!(exchanges.len(), [0, 1, 2][call]);
        assert!(
            exchanges
                .iter()
                .all(|exchange| matches!(exchange.answer, Answer::Failed(_)))
        );
        Ok(if call < 2 { fetch(call + 1) } else { done() })
    })
    .await;
    assert_eq!((*ended.unwrap(), calls), (Record::Post(post(CODE)), 3));
}

#[tokio::test]
async fn rounds_and_requests_are_counted_by_the_smaller_limit() {
    let (ended, calls) = run(|_, _| Ok(fetch(1))).await;
    assert_eq!(
        (broke(ended).as_str(), calls),
        ("the extractor failed: it wants too many rounds", 9)
    );
    let (ended, calls) = run_with(
        &Config::default(),
        NOBODY,
        &Manifest {
            rounds: 2,
            ..manifest()
        },
        |_, _| Ok(fetch(1)),
    )
    .await;
    assert_eq!(
        (broke(ended).as_str(), calls),
        ("the extractor failed: it wants too many rounds", 3)
    );
    for (manifest, at_once, calls_made) in [
        (manifest(), 4, 4),
        (manifest(), 5, 1),
        (
            Manifest {
                requests: 4,
                ..manifest()
            },
            4,
            2,
        ),
    ] {
        let (ended, calls) = run_with(&Config::default(), NOBODY, &manifest, |_, _| {
            Ok(fetch(at_once))
        })
        .await;
        assert_eq!(
            (broke(ended).as_str(), calls),
            (
                "the extractor failed: it wants too many requests",
                calls_made
            )
        );
    }
    let (ended, _) = run(|_, _| Ok(fetch(0))).await;
    assert_eq!(
        broke(ended),
        "the extractor failed: it wants to fetch nothing"
    );
}

#[tokio::test]
async fn a_forbidden_host_ends_the_extraction() {
    let (ended, calls) = run(|_, _| Ok(fetch_of(vec![request("https://i.instagram.com/")]))).await;
    let words = "the extractor failed: its request is denied: the host \"i.instagram.com\" is not on the list";
    assert_eq!((broke(ended).as_str(), calls), (words, 1));
}

#[tokio::test]
async fn a_session_that_the_manifest_does_not_speak_of_is_not_sent() {
    let page = request("https://www.instagram.com/");
    let step = |_: usize, _: &[Exchange]| {
        Ok(fetch_of(vec![Request {
            session: true,
            ..page.clone()
        }]))
    };
    let (ended, calls) = run(step).await;
    let words = "the extractor failed: it wants a session that its manifest does not speak of";
    assert_eq!((broke(ended).as_str(), calls), (words, 1));
    let manifest = Manifest {
        uses_session: true,
        rounds: 1,
        ..manifest()
    };
    let (_, calls) = run_with(&Config::default(), NOBODY, &manifest, step).await;
    assert_eq!(calls, 2);
}

#[tokio::test]
async fn the_requests_of_a_round_are_under_way_at_the_same_time() {
    let upstream = Upstream::start(|_| Reply::Stall(Vec::new())).await;
    let config = Config {
        wall_ms_max: 1_000,
        ..Config::default()
    };
    let (ended, calls) = run_with(&config, &upstream.origin(), &manifest(), |_, _| {
        Ok(fetch(4))
    })
    .await;
    assert!(matches!(ended, Err(Stop::Late)));
    assert_eq!((calls, upstream.seen().len()), (2, 4));
}

#[tokio::test]
async fn a_record_that_does_not_pass_is_the_plugins_fault() {
    let (ended, _) = run(|_, _| Ok(Step::Done(Box::new(Record::Post(post("C")))))).await;
    let words = "the extractor failed: its record has shortcode: another post than was asked for";
    assert_eq!(broke(ended), words);
}

#[tokio::test]
async fn time_is_up_for_everyone() {
    let config = Config {
        wall_ms_max: 0,
        ..Config::default()
    };
    let (ended, calls) = run_with(&config, NOBODY, &manifest(), |_, _| Ok(fetch(1))).await;
    assert!(matches!(ended, Err(Stop::Late)));
    assert_eq!(calls, 1);
}

#[test]
fn endings_blame_the_right_one() {
    let change = Change {
        path: "p".into(),
        expected: "e".into(),
        found: "f".into(),
    };
    for (stop, ending) in [
        (Stop::Refused(Refusal::NotFound), Some(Ending::Refused)),
        (Stop::Refused(Refusal::InvalidCursor), Some(Ending::Refused)),
        (
            Stop::Refused(Refusal::LoginRequired),
            Some(Ending::Upstream),
        ),
        (
            Stop::Refused(Refusal::RateLimited(None)),
            Some(Ending::Upstream),
        ),
        (
            Stop::Refused(Refusal::Unavailable(String::new())),
            Some(Ending::Upstream),
        ),
        (Stop::Late, Some(Ending::Upstream)),
        (
            Stop::Refused(Refusal::Changed(change)),
            Some(Ending::Changed),
        ),
        (Fault::Memory.into(), Some(Ending::Fault)),
        (Fault::Busy.into(), None),
    ] {
        assert_eq!(stop.ending(), ending, "{stop:?}");
    }
}

#[test]
fn lines_for_the_log_are_short_and_single() {
    assert_eq!(line("a\nb\u{1b}[31m é"), "a\\nb\\u{1b}[31m é");
    assert_eq!(line(&"é".repeat(1000)).len(), 1024);
}
