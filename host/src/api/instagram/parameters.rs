//! The query parameters of these endpoints, checked before any handler runs, so that no handler gets a raw string.

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};

use crate::{
    api::http::{
        error::{ApiError, Code},
        query::parameter,
    },
    contract::{Kind, Query, Shape, Subject, Target, target},
};

/// Number of posts or reels that a list returns if the client does not set one.
pub(in crate::api) const LIMIT_DEFAULT: u32 = 12;
/// Maximum number of posts or reels that a list returns.
pub(in crate::api) const LIMIT_MAX: u32 = 50;
/// Maximum length of a cursor, bytes.
const CURSOR_BYTES_MAX: usize = 2048;

/// `username`.
pub(in crate::api) struct Username(pub(in crate::api) String);

/// `username`, `limit`, `cursor`.
pub(in crate::api) struct Page {
    pub(in crate::api) username: String,
    pub(in crate::api) limit: u32,
    pub(in crate::api) cursor: Option<String>,
}

/// `url_or_code`.
pub(in crate::api) struct UrlOrCode(pub(in crate::api) Target);

/// `url_or_id`.
pub(in crate::api) struct UrlOrId(pub(in crate::api) Target);

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

/// Builds the query for a record of this kind, from the parameters that its shape needs.
pub(in crate::api) fn query(kind: Kind, uri: &Uri) -> Result<Query, ApiError> {
    let subject = match kind.shape() {
        Shape::Account => Subject::Account {
            username: username(uri)?,
        },
        Shape::List => Subject::List {
            username: username(uri)?,
            limit: limit(uri)?,
            cursor: cursor(uri)?,
        },
        Shape::Media => Subject::Media {
            target: media(uri, "url_or_code")?,
        },
    };
    Query::new(kind, subject).map_err(|error| ApiError::from(Code::ServerError).caused_by(error))
}

fn username(uri: &Uri) -> Result<String, ApiError> {
    let text = parameter(uri, "username")?.unwrap_or_default();
    target::username(&text).map_err(ApiError::from)
}

fn media(uri: &Uri, name: &str) -> Result<Target, ApiError> {
    let text = parameter(uri, name)?.unwrap_or_default();
    target::media(&text).map_err(ApiError::from)
}

/// Accepts digits only: `+5`, `5.0` and ` 5` are not integers in terms of the specification.
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
