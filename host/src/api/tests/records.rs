//! Sample records: the minimum that Instagram may state, and about as much as the specification's examples.

use crate::contract::record::{
    Audio, BioLink, Child, Image, Location, Media, MediaPage, MediaType, More, Profile, Renditions,
    Sound, Sticker, Stories, StoryItem, User, Video,
};

pub(super) fn image(width: u32) -> Image {
    Image {
        url: format!("https://cdn.example/{width}.jpg"),
        width: Some(width),
        height: Some(width),
    }
}

pub(super) fn video(width: u32, video_only: bool) -> Video {
    let form = if video_only { "silent" } else { "whole" };
    Video {
        url: format!("https://cdn.example/{form}-{width}.mp4"),
        width: Some(width),
        height: Some(width * 16 / 9),
        bitrate: video_only.then_some(2_500_000),
        codec: video_only.then(|| "h264".to_owned()),
        fps: video_only.then_some(30.0),
        video_only,
    }
}

/// A picture, and optionally a video with its manifest.
pub(super) fn renditions(with_video: bool) -> Renditions {
    let pictures = Renditions {
        images: [1440, 1080, 640, 150].map(image).into(),
        accessibility_caption: Some("A beach".to_owned()),
        ..Renditions::default()
    };
    if !with_video {
        return pictures;
    }
    Renditions {
        videos: vec![video(720, false)],
        dash_videos: [1080, 720, 480, 360].map(|width| video(width, true)).into(),
        dash_sounds: vec![Sound {
            url: "https://cdn.example/sound.m4a".to_owned(),
            bitrate: Some(128_000),
            codec: Some("aac".to_owned()),
        }],
        width: Some(1080),
        height: Some(1920),
        duration: Some(22.5),
        has_audio: Some(true),
        ..pictures
    }
}

pub(super) fn user(id: &str, username: &str) -> User {
    User {
        user_id: Some(id.to_owned()),
        username: Some(username.to_owned()),
        full_name: Some("Instagram".to_owned()),
        picture_url: Some("https://cdn.example/150.jpg".to_owned()),
        is_verified: Some(true),
        is_private: Some(false),
        more: More::default(),
    }
}

/// Only the fields that identify it.
pub(super) fn bare_media(media_type: MediaType) -> Media {
    Media {
        shortcode: "CnU4zIh9x_F".to_owned(),
        media_id: "3012345678901234567".to_owned(),
        media_type,
        product_type: None,
        renditions: Renditions::default(),
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
        more: More::default(),
    }
}

/// A record with the counts of the reel example.
pub(super) fn full_media(media_type: MediaType) -> Media {
    let is_video = media_type == MediaType::Video;
    let is_carousel = media_type == MediaType::Carousel;
    let child = |media_type: MediaType| Child {
        media_id: None,
        renditions: renditions(media_type == MediaType::Video),
        media_type,
        tagged_users: vec![user("7", "tagged.in.item")],
        more: More::default(),
    };
    let children = [MediaType::Image, MediaType::Video, MediaType::Image].map(child);
    Media {
        renditions: renditions(is_video),
        caption: Some("Beautiful sunset 🌅 #nature @photographer".to_owned()),
        hashtags: vec!["nature".to_owned()],
        mentions: vec!["photographer".to_owned(), "stranger".to_owned()],
        taken_at: Some(1_640_000_000),
        owner: Some(user("25025320", "instagram")),
        tagged_users: vec![user("5", "photographer")],
        location: Some(Location {
            id: Some("123456789".to_owned()),
            name: "Santa Monica Beach".to_owned(),
            lat: Some(34.0195),
            lng: Some(-118.4912),
        }),
        audio: Some(Audio {
            id: Some("17912345678901234".to_owned()),
            title: Some("Trending Sound".to_owned()),
            artist: Some("Artist Name".to_owned()),
            url: Some("https://cdn.example/track.mp3".to_owned()),
            is_original: Some(false),
            clip_duration_ms: Some(15_000),
            start_ms: Some(7_500),
        }),
        like_count: Some(234_567),
        comment_count: Some(45_678),
        view_count: Some(1_234_567),
        share_count: Some(12_345),
        save_count: Some(23_456),
        children: if is_carousel {
            children.into()
        } else {
            Vec::new()
        },
        ..bare_media(media_type)
    }
}

pub(super) fn page(items: Vec<Media>) -> MediaPage {
    MediaPage {
        owner: user("25025320", "instagram"),
        total_count: Some(5678),
        items,
        has_next_page: true,
        end_cursor: Some("next".to_owned()),
        more: More::default(),
    }
}

pub(super) fn profile(pictures: Vec<Image>) -> Profile {
    Profile {
        user_id: "25025320".to_owned(),
        username: "instagram".to_owned(),
        full_name: None,
        biography: None,
        bio_links: vec![BioLink {
            url: "https://example.com".to_owned(),
            title: None,
        }],
        external_url: Some(String::new()),
        pictures,
        follower_count: None,
        following_count: None,
        post_count: Some(5678),
        reel_count: None,
        story_count: None,
        has_active_story: None,
        is_private: None,
        is_verified: None,
        is_business: None,
        is_professional: None,
        category: None,
        email: None,
        phone: None,
        more: More::default(),
    }
}

pub(super) fn stories(items: Vec<StoryItem>, has_active_stories: Option<bool>) -> Stories {
    Stories {
        user_id: "25025320".to_owned(),
        username: "instagram".to_owned(),
        has_active_stories,
        items,
        is_private: None,
        more: More::default(),
    }
}

pub(super) fn story(media_type: MediaType, taken_at: u64) -> StoryItem {
    StoryItem {
        id: "17912345678901234_25025320".to_owned(),
        renditions: renditions(media_type == MediaType::Video),
        media_type,
        taken_at: Some(taken_at),
        expiring_at: None,
        view_count: None,
        stickers: vec![Sticker {
            kind: "poll".to_owned(),
            text: Some("Do you like this?".to_owned()),
            url: None,
            options: vec!["Yes".to_owned(), "No".to_owned()],
        }],
        more: More::default(),
    }
}
