//! Which records are parts, and what joining them keeps.
#![expect(clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::read::Reading;
use crate::read::samples::CODE;
use crate::read::trees::{media, stories};

fn post(node: Value) -> Media {
    let mut post = json!({ "pk": "77", "code": CODE });
    if let (Some(post), Value::Object(node)) = (post.as_object_mut(), node) {
        post.extend(node);
    }
    match media(&[json!({ "items": [post] })], CODE) {
        Reading::Found(media) => media,
        other => panic!("{other:?}"),
    }
}

fn picture() -> Value {
    json!({ "media_type": 1, "display_uri": "https://a.fbcdn.net/1.jpg" })
}

fn poster() -> Value {
    json!({ "media_type": 2, "display_uri": "https://a.fbcdn.net/1.jpg" })
}

fn video() -> Value {
    json!({ "media_type": 2, "display_uri": "https://a.fbcdn.net/1.jpg",
        "video_versions": [{ "url": "https://a.fbcdn.net/1.mp4" }] })
}

fn carousel(count: Option<u32>, children: &[Value]) -> Value {
    json!({ "media_type": 8, "display_uri": "https://a.fbcdn.net/1.jpg",
        "carousel_media_count": count, "carousel_media": children })
}

#[test]
fn a_poster_a_first_picture_and_fewer_children_than_counted_are_parts() {
    let withheld = || json!({ "pk": "79", "media_type": 1, "image_versions2": null });
    for whole in [
        picture(),
        video(),
        carousel(None, &[picture(), video()]),
        carousel(Some(2), &[picture(), video()]),
        json!({ "media_type": 2, "display_uri": "https://a.fbcdn.net/1.jpg",
            "video_dash_manifest": "<MPD><AdaptationSet contentType=\"video\"><Representation width=\"9\" \
                height=\"16\" codecs=\"avc1\"><BaseURL>https://a.fbcdn.net/v.mp4</BaseURL>" }),
    ] {
        assert!(post(whole.clone()).is_whole(), "{whole}");
    }
    for part in [
        poster(),
        carousel(None, &[]),
        carousel(Some(3), &[]),
        carousel(Some(3), &[picture(), video()]),
        carousel(Some(2), &[picture(), withheld()]),
        carousel(Some(2), &[picture(), json!(null)]),
        carousel(None, &[picture(), json!({})]),
        carousel(Some(2), &[picture(), poster()]),
        json!({ "media_type": 1, "display_uri": "https://a.fbcdn.net/1.jpg", "carousel_media_count": 3 }),
        json!({ "__typename": "GraphNew", "display_uri": "https://a.fbcdn.net/1.jpg" }),
    ] {
        assert!(!post(part.clone()).is_whole(), "{part}");
    }
}

#[test]
fn the_children_of_a_legacy_post_are_counted() {
    let child = json!({ "node": { "id": "78", "__typename": "GraphImage", "display_url": "https://a.fbcdn.net/1.jpg" } });
    let is_whole = |children: Value| {
        let node = json!({ "shortcode": CODE, "id": "77", "__typename": "GraphSidecar",
            "display_url": "https://a.fbcdn.net/1.jpg", "edge_sidecar_to_children": children });
        match media(&[json!({ "shortcode_media": node })], CODE) {
            Reading::Found(media) => media.is_whole(),
            other => panic!("{other:?}"),
        }
    };
    assert!(is_whole(json!({ "edges": [child] })));
    assert!(is_whole(json!({ "count": 1, "edges": [child] })));
    assert!(!is_whole(json!({ "count": 3, "edges": [child] })));
    assert!(!is_whole(json!({ "edges": [] })));
}

#[test]
fn the_fuller_record_wins_and_the_other_one_fills_its_gaps() {
    let mut thin = poster();
    thin["caption"] = json!({ "text": "Hi #sun" });
    thin["like_count"] = json!(9);
    thin["taken_at"] = json!(1);
    let mut full = video();
    full["taken_at"] = json!(2);
    for joined in [
        post(thin.clone()).joined(post(full.clone())),
        post(full).joined(post(thin.clone())),
    ] {
        assert_eq!(joined.renditions.videos.len(), 1);
        assert_eq!((joined.taken_at, joined.like_count), (Some(2), Some(9)));
        assert_eq!(joined.caption.as_deref(), Some("Hi #sun"));
        assert_eq!(joined.hashtags, ["sun"]);
    }
    let first = post(carousel(Some(3), &[picture()]));
    let joined = first.joined(post(carousel(None, &[picture(), video()])));
    assert_eq!((joined.children.len(), joined.carousel_count), (2, Some(3)));
    assert!(!joined.is_whole(), "one is still missing");
    let mut equal = poster();
    equal["taken_at"] = json!(3);
    assert_eq!(
        post(thin).joined(post(equal)).taken_at,
        Some(1),
        "the first"
    );
}

#[test]
fn counts_that_are_hidden_stay_hidden() {
    let mut thin = poster();
    thin["like_count"] = json!(9);
    let mut full = video();
    full["like_and_view_counts_disabled"] = json!(true);
    let joined = post(full).joined(post(thin));
    assert_eq!(
        (joined.like_count, joined.counts_hidden),
        (None, Some(true))
    );
}

#[test]
fn a_story_is_whole_with_every_video() {
    let story = |items: Value| {
        let reel = json!({ "id": 5, "user": { "pk": 5, "username": "ann" }, "items": items });
        match stories(&[json!({ "reels": { "5": reel } })], "ann") {
            Reading::Found(part) => part,
            other => panic!("{other:?}"),
        }
    };
    let item = |pk: u64, item: Value| {
        let mut item = item;
        item["pk"] = json!(pk);
        item
    };
    assert!(story(json!([item(1, video()), item(2, picture())])).is_whole());
    let thin = story(json!([item(1, poster()), item(2, picture())]));
    assert!(!thin.is_whole() && !story(json!([])).is_whole());
    let joined = thin.joined(story(json!([item(1, video()), item(3, picture())])));
    assert!(joined.is_whole());
    let ids: Vec<_> = joined.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["1_5", "2_5", "3_5"]);
}
