//! Converts a legacy GraphQL node to a post: `Graph*` and `XDTGraph*` types, `edge_*` keys, `shortcode`.

use crate::json::Value;

use crate::caption::{hashtags, mentions};
use crate::contract::records::{Child, Media, User};
use crate::read::media::{carousel_count, children, identity, location, media_type};
use crate::read::{audio, field, rendition, user};

/// Reads a legacy node; `None` without shortcode and id.
pub(super) fn media(node: &Value<'_>) -> Option<Media> {
    let (shortcode, media_id) = identity(node)?;
    let caption =
        field::nodes(&node["edge_media_to_caption"]).find_map(|node| field::text(&node["text"]));
    let counts_hidden = field::flag(&node["like_and_view_counts_disabled"]);
    let shown = |count: Option<u64>| count.filter(|_| counts_hidden != Some(true));
    let edge_count = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| field::count(&node[*name]["count"]))
    };
    let children = children(field::nodes(&node["edge_sidecar_to_children"]), child);
    Some(Media {
        shortcode,
        media_id,
        media_type: media_type(node),
        product_type: field::filled(&node["product_type"]),
        renditions: rendition::legacy_renditions(node),
        hashtags: caption.as_deref().map(hashtags).unwrap_or_default(),
        mentions: caption.as_deref().map(mentions).unwrap_or_default(),
        caption,
        taken_at: field::time(&node["taken_at_timestamp"]),
        owner: user::owner(node),
        coauthors: user::users(field::list(&node["coauthor_producers"])),
        tagged_users: tagged_users(node),
        location: location(&node["location"]),
        audio: audio::legacy_audio(node),
        like_count: shown(edge_count(&["edge_media_preview_like", "edge_liked_by"])),
        comment_count: edge_count(&[
            "edge_media_to_parent_comment",
            "edge_media_to_comment",
            "edge_media_preview_comment",
        ])
        .or_else(|| field::count(&node["comment_count"])),
        view_count: shown(field::first_positive([
            &node["video_play_count"],
            &node["video_view_count"],
        ])),
        share_count: None,
        save_count: None,
        counts_hidden,
        comments_disabled: field::flag(&node["comments_disabled"]),
        hoisted_comment_count: hoisted_comments(&node["edge_media_to_hoisted_comment"]),
        media_preview: field::filled(&node["media_preview"]),
        has_effects: None,
        carousel_count: carousel_count(&node["edge_sidecar_to_children"]["count"], &children),
        children,
        more: user::advertising(node),
    })
}

fn child(node: &Value<'_>) -> Child {
    Child {
        media_id: field::id(&node["id"]),
        media_type: media_type(node),
        renditions: rendition::legacy_renditions(node),
        tagged_users: tagged_users(node),
        more: Vec::new(),
    }
}

fn tagged_users(node: &Value<'_>) -> Vec<User> {
    user::users(field::nodes(&node["edge_media_to_tagged_user"]))
}

/// The number of pinned comments: as stated, else counted in a list that is complete.
fn hoisted_comments(connection: &Value<'_>) -> Option<u64> {
    let listed = || u64::try_from(connection["edges"].as_array()?.len()).ok();
    field::count(&connection["count"]).or_else(listed)
}
