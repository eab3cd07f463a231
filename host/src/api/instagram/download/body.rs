//! Request bodies, checked before any handler: nothing past this door sees a raw string.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::error::{ApiError, Code};
use crate::{
    contract::Query,
    download::{Download, Formats, Kind, Part, Quality},
    extraction::target,
    media::{AudioFormat, ImageFormat, VideoFormat},
};

/// Most items of a batch.
const BATCH_MAX: usize = 50;

/// A JSON body. Unknown fields are ignored, as unknown query parameters are.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // A website's form can send any other type without asking the browser's leave.
        if !is_json(&request) {
            return Err(Code::NotJson.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            match error.status().as_u16() {
                413 => ApiError::from(Code::PayloadTooLarge),
                _ => Code::InvalidRequest.into(),
            }
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let code = if error.is_data() {
                Code::InvalidParameter
            } else {
                Code::InvalidRequest
            };
            ApiError::from(code).caused_by(error)
        })
    }
}

fn is_json(request: &Request) -> bool {
    let stated = request.headers().get(header::CONTENT_TYPE);
    let stated = stated
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = stated.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// `POST /instagram/download/post`.
#[derive(Deserialize, ToSchema)]
pub(super) struct PostBody {
    /// Post URL, shortcode or numeric id.
    #[schema(required = true, nullable = false)]
    url: Option<String>,
    /// `best` (default), `high`, `medium`, `low`, or `1080p`, `720p`, `480p`, `360p`.
    quality: Option<String>,
    /// `media` (default), `video_only`, `image_only`.
    download_type: Option<String>,
    /// Whether the status tells about the post; true by default.
    include_metadata: Option<bool>,
    /// One of `supported_output_formats` of `/instagram/formats`.
    output_format: Option<String>,
}

/// `POST /instagram/download/reel`.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReelBody {
    /// Reel URL, shortcode or numeric id.
    #[schema(required = true, nullable = false)]
    url: Option<String>,
    /// `best` (default), `1080p`, `720p`, `480p`, `360p`.
    quality: Option<String>,
    /// `video` (default), `audio_only`, `video_only`.
    download_type: Option<String>,
    /// `best` (default), `mp3`, `m4a`, `aac`.
    audio_format: Option<String>,
    /// Whether the status tells about the reel; true by default.
    include_metadata: Option<bool>,
    /// One of `supported_output_formats` of `/instagram/formats`.
    output_format: Option<String>,
}

/// `POST /instagram/download/story`.
#[derive(Deserialize, ToSchema)]
pub(super) struct StoryBody {
    /// Instagram username.
    #[schema(required = true, nullable = false)]
    username: Option<String>,
    /// `best` (default), `high`, `medium`, `low`.
    quality: Option<String>,
    /// `individual` (default), `zip`.
    format: Option<String>,
    /// Taken, but without effect: Instagram does not serve expired stories.
    #[expect(dead_code, reason = "documented; there is nothing to include")]
    include_expired: Option<bool>,
    /// One of `supported_output_formats` of `/instagram/formats`.
    output_format: Option<String>,
}

/// `POST /instagram/download/carousel`.
#[derive(Deserialize, ToSchema)]
pub(super) struct CarouselBody {
    /// Post URL, shortcode or numeric id.
    #[schema(required = true, nullable = false)]
    url: Option<String>,
    /// `best` (default), `high`, `medium`, `low`.
    quality: Option<String>,
    /// Whether the ZIP holds a `metadata.json`; true by default.
    include_metadata: Option<bool>,
    /// One of `supported_output_formats` of `/instagram/formats`.
    output_format: Option<String>,
}

/// `POST /instagram/download/batch`.
#[derive(Deserialize, ToSchema)]
pub(super) struct BatchBody {
    /// 1 to 50 of them.
    #[schema(required = true, nullable = false)]
    items: Option<Vec<BatchItem>>,
    /// As in the download of each type.
    quality: Option<String>,
    /// Whether the others go on when one fails; true by default.
    continue_on_error: Option<bool>,
    /// One of `supported_output_formats` of `/instagram/formats`.
    output_format: Option<String>,
}

/// One of a batch.
#[derive(Deserialize, ToSchema)]
pub(super) struct BatchItem {
    /// URL, shortcode, numeric id; of a story a username.
    url: String,
    /// `post`, `reel`, `story`.
    #[serde(rename = "type")]
    kind: String,
}

impl PostBody {
    pub(super) fn download(self) -> Result<Download, ApiError> {
        let part = match self.download_type.as_deref().unwrap_or("media") {
            "media" => Part::All,
            "video_only" => Part::Videos,
            "image_only" => Part::Images,
            _ => return Err(because("download_type is media, video_only or image_only")),
        };
        Ok(Download {
            part,
            formats: formats(self.output_format.as_deref(), part)?,
            metadata: self.include_metadata.unwrap_or(true),
            ..plain(Kind::Post, self.url, self.quality)?
        })
    }
}

impl ReelBody {
    pub(super) fn download(self) -> Result<Download, ApiError> {
        let part = match self.download_type.as_deref().unwrap_or("video") {
            "video" => Part::All,
            "audio_only" => Part::Sound,
            "video_only" => Part::Silent,
            _ => return Err(because("download_type is video, audio_only or video_only")),
        };
        let audio = match self.audio_format.as_deref().unwrap_or("best") {
            "best" => None,
            name => Some(
                name.parse::<AudioFormat>()
                    .map_err(|_| because("audio_format is best, mp3, m4a or aac"))?,
            ),
        };
        let formats = formats(self.output_format.as_deref(), part)?;
        Ok(Download {
            part,
            formats: Formats {
                audio: formats.audio.or(audio),
                ..formats
            },
            metadata: self.include_metadata.unwrap_or(true),
            ..plain(Kind::Reel, self.url, self.quality)?
        })
    }
}

impl StoryBody {
    pub(super) fn download(self) -> Result<Download, ApiError> {
        let zip = match self.format.as_deref().unwrap_or("individual") {
            "individual" => false,
            "zip" => true,
            _ => return Err(because("format is individual or zip")),
        };
        Ok(Download {
            zip,
            formats: formats(self.output_format.as_deref(), Part::All)?,
            ..plain(Kind::Story, self.username, self.quality)?
        })
    }
}

impl CarouselBody {
    pub(super) fn download(self) -> Result<Download, ApiError> {
        Ok(Download {
            zip: true,
            formats: formats(self.output_format.as_deref(), Part::All)?,
            metadata: self.include_metadata.unwrap_or(true),
            ..plain(Kind::Carousel, self.url, self.quality)?
        })
    }
}

impl BatchBody {
    /// The downloads, and whether the others go on when one fails.
    pub(super) fn downloads(self) -> Result<(Vec<Download>, bool), ApiError> {
        let items = self.items.ok_or(Code::InvalidRequest)?;
        if items.is_empty() {
            return Err(Code::EmptyBatch.into());
        }
        if items.len() > BATCH_MAX {
            let refusal = ApiError::from(Code::InvalidRequest);
            return Err(refusal.because("A batch has at most 50 items"));
        }
        let formats = formats(self.output_format.as_deref(), Part::All)?;
        let downloads = items.into_iter().map(|item| {
            let kind = match item.kind.as_str() {
                "post" => Kind::Post,
                "reel" => Kind::Reel,
                "story" => Kind::Story,
                _ => {
                    let refusal = ApiError::from(Code::InvalidRequest);
                    return Err(refusal.because("The type of an item is post, reel or story"));
                }
            };
            let plain = plain(kind, Some(item.url), self.quality.clone())?;
            Ok(Download { formats, ..plain })
        });
        let downloads = downloads.collect::<Result<_, _>>()?;
        Ok((downloads, self.continue_on_error.unwrap_or(true)))
    }
}

fn because(details: &'static str) -> ApiError {
    ApiError::from(Code::InvalidParameter).because(details)
}

/// A download with nothing but its target and its quality.
fn plain(
    kind: Kind,
    target: Option<String>,
    quality: Option<String>,
) -> Result<Download, ApiError> {
    let url = target.unwrap_or_default();
    let media = || target::media(&url).map_err(|_| Code::InvalidUrl);
    let query = match kind {
        Kind::Post | Kind::Carousel => Query::Post { target: media()? },
        Kind::Reel => Query::Reel { target: media()? },
        Kind::Story => Query::Story {
            username: target::username(&url).map_err(|_| Code::InvalidUsername)?,
        },
    };
    let quality = match quality {
        None => Quality::Best,
        Some(name) => Quality::parse(kind, &name).ok_or(Code::InvalidQuality)?,
    };
    Ok(Download {
        kind,
        query,
        url,
        quality,
        part: Part::All,
        formats: Formats::default(),
        zip: false,
        metadata: false,
    })
}

/// `output_format` is about whatever it names; a format that the wanted part cannot have is refused.
fn formats(name: Option<&str>, part: Part) -> Result<Formats, ApiError> {
    let Some(name) = name else {
        return Ok(Formats::default());
    };
    let formats = Formats {
        image: name.parse::<ImageFormat>().ok(),
        video: name.parse::<VideoFormat>().ok(),
        audio: name.parse::<AudioFormat>().ok(),
    };
    let fits = match part {
        Part::All => formats.image.is_some() || formats.video.is_some(),
        Part::Images => formats.image.is_some(),
        Part::Videos | Part::Silent => formats.video.is_some(),
        Part::Sound => formats.audio.is_some(),
    };
    if fits {
        Ok(formats)
    } else {
        Err(because(
            "output_format does not fit; see supported_output_formats of /instagram/formats",
        ))
    }
}
