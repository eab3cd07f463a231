//! `GET /instagram/story/info`.

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::{
        http::{
            clock::{datetime, now},
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code, Subject},
        },
        instagram::{
            answer::{answer, run, wrong_kind},
            parameters::Username,
            view::{
                extra, media_type,
                renditions::{ImageUrls, VideoUrls, video_url},
            },
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{self, MediaType, More, Sticker, StoryItem},
    },
};

/// `/instagram/story/info` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[
        ("active", include_str!("story/active.json")),
        ("none", include_str!("story/none.json")),
    ],
    errors: &[
        &[
            Code::InvalidUsername,
            Code::AccountPrivate,
            Code::StoriesDisabled,
            Code::ProfileNotFound,
        ],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(story), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/story/info", operation_id = "getStoryInfo", tag = "Content Information",
    summary = "Get story information",
    params(("username" = String, Query, min_length = 1, max_length = 2048, description = "Instagram username", example = "gramhost.demo")),
    responses((status = 200, description = "The active stories", body = Stories)))]
async fn story(State(app): State<App>, Username(username): Username) -> Result<Response, ApiError> {
    let extracted = run(&app.extraction, &Query::story(username), Subject::Story).await?;
    match &*extracted.record {
        Record::Stories(stories) => Ok(answer(&extracted, Stories::new(stories, now()))),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// How long a story is shown, seconds.
const LIFETIME_S: u64 = 24 * 3600;

/// The active stories of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = ActiveStories)]
pub(in crate::api) struct Stories<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    username: &'a str,
    user_id: &'a str,
    has_active_stories: Option<bool>,
    /// Null where there are stories that Instagram does not list.
    active_stories_count: Option<usize>,
    stories: Vec<Story<'a>>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// One story item.
#[derive(Serialize, ToSchema)]
struct Story<'a> {
    /// `<media id>_<user id>`.
    story_id: &'a str,
    /// From 1.
    story_index: usize,
    media_type: &'a str,
    image_url: Option<&'a str>,
    video_url: Option<&'a str>,
    /// Null for a picture.
    video_urls: Option<VideoUrls<'a>>,
    /// Seconds.
    video_duration: Option<f64>,
    thumbnail_url: Option<&'a str>,
    taken_at_timestamp: Option<u64>,
    datetime: Option<String>,
    expires_at_timestamp: Option<u64>,
    /// Never negative.
    time_until_expiry_seconds: Option<u64>,
    view_count: Option<u64>,
    /// Instagram tells only the owner, so always empty.
    viewer_ids: [&'static str; 0],
    has_viewers: Option<bool>,
    has_interactive_elements: bool,
    interactive_elements: Vec<Element<'a>>,
    accessibility_caption: Option<&'a str>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// A sticker.
#[derive(Serialize, ToSchema)]
struct Element<'a> {
    /// `poll`, `question`, `quiz`, `link`, `mention`, …
    #[serde(rename = "type")]
    kind: &'a str,
    /// What it says, else where it leads, else its choices.
    content: Option<String>,
}

impl<'a> Stories<'a> {
    /// `now` in seconds since 1970.
    pub(in crate::api) fn new(stories: &'a record::Stories, now: u64) -> Self {
        let listed = Some(stories.items.len()).filter(|items| *items > 0);
        let none = (stories.has_active_stories == Some(false)).then_some(0);
        let items = stories.items.iter().zip(1..);
        Self {
            kind: "stories",
            username: &stories.username,
            user_id: &stories.user_id,
            has_active_stories: listed.map(|_| true).or(stories.has_active_stories),
            active_stories_count: listed.or(none),
            stories: items
                .map(|(item, index)| Story::new(item, index, now))
                .collect(),
            extra: extra(&stories.more),
        }
    }
}

impl<'a> Story<'a> {
    fn new(item: &'a StoryItem, index: usize, now: u64) -> Self {
        let renditions = &item.renditions;
        let images = ImageUrls::from(renditions);
        let is_video = item.media_type == MediaType::Video;
        let expires_at = item.expiring_at.or(item.taken_at.map(|at| at + LIFETIME_S));
        Self {
            story_id: &item.id,
            story_index: index,
            media_type: media_type(&item.media_type),
            image_url: images.display().filter(|_| !is_video),
            video_url: video_url(renditions),
            video_urls: is_video.then(|| VideoUrls::from(renditions)),
            video_duration: renditions.duration,
            thumbnail_url: images.thumbnail(),
            taken_at_timestamp: item.taken_at,
            datetime: item.taken_at.and_then(datetime),
            expires_at_timestamp: expires_at,
            time_until_expiry_seconds: expires_at.map(|at| at.saturating_sub(now)),
            view_count: item.view_count,
            viewer_ids: [],
            has_viewers: item.view_count.map(|views| views > 0),
            has_interactive_elements: !item.stickers.is_empty(),
            interactive_elements: item.stickers.iter().map(Element::from).collect(),
            accessibility_caption: renditions.accessibility_caption.as_deref(),
            extra: extra(&item.more),
        }
    }
}

impl<'a> From<&'a Sticker> for Element<'a> {
    fn from(sticker: &'a Sticker) -> Self {
        let choices = (!sticker.options.is_empty()).then(|| sticker.options.join(", "));
        let words = sticker.text.clone().or_else(|| sticker.url.clone());
        Self {
            kind: &sticker.kind,
            content: words.or(choices),
        }
    }
}
