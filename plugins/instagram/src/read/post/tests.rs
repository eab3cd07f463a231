//! The result of the two normalisers for each dialect, and which post is chosen.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::contract::records::MediaType;
use crate::read::samples::{self, CODE};
use crate::read::trees::media;

fn found(document: Value) -> Media {
    match media(&[document], CODE) {
        Reading::Found(media) => media,
        other => panic!("{other:?}"),
    }
}

#[test]
fn polaris_carousel() {
    let post = found(samples::polaris_post());
    assert_eq!(
        (post.shortcode.as_str(), post.media_id.as_str()),
        (CODE, "77")
    );
    assert_eq!(post.media_type, MediaType::Carousel);
    assert_eq!(
        (post.hashtags, post.mentions),
        (vec!["sun".to_owned()], vec!["bob".to_owned()])
    );
    let owner = post.owner.unwrap();
    assert_eq!(owner.user_id.as_deref(), Some("5"), "not the Facebook id");
    assert_eq!(post.tagged_users[0].user_id.as_deref(), Some("6"));
    let urls: Vec<_> = post
        .renditions
        .images
        .iter()
        .map(|image| image.url.as_str())
        .collect();
    assert_eq!(
        urls,
        ["https://a.fbcdn.net/1.jpg", "https://a.fbcdn.net/640.jpg"]
    );
    assert_eq!(
        (post.view_count, post.share_count, post.comments_disabled),
        (None, None, None)
    );
    let child = &post.children[0];
    assert_eq!(
        (child.media_id.as_deref(), &child.media_type),
        (Some("78"), &MediaType::Video)
    );
    assert_eq!(
        (child.renditions.videos.len(), child.renditions.has_audio),
        (1, Some(true))
    );
    assert_eq!(post.carousel_count, Some(1));
}

#[test]
fn sponsors_are_facts_beyond_the_contract_in_every_dialect() {
    let eve = r#"[{"display_name":"Eve","user_id":"9","username":"eve"}]"#;
    let eve: Value = serde_json::from_str(eve).unwrap();
    let user = json!({"pk": "9", "username": "eve", "full_name": "Eve"});
    let facts = |post: Media| -> Vec<(String, Value)> {
        let fact = |(name, text): (String, String)| (name, serde_json::from_str(&text).unwrap());
        post.more.into_iter().map(fact).collect()
    };
    for tags in [
        json!([user]),
        json!([{"sponsor": user}]),
        json!([{"sponsor": {"user": user}}]),
    ] {
        let mut answer = samples::mobile_post();
        let node = &mut answer["items"][0];
        node["sponsor_tags"] = tags;
        node["is_paid_partnership"] = json!(true);
        let expected = [
            ("sponsors".to_owned(), eve.clone()),
            ("paid_partnership".to_owned(), json!(true)),
        ];
        assert_eq!(facts(found(answer)), expected);
    }
    let mut answer = samples::legacy_post();
    let node = &mut answer["graphql"]["shortcode_media"];
    node["edge_media_to_sponsor_user"] = json!({"edges": [{"node": {"sponsor": user}}]});
    assert_eq!(facts(found(answer)), [("sponsors".to_owned(), eve)]);
    let mut answer = samples::mobile_post();
    answer["items"][0]["sponsor_tags"] = Value::Null;
    answer["items"][0]["is_paid_partnership"] = json!(false);
    assert_eq!(found(answer).more, []);
}

#[test]
fn mobile_reel() {
    let post = found(samples::mobile_post());
    assert_eq!(post.media_id, "77");
    assert_eq!(
        (post.caption, post.view_count, post.share_count),
        (None, Some(50), Some(4))
    );
    assert_eq!(post.renditions.images[0].width, Some(1080), "largest first");
    assert_eq!(
        (post.renditions.videos[0].bitrate, post.renditions.duration),
        (Some(100), Some(12.5))
    );
    assert_eq!(post.renditions.dash_sounds.len(), 1);
    assert_eq!(
        post.location.map(|place| (place.name, place.lng)),
        Some(("Pier".to_owned(), Some(-2.0)))
    );
    assert_eq!(post.coauthors[0].username.as_deref(), Some("eve"));
    let audio = post.audio.unwrap();
    assert_eq!(
        (audio.is_original, audio.url, audio.clip_duration_ms),
        (Some(true), None, None)
    );
    assert_eq!(
        (audio.artist.as_deref(), audio.start_ms),
        (Some("ann"), Some(0))
    );
    assert_eq!((post.has_effects, post.counts_hidden), (Some(true), None));
}

#[test]
fn xdt_image_with_hidden_counts() {
    let post = found(samples::xdt_post());
    assert_eq!(
        (post.like_count, post.view_count, post.counts_hidden),
        (None, None, Some(true))
    );
    assert_eq!(post.caption.as_deref(), Some(""), "stated to be empty");
    assert_eq!(
        post.owner.unwrap().full_name.as_deref(),
        Some("Ann"),
        "from `owner`"
    );
    let audio = post.audio.unwrap();
    assert_eq!(
        (audio.title.as_deref(), audio.is_original, audio.start_ms),
        (Some("Song"), Some(false), Some(500))
    );
}

#[test]
fn legacy_video() {
    let post = found(samples::legacy_post());
    assert_eq!(
        (post.media_type, post.view_count, post.comment_count),
        (MediaType::Video, Some(70), Some(2))
    );
    let widths: Vec<_> = post
        .renditions
        .images
        .iter()
        .map(|image| image.width)
        .collect();
    assert_eq!(widths, [Some(1080), Some(640)], "display_url once");
    assert_eq!(
        (post.renditions.width, post.renditions.duration),
        (Some(750), None)
    );
    assert_eq!(
        (post.hoisted_comment_count, post.media_preview.as_deref()),
        (Some(0), Some("ABg"))
    );
    assert_eq!(
        (post.tagged_users.len(), post.audio.unwrap().is_original),
        (1, Some(false))
    );
    assert_eq!(
        (
            post.children.len(),
            post.children[0].renditions.videos.len()
        ),
        (1, 0)
    );
}

#[test]
fn of_several_items_the_one_asked_for_is_taken() {
    let mut answer = samples::mobile_post();
    let mut other = answer["items"][0].clone();
    other["code"] = json!("CQ");
    other["pk"] = json!(144);
    answer["items"]
        .as_array_mut()
        .unwrap()
        .insert(0, other.clone());
    assert_eq!(found(answer.clone()).media_id, "77");
    assert_eq!(
        media(&[answer], ""),
        Reading::Absent,
        "a feed is about no one post"
    );
    assert_eq!(media(&[json!({"items": [other]})], CODE), Reading::Absent);
    let long = format!("{CODE}{}", "A".repeat(37));
    assert_eq!(media(&[samples::polaris_post()], &long), Reading::Absent);
}

#[test]
fn whichever_post_is_taken_where_none_is_named() {
    for document in [
        samples::polaris_post(),
        samples::mobile_post(),
        samples::legacy_post(),
    ] {
        assert!(matches!(media(&[document], ""), Reading::Found(_)));
    }
}

#[test]
fn null_and_empty_roots_are_missing() {
    for root in [
        "xig_polaris_media",
        "xdt_shortcode_media",
        "shortcode_media",
        WEB_INFO,
    ] {
        assert_eq!(
            media(&[json!({"data": {root: null}})], CODE),
            Reading::Missing,
            "{root}"
        );
    }
    assert_eq!(
        media(&[json!({WEB_INFO: {"items": []}})], CODE),
        Reading::Missing
    );
}

#[test]
fn gate_says_why() {
    let gated = |ruling: Value| {
        let root = json!({"code": CODE, "pk": "77", "if_not_gated_logged_out": null, "gating_ruling": ruling});
        match media(&[json!({"xig_polaris_media": root})], CODE) {
            Reading::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(
        gated(json!({"gating_type": 3})),
        Refusal::AgeRestricted
    ));
    assert!(matches!(
        gated(json!({"gating_type": 2})),
        Refusal::RegionBlocked
    ));
    let age = json!({"gating_type": 2, "title": "Restricted", "description": "You must be 18 years old or over."});
    assert!(matches!(gated(age), Refusal::AgeRestricted));
    let country = json!({"gating_type": 9, "description": "Not available in your country"});
    assert!(matches!(gated(country), Refusal::RegionBlocked));
    assert!(matches!(gated(json!(null)), Refusal::LoginRequired));
}

#[test]
fn post_without_pictures_behind_a_gate_is_refused() {
    let mut answer = samples::mobile_post();
    let item = answer["items"][0].as_object_mut().unwrap();
    item.retain(|key, _| ["pk", "code", "media_type"].contains(&key.as_str()));
    item.insert("gating_info".to_owned(), json!({"gating_type": 3}));
    assert!(matches!(
        media(&[answer], CODE),
        Reading::Refused(Refusal::AgeRestricted)
    ));
}

#[test]
fn post_of_a_private_account_is_refused() {
    let mut answer = samples::mobile_post();
    answer["items"][0]["user"]["is_private"] = json!(true);
    assert!(matches!(
        media(&[answer], CODE),
        Reading::Refused(Refusal::Private)
    ));
}

#[test]
fn unreadable_root_is_a_change_that_names_the_place() {
    let mut answer = samples::polaris_post();
    let post = answer["xig_polaris_media"]["if_not_gated_logged_out"]
        .as_object_mut()
        .unwrap();
    for key in ["image_versions2", "display_uri", "carousel_media"] {
        post.remove(key);
    }
    match media(&[answer], CODE) {
        Reading::Changed(change) => {
            assert_eq!(
                change.path,
                "xig_polaris_media.if_not_gated_logged_out.image_versions2"
            );
            assert!(change.found.starts_with("object of ") && change.found.chars().count() <= 200);
        }
        other => panic!("{other:?}"),
    }
    let nameless = media(
        &[json!({"shortcode_media": {"display_url": "https://a.fbcdn.net/1.jpg"}})],
        CODE,
    );
    assert!(matches!(nameless, Reading::Changed(_)));
}

#[test]
fn a_full_copy_wins_over_a_thin_one() {
    let thin =
        json!({"xig_polaris_media": {"pk": "77", "id": "POLARIS_77", "comments_connection": {}}});
    assert!(matches!(
        media(&[thin, samples::polaris_post()], CODE),
        Reading::Found(_)
    ));
}

#[test]
fn a_child_without_media_does_not_cost_the_others() {
    let post = |children: Value| {
        let mut answer = samples::polaris_post();
        let post = &mut answer["xig_polaris_media"]["if_not_gated_logged_out"];
        post["carousel_media"] = children;
        post["image_versions2"] = json!(null);
        post["display_uri"] = json!(null);
        media(&[answer], CODE)
    };
    let picture = json!({"pk": "78", "media_type": 1, "display_uri": "https://a.fbcdn.net/1.jpg"});
    for withheld in [
        json!({}),
        json!(null),
        json!({"pk": "79", "media_type": 1, "image_versions2": null}),
    ] {
        match post(json!([picture, withheld])) {
            Reading::Found(media) => {
                let images = |place: usize| media.children[place].renditions.images.len();
                assert_eq!((images(0), images(1)), (1, 0), "{withheld}");
            }
            other => panic!("{other:?}"),
        }
        assert!(
            matches!(post(json!([withheld])), Reading::Changed(_)),
            "nothing is left"
        );
    }
}

#[test]
fn crops_are_left_out_of_every_dialect() {
    const WHOLE: &str = "https://a.fbcdn.net/1.jpg?stp=dst-jpg_e35_p640x640";
    const CROP: &str = "https://a.fbcdn.net/1.jpg?stp=c0.135.1080.1080a_dst-jpg_e35_s640x640";
    let modern = json!([{"url": CROP, "width": 640, "height": 640}, {"url": WHOLE, "width": 640, "height": 800}]);
    let legacy = json!([{"src": CROP, "config_width": 640, "config_height": 640},
        {"src": WHOLE, "config_width": 640, "config_height": 800}]);
    let mut carousel = samples::polaris_post();
    let post = &mut carousel["xig_polaris_media"]["if_not_gated_logged_out"];
    post["display_uri"] = json!(null);
    post["image_versions2"]["candidates"] = modern.clone();
    post["carousel_media"][0]["image_versions2"]["candidates"] = modern;
    let mut video = samples::legacy_post();
    let post = &mut video["graphql"]["shortcode_media"];
    post["display_url"] = json!(CROP);
    post["display_resources"] = legacy.clone();
    post["edge_sidecar_to_children"]["edges"][0]["node"]["display_resources"] = legacy;
    post["edge_sidecar_to_children"]["edges"][0]["node"]["display_url"] = json!(WHOLE);
    for post in [found(carousel), found(video)] {
        let images = |renditions: &crate::contract::records::Renditions| {
            renditions
                .images
                .iter()
                .map(|image| image.url.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(images(&post.renditions), [WHOLE]);
        assert_eq!(images(&post.children[0].renditions), [WHOLE]);
    }
}

#[test]
fn a_legacy_thumbnail_is_used_if_there_is_nothing_else() {
    let mut answer = samples::legacy_post();
    let post = &mut answer["graphql"]["shortcode_media"];
    post["display_url"] = json!(null);
    post["display_resources"] = json!([]);
    post["thumbnail_src"] = json!("https://a.fbcdn.net/t.jpg");
    let images = |answer: &Value| {
        let images = found(answer.clone()).renditions.images.into_iter();
        images.map(|image| image.url).collect::<Vec<_>>()
    };
    assert_eq!(images(&answer), ["https://a.fbcdn.net/t.jpg"]);
    answer["graphql"]["shortcode_media"]["thumbnail_resources"] =
        json!([{"src": "https://a.fbcdn.net/s.jpg", "config_width": 640, "config_height": 640}]);
    assert_eq!(images(&answer), ["https://a.fbcdn.net/s.jpg"]);
}
