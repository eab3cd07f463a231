//! Reads the stickers of a story item: mobile v1 and XDT lists, bloks, and legacy tappable objects.

use crate::json::Value;

use crate::contract::records::Sticker;
use crate::read::field;
use crate::read::link::link;

/// The position of each kind: list, object in its entries, name of the kind.
const KINDS: [(&str, &str, &str); 11] = [
    ("story_polls", "poll_sticker", "poll"),
    ("story_questions", "question_sticker", "question"),
    ("story_quizs", "quiz_sticker", "quiz"),
    ("story_sliders", "slider_sticker", "slider"),
    ("story_countdowns", "countdown_sticker", "countdown"),
    ("story_link_stickers", "story_link", "link"),
    ("reel_mentions", "user", "mention"),
    ("story_hashtags", "hashtag", "hashtag"),
    ("story_locations", "location", "location"),
    ("story_music_stickers", "music_asset_info", "music"),
    ("story_feed_media", "", "post"),
];

/// The keys of a sticker's text; the first that is present counts.
const TEXTS: [&str; 9] = [
    "question",
    "text",
    "title",
    "link_title",
    "username",
    "name",
    "display_url",
    "custom_title",
    "emoji",
];

/// All stickers of an item that have content, each once.
pub(super) fn stickers(item: &Value<'_>) -> Vec<Sticker> {
    let mut stickers = Vec::new();
    for (list, inner, kind) in KINDS {
        let entries = field::list(&item[list]).iter();
        stickers.extend(entries.map(|entry| sticker(kind, entry.get(inner).unwrap_or(entry))));
    }
    stickers.extend(
        field::list(&item["story_bloks_stickers"])
            .iter()
            .map(|entry| bloks(&entry["bloks_sticker"])),
    );
    stickers.extend(field::list(&item["tappable_objects"]).iter().map(tappable));
    let calls = field::list(&item["story_cta"])
        .iter()
        .flat_map(|call| field::list(&call["links"]));
    let links = calls
        .map(|call| &call["webUri"])
        .chain([&item["story_cta_url"]]);
    stickers.extend(links.map(|url| Sticker {
        kind: "link".into(),
        text: None,
        url: link(url),
        options: Vec::new(),
    }));
    let mut kept: Vec<Sticker> = Vec::with_capacity(stickers.len());
    for sticker in stickers {
        let says = sticker.text.is_some() || sticker.url.is_some() || !sticker.options.is_empty();
        if says && !kept.contains(&sticker) {
            kept.push(sticker);
        }
    }
    kept
}

fn sticker(kind: &str, value: &Value<'_>) -> Sticker {
    let code =
        || field::filled(&value["media_code"]).or_else(|| field::filled(&value["shortcode"]));
    let url = match kind {
        "link" => link(&value["url"]),
        "post" => code().map(|code| format!("https://www.instagram.com/p/{code}/")),
        _ => None,
    };
    let options = field::list(&value["tallies"]).iter();
    Sticker {
        kind: kind.to_owned(),
        text: TEXTS.iter().find_map(|key| field::filled(&value[*key])),
        url,
        options: options
            .filter_map(|choice| field::filled(&choice["text"]))
            .collect(),
    }
}

/// A sticker in the web app's own format, so far seen only with mentions.
fn bloks(value: &Value<'_>) -> Sticker {
    let data = &value["sticker_data"];
    if data["ig_mention"].is_object() {
        return sticker("mention", &data["ig_mention"]);
    }
    let kind = value["bloks_sticker_type"].as_str();
    sticker(kind.as_deref().unwrap_or("bloks"), data)
}

/// A legacy sticker: its kind is the end of the name of its type.
fn tappable(value: &Value<'_>) -> Sticker {
    let name = value["__typename"].as_str().unwrap_or_default();
    let kind = name
        .trim_start_matches("GraphTappable")
        .trim_start_matches("Story")
        .to_lowercase();
    match kind.as_str() {
        "feedmedia" => sticker("post", &value["media"]),
        kind => sticker(kind, value),
    }
}
