//! Checks that every documented key is in every response.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::documents::examples;
use super::records::{bare_media, full_media, image, page, profile, stories, story, user};
use crate::{
    api::instagram::{
        post::{info::Post, statistics::PostStatistics},
        profile::{info::Profile, posts::Posts, reels::Reels},
        reel::{info::Reel, statistics::ReelStatistics},
        story::Stories,
    },
    contract::record::{Media, MediaType, More},
};

fn json_of(view: impl Serialize) -> Value {
    serde_json::to_value(view).unwrap()
}

fn media() -> [Media; 8] {
    let types = || {
        [
            MediaType::Image,
            MediaType::Video,
            MediaType::Carousel,
            MediaType::Other("reel".into()),
        ]
    };
    let [a, b, c, d] = types().map(bare_media);
    let [e, f, g, h] = types().map(full_media);
    [a, b, c, d, e, f, g, h]
}

/// Every path such as `a.b[].c` in an example, of all examples of an endpoint together.
fn documented(path: &str) -> BTreeSet<Vec<String>> {
    fn walk(value: &Value, at: &mut Vec<String>, found: &mut BTreeSet<Vec<String>>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    at.push(name.clone());
                    found.insert(at.clone());
                    walk(value, at, found);
                    at.pop();
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, at, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for body in examples(path) {
        walk(&body, &mut Vec::new(), &mut found);
    }
    found
}

/// Whether the path exists; below null and in an empty list nothing can exist.
fn has(value: &Value, path: &[String]) -> bool {
    match (value, path) {
        (_, []) | (Value::Null, _) => true,
        (Value::Array(items), path) => items.iter().all(|item| has(item, path)),
        (value, [name, rest @ ..]) => value.get(name).is_some_and(|value| has(value, rest)),
    }
}

fn assert_documented(path: &str, answers: &[Value]) {
    for key in documented(path) {
        for answer in answers {
            assert!(
                has(answer, &key),
                "{path} lacks {}: {answer}",
                key.join(".")
            );
        }
    }
}

#[test]
fn every_documented_key_is_in_every_answer() {
    let all = media();
    let of_each = |view: fn(&Media) -> Value| all.iter().map(view).collect::<Vec<_>>();
    let listed = page(all.to_vec());
    let profiles = [profile(vec![]), profile(vec![image(150), image(320)])];
    let profiles = profiles
        .each_ref()
        .map(|profile| json_of(Profile::from(profile)));
    let stories = [
        stories(vec![], Some(false)),
        stories(
            vec![story(MediaType::Image, 0), story(MediaType::Video, 9)],
            None,
        ),
    ];
    let stories = stories
        .each_ref()
        .map(|stories| json_of(Stories::new(stories, 5)));
    assert_documented("/instagram/profile/info", &profiles);
    assert_documented(
        "/instagram/profile/posts",
        &[json_of(Posts::new(&listed, None))],
    );
    assert_documented(
        "/instagram/profile/reels",
        &[json_of(Reels::new(&listed, None))],
    );
    assert_documented(
        "/instagram/post/info",
        &of_each(|media| json_of(Post::from(media))),
    );
    assert_documented(
        "/instagram/reel/info",
        &of_each(|media| json_of(Reel::from(media))),
    );
    assert_documented("/instagram/story/info", &stories);
    let statistics = of_each(|media| json_of(PostStatistics::new(media, 0, &[])));
    assert_documented("/instagram/post/stats", &statistics);
    let statistics = of_each(|media| json_of(ReelStatistics::new(media, 0, &[])));
    assert_documented("/instagram/reel/stats", &statistics);
}

#[test]
fn the_examples_have_two_hundred_keys() {
    let paths = [
        "profile/info",
        "profile/posts",
        "profile/reels",
        "post/info",
        "reel/info",
        "story/info",
        "post/stats",
        "reel/stats",
        "formats",
        "info",
    ];
    let keys = paths.map(|path| documented(&format!("/instagram/{path}")).len());
    assert!(keys.iter().sum::<usize>() >= 200, "{keys:?}");
}

#[test]
fn coauthors_alt_texts_and_music_are_shown_wherever_the_record_has_them() {
    let mut media = full_media(MediaType::Carousel);
    media.coauthors = vec![user("8", "second.author")];
    let listed = page(vec![media.clone()]);
    let post = json_of(Post::from(&media));
    let posts = json_of(Posts::new(&listed, None));
    let reels = json_of(Reels::new(&listed, None));
    let reel = json_of(Reel::from(&media));
    for shown in [&post, &posts["posts"][0], &reels["reels"][0], &reel] {
        assert_eq!(shown["coauthors"][0]["username"], "second.author");
        assert_eq!(shown["audio"]["title"], "Trending Sound");
    }
    assert_eq!(post["music_info"], reel["music_info"]);
    for items in [&post["carousel_media"], &posts["posts"][0]["items"]] {
        assert_eq!(items[1]["accessibility_caption"], "A beach");
    }
    assert_eq!(posts["posts"][0]["accessibility_caption"], "A beach");
    let bare = json_of(Post::from(&bare_media(MediaType::Image)));
    assert_eq!(bare["coauthors"], serde_json::json!([]));
    assert!(bare["audio"].is_null() && bare["music_info"].is_null());
}

#[test]
fn what_a_plugin_adds_is_shown_as_extra_and_only_then() {
    let more = || {
        More::from(vec![(
            "ai_label".to_owned(),
            "{\"by\": \"owner\"}".to_owned(),
        )])
    };
    let expected = serde_json::json!({"ai_label": {"by": "owner"}});
    let mut media = full_media(MediaType::Carousel);
    assert_eq!(json_of(Post::from(&media)).get("extra"), None);
    media.more = more();
    media.children[0].more = more();
    media.owner.as_mut().unwrap().more = more();
    let post = json_of(Post::from(&media));
    assert_eq!(post["extra"], expected);
    assert_eq!(post["owner"]["extra"], expected);
    assert_eq!(post["carousel_media"][0]["extra"], expected);
    assert_eq!(post["carousel_media"][1].get("extra"), None);
    assert_eq!(json_of(Reel::from(&media))["extra"], expected);

    let mut stories = stories(vec![story(MediaType::Image, 0)], None);
    assert_eq!(json_of(Stories::new(&stories, 0)).get("extra"), None);
    stories.more = more();
    stories.items[0].more = more();
    let shown = json_of(Stories::new(&stories, 0));
    assert_eq!(shown["extra"], expected);
    assert_eq!(shown["stories"][0]["extra"], expected);

    let mut listed = page(vec![media]);
    listed.more = more();
    let posts = json_of(Posts::new(&listed, None));
    assert_eq!(posts["extra"], expected);
    assert_eq!(posts["posts"][0]["extra"], expected);
    let reels = json_of(Reels::new(&listed, None));
    assert_eq!(reels["extra"], expected);
    assert_eq!(reels["reels"][0]["extra"], expected);

    let mut profile = profile(Vec::new());
    assert_eq!(json_of(Profile::from(&profile)).get("extra"), None);
    profile.more = more();
    assert_eq!(json_of(Profile::from(&profile))["extra"], expected);
}
