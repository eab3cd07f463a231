//! Records: the results of extractions. Mirrors `wit/record.wit`, where every field is documented.
#![expect(
    missing_docs,
    reason = "documented field by field in wit/record.wit, its only source"
)]

mod more;

use std::io;

pub use more::More;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    Image,
    Video,
    Carousel,
    Other(String),
}

/// One rendition of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    pub url: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// One rendition of a video, with its sound unless `video-only`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    pub url: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub bitrate: Option<u64>,
    pub codec: Option<String>,
    pub fps: Option<f64>,
    pub video_only: bool,
}

/// A sound track without picture, from the DASH manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    pub url: String,
    pub bitrate: Option<u64>,
    pub codec: Option<String>,
}

/// The fields that the three forms of media (post, child of a carousel, story item) have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Renditions {
    pub images: Vec<Image>,
    pub videos: Vec<Video>,
    pub dash_videos: Vec<Video>,
    pub dash_sounds: Vec<Sound>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration: Option<f64>,
    pub has_audio: Option<bool>,
    pub accessibility_caption: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub user_id: Option<String>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub picture_url: Option<String>,
    pub is_verified: Option<bool>,
    pub is_private: Option<bool>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    pub id: Option<String>,
    pub name: String,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
}

/// The music or original sound of a reel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audio {
    pub id: Option<String>,
    pub title: Option<String>,
    pub artist: Option<String>,
    pub url: Option<String>,
    pub is_original: Option<bool>,
    pub clip_duration_ms: Option<u64>,
    pub start_ms: Option<u64>,
}

/// One item of a carousel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Child {
    pub media_id: Option<String>,
    pub media_type: MediaType,
    pub renditions: Renditions,
    pub tagged_users: Vec<User>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

/// A post or a reel. Instagram does not distinguish between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    pub shortcode: String,
    pub media_id: String,
    pub media_type: MediaType,
    pub product_type: Option<String>,
    pub renditions: Renditions,
    pub caption: Option<String>,
    pub hashtags: Vec<String>,
    pub mentions: Vec<String>,
    pub taken_at: Option<u64>,
    pub owner: Option<User>,
    pub coauthors: Vec<User>,
    pub tagged_users: Vec<User>,
    pub location: Option<Location>,
    pub audio: Option<Audio>,
    pub like_count: Option<u64>,
    pub comment_count: Option<u64>,
    pub view_count: Option<u64>,
    pub share_count: Option<u64>,
    pub save_count: Option<u64>,
    pub counts_hidden: Option<bool>,
    pub comments_disabled: Option<bool>,
    pub hoisted_comment_count: Option<u64>,
    pub media_preview: Option<String>,
    pub has_effects: Option<bool>,
    pub carousel_count: Option<u32>,
    pub children: Vec<Child>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BioLink {
    pub url: String,
    pub title: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub user_id: String,
    pub username: String,
    pub full_name: Option<String>,
    pub biography: Option<String>,
    pub bio_links: Vec<BioLink>,
    pub external_url: Option<String>,
    pub pictures: Vec<Image>,
    pub follower_count: Option<u64>,
    pub following_count: Option<u64>,
    pub post_count: Option<u64>,
    pub reel_count: Option<u64>,
    pub story_count: Option<u64>,
    pub has_active_story: Option<bool>,
    pub is_private: Option<bool>,
    pub is_verified: Option<bool>,
    pub is_business: Option<bool>,
    pub is_professional: Option<bool>,
    pub category: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

/// Some posts or reels of one account, newest first, in the order of Instagram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaPage {
    pub owner: User,
    pub total_count: Option<u64>,
    pub items: Vec<Media>,
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

/// A sticker of a story item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sticker {
    pub kind: String,
    pub text: Option<String>,
    pub url: Option<String>,
    pub options: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoryItem {
    pub id: String,
    pub media_type: MediaType,
    pub renditions: Renditions,
    pub taken_at: Option<u64>,
    pub expiring_at: Option<u64>,
    pub view_count: Option<u64>,
    pub stickers: Vec<Sticker>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stories {
    pub user_id: String,
    pub username: String,
    pub has_active_stories: Option<bool>,
    pub items: Vec<StoryItem>,
    #[serde(default)]
    pub is_private: Option<bool>,
    #[serde(default, skip_serializing_if = "More::is_empty")]
    pub more: More,
}

/// The result of one extraction. In JSON it is only the record, because the query says which kind it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives in a box or behind an Arc"
)]
pub enum Record {
    /// An account.
    Profile(Profile),
    /// A page of posts or reels.
    Page(MediaPage),
    /// A post or a reel.
    Media(Media),
    /// The active stories of an account.
    Stories(Stories),
}

impl Record {
    /// The number of posts, slides and stories in it; at least 1.
    #[must_use]
    pub fn items(&self) -> usize {
        let slides = |media: &Media| media.children.len().max(1);
        let items = match self {
            Self::Profile(_) => 1,
            Self::Page(page) => page.items.iter().map(slides).sum(),
            Self::Media(media) => slides(media),
            Self::Stories(stories) => stories.items.len(),
        };
        items.max(1)
    }

    /// The length of its JSON form, bytes, without building it.
    #[must_use]
    pub fn json_bytes(&self) -> usize {
        let mut length = Length(0);
        // A record can always be represented as JSON, and counting fails never.
        let _counted = serde_json::to_writer(&mut length, self);
        length.0
    }
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
