//! Converts the reels of a response to the stories of an account: mobile, XDT or legacy.

use crate::json::Value;

use crate::contract::records::StoryItem;
use crate::contract::steps::{Change, Refusal};
use crate::read::profile::{ACCOUNTS, is_nobody};
use crate::read::user::{is_same_name, user_id};
use crate::read::{Part, Reading, StoriesPart, changed, field, find, media, rendition, sticker};

/// Roots of reels, and the list inside each if it is not the root itself.
const ROOTS: [(&str, &str); 6] = [
    ("reel", ""),
    ("reels", ""),
    ("reels_media", ""),
    ("tray", ""),
    ("xdt_api__v1__feed__reels_media", "reels_media"),
    ("xdt_api__v1__feed__reels_media__connection", "edges"),
];

/// Reads the story items of this account. `Missing` means that it has none.
pub(crate) fn stories(documents: &[Value<'_>], username: &str) -> Reading<StoriesPart> {
    find::answers(documents)
        .into_iter()
        .map(|answer| account_reading(answer, username).or(reading(answer, username)))
        .fold(Reading::Absent, both)
}

/// What an account root states: the account does not exist, or is private.
fn account_reading(answer: &Value<'_>, username: &str) -> Reading<StoriesPart> {
    let roots = ACCOUNTS.iter().filter_map(|name| answer.get(name));
    let readings = roots.map(|root| match root["username"].as_str() {
        _ if is_nobody(root) => Reading::Missing,
        Some(name)
            if is_same_name(&name, username) && field::flag(&root["is_private"]) == Some(true) =>
        {
            Reading::Refused(Refusal::Private)
        }
        _ => Reading::Absent,
    });
    readings.fold(Reading::Absent, Reading::or)
}

fn reading(answer: &Value<'_>, username: &str) -> Reading<StoriesPart> {
    let Some(reels) = reels(answer) else {
        return Reading::Absent;
    };
    if reels.is_empty() {
        return Reading::Missing;
    }
    let own = reels.into_iter().filter(|(_, reel)| is_own(reel, username));
    own.map(|(path, reel)| part(&path, reel))
        .fold(Reading::Absent, both)
}

/// The reels of a response with their paths; `None` if it has no root for them. Null and empty roots contain none.
fn reels<'a>(answer: &'a Value<'a>) -> Option<Vec<(String, &'a Value<'a>)>> {
    let roots = ROOTS
        .iter()
        .filter_map(|(root, list)| Some((*root, *list, answer.get(root)?)));
    let mut reels = None;
    for (root, list, value) in roots {
        let elements = elements(if list.is_empty() { value } else { &value[list] });
        let named = elements.into_iter().enumerate();
        let named = named.map(|(place, reel)| (format!("{root}[{place}]"), reel));
        reels.get_or_insert_with(Vec::new).extend(named);
    }
    reels
}

/// The reels of a list, of a map by user id, or a single one.
fn elements<'a>(value: &'a Value<'a>) -> Vec<&'a Value<'a>> {
    match value {
        Value::Array(list) => list
            .iter()
            .map(|edge| edge.get("node").unwrap_or(edge))
            .collect(),
        Value::Object(map) if map.contains_key("items") => vec![value],
        Value::Object(map) => map.members().iter().map(|member| &member.value).collect(),
        _ => Vec::new(),
    }
}

fn is_own(reel: &Value<'_>, username: &str) -> bool {
    let name = account(reel)["username"].as_str();
    name.is_none_or(|name| is_same_name(&name, username))
}

fn account<'a>(reel: &'a Value<'a>) -> &'a Value<'a> {
    if reel["user"].is_object() {
        &reel["user"]
    } else {
        &reel["owner"]
    }
}

/// Reads one reel. A tray lists reels without their items, so those are ignored.
fn part(path: &str, reel: &Value<'_>) -> Reading<StoriesPart> {
    let account = account(reel);
    if field::flag(&account["is_private"]) == Some(true) {
        return Reading::Refused(Refusal::Private);
    }
    let Some(stated) = reel["items"].as_array() else {
        return Reading::Absent;
    };
    let user_id = user_id(account).or_else(|| field::id(&reel["id"]));
    let mut items = Vec::with_capacity(stated.len());
    let mut change = None;
    for (place, item) in stated.iter().enumerate().filter(|(_, item)| is_story(item)) {
        match story_item(&format!("{path}.items[{place}]"), item, user_id.as_deref()) {
            Ok(item) => items.push(item),
            Err(error) => change = change.or(Some(error)),
        }
    }
    match change {
        Some(change) if items.is_empty() => Reading::Changed(change),
        _ => Reading::Found(StoriesPart {
            user_id,
            username: field::filled(&account["username"]),
            items,
            is_private: field::flag(&account["is_private"]),
        }),
    }
}

/// Whether an item is a story: responses also contain reels and feed posts, and only `product_type` distinguishes them.
fn is_story(item: &Value<'_>) -> bool {
    item["product_type"]
        .as_str()
        .is_none_or(|kind| kind == "story")
}

fn story_item(path: &str, item: &Value<'_>, user_id: Option<&str>) -> Result<StoryItem, Change> {
    let is_legacy =
        item.get("taken_at_timestamp").is_some() || item.get("display_resources").is_some();
    let renditions = if is_legacy {
        rendition::legacy_renditions(item)
    } else {
        rendition::renditions(item)
    };
    let media_id = field::id(&item["pk"]).or_else(|| field::id(&item["id"]));
    let media_id = media_id.ok_or_else(|| changed(&format!("{path}.pk"), "a media id", item))?;
    if rendition::is_empty(&renditions) {
        return Err(changed(
            &format!("{path}.image_versions2"),
            "a picture or a video",
            item,
        ));
    }
    let count = |key: &str| field::count(&item[key]);
    let time = |key: &str| field::time(&item[key]);
    Ok(StoryItem {
        id: user_id.map_or_else(
            || media_id.clone(),
            |user_id| format!("{media_id}_{user_id}"),
        ),
        media_type: media::media_type(item),
        renditions,
        taken_at: time("taken_at").or_else(|| time("taken_at_timestamp")),
        expiring_at: time("expiring_at").or_else(|| time("expiring_at_timestamp")),
        // `edge_story_media_viewers` is 0 for everyone except the owner.
        view_count: count("viewer_count").or_else(|| count("story_view_count")),
        stickers: sticker::stickers(item),
        more: Vec::new(),
    })
}

/// Merges two readings, without duplicate items.
fn both(one: Reading<StoriesPart>, other: Reading<StoriesPart>) -> Reading<StoriesPart> {
    match (one, other) {
        (Reading::Found(one), Reading::Found(other)) => Reading::Found(one.joined(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
