//! What a client may ask of a download, in the specification's words. Pure.

use serde::{Deserialize, Serialize};

use crate::{
    contract::Query,
    media::{AudioFormat, ImageFormat, VideoFormat},
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

/// How large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// As large as Instagram has it.
    #[default]
    Best,
    /// See [`Quality::image_width`] and [`Quality::video_side`].
    High,
    /// As above.
    Medium,
    /// As above.
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
    /// The quality of this name, if downloads of this kind have it.
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

    /// The width of a picture, pixels, as `/instagram/formats` names it; none: as it is.
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

    /// The shorter side of a video, pixels; none: as it is.
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

/// Which part of what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Everything.
    #[default]
    All,
    /// Of a post: its videos.
    Videos,
    /// Of a post: its pictures.
    Images,
    /// Of a reel: its sound.
    Sound,
    /// Of a reel: the video without its sound.
    Silent,
}

/// What the files are to be; none: as Instagram has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// Of pictures.
    pub image: Option<ImageFormat>,
    /// Of videos.
    pub video: Option<VideoFormat>,
    /// Of sounds.
    pub audio: Option<AudioFormat>,
}

/// One download: what the queue stores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Download {
    /// Which endpoint it came from.
    pub kind: Kind,
    /// What is asked of Instagram.
    pub query: Query,
    /// As the client wrote it, for a batch's list.
    pub url: String,
    /// How large.
    pub quality: Quality,
    /// Which part.
    pub part: Part,
    /// What the files are to be.
    pub formats: Formats,
    /// One ZIP instead of single files.
    pub zip: bool,
    /// Metadata in the status, and in the ZIP.
    pub metadata: bool,
}
