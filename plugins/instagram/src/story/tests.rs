//! Stories: what guests receive, and what a session adds.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::Step;
use crate::contract::exchanges::Response;
use crate::settings::STORY;
use crate::testing::{NOW, guest, label, login_gate, member, record, refusal, response, run};

const ROOT: &str = "PolarisLoggedOutDesktopWWWProfileRootContentQuery";

fn ask(context: &Context, answer: impl Fn(&str) -> Response) -> Step<Stories> {
    let query = Query {
        username: "gramhost.demo".to_owned(),
    };
    run(
        |memo, answers| extract(&query, context, memo, answers),
        |request| answer(&label(request)),
    )
    .0
}

fn root(latest_reel_media: Value) -> Response {
    let user = json!({ "pk": "42", "username": "gramhost.demo", "biography": "", "is_private": false,
        "latest_reel_media": latest_reel_media });
    response(200, "", json!({ "data": { "xig_user_by_username": user } }))
}

fn reel() -> Response {
    let item = json!({ "pk": "7", "id": "7_42", "media_type": 1, "product_type": "story", "taken_at": NOW - 60,
        "image_versions2": { "candidates": [{ "url": "https://x.cdninstagram.com/s.jpg" }] } });
    let user = json!({ "pk": "42", "username": "gramhost.demo" });
    response(
        200,
        "",
        json!({ "reels": { "42": { "id": 42, "user": user, "items": [item] } }, "status": "ok" }),
    )
}

#[test]
fn no_story_is_a_fact_for_guests() {
    for latest in [0, NOW - STORY_SECONDS] {
        let stories = record(ask(&guest(STORY), |_| root(json!(latest))));
        assert_eq!(
            (stories.has_active_stories, stories.user_id.as_str()),
            (Some(false), "42")
        );
    }
}

#[test]
fn a_story_that_is_up_wants_a_session() {
    let end = ask(&guest(STORY), |_| root(json!(NOW - 60)));
    assert_eq!(refusal(end), Refusal::LoginRequired);
}

#[test]
fn an_unknown_presence_is_not_no_story() {
    let end = ask(&guest(STORY), |_| root(Value::Null));
    assert_eq!(refusal(end), Refusal::LoginRequired);
}

#[test]
fn a_session_is_shown_the_items() {
    let stories = record(ask(&member(STORY), |door| {
        if door == ROOT {
            root(json!(NOW - 60))
        } else {
            reel()
        }
    }));
    assert_eq!(
        (stories.has_active_stories, stories.items.len()),
        (Some(true), 1)
    );
    assert_eq!(stories.items.first().unwrap().id, "7_42");
}

#[test]
fn stories_are_taken_from_whichever_door_shows_them() {
    let stories = record(ask(&guest(STORY), |_| reel()));
    assert_eq!((stories.user_id.as_str(), stories.items.len()), ("42", 1));
}

#[test]
fn a_door_without_the_items_is_not_the_last() {
    let list = "/api/v1/feed/reels_media/";
    let empty = response(
        200,
        "",
        json!({ "reels": { "42": { "id": 42, "user": { "pk": "42" }, "items": [] } } }),
    );
    let stories = record(ask(&member(STORY), |door| match door {
        ROOT => root(json!(NOW - 60)),
        door if door == list => empty.clone(),
        _ => reel(),
    }));
    assert_eq!(stories.items.len(), 1);
}

#[test]
fn a_story_that_is_up_and_not_shown_is_unavailable() {
    let empty = || response(200, "", r#"{"reels":{},"reels_media":[],"status":"ok"}"#);
    let end = ask(&member(STORY), |door| {
        if door == ROOT {
            root(json!(NOW - 60))
        } else {
            empty()
        }
    });
    assert_eq!(refusal(end), Refusal::StoriesUnavailable);
}

#[test]
fn private_accounts_are_refused() {
    let private = || {
        let body = String::from_utf8(root(json!(NOW)).body).unwrap();
        response(
            200,
            "",
            body.replace(r#""is_private":false"#, r#""is_private":true"#),
        )
    };
    assert_eq!(
        refusal(ask(&member(STORY), |_| private())),
        Refusal::Private
    );
}

#[test]
fn a_wall_is_not_no_story() {
    assert_eq!(
        refusal(ask(&guest(STORY), |_| login_gate())),
        Refusal::LoginRequired
    );
}
