//! Our pages, built from Instagram's pages.
#![expect(clippy::unwrap_used, reason = "tests")]

mod empty;

use std::ops::Range;

use serde_json::{Value, json};

use super::*;
use crate::contract::exchanges::{Request, Response};
use crate::settings::PROFILE;
use crate::testing::{
    form, guest, is_post, label, login_gate, record, refusal, response, run, steps,
};
use crate::{Step, profile_posts, profile_reels, shortcode};

const FIRST: &str = "PolarisProfilePostsQuery";
const NEXT: &str = "PolarisProfilePostsTabContentQuery_connection";
const THIN: &str = "PolarisLoggedOutDesktopWWWProfilePostsTabContentQuery";
const ROOT: &str = "PolarisLoggedOutDesktopWWWProfileRootContentQuery";
const REELS: &str = "PolarisLoggedOutDesktopWWWProfileReelsTabContentQuery";

fn query(limit: u32, cursor: Option<String>) -> Query {
    Query {
        username: "gramhost.demo".to_owned(),
        limit,
        cursor,
    }
}

fn ask(
    limit: u32,
    cursor: Option<String>,
    answer: impl Fn(&Request) -> Response,
) -> (Step<MediaPage>, Vec<Request>) {
    let context = guest(PROFILE);
    run(
        |memo, answers| {
            profile_posts::extract(&query(limit, cursor.clone()), &context, memo, answers)
        },
        answer,
    )
}

fn item(number: u64) -> Value {
    let media_id = 3_000_000_000_000_000_000 + number;
    json!({ "pk": media_id.to_string(), "code": shortcode::from_media_id(media_id), "media_type": 1,
        "user": { "pk": "42", "username": "gramhost.demo" },
        "image_versions2": { "candidates": [{ "url": "https://x.cdninstagram.com/a.jpg" }] } })
}

/// A page of these posts, with a cursor to the next one.
fn page(posts: Range<u64>, next: Option<&str>) -> Response {
    let edges: Vec<Value> = posts
        .map(|number| json!({ "node": item(number) }))
        .collect();
    let info = json!({ "has_next_page": next.is_some(), "end_cursor": next });
    let list = json!({ "edges": edges, "page_info": info });
    response(
        200,
        "",
        json!({ "data": { "xdt_api__v1__feed__user_timeline_graphql_connection": list } }),
    )
}

/// An account with 30 posts in pages of twelve; the cursor is the number of the first post.
fn account(request: &Request) -> Response {
    let form = form(request);
    match label(request).as_str() {
        FIRST => page(0..12, Some("c12")),
        NEXT if form.contains("c12") => page(12..24, Some("c24")),
        NEXT if form.contains("c24") => page(24..30, None),
        _ => login_gate(),
    }
}

fn numbers(page: &MediaPage) -> Vec<u64> {
    page.items
        .iter()
        .map(|media| media.media_id.parse::<u64>().unwrap() - 3_000_000_000_000_000_000)
        .collect()
}

#[test]
fn a_page_of_twelve_is_one_request() {
    let (step, asked) = ask(12, None, account);
    let page = record(step);
    assert_eq!(numbers(&page), (0..12).collect::<Vec<_>>());
    assert!(page.has_next_page && page.end_cursor.is_some());
    assert_eq!(asked.len(), 1);
}

#[test]
fn further_pages_are_asked_up_to_the_limit() {
    let (step, asked) = ask(50, None, account);
    let page = record(step);
    assert_eq!(numbers(&page), (0..30).collect::<Vec<_>>());
    assert_eq!((page.has_next_page, page.end_cursor), (false, None));
    assert_eq!(
        asked.iter().map(label).collect::<Vec<_>>(),
        [FIRST, NEXT, NEXT]
    );
}

#[test]
fn every_limit_walks_the_whole_list_without_gap_or_repeat() {
    for limit in 1..=50 {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = record(ask(limit, cursor, account).0);
            assert!(page.items.len() <= limit as usize);
            all.extend(numbers(&page));
            cursor = page.end_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all, (0..30).collect::<Vec<_>>(), "limit {limit}");
    }
}

#[test]
fn a_later_page_that_fails_cuts_the_list_and_leaves_a_cursor() {
    let (step, _) = ask(50, None, |request| {
        if label(request) == FIRST {
            account(request)
        } else {
            login_gate()
        }
    });
    let page = record(step);
    assert_eq!(numbers(&page), (0..12).collect::<Vec<_>>());
    let rest = record(ask(50, page.end_cursor, account).0);
    assert_eq!(numbers(&rest), (12..30).collect::<Vec<_>>());
}

#[test]
fn an_endless_list_stays_within_the_rounds() {
    let (step, asked) = ask(50, None, |request| {
        let start: u64 = if label(request) == FIRST {
            0
        } else {
            form(request).len() as u64 * 100
        };
        page(
            start..start + 2,
            Some(&format!("c{}", "x".repeat(form(request).len() % 1000))),
        )
    });
    let page = record(step);
    assert!(page.has_next_page);
    assert_eq!(asked.len(), crate::ROUNDS_MAX as usize);
}

#[test]
fn the_next_door_is_tried_for_the_first_page() {
    let (step, asked) = ask(12, None, |request| {
        if label(request) == THIN {
            page(0..3, None)
        } else {
            login_gate()
        }
    });
    assert_eq!(record(step).items.len(), 3);
    assert_eq!(asked.iter().map(label).collect::<Vec<_>>(), [FIRST, THIN]);
}

#[test]
fn a_cursor_that_is_not_ours_is_invalid() {
    let forged = |door: &str| {
        Cursor {
            door: door.to_owned(),
            page: None,
            skip: 0,
            user_id: None,
        }
        .encode()
    };
    for cursor in [
        "garbage".to_owned(),
        String::new(),
        forged("session-posts"),
        forged("guest-root"),
        forged("x"),
    ] {
        let (step, asked) = ask(12, Some(cursor.clone()), account);
        assert_eq!(
            (refusal(step), asked.len()),
            (Refusal::InvalidCursor, 0),
            "{cursor}"
        );
    }
}

#[test]
fn a_cursor_that_instagram_no_longer_takes_is_invalid() {
    let cursor = record(ask(12, None, account).0).end_cursor;
    let error = r#"{"data":null,"errors":[{"message":"execution error","severity":"CRITICAL"}]}"#;
    let (step, _) = ask(12, cursor, |_| response(200, "", error));
    assert_eq!(refusal(step), Refusal::InvalidCursor);
}

#[test]
fn the_user_id_is_learnt_on_the_way() {
    let user = json!({ "pk": "42", "username": "gramhost.demo", "biography": "" });
    let root = json!({ "data": { "xig_user_by_username": user } });
    let reels =
        json!({ "items": [{ "media": item(1) }], "paging_info": { "more_available": false } });
    let context = guest(PROFILE);
    let (step, asked) = run(
        |memo, answers| profile_reels::extract(&query(12, None), &context, memo, answers),
        |request| match label(request).as_str() {
            ROOT => response(200, "", &root),
            "/api/v1/clips/user/" => response(200, "", &reels),
            _ => login_gate(),
        },
    );
    assert_eq!(record(step).items.len(), 1);
    assert_eq!(label(&asked[0]), REELS);
    let last = asked.last().unwrap();
    assert!(is_post(last) && form(last).contains("target_user_id=42"));
}

#[test]
fn an_item_that_is_left_out_is_told_to_the_log() {
    let list = json!({ "edges": [{ "node": item(1) }, { "node": { "id": "x" } }] });
    let context = guest(PROFILE);
    let (outcomes, _) = steps(
        |memo, answers| profile_posts::extract(&query(12, None), &context, memo, answers),
        |_| {
            let data = json!({ "xdt_api__v1__feed__user_timeline_graphql_connection": list });
            response(200, "", json!({ "data": data }))
        },
    );
    let told = outcomes
        .iter()
        .flat_map(|outcome| &outcome.report.diagnostics);
    let messages: Vec<_> = told.map(|it| it.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].starts_with("an item was left out"),
        "{messages:?}"
    );
    assert_eq!(
        numbers(&record(outcomes.into_iter().last().unwrap().step)),
        [1]
    );
}
