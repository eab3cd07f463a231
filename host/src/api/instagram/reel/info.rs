//! `GET /instagram/reel/info`.

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
            parameters::UrlOrId,
            view::{
                Account, Audio, Hashtag, Location, MusicInfo, accounts, extra, hashtags, rate,
                renditions::{ImageUrls, VideoUrls, best_video, sound_url, video_url},
            },
        },
    },
    app::App,
    contract::{
        Query, Record,
        record::{Media, More},
    },
    statistics::rounded,
};

/// `/instagram/reel/info` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("reel", include_str!("info.json"))],
    errors: &[
        &[Code::InvalidUrl, Code::ReelPrivate, Code::ReelNotFound],
        EXTRACTION_ERRORS,
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(reel), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/reel/info", operation_id = "getReelInfo", tag = "Content Information",
    summary = "Get reel information",
    params(("url_or_id" = String, Query, min_length = 1, max_length = 2048, description = "Reel URL, shortcode or numeric id", example = "DfF-eHzReel")),
    responses((status = 200, description = "The reel", body = Reel)))]
async fn reel(State(app): State<App>, UrlOrId(target): UrlOrId) -> Result<Response, ApiError> {
    let extracted = run(&app.extraction, &Query::reel(target), Subject::Reel).await?;
    match &*extracted.record {
        Record::Media(media) => answer_kept(&extracted, || Reel::from(media)),
        _ => Err(wrong_kind(&extracted)),
    }
}

/// One reel.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Reel<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The shortcode.
    reel_id: &'a str,
    shortcode: &'a str,
    /// Instagram's numeric id.
    media_id: &'a str,
    caption: Option<&'a str>,
    video_url: Option<&'a str>,
    video_urls: VideoUrls<'a>,
    thumbnail_url: Option<&'a str>,
    /// Seconds.
    duration: Option<f64>,
    /// Pixels.
    width: Option<u32>,
    /// Pixels.
    height: Option<u32>,
    /// Width over height.
    aspect_ratio: Option<f64>,
    video_codec: Option<&'a str>,
    audio_codec: Option<&'a str>,
    /// Bits per second.
    bitrate: Option<u64>,
    fps: Option<f64>,
    has_audio: Option<bool>,
    /// The reel's sound track alone.
    audio_url: Option<&'a str>,
    audio: Option<Audio<'a>>,
    owner: Option<Account<'a>>,
    /// The accounts that published it together with the owner.
    coauthors: Vec<Account<'a>>,
    taken_at_timestamp: Option<u64>,
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
    play_count: Option<u64>,
    /// Instagram tells only the owner, so always null.
    avg_watch_time_percent: Option<f64>,
    location: Option<Location<'a>>,
    hashtags: Vec<Hashtag<'a>>,
    comments_disabled: Option<bool>,
    /// Instagram tells only the owner, so always null.
    allow_comments_from: Option<&'static str>,
    music_info: Option<MusicInfo<'a>>,
    /// What Instagram states beyond the documented fields; only there if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    extra: Option<&'a More>,
}

impl<'a> From<&'a Media> for Reel<'a> {
    fn from(media: &'a Media) -> Self {
        let renditions = &media.renditions;
        let video = best_video(renditions);
        // Progressive videos state neither codec nor frame rate; the manifest of the same video does.
        let described = || video.into_iter().chain(&renditions.dash_videos);
        let (width, height) = size(media);
        let (engagement_rate, engagement_rate_basis) = rate(media);
        let audio = media.audio.as_ref();
        Self {
            kind: "reel",
            reel_id: &media.shortcode,
            shortcode: &media.shortcode,
            media_id: &media.media_id,
            caption: media.caption.as_deref(),
            video_url: video_url(renditions),
            video_urls: VideoUrls::from(renditions),
            thumbnail_url: ImageUrls::from(renditions).display(),
            duration: renditions.duration,
            width,
            height,
            aspect_ratio: aspect_ratio(width, height),
            video_codec: described().find_map(|video| video.codec.as_deref()),
            audio_codec: renditions
                .dash_sounds
                .iter()
                .find_map(|sound| sound.codec.as_deref()),
            bitrate: described().find_map(|video| video.bitrate),
            fps: described().find_map(|video| video.fps),
            has_audio: renditions.has_audio,
            audio_url: sound_url(renditions).or(audio.and_then(|audio| audio.url.as_deref())),
            audio: audio.map(Audio::from),
            owner: media.owner.as_ref().map(Account::from),
            coauthors: accounts(&media.coauthors),
            taken_at_timestamp: media.taken_at,
            datetime: media.taken_at.and_then(datetime),
            view_count: media.view_count,
            like_count: media.like_count,
            comment_count: media.comment_count,
            share_count: media.share_count,
            save_count: media.save_count,
            engagement_rate,
            engagement_rate_basis,
            play_count: media.view_count,
            avg_watch_time_percent: None,
            location: media.location.as_ref().map(Location::from),
            hashtags: hashtags(media),
            comments_disabled: media.comments_disabled,
            allow_comments_from: None,
            music_info: audio.map(MusicInfo::from),
            extra: extra(&media.more),
        }
    }
}

/// The original size, else that of the best video.
fn size(media: &Media) -> (Option<u32>, Option<u32>) {
    let renditions = &media.renditions;
    match (renditions.width, renditions.height, best_video(renditions)) {
        (None, _, Some(video)) | (_, None, Some(video)) => (video.width, video.height),
        (width, height, _) => (width, height),
    }
}

fn aspect_ratio(width: Option<u32>, height: Option<u32>) -> Option<f64> {
    let height = height.filter(|height| *height > 0)?;
    Some(rounded(f64::from(width?) / f64::from(height), 4))
}
