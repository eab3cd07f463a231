//! Proxies Instagram's pictures for the page, because its media servers do not allow other websites to show them.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderName, header, request::Parts},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        answer::Bytes,
        document::{Endpoint, described},
        error::{ApiError, Code},
        query::parameters,
    },
    app::App,
    download::{Downloads, PictureError},
};

/// A link identifies one version of a picture, and is valid for hours.
const CACHE_CONTROL: &str = "private, max-age=3600";
/// No browser may run the picture as a page of this server, whatever it contains.
const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What the parameter takes.
pub(super) const ADVICE: &str = "Give an https link to Instagram's media servers";

/// `GET /picture` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[&[
        Code::InvalidUrl,
        Code::InvalidParameter,
        Code::FileNotFound,
        Code::FileTooLarge,
        Code::RateLimit,
        Code::UpstreamUnavailable,
        Code::ServerBusy,
    ]],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(picture), ENDPOINT)
}

/// The `url` of a picture; the allow-list of hosts is checked when the request is sent.
struct PictureUrl(String);

impl<S: Sync> FromRequestParts<S> for PictureUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let [url] = parameters(&parts.uri, ["url"])?;
        url.required(Code::InvalidUrl, ADVICE).map(Self)
    }
}

#[utoipa::path(get, path = "/picture", operation_id = "getPicture", tag = "Page",
    summary = "Show one of Instagram's pictures",
    params(("url" = String, Query, min_length = 1, description = "A picture's link out of an answer of this API; only Instagram's media servers")),
    responses((status = 200, description = "JPEG, PNG, WebP or HEIC, told by its bytes", body = Bytes, content_type = "image/*")))]
async fn picture(
    State(downloads): State<Downloads>,
    PictureUrl(url): PictureUrl,
) -> Result<Response, ApiError> {
    let picture = downloads.picture(&url).await?;
    let headers = [
        (header::CONTENT_TYPE, picture.content_type),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ];
    Ok((headers, picture.bytes).into_response())
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        let response = match &error {
            PictureError::Denied(_) => Self::from(Code::InvalidUrl).because(ADVICE),
            PictureError::Expired => Self::from(Code::FileNotFound)
                .because("The link is no longer good; ask for the post again"),
            PictureError::NotAPicture => {
                Self::from(Code::UpstreamUnavailable).because("The link does not lead to a picture")
            }
            PictureError::TooLarge(_) => Code::FileTooLarge.into(),
            PictureError::Busy => Self::from(Code::ServerBusy).retry_after(1),
            PictureError::Unavailable(_) => Code::UpstreamUnavailable.into(),
        };
        response.caused_by(error)
    }
}
