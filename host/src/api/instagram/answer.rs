//! An answer that came from an extraction: its body, and the headers that say where it came from.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::error::{X_CACHE, X_PLUGIN, cache_state};
use crate::extraction::Extracted;

/// `200` with a view of a record.
///
/// `Age` says how old the record is. `max-age` counts from when it was read, as HTTP counts it, so a cache on
/// the way lets go of it when this server does.
pub(super) fn answer(extracted: &Extracted, view: impl Serialize) -> Response {
    let age_s = extracted.age.as_secs();
    let max_age_s = age_s + extracted.fresh_for.as_secs();
    let mut headers = HeaderMap::new();
    headers.insert(header::AGE, HeaderValue::from(age_s));
    headers.insert(X_CACHE, cache_state(extracted.hit));
    if let Ok(value) = format!("private, max-age={max_age_s}").parse() {
        headers.insert(header::CACHE_CONTROL, value);
    }
    if let Ok(value) = extracted.plugin.parse() {
        headers.insert(X_PLUGIN, value);
    }
    (headers, Json(view)).into_response()
}
