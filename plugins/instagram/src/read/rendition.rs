//! Reads the pictures, videos and DASH manifest of a node: shared by posts, carousel children and story items.

use std::cmp::Reverse;

use crate::json::Value;

use crate::contract::records::{Image, Renditions, Video};
use crate::dash;
use crate::read::{crop, field};

/// The keys of a rendition's URL, width and height; `""` if its size is not stated.
type Keys = [&'static str; 3];

const MODERN: Keys = ["url", "width", "height"];
const LEGACY: Keys = ["src", "config_width", "config_height"];

/// The renditions of an XDT, POLARIS or mobile v1 node.
pub(super) fn renditions(node: &Value<'_>) -> Renditions {
    let mut images = Vec::new();
    for candidate in field::list(&node["image_versions2"]["candidates"]) {
        add_image(&mut images, candidate, MODERN);
    }
    add_image(&mut images, node, ["display_uri", "", ""]);
    let mut videos = Vec::new();
    for version in field::list(&node["video_versions"]) {
        add_video(&mut videos, version, MODERN);
    }
    let size = [&node["original_width"], &node["original_height"]];
    complete(node, images, videos, size, &node["video_dash_manifest"])
}

/// The renditions of a legacy node. Its thumbnails are square crops, used only if there is nothing else.
pub(super) fn legacy_renditions(node: &Value<'_>) -> Renditions {
    let mut images = Vec::new();
    for resource in field::list(&node["display_resources"]) {
        add_image(&mut images, resource, LEGACY);
    }
    add_image(&mut images, node, ["display_url", "", ""]);
    if images.is_empty() {
        for resource in field::list(&node["thumbnail_resources"]) {
            add_image(&mut images, resource, LEGACY);
        }
    }
    if images.is_empty() {
        add_image(&mut images, node, ["thumbnail_src", "", ""]);
    }
    let mut videos = Vec::new();
    for resource in field::list(&node["video_resources"]) {
        add_video(&mut videos, resource, LEGACY);
    }
    add_video(&mut videos, node, ["video_url", "", ""]);
    let size = [&node["dimensions"]["width"], &node["dimensions"]["height"]];
    let manifest = &node["dash_info"]["video_dash_manifest"];
    complete(node, images, videos, size, manifest)
}

/// Whether there is neither a picture nor a video.
pub(super) fn is_empty(renditions: &Renditions) -> bool {
    renditions.images.is_empty()
        && renditions.videos.is_empty()
        && renditions.dash_videos.is_empty()
}

/// The duration of the video as a node of any dialect states it, in seconds.
pub(super) fn duration(node: &Value<'_>) -> Option<f64> {
    field::number(&node["video_duration"]).filter(|seconds| *seconds > 0.0)
}

/// Leaves out crops, sorts the renditions, and adds those that only the manifest states.
fn complete(
    node: &Value<'_>,
    mut images: Vec<Image>,
    mut videos: Vec<Video>,
    [width, height]: [&Value<'_>; 2],
    manifest: &Value<'_>,
) -> Renditions {
    let (width, height) = (field::pixels(width), field::pixels(height));
    crop::leave_out(&mut images, width.zip(height));
    // A stable sort: renditions without a size keep Instagram's order, after those with one.
    images.sort_by_key(|image| Reverse(area(image.width, image.height)));
    let manifest = manifest
        .as_str()
        .as_deref()
        .map(dash::read)
        .unwrap_or_default();
    videos.extend(manifest.whole);
    videos.sort_by_key(|video| Reverse((area(video.width, video.height), video.bitrate)));
    Renditions {
        images,
        videos,
        width,
        height,
        duration: duration(node).or(manifest.duration),
        has_audio: field::flag(&node["has_audio"])
            .or((!manifest.sounds.is_empty()).then_some(true)),
        dash_videos: manifest.videos,
        dash_sounds: manifest.sounds,
        accessibility_caption: field::filled(&node["accessibility_caption"]),
    }
}

fn add_image(images: &mut Vec<Image>, entry: &Value<'_>, [url, width, height]: Keys) {
    let is_new = |url: &String| images.iter().all(|image| image.url != *url);
    if let Some(url) = field::url(&entry[url]).filter(is_new) {
        images.push(Image {
            url,
            width: field::pixels(&entry[width]),
            height: field::pixels(&entry[height]),
        });
    }
}

/// Adds a video once: the three `video_versions` in a guest's response often have the same URL.
fn add_video(videos: &mut Vec<Video>, entry: &Value<'_>, [url, width, height]: Keys) {
    let is_new = |url: &String| videos.iter().all(|video| video.url != *url);
    if let Some(url) = field::url(&entry[url]).filter(is_new) {
        videos.push(Video {
            url,
            width: field::pixels(&entry[width]),
            height: field::pixels(&entry[height]),
            bitrate: field::count(&entry["bandwidth"]).filter(|bitrate| *bitrate > 0),
            codec: None,
            fps: None,
            video_only: false,
        });
    }
}

fn area(width: Option<u32>, height: Option<u32>) -> u64 {
    u64::from(width.unwrap_or_default()) * u64::from(height.unwrap_or_default())
}
