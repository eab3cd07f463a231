//! A `__name__` extractor for Gramhost: pure functions from what Instagram answered to a record, or to a refusal.

mod door;

wit_bindgen::generate!({ path: "wit", world: "__name__-plugin", generate_all });

use exports::gramhost::extractor::{
    __name__::{self, Context, Exchange, Media, Outcome, Query, Refusal, Report, Step},
    about,
};
use gramhost::extractor::{
    queries::Target,
    records::{Image, MediaType, Renditions, User, Video},
};
use serde_json::{Value, json};

/// What an operator may override in `__name__.toml`; the host hands the result to every call as JSON.
const SETTINGS: &str = "\
# Instagram's number for the query; a line here mends a stale one without a compiler.
doc_id = \"28309390568695038\"
";

const OPERATION: &str = "PolarisLoggedOutDesktopWWWPostRootContentQuery";
const ROOT: &str = "xig_polaris_media";

/// Whether only videos are served, as for reels.
const ONLY_VIDEOS: bool = __only_videos__;

/// Memos: which question was asked last. Nothing was at first.
const ASKED_OBJECT: &[u8] = b"object";
const ASKED_PAGE: &[u8] = b"page";

struct Component;
#[cfg(target_family = "wasm")]
export!(Component);

impl about::Guest for Component {
    fn describe() -> about::Manifest {
        about::Manifest {
            name: "__name__".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hosts: vec!["www.instagram.com".to_owned()],
            rounds: 2,
            requests: 2,
            uses_session: false,
            settings: SETTINGS.to_owned(),
        }
    }
}

impl __name__::Guest for Component {
    fn extract(query: Query, context: Context, memo: Vec<u8>, answers: Vec<Exchange>) -> Outcome {
        Outcome {
            report: Report {
                door: (!answers.is_empty()).then(|| door::NAME.to_owned()),
                diagnostics: Vec::new(),
            },
            step: step(&query.target, &context, &memo, &answers).unwrap_or_else(Step::Refuse),
        }
    }
}

/// One step of the fold: the memo says which question was asked last, and `answers` has the answer to it.
fn step(
    target: &Target,
    context: &Context,
    memo: &[u8],
    answers: &[Exchange],
) -> Result<Step, Refusal> {
    let Target::Shortcode(code) = target else {
        let why = "share links are not followed yet";
        return Err(Refusal::Unavailable(why.to_owned()));
    };
    let id = media_id(code).ok_or(Refusal::NotFound)?;
    match (memo, answers) {
        ([], _) => {
            let settings: Value = serde_json::from_str(&context.settings).unwrap_or_default();
            let doc_id = settings["doc_id"].as_str().unwrap_or_default();
            let variables = json!({ "media_id": id.to_string() });
            let question = door::question(OPERATION, doc_id, &variables);
            Ok(Step::Fetch(door::fetch(question, ASKED_OBJECT)))
        }
        (ASKED_OBJECT, [answer]) => match door::object(answer, ROOT)? {
            Some(object) => Ok(Step::Done(media(&object)?)),
            None => {
                let page = door::page(&format!("/p/{code}/"));
                Ok(Step::Fetch(door::fetch(page, ASKED_PAGE)))
            }
        },
        (ASKED_PAGE, [page]) => Err(door::absence(page)),
        _ => Err(Refusal::Unavailable(
            "the memo is not one of this extractor".to_owned(),
        )),
    }
}

/// The record. A value that Instagram does not state stays `None`: never 0, "" or false in its place.
fn media(root: &Value) -> Result<Media, Refusal> {
    let inner = &root["if_not_gated_logged_out"];
    if inner.is_null() {
        return Err(gating(&root["gating_ruling"]));
    }
    let must = |key: &str| text(&inner[key]).ok_or_else(|| lacks(key, inner));
    let media_type = match inner["media_type"].as_u64() {
        Some(1) => MediaType::Image,
        Some(2) => MediaType::Video,
        Some(8) => MediaType::Carousel,
        _ => return Err(lacks("media_type", inner)),
    };
    if ONLY_VIDEOS && !matches!(media_type, MediaType::Video) {
        return Err(Refusal::NotFound);
    }
    let owner = user(&inner["user"]);
    if owner.as_ref().and_then(|owner| owner.is_private) == Some(true) {
        return Err(Refusal::Private);
    }
    let hidden = inner["like_and_view_counts_disabled"].as_bool();
    Ok(Media {
        shortcode: must("code")?,
        media_id: must("pk")?,
        media_type,
        product_type: text(&inner["product_type"]),
        renditions: renditions(inner),
        caption: text(&inner["caption"]["text"]),
        taken_at: inner["taken_at"].as_u64(),
        owner,
        like_count: inner["like_count"]
            .as_u64()
            .filter(|_| hidden != Some(true)),
        comment_count: inner["comment_count"].as_u64(),
        counts_hidden: hidden,
        // From here on: yours to read. `exchange.har` of a case shows what Instagram states.
        hashtags: Vec::new(),
        mentions: Vec::new(),
        coauthors: Vec::new(),
        tagged_users: Vec::new(),
        location: None,
        audio: None,
        view_count: None,
        share_count: None,
        save_count: None,
        comments_disabled: None,
        hoisted_comment_count: None,
        media_preview: None,
        has_effects: None,
        carousel_count: None,
        children: Vec::new(),
        // What Instagram states and the contract has no field for: names in snake case, and JSON texts.
        more: Vec::new(),
    })
}

/// Why a post is withheld: in words, else by number.
fn gating(ruling: &Value) -> Refusal {
    let words = format!("{} {}", ruling["title"], ruling["description"]).to_lowercase();
    let says = |any: &[&str]| any.iter().any(|it| words.contains(it));
    match ruling["gating_type"].as_u64() {
        _ if says(&["years old", "age-restricted", "your age"]) => Refusal::AgeRestricted,
        _ if says(&["country", "region"]) => Refusal::RegionBlocked,
        Some(3) => Refusal::AgeRestricted,
        Some(2) => Refusal::RegionBlocked,
        _ => Refusal::LoginRequired,
    }
}

fn renditions(inner: &Value) -> Renditions {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let number = |value: &Value| value.as_u64().and_then(|it| u32::try_from(it).ok());
    let images = list(&inner["image_versions2"]["candidates"]);
    let videos = list(&inner["video_versions"]);
    Renditions {
        images: images
            .iter()
            .filter_map(|it| {
                Some(Image {
                    url: text(&it["url"])?,
                    width: number(&it["width"]),
                    height: number(&it["height"]),
                })
            })
            .collect(),
        videos: videos
            .iter()
            .filter_map(|it| {
                Some(Video {
                    url: text(&it["url"])?,
                    width: number(&it["width"]),
                    height: number(&it["height"]),
                    bitrate: None,
                    codec: None,
                    fps: None,
                    video_only: false,
                })
            })
            .collect(),
        dash_videos: Vec::new(),
        dash_sounds: Vec::new(),
        width: number(&inner["original_width"]),
        height: number(&inner["original_height"]),
        duration: inner["video_duration"].as_f64(),
        has_audio: inner["has_audio"].as_bool(),
        accessibility_caption: text(&inner["accessibility_caption"]),
    }
}

fn user(value: &Value) -> Option<User> {
    Some(User {
        user_id: text(&value["pk"]),
        username: Some(text(&value["username"])?),
        full_name: text(&value["full_name"]),
        picture_url: text(&value["profile_pic_url"]),
        is_verified: value["is_verified"].as_bool(),
        is_private: value["is_private"].as_bool(),
        more: Vec::new(),
    })
}

/// A text that says something.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.to_owned())
}

fn lacks(key: &str, inner: &Value) -> Refusal {
    let path = format!("data.{ROOT}.if_not_gated_logged_out.{key}");
    door::changed(&path, "a value", &inner[key].to_string())
}

/// A shortcode is its media id in base 64, with Instagram's own alphabet.
fn media_id(shortcode: &str) -> Option<u64> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    shortcode.bytes().take(11).try_fold(0_u64, |id, byte| {
        let digit = alphabet.iter().position(|it| *it == byte)?;
        id.checked_mul(64)?.checked_add(digit as u64)
    })
}

#[cfg(test)]
mod tests {
    //! The mapping without a host; `gramhost plugin test` runs whole cases through the component.

    use super::*;

    #[test]
    fn a_shortcode_is_a_number() {
        assert_eq!(media_id("DdEo7DPG8x2"), Some(3_982_487_950_286_638_198));
        assert_eq!(media_id("no shortcode"), None);
    }

    #[test]
    fn a_recorded_answer_becomes_a_record() {
        let har: Value =
            serde_json::from_str(include_str!("../cases/__name__/found/exchange.har")).unwrap();
        let body = &har["log"]["entries"][0]["response"]["content"]["text"];
        let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        let media = media(&body["data"][ROOT]).unwrap();
        assert_eq!(media.like_count, Some(__likes__));
        assert_eq!(media.view_count, None);
    }

    #[test]
    fn an_age_gate_is_said() {
        let gated =
            json!({ "if_not_gated_logged_out": null, "gating_ruling": { "gating_type": 3 } });
        assert!(matches!(media(&gated), Err(Refusal::AgeRestricted)));
        let words = json!({ "gating_type": 2, "title": "Age-restricted content" });
        assert!(matches!(gating(&words), Refusal::AgeRestricted));
    }
}
