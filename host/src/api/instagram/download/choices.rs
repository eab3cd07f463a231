//! The values that the fields of a body may have, as the OpenAPI document states them.

use serde_json::Value;
use utoipa::openapi::{Object, ObjectBuilder, OneOfBuilder, Schema, schema::Type};

const POST_QUALITIES: &[&str] = &[
    "best", "high", "medium", "low", "1080p", "720p", "480p", "360p",
];
const REEL_QUALITIES: &[&str] = &["best", "1080p", "720p", "480p", "360p"];
const NAMED_QUALITIES: &[&str] = &["best", "high", "medium", "low"];
const POST_PARTS: &[&str] = &[
    "media",
    "video_only",
    "image_only",
    "audio_only",
    "video_silent",
];
const REEL_PARTS: &[&str] = &["video", "audio_only", "video_only", "cover"];
const STORY_FORMATS: &[&str] = &["individual", "zip"];
const AUDIO_FORMATS: &[&str] = &["best", "mp3", "m4a", "aac", "wav"];
const OUTPUT_FORMATS: &[&str] = &[
    "jpg", "png", "webp", "mp4", "mkv", "mov", "mp3", "m4a", "aac", "wav",
];
const PICTURE_AND_VIDEO_FORMATS: &[&str] = &["jpg", "png", "webp", "mp4", "mkv", "mov"];
const VIDEO_CODECS: &[&str] = &["any", "h264"];
const KINDS: &[&str] = &["post", "reel", "story"];

pub(super) fn post_quality() -> Schema {
    optional(POST_QUALITIES, "`best` by default.")
}

pub(super) fn reel_quality() -> Schema {
    optional(REEL_QUALITIES, "`best` by default.")
}

pub(super) fn named_quality() -> Schema {
    optional(NAMED_QUALITIES, "`best` by default.")
}

pub(super) fn batch_quality() -> Schema {
    let text = "As in the download of each type; `best` by default. Only `best` is a quality of all types.";
    optional(POST_QUALITIES, text)
}

pub(super) fn post_part() -> Schema {
    let text = "`media` by default. `audio_only` is the sound of videos, or the song of pictures; `video_silent` is videos without their sound.";
    optional(POST_PARTS, text)
}

pub(super) fn reel_part() -> Schema {
    optional(
        REEL_PARTS,
        "`video` by default. `video_only` is without sound; `cover` is its picture alone.",
    )
}

pub(super) fn story_format() -> Schema {
    optional(STORY_FORMATS, "`individual` by default.")
}

pub(super) fn audio_format() -> Schema {
    optional(AUDIO_FORMATS, "`best` by default.")
}

/// Of a download that may be only its sound.
pub(super) fn output_format() -> Schema {
    let text =
        "One of `supported_output_formats` of `/instagram/formats` that fits what is downloaded.";
    optional(OUTPUT_FORMATS, text)
}

/// Of all other downloads.
pub(super) fn visible_format() -> Schema {
    let text = "One of `supported_output_formats` of `/instagram/formats`, except those of sounds.";
    optional(PICTURE_AND_VIDEO_FORMATS, text)
}

pub(super) fn video_codec() -> Schema {
    let text =
        "`any` by default. `h264`: a video in H.264 even if it is smaller, or else encoded anew.";
    optional(VIDEO_CODECS, text)
}

pub(super) fn kind() -> Object {
    one_of(KINDS)
}

/// A field that has one of these values, or is missing or null.
///
/// The list is a schema of its own: of a list with null in it, a generator of clients makes three types.
fn optional(values: &[&str], description: &str) -> Schema {
    let choice = OneOfBuilder::new()
        .item(one_of(values))
        .item(ObjectBuilder::new().schema_type(Type::Null));
    Schema::OneOf(choice.description(Some(description)).build())
}

fn one_of(values: &[&str]) -> Object {
    let values = values.iter().map(|name| Value::from(*name));
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(values)).build()
}

#[cfg(test)]
mod tests {
    //! The document allows what the code takes, and nothing else.

    use super::*;
    use crate::{
        api::instagram::download::request,
        download::{Kind, Part, Quality},
    };

    /// Checks every value that any field may have, and some that none may have.
    fn assert_same(stated: &[&str], takes: impl Fn(&str) -> bool) {
        let all = [
            POST_QUALITIES,
            POST_PARTS,
            REEL_PARTS,
            STORY_FORMATS,
            AUDIO_FORMATS,
            OUTPUT_FORMATS,
            VIDEO_CODECS,
            KINDS,
            &["", "Best", "1080", "avi", "hevc", "null"],
        ];
        for value in all.concat() {
            assert_eq!(stated.contains(&value), takes(value), "{value:?}");
        }
    }

    #[test]
    fn the_stated_values_are_those_that_are_taken() {
        let quality = |kind| move |name: &str| Quality::parse(kind, name).is_some();
        assert_same(POST_QUALITIES, quality(Kind::Post));
        assert_same(REEL_QUALITIES, quality(Kind::Reel));
        assert_same(NAMED_QUALITIES, quality(Kind::Story));
        assert_same(NAMED_QUALITIES, quality(Kind::Carousel));
        assert_same(AUDIO_FORMATS, |name| {
            request::audio_format(Some(name)).is_ok()
        });
        assert_same(VIDEO_CODECS, |name| {
            request::video_codec(Some(name)).is_ok()
        });
        let format = |part| move |name: &str| request::formats(Some(name), part).is_ok();
        assert_same(PICTURE_AND_VIDEO_FORMATS, format(Part::All));
        let parts = [Part::All, Part::Sound];
        assert_same(OUTPUT_FORMATS, |name| {
            parts.iter().any(|part| format(*part)(name))
        });
    }
}
