//! Checks what the bodies of downloads have in common: the target, the quality and the output format.

use crate::{
    api::http::error::{ApiError, Code},
    contract::{Query, target},
    download::{Download, Formats, Kind, Part, Quality, wanted_item},
    media::{AudioFormat, ImageFormat, VideoCodec, VideoFormat},
};

/// The codes of a download that is rejected for other reasons than its subject.
pub(super) const JOB_ERRORS: &[Code] = &[
    Code::InvalidRequest,
    Code::NotJson,
    Code::ConversionUnavailable,
    Code::StorageFull,
];

/// The error for a parameter that has none of its allowed values.
pub(super) fn invalid(details: &'static str) -> ApiError {
    ApiError::from(Code::InvalidParameter).because(details)
}

/// A download with only a target, with the item that it chooses, and a quality.
pub(super) fn plain(
    kind: Kind,
    target: Option<String>,
    quality: Option<String>,
) -> Result<Download, ApiError> {
    let url = target.unwrap_or_default();
    let (query, item) = query(kind, &url)?;
    Ok(Download {
        query: Some(query),
        item,
        ..unread(kind, url, quality.as_deref())?
    })
}

/// A download with only a quality, of an address that was not read.
pub(super) fn unread(kind: Kind, url: String, quality: Option<&str>) -> Result<Download, ApiError> {
    let quality = match quality {
        None => Quality::Best,
        Some(name) => Quality::parse(kind, name).ok_or(Code::InvalidQuality)?,
    };
    Ok(Download {
        kind,
        query: None,
        url,
        quality,
        part: Part::All,
        formats: Formats::default(),
        video_codec: VideoCodec::default(),
        zip: false,
        metadata: false,
        item: None,
        items: Vec::new(),
        cover: false,
    })
}

/// The query for what an address names, and the number of the item that the address chooses.
///
/// # Errors
/// The error for an address that names nothing of this kind.
pub(super) fn query(kind: Kind, address: &str) -> Result<(Query, Option<u32>), ApiError> {
    Ok(match kind {
        Kind::Post | Kind::Carousel => {
            let (target, item) = target::item(address)?;
            (Query::post(target), item)
        }
        Kind::Reel => (Query::reel(target::media(address)?), None),
        Kind::Story => (Query::story(target::username(address)?), None),
    })
}

/// The largest number of an item that a body may name; Instagram allows 20 items since 2024.
const ITEM_MAX: u32 = 100;

/// Adds the items that a body names: `item`, `items`, or those of the URL.
pub(super) fn with_items(
    download: Download,
    item: Option<u32>,
    items: Option<Vec<u32>>,
) -> Result<Download, ApiError> {
    let mut items = items.unwrap_or_default();
    items.sort_unstable();
    items.dedup();
    if items.is_empty() {
        let item = wanted_item(item, download.item);
        return Ok(Download { item, ..download });
    }
    if item.is_some() || !items.iter().all(|item| (1..=ITEM_MAX).contains(item)) {
        return Err(invalid("items are numbers from 1 to 100, without item"));
    }
    Ok(Download {
        item: None,
        items,
        ..download
    })
}

/// Parses `video_codec`.
pub(super) fn video_codec(name: Option<&str>) -> Result<VideoCodec, ApiError> {
    let Some(name) = name else {
        return Ok(VideoCodec::default());
    };
    VideoCodec::parse(name).ok_or_else(|| invalid("video_codec is any or h264"))
}

/// Parses `audio_format`.
pub(super) fn audio_format(name: Option<&str>) -> Result<Option<AudioFormat>, ApiError> {
    match name.unwrap_or("best") {
        "best" => Ok(None),
        name => name
            .parse()
            .map(Some)
            .map_err(|_| invalid("audio_format is best, mp3, m4a or aac")),
    }
}

/// Parses `output_format`, which applies to the media types that have a format of this name. A format that does not fit
/// the wanted part is an error.
pub(super) fn formats(name: Option<&str>, part: Part) -> Result<Formats, ApiError> {
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
        Err(invalid(
            "output_format does not fit; see supported_output_formats of /instagram/formats",
        ))
    }
}
