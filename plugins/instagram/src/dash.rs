//! Reads the DASH manifest (MPD) in a response: the renditions that the JSON around it does not list. A pull reader
//! over tags: Instagram's manifests have one period, and one `BaseURL` per representation.

use std::cmp::Reverse;

use crate::contract::records::{Sound, Video};
use crate::read::markup::Tag;

/// The content of a manifest.
#[derive(Default)]
pub(crate) struct Manifest {
    /// Seconds.
    pub(crate) duration: Option<f64>,
    /// Without sound, largest first.
    pub(crate) videos: Vec<Video>,
    /// Highest bitrate first.
    pub(crate) sounds: Vec<Sound>,
}

/// Reads a manifest. The result is empty for text that is not a manifest (some responses contain a URL instead).
pub(crate) fn read(xml: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut set = None;
    let mut representation = None;
    let mut rest = xml;
    while let Some(tag) = Tag::first(rest) {
        rest = tag.rest;
        match tag.name {
            "MPD" => {
                manifest.duration = tag
                    .attribute("mediaPresentationDuration")
                    .and_then(|text| seconds(&text))
            }
            "AdaptationSet" => set = Some(tag),
            "Representation" => representation = Some(tag),
            "BaseURL" => {
                if let Some(representation) = representation.take() {
                    let tags = [Some(&representation), set.as_ref()];
                    add(&mut manifest, &tags, tag.text().into_owned());
                }
            }
            _ => {}
        }
    }
    manifest
        .videos
        .sort_by_key(|video| Reverse((area(video), video.bitrate)));
    manifest.sounds.sort_by_key(|sound| Reverse(sound.bitrate));
    manifest
}

/// Returns the usual name of the codec for an RFC 6381 text such as `avc1.64001F`; for unknown codecs, the first part
/// of the text.
pub(crate) fn codec(codecs: &str) -> Option<String> {
    let first = codecs.split(['.', ',']).next()?.trim();
    let name = match first {
        "" => return None,
        "avc1" | "avc3" => "h264",
        "hev1" | "hvc1" => "hevc",
        "vp09" => "vp9",
        "av01" => "av1",
        "mp4a" => "aac",
        other => other,
    };
    Some(name.to_ascii_lowercase())
}

/// Adds a representation. Its attributes may be on its adaptation set instead.
fn add(manifest: &mut Manifest, tags: &[Option<&Tag<'_>>; 2], url: String) {
    if !url.starts_with("http") {
        return;
    }
    let attribute = |name| tags.iter().flatten().find_map(|tag| tag.attribute(name));
    let number = |name| attribute(name)?.parse::<u32>().ok();
    let codec = attribute("codecs").and_then(|codecs| codec(&codecs));
    let bitrate = number("bandwidth").map(u64::from);
    let is_sound = ["mimeType", "contentType"]
        .into_iter()
        .filter_map(attribute)
        .any(|kind| kind.starts_with("audio"));
    if is_sound {
        manifest.sounds.push(Sound {
            url,
            bitrate,
            codec,
        });
    } else {
        manifest.videos.push(Video {
            url,
            width: number("width"),
            height: number("height"),
            bitrate,
            codec,
            fps: attribute("frameRate").and_then(|text| frame_rate(&text)),
            video_only: true,
        });
    }
}

fn area(video: &Video) -> u64 {
    u64::from(video.width.unwrap_or_default()) * u64::from(video.height.unwrap_or_default())
}

/// Parses frames per second from `30` or `15360/512`.
fn frame_rate(text: &str) -> Option<f64> {
    let (frames, span) = text.split_once('/').unwrap_or((text, "1"));
    let rate = frames.trim().parse::<f64>().ok()? / span.trim().parse::<f64>().ok()?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// Parses seconds from an ISO 8601 duration without days, such as `PT0H1M28.793S`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut total = 0.0;
    for (unit, length) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            total += number.parse::<f64>().ok()? * length;
            rest = after;
        }
    }
    (total.is_finite() && total > 0.0).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MPD: &str = r#"<?xml version="1.0"?>
<MPD mediaPresentationDuration="PT0H1M2.5S" type="static"><Period>
 <AdaptationSet contentType="video" frameRate="15360/512">
  <Representation id="1v" bandwidth="400" codecs="av01.0.04M.08" mimeType="video/mp4" width="540" height="960">
   <BaseURL>https://a.cdninstagram.com/low.mp4?a=1&amp;b=2</BaseURL><SegmentBase/></Representation>
  <Representation id="2v" bandwidth="900" codecs="avc1.64001F" width="1080" height="1920" frameRate="25">
   <BaseURL> https://a.cdninstagram.com/high.mp4 </BaseURL></Representation>
 </AdaptationSet>
 <AdaptationSet contentType="audio"><Representation bandwidth="45" codecs="mp4a.40.42">
   <BaseURL>https://a.cdninstagram.com/sound.mp4</BaseURL></Representation></AdaptationSet>
</Period></MPD>"#;

    #[test]
    fn videos_come_largest_first_with_all_their_attributes() {
        let manifest = read(MPD);
        assert_eq!(manifest.duration, Some(62.5));
        let video = |url: &str, (width, height), bitrate, codec: &str, fps| Video {
            url: url.into(),
            width: Some(width),
            height: Some(height),
            bitrate: Some(bitrate),
            codec: Some(codec.into()),
            fps: Some(fps),
            video_only: true,
        };
        let low = "https://a.cdninstagram.com/low.mp4?a=1&b=2";
        assert_eq!(
            manifest.videos,
            [
                video(
                    "https://a.cdninstagram.com/high.mp4",
                    (1080, 1920),
                    900,
                    "h264",
                    25.0
                ),
                video(low, (540, 960), 400, "av1", 30.0),
            ]
        );
    }

    #[test]
    fn sound_is_apart() {
        let sound = Sound {
            url: "https://a.cdninstagram.com/sound.mp4".into(),
            bitrate: Some(45),
            codec: Some("aac".into()),
        };
        assert_eq!(read(MPD).sounds, [sound]);
    }

    #[test]
    fn what_is_no_manifest_states_nothing() {
        for text in [
            "",
            "<mpd>",
            "https://a.cdninstagram.com/v.mp4",
            "<MPD><BaseURL>https://a</BaseURL>",
        ] {
            let manifest = read(text);
            assert!(
                manifest.videos.is_empty()
                    && manifest.sounds.is_empty()
                    && manifest.duration.is_none()
            );
        }
    }

    proptest! {
        #[test]
        fn no_cut_panics(from in 0..MPD.len(), to in 0..MPD.len()) {
            let _ = read(&MPD[from.min(to)..from.max(to)]);
        }

        #[test]
        fn no_text_panics(duration in ".*") {
            let _ = (seconds(&duration), frame_rate(&duration), codec(&duration));
        }
    }
}
