//! Every recorded response over HTTP, through the built components: the result is a record that agrees with its stated
//! facts, or the right refusal.
//!
//! Runs only if `GRAMHOST_RECORDINGS` names the recordings, which are never committed. The stand-in for Instagram sends
//! the recorded response to every request, so each door must read whichever dialect it gets.

mod rest;

use std::sync::{Arc, Mutex};

use cases::recordings::{Recording, disagreements, recordings};
use serde_json::Value;

use crate::harness::{
    server::Server,
    upstream::{Upstream, reply},
};

/// A plausible post and a plausible account, for recordings that name none.
const NO_POST: &str = "DAbcdefghij";
const NO_NAME: &str = "gramhost.demo";

/// Recordings without a record: words of the file name, the kind to request, and the expected status and code.
const REFUSALS: [(&str, &str, u16, &str); 13] = [
    (
        "mobile-feed-missing",
        "profile-posts",
        404,
        "PROFILE_NOT_FOUND",
    ),
    ("post-loggedout-gated", "post", 403, "REGION_BLOCKED"),
    ("post-loggedout-missing", "post", 404, "POST_NOT_FOUND"),
    (
        "profile-root-missing",
        "profile-info",
        404,
        "PROFILE_NOT_FOUND",
    ),
    ("checkpoint-required", "post", 403, "LOGIN_REQUIRED"),
    (
        "invalid-profile-page",
        "profile-info",
        503,
        "UPSTREAM_RATE_LIMITED",
    ),
    ("login-error", "profile-info", 403, "LOGIN_REQUIRED"),
    ("null-user", "profile-info", 404, "PROFILE_NOT_FOUND"),
    ("user-null", "profile-info", 404, "PROFILE_NOT_FOUND"),
    ("require-login", "profile-info", 403, "LOGIN_REQUIRED"),
    ("shortcode-media-null", "post", 404, "POST_NOT_FOUND"),
    ("2024-12", "post", 503, "UPSTREAM_RATE_LIMITED"),
    ("private-a1", "profile-info", 403, "ACCOUNT_PRIVATE"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_recording_agrees_with_its_facts_over_http() {
    let Some(recordings) = recordings() else {
        return;
    };
    let body = Arc::new(Mutex::new(Vec::new()));
    let given = Arc::clone(&body);
    let upstream =
        Upstream::start(move |_| reply(200, &[], given.lock().unwrap().as_slice())).await;
    let flags = [
        "--upstream-override",
        &upstream.origin(),
        "--cache-ttl",
        "0",
        "--rate-limit",
        "0",
    ];
    let server = Server::start(&flags);
    let mut problems = Vec::new();
    for recording in &recordings {
        body.lock().unwrap().clone_from(&recording.body);
        let found = check(&server, recording).await;
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{}/{}: {problem}", recording.folder, recording.name)),
        );
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

async fn check(server: &Server, recording: &Recording) -> Vec<String> {
    let refusal = REFUSALS
        .iter()
        .find(|(words, ..)| recording.name.contains(words));
    if let Some((_, kind, status, code)) = refusal {
        let answer = server.get(&path(kind, recording)).await;
        let said = (
            answer.status,
            answer.json["error"]["code"].as_str().unwrap_or_default(),
        );
        return if said == (*status, code) {
            Vec::new()
        } else {
            vec![format!("{said:?} is not {status} {code}")]
        };
    }
    let kind = kind(recording);
    let answer = server.get(&path(kind, recording)).await;
    if answer.status != 200 {
        return vec![format!("{} {}", answer.status, answer.text)];
    }
    disagreements(
        kind,
        &rest::record(kind, &answer.json),
        &rest::facts(kind, &recording.facts),
    )
}

fn kind(recording: &Recording) -> &'static str {
    match recording.folder.as_str() {
        "reel" => "reel",
        "profile" => "profile-info",
        "timeline" => "profile-posts",
        "reels_tab" => "profile-reels",
        "stories" => "story",
        _ => "post",
    }
}

/// The path of the request that the recording answers.
fn path(kind: &str, recording: &Recording) -> String {
    let stated = |pointer: &str| recording.facts.pointer(pointer).and_then(Value::as_str);
    let code = stated("/media/0/shortcode").unwrap_or(NO_POST);
    let (name, count) = recording.owner();
    let name = name.unwrap_or_else(|| NO_NAME.to_owned());
    let count = count.clamp(1, 50);
    match kind {
        "profile-info" => format!(
            "/instagram/profile/info?username={}",
            stated("/users/0/username").unwrap_or(NO_NAME)
        ),
        "profile-posts" => format!("/instagram/profile/posts?username={name}&limit={count}"),
        "profile-reels" => format!("/instagram/profile/reels?username={name}&limit={count}"),
        "story" => format!("/instagram/story/info?username={name}"),
        "reel" => format!("/instagram/reel/info?url_or_id={code}"),
        _ => format!("/instagram/post/info?url_or_code={code}"),
    }
}
