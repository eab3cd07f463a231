//! A post of which only the shortcode is stated; guests fill in what they need.

use instagram::contract::records::{Media, MediaType, Renditions};

pub(crate) fn media(shortcode: &str) -> Media {
    Media {
        shortcode: shortcode.to_owned(),
        media_id: "1".to_owned(),
        media_type: MediaType::Image,
        product_type: None,
        renditions: Renditions {
            images: Vec::new(),
            videos: Vec::new(),
            dash_videos: Vec::new(),
            dash_sounds: Vec::new(),
            width: None,
            height: None,
            duration: None,
            has_audio: None,
            accessibility_caption: None,
        },
        caption: None,
        hashtags: Vec::new(),
        mentions: Vec::new(),
        taken_at: None,
        owner: None,
        coauthors: Vec::new(),
        tagged_users: Vec::new(),
        location: None,
        audio: None,
        like_count: None,
        comment_count: None,
        view_count: None,
        share_count: None,
        save_count: None,
        counts_hidden: None,
        comments_disabled: None,
        hoisted_comment_count: None,
        media_preview: None,
        has_effects: None,
        carousel_count: None,
        children: Vec::new(),
        more: Vec::new(),
    }
}
