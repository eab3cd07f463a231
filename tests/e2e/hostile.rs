//! Answers of Instagram that are made to break who reads them, through the real plugins in their sandboxes.

#[cfg(target_os = "linux")]
use std::fs;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::harness::{
    server::Server,
    upstream::{Upstream, bomb, reply},
};

const ROUTES: [&str; 4] = [
    "/instagram/post/info?url_or_code=DfDjNmTDemo",
    "/instagram/reel/info?url_or_id=https://www.instagram.com/reel/DfF-eHzReel/",
    "/instagram/profile/info?username=gramhost",
    "/instagram/story/info?username=gramhost",
];

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let root = |value: &str| {
        format!(
            r#"{{"data":{{"xig_polaris_media":{{"if_not_gated_logged_out":{value}}},"user":{value}}}}}"#
        )
    };
    let text = |name, body: String| (name, body.into_bytes());
    vec![
        text("nested arrays", "[".repeat(100_000)),
        text("nested objects", r#"{"data":"#.repeat(100_000)),
        text(
            "a root that is deep",
            root(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))),
        ),
        text("a long list", root(&format!("[{}0]", "0,".repeat(300_000)))),
        text("a long number", root(&"9".repeat(1_000_000))),
        text(
            "a number beyond all",
            root(r#"{"pk":1e999,"taken_at":-1e999}"#),
        ),
        text(
            "a key again and again",
            root(&format!("{{{}\"pk\":2}}", "\"pk\":1,".repeat(30_000))),
        ),
        text(
            "halves of characters",
            root(r#"{"code":"\ud800","pk":"\udfff\ud83d"}"#),
        ),
        text("an empty page", String::new()),
        text(
            "a page",
            "<!DOCTYPE html><script type=\"application/json\">".repeat(1_000),
        ),
        ("what is no text", vec![0xff; 1 << 16]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_made_to_break_its_reader_costs_one_request() {
    let bodies = bodies();
    let turn = Arc::new(AtomicUsize::new(0));
    let (names, now): (Vec<_>, _) = (bodies.iter().map(|body| body.0).collect(), turn.clone());
    let instagram = Upstream::start(move |_| {
        let body = &bodies[now.load(Ordering::Relaxed)].1;
        reply(200, &[("content-type", "application/json")], body)
    })
    .await;
    let origin = instagram.origin();
    let server = Server::start(&[
        "--upstream-override",
        &origin,
        "--rate-limit",
        "0",
        "--cache-ttl",
        "0",
    ]);
    for (number, name) in names.iter().enumerate() {
        turn.store(number, Ordering::Relaxed);
        for route in ROUTES {
            let answer = server.get(route).await;
            let code = answer.json["error"]["code"].as_str().unwrap_or_default();
            let documented = [
                "EXTRACTOR_FAILED",
                "UPSTREAM_UNAVAILABLE",
                // A page of a login.
                "UPSTREAM_RATE_LIMITED",
            ];
            assert!(
                documented.contains(&code),
                "{name} {route}: {} {}",
                answer.status,
                answer.text
            );
        }
    }
    // A trap of a plugin would be told as its fault.
    let log = server.log();
    for word in ["trap", "panicked", "stack overflow", "unreachable"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_takes_no_more_memory_than_an_answer_may_have() {
    let packed = bomb(256 << 20);
    let instagram =
        Upstream::start(move |_| reply(200, &[("content-encoding", "gzip")], &packed)).await;
    let origin = instagram.origin();
    let server = Server::start(&["--upstream-override", &origin, "--rate-limit", "0"]);
    server.get("/instagram/formats").await;
    let most = || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap()
            .to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
    };
    let before = most();
    let answer = server.get(ROUTES[0]).await;
    assert_eq!(
        answer.json["error"]["code"], "UPSTREAM_UNAVAILABLE",
        "{}",
        answer.text
    );
    let more = most() - before;
    // The limit is 8 MiB, in one request at a time.
    assert!(more < 64, "{more} MiB");
}
