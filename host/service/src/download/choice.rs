//! Chooses the rendition to fetch for the wanted size, among those on offer. Pure.

use std::cmp::Reverse;

use crate::{
    contract::record::{Image, Renditions, Video},
    media::{Abilities, Film},
};

/// The assumed shorter side of a video with sound whose size is not stated, pixels. It is the maximum that Instagram
/// serves as a single file.
const PROGRESSIVE_SIDE_PX: u32 = 720;

/// A picture to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageChoice {
    pub(super) url: String,
    /// The width to scale it down to, pixels, if the fetched picture is wider.
    pub(super) width: Option<u32>,
}

/// A video to fetch, possibly as two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VideoChoice {
    pub(super) url: String,
    /// The sound track to fetch for a video without sound.
    pub(super) sound: Option<String>,
    /// Whether the file at `url` itself has sound, as far as is known.
    pub(super) sounding: bool,
    /// The shorter side to scale it down to, pixels.
    pub(super) side: Option<u32>,
}

/// The smallest picture that has at least the wanted width, or else the largest one.
pub(super) fn image(offered: &[Image], width: Option<u32>) -> Option<ImageChoice> {
    let largest = offered.first()?;
    let Some(wanted) = width else {
        let url = largest.url.clone();
        return Some(ImageChoice { url, width: None });
    };
    let wide_enough = offered
        .iter()
        .filter(|image| image.width.is_some_and(|width| width >= wanted));
    let chosen = wide_enough
        .min_by_key(|image| image.width)
        .unwrap_or(largest);
    Some(ImageChoice {
        url: chosen.url.clone(),
        width: Some(wanted).filter(|wanted| chosen.width != Some(*wanted)),
    })
}

/// One way to get a video.
#[derive(Clone, Copy)]
struct Offer<'a> {
    video: &'a Video,
    side: u32,
    /// Whether it needs a second file, or lacks the sound that it should have.
    partial: bool,
}

/// What is wanted of a video.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The container, the codec, the shorter side, and whether it is without sound.
    pub(super) film: Film,
    /// What this server can convert.
    pub(super) abilities: &'a Abilities,
}

impl Wanted<'_> {
    /// Returns whether a video can be encoded anew, as far as is known before it is fetched.
    fn encodes(&self, video: &Video) -> bool {
        let decodes = |codec: &str| self.abilities.decodes(codec);
        self.abilities.encodes("h264") && video.codec.as_deref().is_none_or(decodes)
    }
}

/// The video with the wanted shorter side (and with its sound, unless it is to be mute). Otherwise the next larger one,
/// scaled down if possible; otherwise the next smaller one. Without a wanted side, the largest one. A video that fits the
/// wanted container and codec comes first, even if it is smaller; the others must be encoded anew.
pub(super) fn video(renditions: &Renditions, wanted: &Wanted<'_>) -> Option<VideoChoice> {
    let Film { side, mute, .. } = wanted.film;
    let fits = |offer: &Offer<'_>| wanted.film.holds(offer.video.codec.as_deref());
    let (fitting, others): (Vec<_>, Vec<_>) =
        offers(renditions, wanted).into_iter().partition(fits);
    let offers = if fitting.is_empty() {
        others
            .into_iter()
            .filter(|offer| wanted.encodes(offer.video))
            .collect()
    } else {
        fitting
    };
    let rank = |offer: &Offer<'_>| rank(offer, mute);
    let largest = offers.iter().max_by_key(|offer| (offer.side, rank(offer)));
    let chosen = match side {
        None => largest,
        Some(side) => {
            let above = offers.iter().filter(|offer| offer.side >= side);
            let above = above.min_by_key(|offer| (offer.side, Reverse(rank(offer))));
            let below = offers.iter().filter(|offer| offer.side < side);
            let below = below.max_by_key(|offer| (offer.side, rank(offer)));
            let fits = |offer: &&Offer<'_>| wanted.encodes(offer.video) || offer.side == side;
            above.filter(fits).or(below).or(above)
        }
    }?;
    let sound = renditions
        .dash_sounds
        .first()
        .map(|sound| sound.url.clone());
    Some(VideoChoice {
        url: chosen.video.url.clone(),
        sound: sound.filter(|_| chosen.video.video_only && !mute),
        sounding: !chosen.video.video_only && renditions.has_audio != Some(false),
        side: side.filter(|side| wanted.encodes(chosen.video) && chosen.side > *side),
    })
}

fn offers<'a>(renditions: &'a Renditions, wanted: &Wanted<'_>) -> Vec<Offer<'a>> {
    let (silent, can_merge) = (wanted.film.mute, wanted.abilities.converts());
    let shown = |video: &Video| Some(video.width?.min(video.height?));
    let original = renditions.width.zip(renditions.height);
    let original = original.map_or(PROGRESSIVE_SIDE_PX, |(width, height)| width.min(height));
    let assumed = original.min(PROGRESSIVE_SIDE_PX);
    let has_sound = !renditions.dash_sounds.is_empty() && renditions.has_audio != Some(false);
    // Of several videos without a size, only the first is used; it is the largest.
    let sized = renditions.videos.iter().enumerate();
    let whole = sized.filter_map(|(place, video)| {
        let side = shown(video).or((place == 0).then_some(assumed))?;
        let partial = silent && renditions.has_audio != Some(false);
        Some(Offer {
            video,
            side,
            partial,
        })
    });
    let pieces = renditions.dash_videos.iter().filter_map(|video| {
        let side = shown(video)?;
        let partial = has_sound && !silent;
        (can_merge || !partial).then_some(Offer {
            video,
            side,
            partial,
        })
    });
    whole.chain(pieces).collect()
}

/// Ranks offers of the same size: first those that need no conversion, then those that play everywhere, then those of
/// higher quality.
fn rank(offer: &Offer<'_>, silent: bool) -> (bool, bool, bool, u64) {
    let plays_everywhere = offer
        .video
        .codec
        .as_deref()
        .is_none_or(|codec| codec == "h264");
    (
        !offer.partial,
        offer.video.video_only == silent,
        plays_everywhere,
        offer.video.bitrate.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{
        contract::record::Sound,
        media::{VideoCodec, VideoFormat},
    };

    fn picture(width: impl Into<Option<u32>>) -> Image {
        let width = width.into();
        Image {
            url: format!("i{}", width.unwrap_or_default()),
            width,
            height: None,
        }
    }

    fn offer(side: Option<u32>, video_only: bool, codec: &str) -> Video {
        Video {
            url: format!(
                "{codec}{}{}",
                side.unwrap_or_default(),
                if video_only { "v" } else { "" }
            ),
            width: side,
            height: side.map(|side| side * 16 / 9),
            bitrate: None,
            codec: Some(codec.to_owned()),
            fps: None,
            video_only,
        }
    }

    /// A complete 720p video, separate 1080p (two codecs) and 480p video tracks, and a sound track.
    fn reel() -> Renditions {
        Renditions {
            videos: vec![offer(Some(720), false, "h264")],
            dash_videos: vec![
                offer(Some(1080), true, "vp9"),
                offer(Some(1080), true, "h264"),
                offer(Some(720), true, "h264"),
                offer(Some(480), true, "h264"),
            ],
            dash_sounds: vec![Sound {
                url: "sound".to_owned(),
                bitrate: None,
                codec: None,
            }],
            ..Renditions::default()
        }
    }

    fn film(side: Option<u32>, mute: bool) -> Film {
        Film {
            format: None,
            codec: VideoCodec::Any,
            side,
            mute,
        }
    }

    fn choose(renditions: &Renditions, film: Film, can_convert: bool) -> Option<VideoChoice> {
        let abilities = if can_convert {
            Abilities::all()
        } else {
            Abilities::default()
        };
        let wanted = Wanted {
            film,
            abilities: &abilities,
        };
        video(renditions, &wanted)
    }

    fn chosen(side: Option<u32>, silent: bool, can_convert: bool) -> (String, bool, Option<u32>) {
        let choice = choose(&reel(), film(side, silent), can_convert).unwrap();
        (choice.url, choice.sound.is_some(), choice.side)
    }

    #[test]
    fn the_wanted_size_else_the_next_larger_else_the_nearest_below() {
        for (side, silent, can_convert, url, with_sound, scaled) in [
            (None, false, true, "h2641080v", true, None),
            (None, false, false, "h264720", false, None),
            (Some(720), false, true, "h264720", false, None),
            (Some(480), false, true, "h264480v", true, None),
            (Some(480), false, false, "h264720", false, None),
            (Some(360), false, true, "h264480v", true, Some(360)),
            (Some(1080), false, false, "h264720", false, None),
            (None, true, false, "h2641080v", false, None),
            (Some(720), true, true, "h264720v", false, None),
        ] {
            assert_eq!(
                chosen(side, silent, can_convert),
                (url.to_owned(), with_sound, scaled),
                "{side:?} {silent} {can_convert}"
            );
        }
    }

    #[test]
    fn a_video_without_sizes_counts_as_720p_or_less() {
        let bare = Renditions {
            videos: vec![offer(None, false, "h264"), offer(None, false, "vp9")],
            width: Some(1080),
            height: Some(1920),
            ..Renditions::default()
        };
        let chosen = |side| choose(&bare, film(Some(side), false), true).unwrap();
        assert_eq!(chosen(480).side, Some(480));
        assert_eq!(chosen(720).side, None);
        assert_eq!(chosen(1080).url, "h2640");
        assert_eq!(
            choose(&Renditions::default(), film(None, false), true),
            None
        );
    }

    #[test]
    fn what_fits_the_container_and_codec_comes_first_even_if_smaller() {
        let reel = |codec: &str| Renditions {
            videos: vec![offer(Some(720), false, "h264")],
            dash_videos: vec![offer(Some(1080), true, codec)],
            dash_sounds: reel().dash_sounds,
            ..Renditions::default()
        };
        let (mov, mp4, mkv) = (VideoFormat::Mov, VideoFormat::Mp4, VideoFormat::Mkv);
        for (codec, format, only, url) in [
            ("vp9", Some(mov), VideoCodec::Any, "h264720"),
            ("av1", Some(mov), VideoCodec::Any, "h264720"),
            ("hevc", Some(mov), VideoCodec::Any, "hevc1080v"),
            ("vp9", Some(mp4), VideoCodec::Any, "vp91080v"),
            ("vp9", Some(mkv), VideoCodec::Any, "vp91080v"),
            ("vvc", Some(mp4), VideoCodec::Any, "h264720"),
            ("vp9", None, VideoCodec::Any, "vp91080v"),
            ("vp9", None, VideoCodec::H264, "h264720"),
            ("hevc", Some(mkv), VideoCodec::H264, "h264720"),
        ] {
            let film = Film {
                format,
                codec: only,
                ..film(None, false)
            };
            for side in [None, Some(1080)] {
                let film = Film { side, ..film };
                let choice = choose(&reel(codec), film, true).unwrap();
                assert_eq!(choice.url, url, "{codec} {film:?}");
            }
        }
    }

    #[test]
    fn what_fits_nowhere_needs_an_encoder() {
        let reel = Renditions {
            dash_videos: vec![offer(Some(1080), true, "vp9")],
            ..Renditions::default()
        };
        let film = Film {
            codec: VideoCodec::H264,
            ..film(None, false)
        };
        assert_eq!(choose(&reel, film, true).unwrap().url, "vp91080v");
        assert_eq!(choose(&reel, film, false), None);
    }

    #[test]
    fn the_nearest_picture_at_or_above_else_the_largest() {
        let offered = [picture(1080), picture(640), picture(320)];
        for (wanted, url, scaled) in [
            (None, "i1080", None),
            (Some(640), "i640", None),
            (Some(480), "i640", Some(480)),
            (Some(100), "i320", Some(100)),
            (Some(2000), "i1080", Some(2000)),
        ] {
            let choice = image(&offered, wanted).unwrap();
            assert_eq!(
                (choice.url.as_str(), choice.width),
                (url, scaled),
                "{wanted:?}"
            );
        }
        assert_eq!(image(&[picture(None)], Some(640)).unwrap().width, Some(640));
        assert_eq!(image(&[], None), None);
    }
}
