//! From a query to the response: extracts a record, and responds with its view and with headers that state its origin.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    api::http::error::{ApiError, Code, Subject, X_CACHE, X_PLUGIN, cache_state},
    contract::Query,
    extraction::{Extracted, Extraction},
};

/// The media type of every view.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Room for the headers of a response, so that no layer has to move them.
const HEADERS: usize = 12;

/// `200` with a view of a record that only this response has, because it depends on more than the record.
pub(in crate::api) fn answer(extracted: &Extracted, view: impl Serialize) -> Response {
    (origin(extracted), Json(view)).into_response()
}

/// `200` with the view of a record. It depends on nothing but the record and its query, and there is one such view for
/// each kind, so its JSON is kept beside the record.
pub(in crate::api) fn answer_kept<V>(
    extracted: &Extracted,
    view: impl FnOnce() -> V,
) -> Result<Response, ApiError>
where
    V: Serialize,
{
    let json = extracted.written.or_write(|| serde_json::to_vec(&view()));
    let json = json.map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    let mut response = Response::new(Body::from(json));
    *response.headers_mut() = origin(extracted);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response)
}

/// The headers that state where a response comes from.
///
/// `Age` is the age of the record. As HTTP defines it, `max-age` counts from the time when the record was read, so a
/// cache on the way drops the response at the same time as this server.
fn origin(extracted: &Extracted) -> HeaderMap {
    let age_s = extracted.age.as_secs();
    let max_age_s = age_s + extracted.fresh_for.as_secs();
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(header::AGE, HeaderValue::from(age_s));
    headers.insert(X_CACHE, cache_state(extracted.hit));
    if let Ok(value) = HeaderValue::try_from(format!("private, max-age={max_age_s}")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    if let Ok(value) = extracted.plugin.parse() {
        headers.insert(X_PLUGIN, value);
    }
    headers
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
