//! Parts that several documented JSON bodies share, built from records.
//!
//! Every documented key is in every response: `null` if Instagram does not state the value, and `null` instead of an
//! object or list that does not apply. Names are those of the specification, even if they are odd.

pub(in crate::api) mod caption;
pub(in crate::api) mod preview;
pub(in crate::api) mod renditions;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    contract::record::{self, More},
    statistics::{Basis, Counts, engagement_rate},
};

/// The fields that a plugin adds to a record, if any.
pub(in crate::api) fn extra(more: &More) -> Option<&More> {
    (!more.is_empty()).then_some(more)
}

pub(in crate::api) fn media_type(media_type: &record::MediaType) -> &str {
    match media_type {
        record::MediaType::Image => "image",
        record::MediaType::Video => "video",
        record::MediaType::Carousel => "carousel",
        record::MediaType::Other(word) => word,
    }
}

/// A picture has no sound; whether a video has sound is what Instagram states.
pub(in crate::api) fn has_audio(
    media_type: &record::MediaType,
    renditions: &record::Renditions,
) -> Option<bool> {
    let silent = *media_type == record::MediaType::Image;
    renditions.has_audio.or(silent.then_some(false))
}

/// A count that only carousels have.
pub(in crate::api) fn carousel_count(media: &record::Media) -> Option<u32> {
    let listed = u32::try_from(media.children.len()).ok();
    let listed = listed.filter(|children| *children > 0);
    let is_carousel = media.media_type == record::MediaType::Carousel;
    media.carousel_count.or(listed).filter(|_| is_carousel)
}

/// Hashtags in the form of lists.
pub(in crate::api) fn with_hash(hashtags: &[String]) -> Vec<String> {
    hashtags.iter().map(|name| format!("#{name}")).collect()
}

/// Mentions in the form of lists.
pub(in crate::api) fn with_at(mentions: &[String]) -> Vec<String> {
    mentions.iter().map(|name| format!("@{name}")).collect()
}

/// The engagement rate, and the basis of the rate.
pub(in crate::api) fn rate(media: &record::Media) -> (Option<f64>, Option<&'static str>) {
    match engagement_rate(&Counts::from(media), None) {
        Some((rate, Basis::Views)) => (Some(rate), Some("views")),
        Some((rate, Basis::Followers)) => (Some(rate), Some("followers")),
        None => (None, None),
    }
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Account<'a> {
    user_id: Option<&'a str>,
    username: Option<&'a str>,
    display_name: Option<&'a str>,
    profile_picture_url: Option<&'a str>,
    is_verified: Option<bool>,
    is_private: Option<bool>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

impl<'a> From<&'a record::User> for Account<'a> {
    fn from(user: &'a record::User) -> Self {
        Self {
            user_id: user.user_id.as_deref(),
            username: user.username.as_deref(),
            display_name: user.full_name.as_deref(),
            profile_picture_url: user.picture_url.as_deref(),
            is_verified: user.is_verified,
            is_private: user.is_private,
            extra: extra(&user.more),
        }
    }
}

/// Each of these accounts.
pub(in crate::api) fn accounts(users: &[record::User]) -> Vec<Account<'_>> {
    users.iter().map(Account::from).collect()
}

/// Where it was taken.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Location<'a> {
    id: Option<&'a str>,
    name: &'a str,
    /// Degrees.
    lat: Option<f64>,
    /// Degrees.
    lng: Option<f64>,
}

impl<'a> From<&'a record::Location> for Location<'a> {
    fn from(location: &'a record::Location) -> Self {
        Self {
            id: location.id.as_deref(),
            name: &location.name,
            lat: location.lat,
            lng: location.lng,
        }
    }
}

/// A hashtag of the caption.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Hashtag<'a> {
    name: &'a str,
    /// Posts with this hashtag; Instagram tells guests none, so always null.
    count: Option<u64>,
}

pub(in crate::api) fn hashtags(media: &record::Media) -> Vec<Hashtag<'_>> {
    let names = media.hashtags.iter();
    names.map(|name| Hashtag { name, count: None }).collect()
}

/// A number of things.
#[derive(Serialize, ToSchema)]
#[schema(as = MediaCount)]
pub(in crate::api) struct Count {
    pub(in crate::api) count: Option<u64>,
}

/// Where in a list this page is.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct PageInfo<'a> {
    has_next_page: bool,
    /// The `cursor` of the next page.
    end_cursor: Option<&'a str>,
    /// The `cursor` of this page; null on the first.
    start_cursor: Option<&'a str>,
}

impl<'a> PageInfo<'a> {
    pub(in crate::api) fn new(page: &'a record::MediaPage, cursor: Option<&'a str>) -> Self {
        Self {
            has_next_page: page.has_next_page,
            end_cursor: page.end_cursor.as_deref(),
            start_cursor: cursor,
        }
    }
}

/// The music or original sound.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Audio<'a> {
    title: Option<&'a str>,
    artist: Option<&'a str>,
    audio_id: Option<&'a str>,
    audio_url: Option<&'a str>,
    is_original_audio: Option<bool>,
}

impl<'a> From<&'a record::Audio> for Audio<'a> {
    fn from(audio: &'a record::Audio) -> Self {
        Self {
            title: audio.title.as_deref(),
            artist: audio.artist.as_deref(),
            audio_id: audio.id.as_deref(),
            audio_url: audio.url.as_deref(),
            is_original_audio: audio.is_original,
        }
    }
}

/// Which part of which track a reel plays, or a picture is shown with.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct MusicInfo<'a> {
    music_title: Option<&'a str>,
    music_artist: Option<&'a str>,
    /// Seconds.
    music_clip_duration: Option<f64>,
    /// Seconds into the track.
    music_start_time: Option<f64>,
}

impl<'a> From<&'a record::Audio> for MusicInfo<'a> {
    fn from(audio: &'a record::Audio) -> Self {
        let seconds = |ms: u64| Some(f64::from(u32::try_from(ms).ok()?) / 1000.0);
        Self {
            music_title: audio.title.as_deref(),
            music_artist: audio.artist.as_deref(),
            music_clip_duration: audio.clip_duration_ms.and_then(seconds),
            music_start_time: audio.start_ms.and_then(seconds),
        }
    }
}
