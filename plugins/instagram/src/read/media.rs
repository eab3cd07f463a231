//! Converts an XDT, POLARIS or mobile v1 node to a post. One normaliser serves the three dialects, because they share
//! their key names and differ only in what they omit. Legacy nodes go to `legacy`.

use crate::json::Value;

use crate::caption::{hashtags, mentions};
use crate::contract::records::{Child, Location, Media, MediaType, User};
use crate::contract::steps::Change;
use crate::read::{audio, changed, field, legacy, rendition, user};
use crate::shortcode;

/// Reads a node of any dialect; `path` is its position in the response.
///
/// # Errors
///
/// If it has no shortcode and id, or no picture or video. A child may have none, if others do: Instagram withholds
/// single items (instaloader#413).
pub(super) fn media(node: &Value<'_>, path: &str) -> Result<Media, Change> {
    let media = if is_legacy(node) {
        legacy::media(node)
    } else {
        modern(node)
    };
    let media =
        media.ok_or_else(|| changed(&format!("{path}.pk"), "a media id or a shortcode", node))?;
    let mut renditions = media.children.iter().map(|child| &child.renditions);
    if rendition::is_empty(&media.renditions) && renditions.all(rendition::is_empty) {
        return Err(changed(
            &format!("{path}.image_versions2"),
            "a picture, a video or children",
            node,
        ));
    }
    Ok(media)
}

/// The shortcode and media id of a node of any dialect. If one is missing, it is derived from the other.
pub(super) fn identity(node: &Value<'_>) -> Option<(String, String)> {
    let code = field::filled(&node["code"]).or_else(|| field::filled(&node["shortcode"]));
    let id = field::id(&node["pk"]).or_else(|| field::id(&node["id"]));
    match (code, id) {
        (Some(code), Some(id)) => Some((code, id)),
        (Some(code), None) => shortcode::media_id(&code).map(|id| (code, id.to_string())),
        (None, Some(id)) => id
            .parse()
            .ok()
            .map(|number| (shortcode::from_media_id(number), id)),
        (None, None) => None,
    }
}

/// The type of a node of any dialect: its number, else the name of its type, else derived from its content.
pub(super) fn media_type(node: &Value<'_>) -> MediaType {
    match (
        field::count(&node["media_type"]),
        node["__typename"].as_str().as_deref(),
    ) {
        (Some(1), _) => MediaType::Image,
        (Some(2), _) => MediaType::Video,
        (Some(8), _) => MediaType::Carousel,
        (_, Some(name)) if name.contains("Carousel") || name.contains("Sidecar") => {
            MediaType::Carousel
        }
        (_, Some(name)) if name.contains("Video") => MediaType::Video,
        (_, Some(name)) if name.contains("Image") => MediaType::Image,
        (Some(number), _) => MediaType::Other(number.to_string()),
        _ if node["product_type"] == "carousel_container" => MediaType::Carousel,
        _ if !field::list(&node["carousel_media"]).is_empty() => MediaType::Carousel,
        _ if field::flag(&node["is_video"]) == Some(true) || holds_video(node) => MediaType::Video,
        (None, Some(name)) if name != "XDTMediaDict" => MediaType::Other(name.to_owned()),
        _ => MediaType::Image,
    }
}

fn holds_video(node: &Value<'_>) -> bool {
    !field::list(&node["video_versions"]).is_empty() || node["product_type"] == "clips"
}

/// Whether the dialect is legacy: only legacy writes `shortcode` instead of `code`.
fn is_legacy(node: &Value<'_>) -> bool {
    node.get("code").is_none() && node.get("shortcode").is_some()
}

fn modern(node: &Value<'_>) -> Option<Media> {
    let (shortcode, media_id) = identity(node)?;
    let caption = field::text(&node["caption"]["text"]).or_else(|| field::text(&node["caption"]));
    let counts_hidden = field::flag(&node["like_and_view_counts_disabled"]);
    let shown = |count: Option<u64>| count.filter(|_| counts_hidden != Some(true));
    let plays =
        ["play_count", "ig_play_count", "fb_play_count", "view_count"].map(|key| &node[key]);
    let children = children(field::list(&node["carousel_media"]).iter(), child);
    Some(Media {
        shortcode,
        media_id,
        media_type: media_type(node),
        product_type: field::filled(&node["product_type"]),
        renditions: rendition::renditions(node),
        hashtags: caption.as_deref().map(hashtags).unwrap_or_default(),
        mentions: caption.as_deref().map(mentions).unwrap_or_default(),
        caption,
        taken_at: field::time(&node["taken_at"]),
        owner: user::owner(node),
        coauthors: user::users(field::list(&node["coauthor_producers"])),
        tagged_users: tagged_users(node),
        location: location(&node["location"]).or_else(|| location(&node["locations"][0])),
        audio: audio::audio(node),
        like_count: shown(field::count(&node["like_count"])),
        comment_count: field::count(&node["comment_count"]),
        view_count: shown(field::first_positive(plays)),
        share_count: field::count(&node["reshare_count"]),
        save_count: None,
        counts_hidden,
        comments_disabled: field::flag(&node["comments_disabled"]),
        hoisted_comment_count: None,
        media_preview: field::filled(&node["preview"]),
        has_effects: has_effects(&node["creative_config"]),
        carousel_count: carousel_count(&node["carousel_media_count"], &children),
        children,
        more: user::advertising(node),
    })
}

fn child(node: &Value<'_>) -> Child {
    Child {
        media_id: field::id(&node["pk"]).or_else(|| field::id(&node["id"])),
        media_type: media_type(node),
        renditions: rendition::renditions(node),
        tagged_users: tagged_users(node),
        more: Vec::new(),
    }
}

fn tagged_users(node: &Value<'_>) -> Vec<User> {
    user::users(field::list(&node["usertags"]["in"]))
}

/// A place, if it has a name.
pub(super) fn location(value: &Value<'_>) -> Option<Location> {
    Some(Location {
        id: field::id(&value["pk"]).or_else(|| field::id(&value["id"])),
        name: field::filled(&value["name"])?,
        lat: field::number(&value["lat"]),
        lng: field::number(&value["lng"]),
    })
}

/// The children of a carousel. An entry without content keeps its place; a list in which nothing is an object is none.
pub(super) fn children<'a>(
    nodes: impl Iterator<Item = &'a Value<'a>> + Clone,
    child: impl Fn(&Value<'_>) -> Child,
) -> Vec<Child> {
    if nodes.clone().any(Value::is_object) {
        nodes.map(child).collect()
    } else {
        Vec::new()
    }
}

/// The stated number of children, else the length of the list if there is one.
pub(super) fn carousel_count(stated: &Value<'_>, children: &[Child]) -> Option<u32> {
    let counted = u32::try_from(children.len())
        .ok()
        .filter(|count| *count > 0);
    field::pixels(stated).or(counted)
}

fn has_effects(config: &Value<'_>) -> Option<bool> {
    let config = config.as_object()?;
    let names = ["effect_ids", "effect_configs", "effect_preview"];
    let is_set = |value: &Value<'_>| {
        !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
    };
    Some(names.iter().filter_map(|name| config.get(name)).any(is_set))
}
