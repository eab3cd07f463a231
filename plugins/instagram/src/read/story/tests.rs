//! Story items and stickers of both families.
#![expect(clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::contract::records::MediaType;
use crate::read::samples;
use crate::read::trees::stories;

fn found(document: Value) -> StoriesPart {
    match stories(&[document], "ann") {
        Reading::Found(part) => part,
        other => panic!("{other:?}"),
    }
}

fn told(item: &StoryItem) -> Vec<(&str, Option<&str>, Option<&str>, usize)> {
    let stickers = item.stickers.iter();
    stickers
        .map(|it| {
            (
                it.kind.as_str(),
                it.text.as_deref(),
                it.url.as_deref(),
                it.options.len(),
            )
        })
        .collect()
}

#[test]
fn mobile_items_with_their_stickers() {
    let part = found(samples::stories());
    assert_eq!(
        (part.user_id.as_deref(), part.items.len()),
        (Some("5"), 1),
        "the leaked reel is dropped"
    );
    let item = &part.items[0];
    assert_eq!(
        (item.id.as_str(), &item.media_type),
        ("79_5", &MediaType::Image)
    );
    assert_eq!(
        (item.expiring_at, item.view_count),
        (Some(1_780_086_400), None)
    );
    assert_eq!(
        told(item),
        [
            ("poll", Some("Sun?"), None, 2),
            ("link", None, Some("https://x.test"), 0),
            ("mention", Some("bob"), None, 0),
            ("post", None, Some("https://www.instagram.com/p/BN/"), 0),
        ]
    );
}

#[test]
fn legacy_items_with_their_tappable_objects() {
    let part = found(samples::legacy_stories());
    let item = &part.items[0];
    assert_eq!(
        (item.id.as_str(), &item.media_type),
        ("79_5", &MediaType::Video)
    );
    assert_eq!(
        (item.renditions.videos[0].width, item.view_count),
        (Some(9), None)
    );
    assert_eq!(
        told(item),
        [
            ("hashtag", Some("sun"), None, 0),
            ("post", None, Some("https://www.instagram.com/p/BN/"), 0),
            ("link", None, Some("https://x.test/"), 0),
        ]
    );
}

#[test]
fn every_place_of_reels_is_read() {
    let reel = &samples::stories()["reels"]["5"];
    for document in [
        json!({"reel": reel, "status": "ok"}),
        json!({"reels_media": [reel]}),
        json!({"data": {"xdt_api__v1__feed__reels_media": {"reels_media": [reel]}}}),
        json!({"data": {"xdt_api__v1__feed__reels_media__connection": {"edges": [{"node": reel}]}}}),
        json!({"tray": [{"user": {"username": "zoe"}}, reel]}),
        json!({"reel": reel, "reels": {"5": reel}}),
    ] {
        assert_eq!(found(document).items.len(), 1);
    }
}

#[test]
fn nothing_up_is_missing_and_others_stories_absent() {
    for document in [
        json!({"reels": {}}),
        json!({"reel": null}),
        json!({"reels_media": []}),
        json!({"user": null}),
    ] {
        assert_eq!(
            stories(std::slice::from_ref(&document), "ann"),
            Reading::Missing,
            "{document}"
        );
    }
    assert_eq!(stories(&[samples::stories()], "bob"), Reading::Absent);
    assert_eq!(
        stories(
            &[json!({"tray": [{"id": 5, "user": {"username": "ann"}}]})],
            "ann"
        ),
        Reading::Absent
    );
}

#[test]
fn private_accounts_are_refused() {
    let mut answer = samples::stories();
    answer["reels"]["5"]["user"]["is_private"] = json!(true);
    assert_eq!(
        stories(&[answer], "ann"),
        Reading::Refused(Refusal::Private)
    );
    let profile = json!({"user": {"username": "ann", "is_private": true}});
    assert_eq!(
        stories(&[profile], "ann"),
        Reading::Refused(Refusal::Private)
    );
}

#[test]
fn items_without_a_picture_have_changed() {
    let answer = json!({"reel": {"user": {"username": "ann"}, "items": [{"pk": 79}]}});
    match stories(&[answer], "ann") {
        Reading::Changed(change) => assert_eq!(change.path, "reel[0].items[0].image_versions2"),
        other => panic!("{other:?}"),
    }
}
