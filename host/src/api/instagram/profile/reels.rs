//! `GET /instagram/profile/reels`.

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
                Account, Audio, PageInfo, accounts, extra, rate,
                renditions::{ImageUrls, video_url},
                with_at, with_hash,
            },
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{Media, MediaPage, More},
    },
};

/// `/instagram/profile/reels` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("reels", include_str!("reels.json"))],
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
    described(routes!(reels), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/profile/reels", operation_id = "listProfileReels", tag = "Profile & User Information",
    summary = "List profile reels",
    params(("username" = String, Query, min_length = 1, max_length = 2048, description = "Instagram username", example = "gramhost.demo"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 50, description = "Number of reels to return; 12 by default", example = 5),
        ("cursor" = Option<String>, Query, max_length = 2048, description = "Pagination cursor from previous response")),
    responses((status = 200, description = "Recent reels", body = Reels)))]
async fn reels(State(app): State<App>, page: Page) -> Result<Response, ApiError> {
    let cursor = page.cursor.clone();
    let query = Query::reels(page.username, page.limit, page.cursor);
    let extracted = run(&app.extraction, &query, Subject::Account).await?;
    match &*extracted.record {
        Record::Page(page) => answer_kept(&extracted, || Reels::new(page, cursor.as_deref())),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// Some reels of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileReels)]
pub(in crate::api) struct Reels<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    username: Option<&'a str>,
    total_reels_count: Option<u64>,
    reels: Vec<ListedReel<'a>>,
    page_info: PageInfo<'a>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

/// A reel in a list.
#[derive(Serialize, ToSchema)]
struct ListedReel<'a> {
    /// The shortcode.
    reel_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    caption: Option<&'a str>,
    video_url: Option<&'a str>,
    thumbnail_url: Option<&'a str>,
    /// Seconds.
    duration: Option<f64>,
    timestamp: Option<u64>,
    datetime: Option<String>,
    view_count: Option<u64>,
    like_count: Option<u64>,
    comment_count: Option<u64>,
    share_count: Option<u64>,
    save_count: Option<u64>,
    /// Likes, comments, saves and shares over the basis.
    engagement_rate: Option<f64>,
    /// `views` or `followers`.
    engagement_rate_basis: Option<&'static str>,
    audio: Option<Audio<'a>>,
    /// False for a sound recorded with the reel.
    music_used: Option<bool>,
    hashtags: Vec<String>,
    mentions: Vec<String>,
    has_effects: Option<bool>,
    /// The accounts that published it together with the owner.
    coauthors: Vec<Account<'a>>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

impl<'a> Reels<'a> {
    pub(in crate::api) fn new(page: &'a MediaPage, cursor: Option<&'a str>) -> Self {
        Self {
            kind: "profile_reels",
            username: page.owner.username.as_deref(),
            total_reels_count: page.total_count,
            reels: page.items.iter().map(ListedReel::from).collect(),
            page_info: PageInfo::new(page, cursor),
            extra: extra(&page.more),
        }
    }
}

impl<'a> From<&'a Media> for ListedReel<'a> {
    fn from(media: &'a Media) -> Self {
        let (engagement_rate, engagement_rate_basis) = rate(media);
        let is_original = media.audio.as_ref().and_then(|audio| audio.is_original);
        Self {
            reel_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            caption: media.caption.as_deref(),
            video_url: video_url(&media.renditions),
            thumbnail_url: ImageUrls::from(&media.renditions).display(),
            duration: media.renditions.duration,
            timestamp: media.taken_at,
            datetime: media.taken_at.and_then(datetime),
            view_count: media.view_count,
            like_count: media.like_count,
            comment_count: media.comment_count,
            share_count: media.share_count,
            save_count: media.save_count,
            engagement_rate,
            engagement_rate_basis,
            audio: media.audio.as_ref().map(Audio::from),
            music_used: is_original.map(|is_original| !is_original),
            hashtags: with_hash(&media.hashtags),
            mentions: with_at(&media.mentions),
            has_effects: media.has_effects,
            coauthors: accounts(&media.coauthors),
            extra: extra(&media.more),
        }
    }
}
