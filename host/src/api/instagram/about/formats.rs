//! `GET /instagram/formats`. The body never changes, so it is the text of the specification itself.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::document::{Endpoint, LIMIT_ERRORS, described},
    app::App,
};

const FORMATS: &str = include_str!("formats.json");

/// `GET /instagram/formats` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[("formats", FORMATS)],
    errors: &[LIMIT_ERRORS],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(formats), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/formats", operation_id = "getFormats", tag = "Utility",
    summary = "Get available download formats",
    responses((status = 200, description = "Qualities and formats", body = Formats)))]
pub(in crate::api) async fn formats() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], FORMATS).into_response()
}

/// What may be asked for.
#[derive(Deserialize, Serialize, ToSchema)]
struct Formats {
    #[serde(rename = "type")]
    kind: String,
    post_formats: PostFormats,
    reel_formats: ReelFormats,
    story_formats: FormatQualities,
    supported_output_formats: OutputFormats,
}

/// Of posts.
#[derive(Deserialize, Serialize, ToSchema)]
struct PostFormats {
    image: FormatQualities,
    video: FormatQualities,
}

/// Of reels.
#[derive(Deserialize, Serialize, ToSchema)]
struct ReelFormats {
    video: FormatQualities,
    audio_formats: Vec<AudioQuality>,
}

/// Values of `quality`.
#[derive(Deserialize, Serialize, ToSchema)]
struct FormatQualities {
    qualities: Vec<FormatQuality>,
}

/// One of them.
#[derive(Deserialize, Serialize, ToSchema)]
struct FormatQuality {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    height: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bitrate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fps: Option<u32>,
}

/// One value of `audio_format`.
#[derive(Deserialize, Serialize, ToSchema)]
struct AudioQuality {
    format: String,
    codec: String,
    bitrate: String,
    description: String,
}

/// Values of `output_format`.
#[derive(Deserialize, Serialize, ToSchema)]
struct OutputFormats {
    image: Vec<String>,
    video: Vec<String>,
    audio: Vec<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    //! The served text has the described shape.

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_text_has_the_described_shape() {
        let formats: Formats = serde_json::from_str(FORMATS).unwrap();
        let text: Value = serde_json::from_str(FORMATS).unwrap();
        assert_eq!(serde_json::to_value(formats).unwrap(), text);
    }
}
