//! Pages without own posts, and lists that are empty although the account has posts.

use serde_json::{Value, json};

use super::{FIRST, NEXT, REELS, ROOT, THIN, ask, item, numbers, page, query};
use crate::contract::exchanges::Response;
use crate::contract::steps::Refusal;
use crate::cursor::Cursor;
use crate::profile_reels;
use crate::settings::PROFILE;
use crate::testing::{form, guest, label, login_gate, record, refusal, response, run};

const PAGE: &str = "/gramhost.demo/";
const DETAILS: &str = "PolarisProfilePageContentQuery";

/// A page of twelve posts of another account, with a cursor to the next page.
fn foreign(next: &str) -> Response {
    let mut posts = page(100..112, Some(next));
    let text = String::from_utf8_lossy(&posts.body);
    posts.body = text.replace("gramhost.demo", "other").into_bytes();
    posts
}

/// A response with the account, and these facts about it.
fn root(facts: Value) -> Response {
    let mut user =
        json!({ "pk": "42", "username": "gramhost.demo", "biography": "", "is_private": false });
    if let (Some(user), Some(facts)) = (user.as_object_mut(), facts.as_object()) {
        user.extend(facts.clone());
    }
    response(200, "", json!({ "data": { "xig_user_by_username": user } }))
}

/// The thin list for guests, with the account around it.
fn thin(posts: std::ops::Range<u64>, is_private: Option<bool>) -> Response {
    let edges: Vec<_> = posts
        .map(|number| json!({ "node": item(number) }))
        .collect();
    let info = json!({ "has_next_page": false, "end_cursor": null });
    let list = json!({ "edges": edges, "page_info": info });
    root(json!({ "is_private": is_private, "polaris_ordered_timeline_connection": list }))
}

fn null() -> Response {
    response(200, "", r#"{"data":{"xig_user_by_username":null}}"#)
}

/// The doors that were asked, in order, and what came of it.
fn posts(answer: impl Fn(&str) -> Response) -> (crate::Step<super::MediaPage>, Vec<String>) {
    let (step, asked) = ask(12, None, |request| answer(&label(request)));
    (step, asked.iter().map(label).collect())
}

#[test]
fn a_page_without_new_own_posts_is_not_the_end() {
    type Page = fn() -> Response;
    let barren: [Page; 3] = [
        || page(0..0, Some("three")),
        || foreign("three"),
        || page(0..3, Some("three")),
    ];
    for middle in barren {
        let (step, asked) = ask(12, None, |request| {
            let form = form(request);
            match label(request).as_str() {
                FIRST => page(0..3, Some("two")),
                NEXT if form.contains("two") => middle(),
                NEXT if form.contains("three") => foreign("four"),
                NEXT if form.contains("four") => page(3..6, None),
                _ => login_gate(),
            }
        });
        let found = record(step);
        assert_eq!(numbers(&found), [0, 1, 2, 3, 4, 5]);
        assert!(!found.has_next_page);
        assert_eq!(asked.len(), 4);
    }
}

#[test]
fn the_first_page_may_be_without_own_posts() {
    let (step, asked) = ask(12, None, |request| match label(request).as_str() {
        FIRST => foreign("two"),
        NEXT => page(0..3, None),
        _ => login_gate(),
    });
    assert_eq!(numbers(&record(step)), [0, 1, 2]);
    assert_eq!(asked.len(), 2);
}

#[test]
fn pages_without_end_leave_the_newest_cursor() {
    let number = |form: &str| {
        let digits = form.split_once("turn-").map(|(_, rest)| rest);
        digits
            .and_then(|rest| rest.split('%').next()?.parse().ok())
            .unwrap_or(0_u32)
    };
    let (step, asked) = ask(12, None, |request| {
        let turn = number(&form(request));
        let posts = if turn == 0 { 0..3 } else { 0..0 };
        page(posts, Some(&format!("turn-{}", turn + 1)))
    });
    let found = record(step);
    assert_eq!(
        (numbers(&found), found.has_next_page),
        (vec![0, 1, 2], true)
    );
    assert_eq!(asked.len(), crate::ROUNDS_MAX as usize);
    let cursor = found.end_cursor.and_then(|text| Cursor::decode(&text));
    let newest = format!("turn-{}", crate::ROUNDS_MAX);
    assert_eq!(cursor.and_then(|cursor| cursor.page), Some(newest));
}

#[test]
fn a_cursor_that_repeats_itself_ends_the_list() {
    let (step, asked) = ask(50, None, |request| {
        let form = form(request);
        match label(request).as_str() {
            FIRST => page(0..3, Some("two")),
            NEXT if form.contains("two") => page(3..6, Some("three")),
            _ => page(6..9, Some("two")),
        }
    });
    let found = record(step);
    assert_eq!((found.items.len(), found.has_next_page), (9, false));
    assert_eq!(asked.len(), 3);
}

#[test]
fn an_empty_list_is_confirmed_by_the_profile() {
    let end = |root: Response| {
        let (step, asked) = posts(|door| {
            if door == ROOT {
                root.clone()
            } else {
                page(0..0, None)
            }
        });
        (step, asked.len())
    };
    let (step, asked) = end(root(json!({ "media_count": 0 })));
    let empty = record(step);
    assert_eq!(
        (empty.items.len(), empty.has_next_page, asked),
        (0, false, 2)
    );
    assert_eq!(empty.owner.user_id.as_deref(), Some("42"));
    let (step, asked) = end(root(json!({ "is_private": true })));
    assert_eq!((refusal(step), asked), (Refusal::Private, 2));
    assert_eq!(refusal(end(null()).0), Refusal::NotFound);
}

#[test]
fn a_list_is_not_empty_if_the_profile_counts_posts() {
    let counted = || root(json!({ "media_count": 57 }));
    let (step, asked) = posts(|door| match door {
        FIRST => page(0..0, None),
        ROOT => counted(),
        THIN => thin(0..3, Some(false)),
        _ => login_gate(),
    });
    assert_eq!(numbers(&record(step)), [0, 1, 2]);
    assert_eq!(asked, [FIRST, ROOT, THIN]);
    // The count may also come from a further answer about the profile.
    let (step, _) = posts(|door| match door {
        FIRST => page(0..0, None),
        ROOT => root(json!({})),
        DETAILS => response(
            200,
            "",
            json!({ "data": { "user": { "pk": "42", "username": "gramhost.demo",
            "biography": "", "media_count": 57 } } }),
        ),
        THIN => thin(0..0, Some(false)),
        _ => login_gate(),
    });
    assert_eq!(
        refusal(step),
        Refusal::LoginRequired,
        "a session might see them"
    );
    let (step, asked) = posts(|door| match door {
        ROOT => counted(),
        PAGE => thin(0..0, Some(false)),
        _ => page(0..0, None),
    });
    assert!(matches!(refusal(step), Refusal::Unavailable(text) if text.contains("57")));
    assert_eq!(asked[..4], [FIRST, ROOT, THIN, PAGE]);
}

#[test]
fn a_profile_that_cannot_be_seen_does_not_hide_the_list_of_another_door() {
    for profile in [null(), login_gate()] {
        let (step, _) = posts(|door| match door {
            FIRST => page(0..0, None),
            ROOT => profile.clone(),
            THIN => thin(0..3, Some(false)),
            _ => login_gate(),
        });
        assert_eq!(numbers(&record(step)), [0, 1, 2]);
    }
    let (step, _) = posts(|door| {
        if door == FIRST {
            page(0..0, None)
        } else {
            login_gate()
        }
    });
    assert_eq!(refusal(step), Refusal::LoginRequired);
}

#[test]
fn a_list_that_counts_its_own_posts_needs_no_profile() {
    let user = |count: u64| {
        let list = json!({ "count": count, "edges": [], "page_info": { "has_next_page": false } });
        let user = json!({ "id": "42", "username": "gramhost.demo", "is_private": false,
            "edge_owner_to_timeline_media": list });
        response(200, "", json!({ "data": { "user": user } }))
    };
    let (step, asked) = posts(|_| user(0));
    assert_eq!((record(step).items.len(), asked.len()), (0, 1));
    let (step, asked) = posts(|door| {
        if door == FIRST {
            user(57)
        } else {
            thin(0..3, Some(false))
        }
    });
    assert_eq!(numbers(&record(step)), [0, 1, 2]);
    assert_eq!(asked, [FIRST, THIN]);
}

#[test]
fn a_list_without_a_count_anywhere_may_be_empty() {
    let (step, _) = posts(|door| match door {
        FIRST => page(0..0, None),
        ROOT => root(json!({})),
        _ => login_gate(),
    });
    assert_eq!(record(step).items.len(), 0);
}

#[test]
fn an_account_that_one_door_shows_is_not_missing() {
    // Two doors say that there is none, and the profile of a third one that there is.
    let (step, _) = posts(|door| match door {
        FIRST | THIN => null(),
        PAGE => root(json!({})),
        _ => login_gate(),
    });
    assert_eq!(
        refusal(step),
        Refusal::NotFound,
        "settled before it is shown"
    );
    let (step, _) = posts(|door| match door {
        FIRST => root(json!({})),
        _ => null(),
    });
    assert!(matches!(refusal(step), Refusal::Unavailable(_)));
    // The account is shown without a description.
    let shown = || {
        response(
            200,
            "",
            json!({ "data": { "user": { "pk": "42", "username": "Gramhost.Demo" } } }),
        )
    };
    let (step, _) = posts(|door| if door == FIRST { shown() } else { null() });
    assert!(matches!(refusal(step), Refusal::Unavailable(_)));
    // The list itself shows it.
    let (step, _) = posts(|door| {
        if door == FIRST {
            thin(0..0, None)
        } else {
            null()
        }
    });
    assert!(matches!(refusal(step), Refusal::Unavailable(_)));
}

#[test]
fn an_account_without_reels_costs_two_requests() {
    let context = guest(PROFILE);
    let none = json!({ "edges": [], "page_info": { "has_next_page": false, "end_cursor": null } });
    let list = root(json!({ "polaris_clips_connection": none }));
    let (step, asked) = run(
        |memo, answers| profile_reels::extract(&query(12, None), &context, memo, answers),
        |request| {
            if label(request) == REELS {
                list.clone()
            } else {
                root(json!({ "media_count": 57 }))
            }
        },
    );
    assert_eq!(record(step).items.len(), 0);
    assert_eq!(asked.iter().map(label).collect::<Vec<_>>(), [REELS, ROOT]);
}
