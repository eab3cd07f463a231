//! The metadata of a download: in the status, and as `metadata.json` in a ZIP.

use serde_json::{Value, json};

use super::publish::MissingFile;
use crate::contract::{
    Record,
    record::{Media, Stories, User},
};

/// The maximum length of a stored caption, characters; Instagram's own limit is 2,200.
const CAPTION_CHARACTERS_MAX: usize = 4_000;

/// The facts of a record that describe its files; a value that Instagram does not state is null. `missing` is there only
/// if a file is missing.
pub(super) fn metadata(record: &Record, files: &[Value], missing: &[MissingFile]) -> Value {
    let mut metadata = match record {
        Record::Media(media) => of_media(media, files),
        Record::Stories(stories) => of_stories(stories, files),
        _ => return Value::Null,
    };
    if !missing.is_empty() {
        let names = missing.iter().map(|file| &file.name);
        metadata["missing"] = json!(names.collect::<Vec<_>>());
    }
    metadata
}

fn of_media(media: &Media, files: &[Value]) -> Value {
    let caption = media.caption.as_deref();
    json!({
        "shortcode": media.shortcode,
        "media_id": media.media_id,
        "url": format!("https://www.instagram.com/p/{}/", media.shortcode),
        "caption": caption.map(|caption| caption.chars().take(CAPTION_CHARACTERS_MAX).collect::<String>()),
        "hashtags": media.hashtags,
        "mentions": media.mentions,
        "owner": media.owner.as_ref().map(user),
        "coauthors": media.coauthors.iter().map(user).collect::<Vec<_>>(),
        "tagged_users": media.tagged_users.iter().map(user).collect::<Vec<_>>(),
        "taken_at_timestamp": media.taken_at,
        "location": media.location.as_ref().map(|location| &location.name),
        "duration": media.renditions.duration,
        "like_count": media.like_count,
        "comment_count": media.comment_count,
        "view_count": media.view_count,
        "accessibility_caption": media.renditions.accessibility_caption,
        "files": files,
    })
}

fn of_stories(stories: &Stories, files: &[Value]) -> Value {
    let items = stories.items.iter().map(|item| {
        json!({
            "story_id": item.id,
            "taken_at_timestamp": item.taken_at,
            "expires_at_timestamp": item.expiring_at,
        })
    });
    json!({
        "username": stories.username,
        "user_id": stories.user_id,
        "stories": items.collect::<Vec<_>>(),
        "files": files,
    })
}

fn user(user: &User) -> Value {
    json!({ "user_id": user.user_id, "username": user.username, "display_name": user.full_name })
}
