//! From a query to the response: extracts a record, and responds with its view and with headers that state its origin.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    api::http::error::{ApiError, Code, Subject, X_CACHE, X_PLUGIN, cache_state},
    contract::Query,
    extraction::{Extracted, Extraction},
};

/// `200` with a view of a record.
///
/// `Age` is the age of the record. As HTTP defines it, `max-age` counts from the time when the record was read, so a
/// cache on the way drops the response at the same time as this server.
pub(in crate::api) fn answer(extracted: &Extracted, view: impl Serialize) -> Response {
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

/// Extracts a record; a failure becomes the error that this endpoint documents for it.
pub(in crate::api) async fn run(
    extraction: &Extraction,
    query: &Query,
    subject: Subject,
) -> Result<Extracted, ApiError> {
    let extracted = extraction.run(query).await;
    extracted.map_err(|failure| subject.extraction_error(failure))
}

/// The error for a record of another kind than requested, which extraction promises not to return.
pub(in crate::api) fn wrong_kind(extracted: &Extracted) -> ApiError {
    let cause = format!("{} gave a record of another kind", extracted.plugin);
    ApiError::from(Code::ExtractorFailed).caused_by(cause)
}
