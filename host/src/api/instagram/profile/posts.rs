//! `GET /instagram/profile/posts`.

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
            parameters::Page,
            view::{
                Account, Audio, Location, PageInfo, accounts, carousel_count, extra, has_audio,
                media_type, rate,
                renditions::{ImageUrls, video_url},
                with_at, with_hash,
            },
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{Child, Media, MediaPage, MediaType, More},
    },
};

/// `/instagram/profile/posts` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("posts", include_str!("posts.json"))],
    errors: &[
        &[
            Code::InvalidUsername,
            Code::InvalidLimit,
            Code::AccountPrivate,
            Code::ProfileNotFound,
        ],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(posts), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/profile/posts", operation_id = "listProfilePosts", tag = "Profile & User Information",
    summary = "List profile posts",
    params(("username" = String, Query, min_length = 1, max_length = 2048, description = "Instagram username", example = "gramhost.demo"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "Number of posts to return; 12 by default", example = 5),
        ("cursor" = Option<String>, Query, max_length = 2048, description = "Pagination cursor from previous response",
            example = "eyJkIjoicmVsYXktcG9zdHMiLCJjIjpudWxsLCJzIjo1LCJ1IjoiNzE0MDAwMDAwNDIifQ")),
    responses((status = 200, description = "Recent posts", body = Posts)))]
async fn posts(State(app): State<App>, page: Page) -> Result<Response, ApiError> {
    let cursor = page.cursor.clone();
    let query = Query::posts(page.username, page.limit, page.cursor);
    let extracted = run(&app.extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Page(page) => answer_kept(&extracted, || Posts::new(page, cursor.as_deref())),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// Some posts of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfilePosts)]
pub(in crate::api) struct Posts<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    username: Option<&'a str>,
    total_posts_count: Option<u64>,
    posts: Vec<ListedPost<'a>>,
    page_info: PageInfo<'a>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// A post in a list.
#[derive(Serialize, ToSchema)]
struct ListedPost<'a> {
    /// The shortcode.
    post_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    /// `image`, `video`, `carousel`, or Instagram's own word.
    post_type: &'a str,
    caption: Option<&'a str>,
    image_url: Option<&'a str>,
    image_urls: Vec<&'a str>,
    thumbnail_url: Option<&'a str>,
    timestamp: Option<u64>,
    datetime: Option<String>,
    like_count: Option<u64>,
    comment_count: Option<u64>,
    view_count: Option<u64>,
    /// Likes, comments, saves and shares over the basis.
    engagement_rate: Option<f64>,
    /// `views` or `followers`.
    engagement_rate_basis: Option<&'static str>,
    location: Option<Location<'a>>,
    hashtags: Vec<String>,
    mentions: Vec<String>,
    carousel_count: Option<u32>,
    is_carousel: bool,
    is_video: bool,
    /// Seconds.
    video_duration: Option<f64>,
    has_audio: Option<bool>,
    /// The items of a carousel; null for other posts, and where a list does not show them.
    items: Option<Vec<ListedItem<'a>>>,
    /// The accounts that published it together with the owner.
    coauthors: Vec<Account<'a>>,
    /// The text for people who do not see the picture.
    accessibility_caption: Option<&'a str>,
    /// The music of pictures, or the music or original sound of a video.
    audio: Option<Audio<'a>>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// An item of a carousel in a list.
#[derive(Serialize, ToSchema)]
struct ListedItem<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    url: Option<&'a str>,
    /// Seconds.
    duration: Option<f64>,
    /// The text for people who do not see the item.
    accessibility_caption: Option<&'a str>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

impl<'a> Posts<'a> {
    pub(in crate::api) fn new(page: &'a MediaPage, cursor: Option<&'a str>) -> Self {
        Self {
            kind: "profile_posts",
            username: page.owner.username.as_deref(),
            total_posts_count: page.total_count,
            posts: page.items.iter().map(ListedPost::from).collect(),
            page_info: PageInfo::new(page, cursor),
            extra: extra(&page.more),
        }
    }
}

impl<'a> From<&'a Media> for ListedPost<'a> {
    fn from(media: &'a Media) -> Self {
        let renditions = &media.renditions;
        let images = ImageUrls::from(renditions);
        let is_video = media.media_type == MediaType::Video;
        let (engagement_rate, engagement_rate_basis) = rate(media);
        let items = media.children.iter().map(ListedItem::from);
        Self {
            post_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            post_type: media_type(&media.media_type),
            caption: media.caption.as_deref(),
            image_url: images.display().filter(|_| !is_video),
            image_urls: renditions.images.iter().map(|image| &*image.url).collect(),
            thumbnail_url: images.display(),
            timestamp: media.taken_at,
            datetime: media.taken_at.and_then(datetime),
            like_count: media.like_count,
            comment_count: media.comment_count,
            view_count: media.view_count,
            engagement_rate,
            engagement_rate_basis,
            location: media.location.as_ref().map(Location::from),
            hashtags: with_hash(&media.hashtags),
            mentions: with_at(&media.mentions),
            carousel_count: carousel_count(media),
            is_carousel: media.media_type == MediaType::Carousel,
            is_video,
            video_duration: renditions.duration,
            has_audio: has_audio(&media.media_type, renditions),
            items: (!media.children.is_empty()).then(|| items.collect()),
            coauthors: accounts(&media.coauthors),
            accessibility_caption: renditions.accessibility_caption.as_deref(),
            audio: media.audio.as_ref().map(Audio::from),
            extra: extra(&media.more),
        }
    }
}

impl<'a> From<&'a Child> for ListedItem<'a> {
    fn from(child: &'a Child) -> Self {
        let image = ImageUrls::from(&child.renditions).display();
        Self {
            kind: media_type(&child.media_type),
            url: video_url(&child.renditions).or(image),
            duration: child.renditions.duration,
            accessibility_caption: child.renditions.accessibility_caption.as_deref(),
            extra: extra(&child.more),
        }
    }
}
