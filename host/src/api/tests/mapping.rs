//! The views state what Instagram stated.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    documents::examples,
    records::{
        bare_media, full_media, image, page, profile, renditions, stories, story, user, video,
    },
};
use crate::{
    api::instagram::{
        post::{info::Post, statistics::PostStatistics},
        profile::{info::Profile, posts::Posts, reels::Reels},
        reel::{info::Reel, statistics::ReelStatistics},
        story::Stories,
    },
    contract::record::{Image, MediaType, Renditions},
    statistics::{Counts, Sample},
};

fn json_of(view: impl Serialize) -> Value {
    serde_json::to_value(view).unwrap()
}

#[test]
fn what_instagram_does_not_state_is_null() {
    let post = json_of(Post::from(&bare_media(MediaType::Image)));
    for key in [
        "caption",
        "caption_html",
        "image_url",
        "owner",
        "datetime",
        "location",
        "play_count",
        "comments_disabled",
        "carousel_media",
    ] {
        assert_eq!(post[key], Value::Null, "{key}");
    }
    assert_eq!(post["edge_liked_by"], json!({"count": null}));
    assert_eq!(post["edge_media_to_caption"], json!({"edges": []}));
    let statistics = json_of(PostStatistics::new(&bare_media(MediaType::Image), 9, &[]));
    assert_eq!(statistics["statistics"]["total_engagement"], Value::Null);
    assert_eq!(statistics["trending"]["is_trending"], Value::Null);
}

#[test]
fn pictures_go_by_their_width() {
    let mut media = full_media(MediaType::Image);
    let post = json_of(Post::from(&media));
    let url = |width| format!("https://cdn.example/{width}.jpg");
    assert_eq!(
        post["image_urls"],
        json!({"thumbnail": url(150), "medium": url(640), "high_resolution": url(1080), "original": url(1440)})
    );
    assert_eq!(post["image_url"], url(1080));
    media.renditions.images = vec![image(640)];
    let post = json_of(Post::from(&media));
    assert_eq!(
        post["image_urls"],
        json!({"thumbnail": null, "medium": url(640), "high_resolution": null, "original": url(640)})
    );
    assert_eq!(post["display_url"], url(640));
}

#[test]
fn videos_go_by_their_shorter_side_and_sound_goes_first() {
    let mut media = full_media(MediaType::Video);
    let reel = json_of(Reel::from(&media));
    let whole = |width| format!("https://cdn.example/whole-{width}.mp4");
    let silent = |width| format!("https://cdn.example/silent-{width}.mp4");
    assert_eq!(
        reel["video_urls"],
        json!({"low_quality": silent(360), "medium_quality": silent(480), "high_quality": whole(720)})
    );
    assert_eq!(reel["video_url"], whole(720));
    assert_eq!(
        (&reel["video_codec"], &reel["audio_codec"], &reel["fps"]),
        (&json!("h264"), &json!("aac"), &json!(30.0))
    );
    assert_eq!(
        (&reel["width"], &reel["height"], &reel["aspect_ratio"]),
        (&json!(1080), &json!(1920), &json!(0.5625))
    );
    media.renditions = Renditions {
        videos: [720, 720, 720].map(|width| video(width, false)).into(),
        ..renditions(false)
    };
    let reel = json_of(Reel::from(&media));
    assert_eq!(
        reel["video_urls"],
        json!({"low_quality": null, "medium_quality": null, "high_quality": whole(720)})
    );
}

#[test]
fn names_come_with_ids_where_the_post_states_them() {
    let mut media = full_media(MediaType::Carousel);
    media.coauthors = vec![user("5", "photographer")];
    let post = json_of(Post::from(&media));
    assert_eq!(
        post["mentions"],
        json!([{"username": "photographer", "user_id": "5"}, {"username": "stranger", "user_id": null}])
    );
    assert_eq!(post["hashtags"], json!([{"name": "nature", "count": null}]));
    let tagged: Vec<_> = post["tagged_users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["username"])
        .collect();
    assert_eq!(tagged, ["photographer", "tagged.in.item"]);
    let listed = page(vec![media]);
    let listed = json_of(Posts::new(&listed, None));
    assert_eq!(
        listed["posts"][0]["mentions"],
        json!(["@photographer", "@stranger"])
    );
    assert_eq!(listed["posts"][0]["hashtags"], json!(["#nature"]));
}

#[test]
fn a_carousel_lists_its_items() {
    let post = json_of(Post::from(&full_media(MediaType::Carousel)));
    assert_eq!(post["carousel_count"], 3);
    let items = post["carousel_media"].as_array().unwrap();
    assert_eq!(
        (&items[0]["id"], &items[0]["type"], &items[0]["video_url"]),
        (&json!("item_1"), &json!("image"), &Value::Null)
    );
    assert_eq!(items[1]["audio_url"], "https://cdn.example/sound.m4a");
    assert_eq!(
        (&items[1]["image_url"], &items[1]["duration"]),
        (&Value::Null, &json!(22.5))
    );
    let mut thin = bare_media(MediaType::Carousel);
    thin.carousel_count = Some(4);
    let thin = json_of(Post::from(&thin));
    assert_eq!(
        (&thin["carousel_count"], &thin["carousel_media"]),
        (&json!(4), &Value::Null)
    );
}

#[test]
fn a_page_says_where_it_is() {
    let mut listed = page(vec![]);
    let first = json_of(Posts::new(&listed, None));
    assert_eq!(
        first["page_info"],
        json!({"has_next_page": true, "end_cursor": "next", "start_cursor": null})
    );
    (listed.has_next_page, listed.end_cursor) = (false, None);
    let last = json_of(Reels::new(&listed, Some("next")));
    assert_eq!(
        last["page_info"],
        json!({"has_next_page": false, "end_cursor": null, "start_cursor": "next"})
    );
}

#[test]
fn a_website_is_the_external_url_or_the_first_link() {
    let mut profile = profile(vec![image(150), image(320), image(1080)]);
    let view = json_of(Profile::from(&profile));
    assert_eq!(view["website_url"], "https://example.com");
    assert_eq!(view["edge_timeline_to_media"]["count"], 5678);
    let url = |width| format!("https://cdn.example/{width}.jpg");
    assert_eq!(
        view["profile_picture_urls"],
        json!({"standard": url(150), "high_resolution": url(320), "full_size": url(1080)})
    );
    profile.external_url = Some("https://own.example".to_owned());
    profile.pictures = vec![image(150)];
    let view = json_of(Profile::from(&profile));
    assert_eq!(view["website_url"], "https://own.example");
    assert_eq!(
        view["profile_picture_urls"],
        json!({"standard": url(150), "high_resolution": null, "full_size": null})
    );
}

#[test]
fn profile_pictures_without_widths_go_by_their_order() {
    let unsized_image = |width| Image {
        width: None,
        ..image(width)
    };
    let url = |width| format!("https://cdn.example/{width}.jpg");
    for (pictures, high) in [
        (vec![image(150), unsized_image(999)], json!(url(999))),
        (
            vec![unsized_image(150), unsized_image(999)],
            json!(url(999)),
        ),
        (vec![unsized_image(150)], Value::Null),
    ] {
        let profile = profile(pictures);
        let view = json_of(Profile::from(&profile));
        assert_eq!(
            view["profile_picture_urls"],
            json!({"standard": url(150), "high_resolution": high, "full_size": high})
        );
    }
}

#[test]
fn a_story_expires_and_never_backwards() {
    let record = stories(
        vec![
            story(MediaType::Image, 1_000),
            story(MediaType::Video, 90_000),
        ],
        None,
    );
    let view = json_of(Stories::new(&record, 100_000));
    assert_eq!(
        (&view["has_active_stories"], &view["active_stories_count"]),
        (&json!(true), &json!(2))
    );
    let remaining: Vec<_> = view["stories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|story| &story["time_until_expiry_seconds"])
        .collect();
    assert_eq!(remaining, [0, 76_400]);
    assert_eq!(
        view["stories"][1]["interactive_elements"],
        json!([{"type": "poll", "content": "Do you like this?"}])
    );
    assert_eq!(
        (
            &view["stories"][0]["video_urls"],
            &view["stories"][1]["image_url"]
        ),
        (&Value::Null, &Value::Null)
    );
    for (stated, count) in [
        (Some(false), json!(0)),
        (Some(true), Value::Null),
        (None, Value::Null),
    ] {
        let view = json_of(Stories::new(&stories(vec![], stated), 0));
        assert_eq!(
            (&view["has_active_stories"], &view["active_stories_count"]),
            (&json!(stated), &count)
        );
    }
}

#[test]
fn statistics_are_the_examples() {
    let example = |path| examples(path).remove(0);
    let expected = example("/instagram/reel/stats");
    let media = full_media(MediaType::Video);
    let view = json_of(ReelStatistics::new(&media, 1_640_000_000 + 97_298, &[]));
    assert_eq!(
        view["engagement_breakdown"],
        expected["engagement_breakdown"]
    );
    for key in [
        "total_engagement",
        "engagement_rate",
        "engagement_rate_percent",
        "views",
    ] {
        assert_eq!(
            view["statistics"][key], expected["statistics"][key],
            "{key}"
        );
    }
    assert_eq!(
        view["viral_metrics"]["viral_score"],
        expected["viral_metrics"]["viral_score"]
    );
    assert_eq!(view["statistics"]["engagement_rate_basis"], "views");

    let expected = example("/instagram/post/stats");
    let mut media = media;
    (media.like_count, media.comment_count, media.view_count) =
        (Some(123_456), Some(5_678), Some(234_567));
    let counts = Counts {
        likes: Some(122_222),
        ..Counts::default()
    };
    let earlier = [Sample {
        at: 1_650_000_000 - 3600,
        counts,
    }];
    let view = json_of(PostStatistics::new(&media, 1_650_000_000, &earlier));
    assert_eq!(
        view["engagement_breakdown"],
        expected["engagement_breakdown"]
    );
    assert_eq!(
        view["statistics"]["total_engagement"],
        expected["statistics"]["total_engagement"]
    );
    assert_eq!(
        view["trending"]["engagement_velocity"],
        expected["trending"]["engagement_velocity"]
    );
    assert_eq!(
        view["trending"]["trend_score"],
        expected["trending"]["trend_score"]
    );
    assert_eq!(view["trending"]["engagement_velocity_24h"], Value::Null);
}
