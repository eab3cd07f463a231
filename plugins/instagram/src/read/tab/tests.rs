//! Lists of every dialect, and which account their items belong to.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::slice::from_ref;

use serde_json::{Value, json};

use super::*;
use crate::read::samples;
use crate::read::trees::{posts, reels};

fn found(reading: Reading<TabPage>) -> TabPage {
    match reading {
        Reading::Found(page) => page,
        other => panic!("{other:?}"),
    }
}

fn node(code: &str, pk: u64, user: Value) -> Value {
    json!({"node": {"code": code, "pk": pk, "media_type": 1, "display_uri": "https://a.fbcdn.net/1.jpg", "user": user}})
}

fn timeline(nodes: &[Value]) -> Value {
    let page_info = json!({"has_next_page": true, "end_cursor": "AQHT"});
    json!({"xig_user_by_username": {"pk": "5", "id": "17841400000000005", "username": "ann",
        "polaris_ordered_timeline_connection": {"edges": nodes, "page_info": page_info}}})
}

#[test]
fn only_own_and_coauthored_items_are_kept() {
    let mut shared = node("CC", 3, json!({"pk": "9", "username": "zoe"}));
    shared["node"]["coauthor_producers"] = json!([{"pk": "5", "username": "ann"}]);
    let nodes = [
        node("AA", 1, json!({"pk": "5", "username": "ann"})),
        node("BB", 2, json!({"pk": "9", "username": "zoe"})),
        shared,
        node("DD", 4, json!({"pk": "5"})),
        node("EE", 5, json!({"pk": "9"})),
    ];
    let page = found(posts(&[timeline(&nodes)], "Ann"));
    let codes: Vec<_> = page
        .items
        .iter()
        .map(|item| item.shortcode.as_str())
        .collect();
    assert_eq!(codes, ["AA", "CC", "DD"]);
    assert_eq!(
        (page.has_next_page, page.end_cursor.as_deref()),
        (true, Some("AQHT"))
    );
    assert_eq!(page.owner.user_id.as_deref(), Some("5"));
    assert_eq!(reels(&[timeline(&nodes)], "ann"), Reading::Absent);
}

#[test]
fn legacy_root_holds_both_tabs() {
    let page = found(posts(&[samples::legacy_profile()], "ann"));
    assert_eq!(
        (page.items.len(), page.total_count, page.private),
        (1, Some(30), Some(false))
    );
    let page = found(reels(&[samples::legacy_profile()], "ann"));
    assert_eq!(
        (page.items.len(), page.total_count, page.has_next_page),
        (0, Some(1), false)
    );
}

#[test]
fn legacy_post_takes_its_duration_from_the_other_tab() {
    let mut answer = samples::legacy_profile();
    let reel = json!({"node": {"shortcode": samples::CODE, "video_duration": 8.5}});
    answer["data"]["user"]["edge_felix_video_timeline"]["edges"] = json!([reel]);
    let page = found(posts(&[answer], "ann"));
    assert_eq!(page.items[0].renditions.duration, Some(8.5));
}

#[test]
fn mobile_lists_are_told_apart_by_their_wrapping() {
    let page = found(reels(&[samples::mobile_reels()], "ann"));
    assert_eq!(
        (page.items.len(), page.end_cursor.as_deref()),
        (1, Some("QVF"))
    );
    assert_eq!(page.owner.username.as_deref(), Some("ann"));
    assert_eq!(posts(&[samples::mobile_reels()], "ann"), Reading::Absent);
    assert_eq!(
        found(posts(&[samples::mobile_post()], "ann")).items.len(),
        1
    );
}

#[test]
fn empty_feed_with_its_owner_is_empty_and_without_is_missing() {
    let feed = json!({"items": [], "user": {"pk": 5, "username": "ann"}, "more_available": false});
    assert!(found(posts(&[feed], "ann")).items.is_empty());
    assert_eq!(
        posts(&[json!({"items": [], "num_results": 0})], "ann"),
        Reading::Missing
    );
}

#[test]
fn lists_of_another_account_are_none() {
    let feed = json!({"items": [], "user": {"pk": 5, "username": "bob"}, "more_available": false});
    assert_eq!(posts(&[feed], "ann"), Reading::Absent);
    let list = json!({"user": {"username": "bob", "id": "5"}, "items": []});
    let answer = json!({"data": {"xdt_api__v1__profile_timeline": list}});
    assert_eq!(posts(from_ref(&answer), "ann"), Reading::Absent);
    assert!(found(posts(&[answer], "bob")).items.is_empty());
}

#[test]
fn unknown_names_of_the_web_app_are_recognised_by_their_word() {
    let edges = json!({"edges": [{"node": {"media": node("AA", 1, json!({"pk": "5"}))["node"]}}]});
    let answer =
        json!({"data": {"fetch__XDTUserDict": {"xdt_api__v1__clips__user__connection_v3": edges}}});
    assert_eq!(found(reels(&[answer], "ann")).items.len(), 1);
    let edges = json!({"edges": [], "page_info": {"has_next_page": false, "end_cursor": null}});
    let answer = json!({"data": {"xdt_api__v1__feed__user_timeline_graphql_connection": edges}});
    assert!(found(posts(&[answer], "ann")).items.is_empty());
}

#[test]
fn private_accounts_are_refused() {
    let mut answer = samples::legacy_profile();
    answer["data"]["user"]["is_private"] = json!(true);
    assert_eq!(
        posts(&[answer.clone()], "ann"),
        Reading::Refused(Refusal::Private)
    );
    assert_eq!(reels(&[answer], "ann"), Reading::Refused(Refusal::Private));
    let mut answer = samples::mobile_post();
    answer["items"][0]["user"]["is_private"] = json!(true);
    assert_eq!(posts(&[answer], "ann"), Reading::Refused(Refusal::Private));
}

#[test]
fn one_unreadable_item_is_left_out_and_a_list_of_them_has_changed() {
    let broken = json!({"node": {"id": "x"}});
    let fine = node("AA", 1, json!({"pk": "5"}));
    let page = found(posts(&[timeline(&[broken.clone(), fine])], "ann"));
    assert_eq!(page.items.len(), 1);
    assert!(page.unread.unwrap().path.ends_with("[0].pk"));
    match posts(&[timeline(&[broken])], "ann") {
        Reading::Changed(change) => {
            assert_eq!(
                change.path,
                "xig_user_by_username.polaris_ordered_timeline_connection[0].pk"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn empty_list_of_a_gated_account_is_refused() {
    let mut answer = timeline(&[]);
    answer["xig_user_by_username"]["gating_ruling"] = json!({"gating_type": 3});
    assert!(matches!(
        posts(&[answer], "ann"),
        Reading::Refused(Refusal::AgeRestricted)
    ));
}

#[test]
fn null_lists() {
    let mut answer = timeline(&[]);
    answer["xig_user_by_username"]["polaris_ordered_timeline_connection"] = json!(null);
    assert!(matches!(posts(&[answer], "ann"), Reading::Changed(_)));
    let answer = json!({"xdt_api__v1__feed__user_timeline_graphql_connection": null});
    assert_eq!(posts(&[answer], "ann"), Reading::Missing);
    assert_eq!(
        posts(&[json!({"xig_user_by_username": null})], "ann"),
        Reading::Missing
    );
}

#[test]
fn cursor_is_given_only_with_a_next_page() {
    let mut feed = samples::mobile_post();
    feed.as_object_mut()
        .unwrap()
        .insert("next_max_id".into(), json!(123));
    assert_eq!(found(posts(&[feed.clone()], "ann")).end_cursor, None);
    feed["more_available"] = json!(true);
    assert_eq!(
        found(posts(&[feed], "ann")).end_cursor.as_deref(),
        Some("123")
    );
}

#[test]
fn an_item_is_pinned_if_its_list_says_so() {
    let pinned = |key: &str, value: Value| {
        let mut pinned = node("AA", 1, json!({"pk": "5", "username": "ann"}));
        pinned["node"][key] = value;
        found(posts(&[timeline(&[pinned])], "ann")).items[0]
            .more
            .clone()
    };
    let is = |value: &str| vec![("is_pinned".to_owned(), value.to_owned())];
    assert_eq!(pinned("timeline_pinned_user_ids", json!(["5"])), is("true"));
    assert_eq!(
        pinned("timeline_pinned_user_ids", json!([9, 5])),
        is("true")
    );
    assert_eq!(pinned("pinned_for_users", json!([{"id": "5"}])), is("true"));
    for none in [json!(null), json!([]), json!(["9"])] {
        assert_eq!(
            pinned("timeline_pinned_user_ids", none.clone()),
            is("false"),
            "{none}"
        );
    }
    assert_eq!(
        pinned("clips_tab_pinned_user_ids", json!(["5"])),
        [],
        "another tab"
    );
    let mut answer = samples::mobile_reels();
    answer["items"][0]["media"]["clips_tab_pinned_user_ids"] = json!([5]);
    assert_eq!(found(reels(&[answer], "ann")).items[0].more, is("true"));
}
