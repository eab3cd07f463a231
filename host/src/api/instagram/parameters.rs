//! Query parameters, checked before any handler: nothing past this door sees a raw string.
//!
//! Unknown parameters are ignored. A known one that comes twice is refused, because servers and proxies
//! disagree about which of the two counts.

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use url::form_urlencoded;

use super::error::{ApiError, Code};
use crate::{contract::Target, extraction::target};

/// How many posts or reels a list returns when the client does not say.
pub(super) const LIMIT_DEFAULT: u32 = 12;
/// How many posts or reels a list returns at most.
pub(super) const LIMIT_MAX: u32 = 50;
/// Longest cursor, bytes.
const CURSOR_BYTES_MAX: usize = 2048;

/// `username`.
pub(super) struct Username(pub(super) String);

/// `username`, `limit`, `cursor`.
pub(super) struct Page {
    pub(super) username: String,
    pub(super) limit: u32,
    pub(super) cursor: Option<String>,
}

/// `url_or_code`.
pub(super) struct UrlOrCode(pub(super) Target);

/// `url_or_id`.
pub(super) struct UrlOrId(pub(super) Target);

/// `url` of a picture; where it may lead is checked where requests go out.
pub(super) struct PictureUrl(pub(super) String);

impl<S: Sync> FromRequestParts<S> for PictureUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let url = parameter(&parts.uri, "url")?;
        url.map(Self).ok_or_else(|| Code::InvalidUrl.into())
    }
}

impl<S: Sync> FromRequestParts<S> for Username {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        username(&parts.uri).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            username: username(&parts.uri)?,
            limit: limit(&parts.uri)?,
            cursor: cursor(&parts.uri)?,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for UrlOrCode {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        media(&parts.uri, "url_or_code").map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for UrlOrId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        media(&parts.uri, "url_or_id").map(Self)
    }
}

fn username(uri: &Uri) -> Result<String, ApiError> {
    let text = parameter(uri, "username")?.unwrap_or_default();
    target::username(&text).map_err(|_| Code::InvalidUsername.into())
}

fn media(uri: &Uri, name: &str) -> Result<Target, ApiError> {
    let text = parameter(uri, name)?.unwrap_or_default();
    target::media(&text).map_err(|_| Code::InvalidUrl.into())
}

/// Digits only: `+5`, `5.0` and ` 5` are not what the specification calls an integer.
fn limit(uri: &Uri) -> Result<u32, ApiError> {
    let Some(text) = parameter(uri, "limit")? else {
        return Ok(LIMIT_DEFAULT);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| digits);
    limit
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| Code::InvalidLimit.into())
}

fn cursor(uri: &Uri) -> Result<Option<String>, ApiError> {
    let cursor = parameter(uri, "cursor")?.filter(|cursor| !cursor.is_empty());
    match cursor {
        Some(cursor) if !is_cursor(&cursor) => Err(ApiError::from(Code::InvalidParameter)
            .because("A cursor has at most 2048 bytes and no control characters")),
        cursor => Ok(cursor),
    }
}

fn is_cursor(text: &str) -> bool {
    text.len() <= CURSOR_BYTES_MAX && !text.chars().any(char::is_control)
}

fn parameter(uri: &Uri, name: &str) -> Result<Option<String>, ApiError> {
    let query = uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::from(Code::InvalidParameter).because("A parameter is given twice"));
    }
    Ok(value)
}
