//! Converts the records of a plugin, field by field.

use super::{Convert, same_fields};
use crate::{contract::record, plugin::contracts::v1::bindings::gramhost::extractor::records};

impl Convert<record::MediaType> for records::MediaType {
    fn convert(self) -> record::MediaType {
        match self {
            Self::Image => record::MediaType::Image,
            Self::Video => record::MediaType::Video,
            Self::Carousel => record::MediaType::Carousel,
            Self::Other(word) => record::MediaType::Other(word),
        }
    }
}

same_fields! {
    records::Image => record::Image { url, width, height }
    records::Video => record::Video { url, width, height, bitrate, codec, fps, video_only }
    records::Sound => record::Sound { url, bitrate, codec }
    records::Renditions => record::Renditions {
        images, videos, dash_videos, dash_sounds, width, height, duration, has_audio, accessibility_caption,
    }
    records::User => record::User { user_id, username, full_name, picture_url, is_verified, is_private, more }
    records::Location => record::Location { id, name, lat, lng }
    records::Audio => record::Audio { id, title, artist, url, is_original, clip_duration_ms, start_ms }
    records::Child => record::Child { media_id, media_type, renditions, tagged_users, more }
    records::Media => record::Media {
        shortcode, media_id, media_type, product_type, renditions, caption, hashtags, mentions, taken_at,
        owner, coauthors, tagged_users, location, audio,
        like_count, comment_count, view_count, share_count, save_count, counts_hidden,
        comments_disabled, hoisted_comment_count, media_preview, has_effects, carousel_count, children, more,
    }
    records::BioLink => record::BioLink { url, title }
    records::Profile => record::Profile {
        user_id, username, full_name, biography, bio_links, external_url, pictures,
        follower_count, following_count, post_count, reel_count, story_count, has_active_story,
        is_private, is_verified, is_business, is_professional, category, email, phone, more,
    }
    records::MediaPage => record::MediaPage { owner, total_count, items, has_next_page, end_cursor, more }
    records::Sticker => record::Sticker { kind, text, url, options }
    records::StoryItem => record::StoryItem {
        id, media_type, renditions, taken_at, expiring_at, view_count, stickers, more,
    }
    records::Stories => record::Stories { user_id, username, has_active_stories, items, is_private, more }
}
