//! Converts the API's documented JSON back to the JSON form of a record, as far as facts need it.

use serde_json::{Value, json};

/// The record that a response of the endpoint of `kind` is based on.
pub(super) fn record(kind: &str, body: &Value) -> Value {
    match kind {
        "profile-info" => profile(body),
        "profile-posts" => page(body, &body["posts"]),
        "profile-reels" => page(body, &body["reels"]),
        "story" => stories(body),
        _ => media(body),
    }
}

/// The facts that the documented JSON of the endpoint can express.
pub(super) fn facts(kind: &str, facts: &Value) -> Value {
    let hidden: &[&str] = match kind {
        "post" => &[
            "product_type",
            "coauthors",
            "width",
            "height",
            "audio_title",
            "audio_artist",
        ],
        "reel" => &["product_type", "coauthors", "tagged", "type", "child_types"],
        "profile-posts" => &[
            "product_type",
            "coauthors",
            "tagged",
            "width",
            "height",
            "audio_title",
            "audio_artist",
            "owner",
            "owner_pk",
            // A list shows the video only of carousel items.
            "video",
        ],
        "profile-reels" => &[
            "product_type",
            "coauthors",
            "tagged",
            "width",
            "height",
            "owner",
            "owner_pk",
            "location",
            "type",
            "child_types",
        ],
        "story" => &["product_type", "width", "height"],
        _ => &[],
    };
    let mut shown = facts.clone();
    for media in shown["media"].as_array_mut().into_iter().flatten() {
        for fact in hidden {
            media[fact] = Value::Null;
        }
        // Counts are not checked here if the owner hides the like and view counts; the test of records checks them.
    }
    shown
}

fn profile(body: &Value) -> Value {
    json!({
        "user_id": body["user_id"],
        "username": body["username"],
        "full_name": body["display_name"],
        "biography": body["bio"],
        "follower_count": body["followers_count"],
        "following_count": body["following_count"],
        "post_count": body["total_posts"],
        "is_private": body["is_private"],
        "is_verified": body["is_verified"],
        "category": body["category"],
        "external_url": body["website_url"],
        "bio_links": body["bio_links"],
    })
}

fn page(body: &Value, items: &Value) -> Value {
    json!({
        "owner": { "username": body["username"] },
        "has_next_page": body["page_info"]["has_next_page"],
        "items": list(items).iter().map(media).collect::<Vec<_>>(),
    })
}

fn media(body: &Value) -> Value {
    let kind = ["content_type", "post_type"]
        .iter()
        .find_map(|key| body[key].as_str())
        .unwrap_or("video");
    let children = if body["carousel_media"].is_array() {
        &body["carousel_media"]
    } else {
        &body["items"]
    };
    json!({
        "shortcode": body["shortcode"],
        "media_id": body["media_id"],
        "media_type": capitalised(kind),
        "caption": body["caption"],
        "taken_at": first(body, &["taken_at_timestamp", "timestamp"]),
        "owner": { "username": body["owner"]["username"], "user_id": body["owner"]["user_id"] },
        "like_count": first(body, &["like_count", "edge_liked_by/count"]),
        "comment_count": first(body, &["comment_count", "edge_media_to_comment/count"]),
        "view_count": first(body, &["view_count", "play_count"]),
        "location": body["location"],
        "audio": body["audio"],
        "tagged_users": body["tagged_users"],
        "children": list(children).iter().map(|child| json!({ "media_type": capitalised(text(&child["type"])) })).collect::<Vec<_>>(),
        "renditions": {
            "images": present(first(body, &["image_url", "thumbnail_url", "display_url"])),
            "videos": present(body["video_url"].clone()),
            "duration": first(body, &["video_duration", "duration"]),
            "width": body["width"],
            "height": body["height"],
        },
    })
}

fn stories(body: &Value) -> Value {
    let item = |item: &Value| {
        json!({
            "id": item["story_id"],
            "media_type": capitalised(text(&item["media_type"])),
            "taken_at": item["taken_at_timestamp"],
            "renditions": {
                "images": present(first(item, &["image_url", "thumbnail_url"])),
                "videos": present(item["video_url"].clone()),
                "duration": item["video_duration"],
            },
        })
    };
    json!({ "items": list(&body["stories"]).iter().map(item).collect::<Vec<_>>() })
}

/// The value of the first path that is present; null if there is none.
fn first(body: &Value, paths: &[&str]) -> Value {
    let mut stated = paths
        .iter()
        .filter_map(|path| body.pointer(&format!("/{path}")));
    stated
        .find(|value| !value.is_null())
        .cloned()
        .unwrap_or_default()
}

fn present(value: Value) -> Value {
    if value.is_null() {
        json!([])
    } else {
        json!([value])
    }
}

fn capitalised(word: &str) -> String {
    let (head, tail) = word.split_at(word.len().min(1));
    head.to_ascii_uppercase() + tail
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
