//! Proxies Instagram's videos for the page, part by part, because its media servers do not allow other websites to play them.

use std::ops::RangeInclusive;

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_range_header::parse_range_header;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        answer::Bytes,
        document::{Endpoint, described},
        error::{ApiError, Code},
        query::parameter,
    },
    app::App,
    download::{Downloads, Video, VideoError},
};

/// All videos of Instagram are of this type; a browser that is told so runs them as nothing else.
const CONTENT_TYPE: &str = "video/mp4";
/// A link identifies one version of a video, and is valid for hours.
const CACHE_CONTROL: &str = "private, max-age=3600";
/// No browser may run the video as a page of this server, whatever it contains.
const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Longer than any video, bytes.
const LENGTH_MAX: u64 = 1 << 62;

/// `GET /video` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[&[
        Code::InvalidUrl,
        Code::InvalidParameter,
        Code::FileNotFound,
        Code::FileTooLarge,
        Code::RangeNotSatisfiable,
        Code::RateLimit,
        Code::UpstreamUnavailable,
        Code::ServerBusy,
    ]],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(video), ENDPOINT)
}

/// The `url` of a video; the allow-list of hosts is checked when the request is sent.
struct VideoUrl(String);

impl<S: Sync> FromRequestParts<S> for VideoUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let url = parameter(&parts.uri, "url")?;
        url.map(Self).ok_or_else(|| Code::InvalidUrl.into())
    }
}

#[utoipa::path(get, path = "/video", operation_id = "video", tag = "Page",
    summary = "Play one of Instagram's videos",
    params(("url" = String, Query, min_length = 1, description = "A video's link out of an answer of this API; only Instagram's media servers"),
        ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses((status = 200, description = "The video", body = Bytes, content_type = "video/mp4"),
        (status = 206, description = "The asked range of it", body = Bytes, content_type = "video/mp4")))]
async fn video(
    State(downloads): State<Downloads>,
    VideoUrl(url): VideoUrl,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asked = asked(&headers);
    let from = asked.as_ref().map_or(0, |asked| *asked.start());
    let video = downloads.video(&url, from).await?;
    let fields = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    let answer = match (&asked, video.total) {
        // A media server may ignore a range, and then so does this one.
        (Some(asked), Some(total)) if video.start == from => part(video, asked, total)?,
        (_, Some(total)) => {
            let length = [(header::CONTENT_LENGTH, total.to_string())];
            (length, Body::from_stream(video.read(Some(total)))).into_response()
        }
        (_, None) => Body::from_stream(video.read(None)).into_response(),
    };
    Ok((fields, answer).into_response())
}

/// Several ranges, and one that is counted from the end, get the whole video: its length is not known yet.
fn asked(headers: &HeaderMap) -> Option<RangeInclusive<u64>> {
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let ranges = parse_range_header(text).ok()?.validate(LENGTH_MAX).ok()?;
    let [range] = ranges.as_slice() else {
        return None;
    };
    (*range.start() < LENGTH_MAX / 2).then(|| range.clone())
}

fn part(video: Video, asked: &RangeInclusive<u64>, total: u64) -> Result<Response, ApiError> {
    let (first, end) = (*asked.start(), total.min(asked.end().saturating_add(1)));
    let length = end.checked_sub(first).filter(|length| *length > 0);
    let length = length.ok_or(Code::RangeNotSatisfiable)?;
    let range = format!("bytes {first}-{}/{total}", end - 1);
    let fields = [
        (header::CONTENT_RANGE, range),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    let body = Body::from_stream(video.read(Some(length)));
    Ok((StatusCode::PARTIAL_CONTENT, fields, body).into_response())
}

impl From<VideoError> for ApiError {
    fn from(error: VideoError) -> Self {
        let response = match &error {
            VideoError::Denied(_) => Self::from(Code::InvalidUrl)
                .because("Give an https link to Instagram's media servers"),
            VideoError::Expired => Self::from(Code::FileNotFound)
                .because("The link is no longer good; ask for the post again"),
            VideoError::NotAVideo => {
                Self::from(Code::UpstreamUnavailable).because("The link does not lead to a video")
            }
            VideoError::BeyondEnd => Code::RangeNotSatisfiable.into(),
            VideoError::TooLarge(_) => Code::FileTooLarge.into(),
            VideoError::Busy => Self::from(Code::ServerBusy).retry_after(1),
            VideoError::Unavailable(_) => Code::UpstreamUnavailable.into(),
        };
        response.caused_by(error)
    }
}
