//! The options of a download, named as in the specification. Pure.

use serde::{Deserialize, Serialize};

use crate::{
    contract::Query,
    media::{AudioFormat, ImageFormat, VideoCodec, VideoFormat},
};

/// The four kinds of download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The files of a post, one by one.
    Post,
    /// A reel.
    Reel,
    /// The active stories of an account.
    Story,
    /// The items of a carousel in one ZIP.
    Carousel,
}

/// The wanted size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// The maximum that Instagram offers.
    #[default]
    Best,
    /// See [`Quality::image_width`] and [`Quality::video_side`].
    High,
    /// See [`Quality::High`].
    Medium,
    /// See [`Quality::High`].
    Low,
    /// 1080 pixels.
    #[serde(rename = "1080p")]
    P1080,
    /// 720 pixels.
    #[serde(rename = "720p")]
    P720,
    /// 480 pixels.
    #[serde(rename = "480p")]
    P480,
    /// 360 pixels.
    #[serde(rename = "360p")]
    P360,
}

impl Quality {
    /// The quality with this name, if downloads of this kind have it.
    #[must_use]
    pub fn parse(kind: Kind, name: &str) -> Option<Self> {
        let quality = match name {
            "best" => Self::Best,
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            "1080p" => Self::P1080,
            "720p" => Self::P720,
            "480p" => Self::P480,
            "360p" => Self::P360,
            _ => return None,
        };
        let named = matches!(quality, Self::High | Self::Medium | Self::Low);
        let sized = !named && quality != Self::Best;
        let known = match kind {
            Kind::Post => true,
            Kind::Reel => !named,
            Kind::Story | Kind::Carousel => !sized,
        };
        known.then_some(quality)
    }

    /// The width of a picture, pixels, as `/instagram/formats` lists it; `None`: unchanged.
    #[must_use]
    pub fn image_width(self, kind: Kind) -> Option<u32> {
        let story = kind == Kind::Story;
        match self {
            Self::Best => None,
            Self::High => Some(if story { 720 } else { 640 }),
            Self::Medium => Some(if story { 540 } else { 480 }),
            Self::Low => Some(if story { 360 } else { 320 }),
            Self::P1080 => Some(1080),
            Self::P720 => Some(720),
            Self::P480 => Some(480),
            Self::P360 => Some(360),
        }
    }

    /// The shorter side of a video, pixels; `None`: unchanged.
    #[must_use]
    pub fn video_side(self, kind: Kind) -> Option<u32> {
        match self {
            Self::High => Some(720),
            Self::Medium if kind == Kind::Story => Some(540),
            Self::Medium => Some(480),
            Self::Low => Some(360),
            other => other.image_width(kind),
        }
    }
}

/// The number of the only item of a carousel that is wanted: what the client asks for, in which 0 stands for all of them,
/// else what the URL chooses.
#[must_use]
pub fn wanted_item(asked: Option<u32>, of_url: Option<u32>) -> Option<u32> {
    asked.map_or(of_url, |item| Some(item).filter(|item| *item > 0))
}

/// Which part of the content is downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Everything.
    #[default]
    All,
    /// The videos of a post.
    Videos,
    /// The pictures of a post.
    Images,
    /// The sound of videos, or the song of pictures.
    Sound,
    /// The video of a reel, without its sound.
    Silent,
}

/// The formats of the files; `None`: as Instagram serves them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// For pictures.
    pub image: Option<ImageFormat>,
    /// For videos.
    pub video: Option<VideoFormat>,
    /// For sounds.
    pub audio: Option<AudioFormat>,
}

/// One download, as the queue stores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Download {
    /// The endpoint that it came from.
    pub kind: Kind,
    /// The query for its record; `None` for the item of a batch whose address could not be read.
    pub query: Option<Query>,
    /// The URL as the client wrote it, for the list of a batch.
    pub url: String,
    /// The wanted size.
    pub quality: Quality,
    /// The wanted part.
    pub part: Part,
    /// The formats of the files.
    pub formats: Formats,
    /// The codecs of videos that are accepted. Jobs that an earlier version stored have none.
    #[serde(default)]
    pub video_codec: VideoCodec,
    /// Whether to create one ZIP instead of single files.
    pub zip: bool,
    /// Whether to add metadata to the status and to the ZIP.
    pub metadata: bool,
    /// The number of the only item of a carousel that is wanted, 1 for the first.
    #[serde(default)]
    pub item: Option<u32>,
    /// The numbers of the wanted items of a carousel, if several but not all of them are wanted; empty otherwise.
    #[serde(default)]
    pub items: Vec<u32>,
    /// Whether to add the cover picture of every video.
    #[serde(default)]
    pub cover: bool,
}

impl Download {
    /// Whether the item of a carousel with this number is wanted, 1 for the first.
    #[must_use]
    pub fn wants(&self, number: u32) -> bool {
        match self.item {
            Some(item) => item == number,
            None => self.items.is_empty() || self.items.contains(&number),
        }
    }
}
