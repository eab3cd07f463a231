//! Every recorded answer, given by each door in turn and by all of them at once, through the native crate: the record
//! agrees with the facts, or the refusal is the right one. Runs where `GRAMHOST_RECORDINGS` names the folder.
#![expect(clippy::panic, reason = "tests")]

#[expect(dead_code, reason = "what only the fixtures need")]
#[path = "drive/native.rs"]
mod drive;

use cases::recordings::{Recording, disagreements, recordings};
use cases::{Expected, Question};
use instagram::contract::exchanges::{Answer, Request, Response};
use serde_json::{Value, json};

/// The time of every question; none of the recorded stories is younger.
const NOW: u64 = 1_795_000_000;
/// A plausible post, for recordings that are about none.
const NO_POST: &str = "DAbcdefghij";
/// A plausible account, for recordings that do not name theirs.
const NO_NAME: &str = "gramhost.demo";
/// More doors than any kind has.
const DOORS_MAX: usize = 12;

/// Who answers with the recording.
#[derive(Clone, Copy, Debug)]
enum Giver {
    /// Every door: a server that does not look at the question.
    All,
    /// This one in the order of asking; the others want a login.
    Only(usize),
}

#[test]
fn every_recording_agrees_with_its_facts() {
    let Some(recordings) = recordings() else {
        return;
    };
    assert!(
        !recordings.is_empty(),
        "GRAMHOST_RECORDINGS names an empty folder"
    );
    let problems: Vec<String> = recordings.iter().flat_map(check).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn check(recording: &Recording) -> Vec<String> {
    let mut problems = Vec::new();
    for query in queries(recording) {
        let givers = std::iter::once(Giver::All).chain((0..DOORS_MAX).map(Giver::Only));
        for giver in givers {
            let (end, was_asked) = ask(recording, &query, giver);
            if !was_asked {
                break;
            }
            let kind = query["kind"].as_str().unwrap_or_default();
            for problem in judge(recording, kind, giver, &end) {
                problems.push(format!(
                    "{}/{} as {kind} by {giver:?}: {problem}",
                    recording.folder, recording.name
                ));
            }
        }
    }
    problems
}

/// What the recording may be the answer to.
fn queries(recording: &Recording) -> Vec<Value> {
    let (owner, count) = recording.owner();
    let owner = owner.unwrap_or_else(|| NO_NAME.to_owned());
    let list = |kind: &str, limit: usize| json!({ "kind": kind, "username": owner, "limit": limit.clamp(1, 50) });
    let code = recording.facts["media"][0]["shortcode"]
        .as_str()
        .unwrap_or(NO_POST);
    let post = |kind: &str| json!({ "kind": kind, "target": { "shortcode": code } });
    let user = |name: &str| json!({ "kind": "profile-info", "username": name });
    match recording.folder.as_str() {
        "post" => vec![post("post")],
        "reel" => vec![post("post"), post("reel")],
        "profile" => vec![user(
            recording.facts["users"][0]["username"]
                .as_str()
                .unwrap_or(NO_NAME),
        )],
        "timeline" => vec![list("profile-posts", count)],
        "reels_tab" => vec![list("profile-reels", count)],
        "stories" => vec![json!({ "kind": "story", "username": owner })],
        _ => vec![
            post("post"),
            user(NO_NAME),
            list("profile-posts", 12),
            list("profile-reels", 12),
        ],
    }
}

/// How the extraction ends, and whether the giver's turn came.
fn ask(recording: &Recording, query: &Value, giver: Giver) -> (Expected, bool) {
    let is_story = query["kind"] == "story";
    let question = Question {
        now: NOW,
        session: is_story,
        query: query.clone(),
    };
    let mut turn = 0;
    let mut was_asked = false;
    let answer = |request: &Request| {
        if is_story && !request.session && matches!(giver, Giver::Only(_)) {
            return Ok(said(
                request,
                200,
                account(recording, query).to_string().into_bytes(),
            ));
        }
        let gives = match giver {
            Giver::All => true,
            Giver::Only(door) => door == turn,
        };
        turn += 1;
        was_asked |= gives;
        Ok(if gives {
            said(request, 200, recording.body.clone())
        } else {
            said(request, 401, b"{}".to_vec())
        })
    };
    match drive::drive(&question, answer) {
        Ok((_, end)) => (end, was_asked),
        Err(problem) => panic!("{}: {problem}", recording.name),
    }
}

/// The account that a story is asked of, with a story that is up.
fn account(recording: &Recording, query: &Value) -> Value {
    let user_id = recording.facts["media"][0]["owner_pk"]
        .as_str()
        .unwrap_or("1");
    json!({ "data": { "xig_user_by_username": { "pk": user_id, "username": query["username"], "biography": "",
        "is_private": false, "latest_reel_media": NOW - 60 } } })
}

fn said(request: &Request, status: u16, body: Vec<u8>) -> Answer {
    Answer::Response(Response {
        status,
        url: request.url.clone(),
        headers: Vec::new(),
        body,
    })
}

fn judge(recording: &Recording, kind: &str, giver: Giver, end: &Expected) -> Vec<String> {
    match (end, refusals(recording, kind, giver)) {
        (Expected::Record(record), None) => disagreements(kind, record, &recording.facts),
        (Expected::Record(_), Some(_)) => vec!["a record came of a failure".to_owned()],
        (Expected::Refusal(refusal), None) => vec![format!("refused: {refusal}")],
        (Expected::NoFailure, _) => vec!["no extraction ends so".to_owned()],
        (Expected::Refusal(refusal), Some(right)) => {
            let name = refusal
                .as_object()
                .and_then(|object| object.keys().next().map(String::as_str));
            let name = name.or(refusal.as_str()).unwrap_or_default();
            if right.contains(&name) {
                Vec::new()
            } else {
                vec![format!("refused: {refusal}, not {right:?}")]
            }
        }
    }
}

/// The refusals that are right for a recording; none where it has a record.
fn refusals(recording: &Recording, kind: &str, giver: Giver) -> Option<&'static [&'static str]> {
    let facts = &recording.facts;
    if kind == "profile-info" && facts["users"][0]["is_private"] == true {
        return Some(&["Private"]);
    }
    let is_empty = |list: &str| facts[list].as_array().is_none_or(Vec::is_empty);
    let is_failure = recording.folder == "failures" || (is_empty("media") && is_empty("users"));
    if !is_failure || recording.folder == "stories" {
        return None;
    }
    let has = |part: &str| recording.name.contains(part);
    let is_about = match kind {
        "post" => has("post") || has("media"),
        "profile-info" => has("profile") || has("user"),
        _ => false,
    };
    let is_null = has("missing") || has("null");
    Some(match giver {
        _ if is_about && has("gated") => &["RegionBlocked", "AgeRestricted"],
        Giver::All if is_about && is_null => &["NotFound"],
        // Of one door among walls: the null of an old one is no proof. About something else it says nothing.
        _ if is_null || has("gated") => &["NotFound", "LoginRequired", "Changed"],
        _ if has("401") || has("checkpoint") || has("login") => &["LoginRequired"],
        // Pages without data.
        _ => &["RateLimited", "LoginRequired", "NotFound", "Changed"],
    })
}
