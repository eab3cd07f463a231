//! Chooses which of the offered pictures and videos is used for each documented name.

use std::cmp::Reverse;

use serde::Serialize;
use utoipa::ToSchema;

use crate::contract::record::{Image, Renditions, Video};

/// One picture in four sizes; null where Instagram offers nothing near.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ImageUrls<'a> {
    /// About 150 pixels wide.
    thumbnail: Option<&'a str>,
    /// About 640 pixels wide.
    medium: Option<&'a str>,
    /// About 1080 pixels wide.
    high_resolution: Option<&'a str>,
    /// The largest.
    original: Option<&'a str>,
}

impl<'a> From<&'a Renditions> for ImageUrls<'a> {
    fn from(renditions: &'a Renditions) -> Self {
        let images = &renditions.images;
        Self {
            thumbnail: nearest(images, 150),
            medium: nearest(images, 640),
            high_resolution: nearest(images, 1080),
            original: images.first().map(|image| image.url.as_str()),
        }
    }
}

impl<'a> ImageUrls<'a> {
    /// The picture to show: about 1080 pixels wide, else the largest.
    pub(in crate::api) fn display(&self) -> Option<&'a str> {
        self.high_resolution.or(self.original)
    }

    /// The picture to show small: the smallest that is not too small, else the largest.
    pub(in crate::api) fn thumbnail(&self) -> Option<&'a str> {
        self.thumbnail.or(self.medium).or(self.display())
    }
}

/// The picture whose width is nearest to this one, at most a quarter off.
pub(in crate::api) fn nearest(images: &[Image], width: u32) -> Option<&str> {
    let sized = images
        .iter()
        .filter_map(|image| Some((image, image.width?)));
    let (image, _) = sized
        .filter(|(_, offered)| offered.abs_diff(width) <= width / 4)
        .min_by_key(|(_, offered)| offered.abs_diff(width))?;
    Some(&image.url)
}

/// One video in three sizes; null where Instagram offers fewer.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct VideoUrls<'a> {
    /// The smallest; without sound where Instagram offers that size only so.
    low_quality: Option<&'a str>,
    /// Between the two; without sound where Instagram offers that size only so.
    medium_quality: Option<&'a str>,
    /// The largest with sound: `video_url`.
    high_quality: Option<&'a str>,
}

impl<'a> From<&'a Renditions> for VideoUrls<'a> {
    fn from(renditions: &'a Renditions) -> Self {
        let high = best_video(renditions);
        let mut smaller: Vec<_> = renditions
            .videos
            .iter()
            .chain(&renditions.dash_videos)
            .filter(|video| short_side(video) < high.and_then(short_side))
            .filter(|video| short_side(video).is_some())
            .collect();
        // A stable sort, so that of two videos of the same size the one with sound stays.
        smaller.sort_by_key(|video| Reverse(short_side(video)));
        smaller.dedup_by_key(|video| short_side(video));
        let low = smaller.pop();
        let medium = smaller.get(smaller.len() / 2).copied();
        Self {
            low_quality: low.map(|video| video.url.as_str()),
            medium_quality: medium.map(|video| video.url.as_str()),
            high_quality: high.map(|video| video.url.as_str()),
        }
    }
}

/// The largest video with sound, else the largest.
pub(in crate::api) fn best_video(renditions: &Renditions) -> Option<&Video> {
    let sounding = renditions.videos.first();
    sounding.or(renditions.dash_videos.first())
}

/// The URL of [`best_video`].
pub(in crate::api) fn video_url(renditions: &Renditions) -> Option<&str> {
    best_video(renditions).map(|video| video.url.as_str())
}

/// The URL of the sound track alone.
pub(in crate::api) fn sound_url(renditions: &Renditions) -> Option<&str> {
    let sound = renditions.dash_sounds.first();
    sound.map(|sound| sound.url.as_str())
}

/// The number in names such as `720p`.
fn short_side(video: &Video) -> Option<u32> {
    Some(video.width?.min(video.height?))
}
