//! Finds the requested post, or the reason that a response states instead.

use crate::json::Value;

use crate::contract::records::Media;
use crate::contract::steps::Refusal;
use crate::read::media::identity;
use crate::read::{Part, Reading, changed, field, find, gate, media as normaliser};
use crate::shortcode::of_post;

/// Roots that contain one post each.
const POSTS: [&str; 3] = [
    "xig_polaris_media",
    "xdt_shortcode_media",
    "shortcode_media",
];

const WEB_INFO: &str = "xdt_api__v1__media__shortcode__web_info";

/// Reads the post with this shortcode; with `""`, whichever post the response is about.
///
/// A post of a private account is refused even if a session received it.
pub(crate) fn media(documents: &[Value<'_>], shortcode: &str) -> Reading<Media> {
    find::answers(documents)
        .into_iter()
        .flat_map(|answer| readings(answer, shortcode))
        .fold(Reading::Absent, |one, other| match (one, other) {
            // A page may have a thin and a full copy.
            (Reading::Found(one), Reading::Found(other)) if one.media_id == other.media_id => {
                Reading::Found(one.joined(other))
            }
            (one, other) => one.or(other),
        })
}

fn readings(answer: &Value<'_>, shortcode: &str) -> Vec<Reading<Media>> {
    let roots = POSTS
        .iter()
        .filter_map(|name| Some((*name, answer.get(name)?)));
    let mut readings: Vec<_> = roots
        .map(|(name, root)| root_post(name, root, shortcode))
        .collect();
    if let Some(info) = answer.get(WEB_INFO) {
        readings.push(match field::list(&info["items"]) {
            [] if info.is_object() && info.get("items").is_none() => {
                Reading::Changed(changed(&format!("{WEB_INFO}.items"), "an array", info))
            }
            [] => Reading::Missing,
            items => listed_post(&format!("{WEB_INFO}.items"), items, shortcode),
        });
    }
    let items = field::list(&answer["items"]);
    readings.push(listed_post("items", items, shortcode));
    readings
}

/// Reads a root with one post, which may be inside POLARIS's gate object.
fn root_post(name: &str, root: &Value<'_>, shortcode: &str) -> Reading<Media> {
    match (root.as_object(), root.get("if_not_gated_logged_out")) {
        (None, _) if root.is_null() => Reading::Missing,
        (Some(map), _) if map.is_empty() => Reading::Missing,
        (_, Some(Value::Null)) if is_about(root, shortcode) == Some(false) => Reading::Absent,
        (_, Some(Value::Null)) => Reading::Refused(gate::withheld(&root["gating_ruling"])),
        (_, Some(post)) => read(post, &format!("{name}.if_not_gated_logged_out"), shortcode),
        (_, None) => read(root, name, shortcode),
    }
}

/// Reads the item of a list that is the requested post: a list may be a feed, or contain related posts.
fn listed_post(path: &str, items: &[Value<'_>], shortcode: &str) -> Reading<Media> {
    let is_feed = shortcode.is_empty() && items.len() > 1;
    let mut places = items.iter().enumerate();
    match places.find(|(_, item)| is_about(item, shortcode) == Some(true)) {
        Some((place, item)) if !is_feed => read(item, &format!("{path}[{place}]"), shortcode),
        _ => Reading::Absent,
    }
}

fn read(node: &Value<'_>, path: &str, shortcode: &str) -> Reading<Media> {
    if is_about(node, shortcode) == Some(false) {
        return Reading::Absent;
    }
    match normaliser::media(node, path) {
        Err(change) => match gate::refusal(node) {
            Some(refusal) => Reading::Refused(refusal),
            None => Reading::Changed(change),
        },
        Ok(media) => match &media.owner {
            Some(owner) if owner.is_private == Some(true) => Reading::Refused(Refusal::Private),
            _ => Reading::Found(media),
        },
    }
}

/// Whether a node is the requested post; `None` if it does not identify a post.
fn is_about(node: &Value<'_>, shortcode: &str) -> Option<bool> {
    let (code, _) = identity(node)?;
    Some(shortcode.is_empty() || of_post(&code) == of_post(shortcode))
}

#[cfg(test)]
mod tests;
