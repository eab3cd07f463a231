//! `GET /instagram/post/info`: one body for images, videos and carousels.

use std::collections::HashSet;

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::{
        http::{
            clock::datetime,
            document::{EXTRACTION_ERRORS, Endpoint, LIMIT_ERRORS, described},
            error::{ApiError, Code, Subject},
        },
        instagram::{
            answer::{answer_kept, run, wrong_kind},
            parameters::UrlOrCode,
            view::{
                Account, Audio, Count, Hashtag, Location, MusicInfo, accounts, caption,
                carousel_count, extra, has_audio, hashtags, media_type, preview,
                renditions::{ImageUrls, sound_url, video_url},
            },
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{Child, Media, MediaType, More, User},
    },
};

/// `/instagram/post/info` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[
        ("image", include_str!("info_image.json")),
        ("carousel", include_str!("info_carousel.json")),
    ],
    errors: &[
        &[
            Code::InvalidUrl,
            Code::PostPrivate,
            Code::PostDeleted,
            Code::PostNotFound,
        ],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(post), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/post/info", operation_id = "getPostInfo", tag = "Content Information",
    summary = "Get post information",
    params(("url_or_code" = String, Query, min_length = 1, max_length = 2048, description = "Post URL, shortcode or numeric id", example = "De0N5pLMixd")),
    responses((status = 200, description = "The post", body = Post)))]
async fn post(State(app): State<App>, UrlOrCode(target): UrlOrCode) -> Result<Response, ApiError> {
    let extracted = run(&app.extraction, &Query::post(target), Subject::Post).await?;
    match &*extracted.record {
        Record::Media(media) => answer_kept(&extracted, || Post::from(media)),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// One post.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Post<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The shortcode.
    post_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    /// `image`, `video`, `carousel`, or Instagram's own word.
    content_type: &'a str,
    caption: Option<&'a str>,
    /// The caption escaped, each emoji as `<img alt="…">`.
    caption_html: Option<String>,
    image_url: Option<&'a str>,
    image_urls: ImageUrls<'a>,
    video_url: Option<&'a str>,
    /// Seconds.
    video_duration: Option<f64>,
    /// The items of a carousel; null for other posts.
    carousel_media: Option<Vec<Item<'a>>>,
    carousel_count: Option<u32>,
    owner: Option<Account<'a>>,
    /// The accounts that published it together with the owner.
    coauthors: Vec<Account<'a>>,
    taken_at_timestamp: Option<u64>,
    datetime: Option<String>,
    location: Option<Location<'a>>,
    edge_media_to_caption: CaptionEdges<'a>,
    edge_media_to_comment: Count,
    edge_liked_by: Count,
    edge_media_to_hoisted_comments: Count,
    comments_disabled: Option<bool>,
    taken_at: Option<u64>,
    /// A tiny JPEG as a data URI.
    media_preview: Option<String>,
    display_url: Option<&'a str>,
    accessibility_caption: Option<&'a str>,
    is_video: bool,
    has_audio: Option<bool>,
    play_count: Option<u64>,
    hashtags: Vec<Hashtag<'a>>,
    mentions: Vec<Mention<'a>>,
    tagged_users: Vec<Account<'a>>,
    /// The music of pictures, or the music or original sound of a video.
    audio: Option<Audio<'a>>,
    music_info: Option<MusicInfo<'a>>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// One item of a carousel.
#[derive(Serialize, ToSchema)]
struct Item<'a> {
    /// Instagram's numeric id, else `item_1`, `item_2`, …
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    image_url: Option<&'a str>,
    image_urls: ImageUrls<'a>,
    video_url: Option<&'a str>,
    thumbnail_url: Option<&'a str>,
    /// Seconds.
    duration: Option<f64>,
    has_audio: Option<bool>,
    audio_url: Option<&'a str>,
    /// The text for people who do not see the item.
    accessibility_caption: Option<&'a str>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// The caption as Instagram's older answers wrap it.
#[derive(Serialize, ToSchema)]
struct CaptionEdges<'a> {
    edges: Vec<CaptionEdge<'a>>,
}

/// See [`CaptionEdges`].
#[derive(Serialize, ToSchema)]
struct CaptionEdge<'a> {
    node: CaptionNode<'a>,
}

/// See [`CaptionEdges`].
#[derive(Serialize, ToSchema)]
struct CaptionNode<'a> {
    text: &'a str,
}

/// An account that the caption names.
#[derive(Serialize, ToSchema)]
struct Mention<'a> {
    username: &'a str,
    /// Known where the account is also tagged, a co-author or the owner.
    user_id: Option<&'a str>,
}

impl<'a> From<&'a Media> for Post<'a> {
    fn from(media: &'a Media) -> Self {
        let renditions = &media.renditions;
        let images = ImageUrls::from(renditions);
        let is_video = media.media_type == MediaType::Video;
        Self {
            kind: "post",
            post_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            content_type: media_type(&media.media_type),
            caption: media.caption.as_deref(),
            caption_html: media.caption.as_deref().map(caption::html),
            image_url: images.display().filter(|_| !is_video),
            display_url: images.display(),
            image_urls: images,
            video_url: video_url(renditions),
            video_duration: renditions.duration,
            carousel_media: carousel_media(&media.children),
            carousel_count: carousel_count(media),
            owner: media.owner.as_ref().map(Account::from),
            coauthors: accounts(&media.coauthors),
            taken_at_timestamp: media.taken_at,
            datetime: media.taken_at.and_then(datetime),
            location: media.location.as_ref().map(Location::from),
            edge_media_to_caption: caption_edges(media),
            edge_media_to_comment: Count {
                count: media.comment_count,
            },
            edge_liked_by: Count {
                count: media.like_count,
            },
            edge_media_to_hoisted_comments: Count {
                count: media.hoisted_comment_count,
            },
            comments_disabled: media.comments_disabled,
            taken_at: media.taken_at,
            media_preview: media.media_preview.as_deref().and_then(preview::data_uri),
            accessibility_caption: renditions.accessibility_caption.as_deref(),
            is_video,
            has_audio: has_audio(&media.media_type, renditions),
            play_count: media.view_count,
            hashtags: hashtags(media),
            mentions: mentions(media),
            tagged_users: tagged_users(media),
            audio: media.audio.as_ref().map(Audio::from),
            music_info: media.audio.as_ref().map(MusicInfo::from),
            extra: extra(&media.more),
        }
    }
}

fn carousel_media(children: &[Child]) -> Option<Vec<Item<'_>>> {
    let items = children.iter().enumerate().map(|(index, child)| {
        let renditions = &child.renditions;
        let images = ImageUrls::from(renditions);
        let position = || format!("item_{}", index + 1);
        Item {
            id: child.media_id.clone().unwrap_or_else(position),
            kind: media_type(&child.media_type),
            image_url: images
                .display()
                .filter(|_| child.media_type != MediaType::Video),
            thumbnail_url: images.display(),
            image_urls: images,
            video_url: video_url(renditions),
            duration: renditions.duration,
            has_audio: has_audio(&child.media_type, renditions),
            audio_url: sound_url(renditions),
            accessibility_caption: renditions.accessibility_caption.as_deref(),
            extra: extra(&child.more),
        }
    });
    (!children.is_empty()).then(|| items.collect())
}

fn caption_edges(media: &Media) -> CaptionEdges<'_> {
    let text = media.caption.as_deref();
    let edges = text.map(|text| CaptionEdge {
        node: CaptionNode { text },
    });
    CaptionEdges {
        edges: edges.into_iter().collect(),
    }
}

fn mentions(media: &Media) -> Vec<Mention<'_>> {
    let mentions = media.mentions.iter().map(|username| Mention {
        username,
        user_id: named(media)
            .find(|user| user.username.as_ref() == Some(username))
            .and_then(|user| user.user_id.as_deref()),
    });
    mentions.collect()
}

/// Every account whose id the post states.
fn named(media: &Media) -> impl Iterator<Item = &User> {
    tagged(media).chain(&media.coauthors).chain(&media.owner)
}

fn tagged(media: &Media) -> impl Iterator<Item = &User> {
    let in_items = media.children.iter().flat_map(|child| &child.tagged_users);
    media.tagged_users.iter().chain(in_items)
}

/// Lists each account once, although it may be tagged in several items.
fn tagged_users(media: &Media) -> Vec<Account<'_>> {
    let mut seen = HashSet::new();
    tagged(media)
        .filter(|user| seen.insert((&user.user_id, &user.username)))
        .map(Account::from)
        .collect()
}
