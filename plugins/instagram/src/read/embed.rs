//! Reads the markup of an embed page whose JSON is null: owner, caption and one picture, as a legacy document. For a
//! video there is only its poster, for a carousel only its first picture.

use memchr::memmem;
use serde_json::{Value, json};

use crate::read::markup::{Tag, decode};

/// Returns the post of an embed page as JSON; `None` for another page, or if the owner forbids embedding.
pub(super) fn document(html: &str) -> Option<String> {
    let picture = tag_around(html, "EmbeddedMediaImage")?;
    if memmem::find(html.as_bytes(), b"WatchOnInstagram").is_some() {
        return None;
    }
    let frame = tag_around(html, "data-media-id")?;
    let permalink = frame.attribute("data-permalink")?;
    let mut segments = permalink
        .split('/')
        .skip_while(|segment| !matches!(*segment, "p" | "reel" | "tv"));
    let caption = tag_around(html, "CaptionUsername").and_then(|name| caption(name.rest));
    let document = json!({
        "shortcode_media": {
            "__typename": frame.attribute("data-media-type"),
            "id": frame.attribute("data-media-id"),
            "shortcode": segments.nth(1)?,
            "owner": {
                "id": frame.attribute("data-owner-id"),
                "username": tag_around(html, "UsernameText").map(|name| name.text()),
            },
            "display_url": picture.attribute("src"),
            "display_resources": resources(&picture.attribute("srcset").unwrap_or_default()),
            "edge_media_to_caption": { "edges": caption.map(|text| json!({ "node": { "text": text } })).as_slice() },
        }
    });
    Some(document.to_string())
}

/// Returns the tag that contains the first occurrence of a word.
fn tag_around<'a>(html: &'a str, word: &str) -> Option<Tag<'a>> {
    let place = memmem::find(html.as_bytes(), word.as_bytes())?;
    let start = html[..place].rfind('<')?;
    Tag::first(&html[start..])
}

/// The candidates of a `srcset`, widest first. They are separated by a comma without a space.
fn resources(srcset: &str) -> Vec<Value> {
    let mut candidates: Vec<(u32, &str)> = srcset
        .split_inclusive("w,")
        .filter_map(|candidate| candidate.trim_end_matches(',').rsplit_once(' '))
        .filter_map(|(url, width)| Some((width.trim_end_matches('w').parse().ok()?, url.trim())))
        .collect();
    candidates.sort_by_key(|(width, _)| std::cmp::Reverse(*width));
    candidates
        .into_iter()
        .map(|(width, src)| json!({ "src": src, "config_width": width }))
        .collect()
}

/// The text after the name's link, up to the end of its block or the comments.
fn caption(after_name: &str) -> Option<String> {
    let end = ["<div", "</div"]
        .into_iter()
        .filter_map(|tag| after_name.find(tag))
        .min()?;
    let mut text = String::new();
    let mut rest = &after_name[after_name.find("</a>")? + 4..end.max(after_name.find("</a>")? + 4)];
    while let Some(tag) = Tag::first(rest) {
        let start = rest.len() - tag.rest.len();
        let open = rest[..start].rfind('<').unwrap_or(start);
        text.push_str(&decode(&rest[..open]));
        if tag.name == "br" {
            text.push('\n');
        }
        rest = tag.rest;
    }
    text.push_str(&decode(rest));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
