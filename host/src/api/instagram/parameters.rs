//! The query parameters of these endpoints, checked before any handler runs, so that no handler gets a raw string.

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};

use crate::{
    api::http::{
        error::{ApiError, Code},
        query::{Parameter, parameters},
    },
    contract::{Kind, Query, Shape, Subject, Target, target},
};

/// Number of posts or reels that a list returns if the client does not set one.
pub(in crate::api) const LIMIT_DEFAULT: u32 = 12;
/// Maximum number of posts or reels that a list returns.
pub(in crate::api) const LIMIT_MAX: u32 = 50;
/// Maximum length of a cursor, bytes.
const CURSOR_BYTES_MAX: usize = 2048;

const USERNAME: &str = "username";
const URL_OR_CODE: &str = "url_or_code";
const URL_OR_ID: &str = "url_or_id";

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
        let [username] = parameters(&parts.uri, [USERNAME])?;
        account(username).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        page(&parts.uri)
    }
}

impl<S: Sync> FromRequestParts<S> for UrlOrCode {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        media(&parts.uri, URL_OR_CODE).map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for UrlOrId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        media(&parts.uri, URL_OR_ID).map(Self)
    }
}

/// Builds the query for a record of this kind, from the parameters that its shape needs.
pub(in crate::api) fn query(kind: Kind, uri: &Uri) -> Result<Query, ApiError> {
    let subject = match kind.shape() {
        Shape::Account => {
            let [username] = parameters(uri, [USERNAME])?;
            Subject::Account {
                username: account(username)?,
            }
        }
        Shape::List => {
            let Page {
                username,
                limit,
                cursor,
            } = page(uri)?;
            Subject::List {
                username,
                limit,
                cursor,
            }
        }
        Shape::Media => Subject::Media {
            target: media(uri, URL_OR_CODE)?,
        },
    };
    Query::new(kind, subject).map_err(|error| ApiError::from(Code::ServerError).caused_by(error))
}

fn page(uri: &Uri) -> Result<Page, ApiError> {
    let [username, limit, cursor] = parameters(uri, [USERNAME, "limit", "cursor"])?;
    Ok(Page {
        username: account(username)?,
        limit: count(limit)?,
        cursor: opaque(cursor)?,
    })
}

fn account(username: Parameter) -> Result<String, ApiError> {
    let code = Code::InvalidUsername;
    let text = username.required(code, code.advice())?;
    target::username(&text).map_err(|why| ApiError::from(why).about(USERNAME))
}

fn media(uri: &Uri, name: &'static str) -> Result<Target, ApiError> {
    let [address] = parameters(uri, [name])?;
    let code = Code::InvalidUrl;
    let text = address.required(code, code.advice())?;
    target::media(&text).map_err(|why| ApiError::from(why).about(name))
}

/// Accepts digits only: `+5`, `5.0` and ` 5` are not integers in terms of the specification.
fn count(limit: Parameter) -> Result<u32, ApiError> {
    let Some(text) = limit.optional()? else {
        return Ok(LIMIT_DEFAULT);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|_| digits);
    limit
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| ApiError::from(Code::InvalidLimit).about("limit"))
}

fn opaque(cursor: Parameter) -> Result<Option<String>, ApiError> {
    let cursor = cursor.optional()?.filter(|cursor| !cursor.is_empty());
    match cursor {
        Some(cursor) if !is_cursor(&cursor) => Err(ApiError::from(Code::InvalidParameter)
            .because("`cursor`: at most 2048 bytes and no control characters")),
        cursor => Ok(cursor),
    }
}

fn is_cursor(text: &str) -> bool {
    text.len() <= CURSOR_BYTES_MAX && !text.chars().any(char::is_control)
}
