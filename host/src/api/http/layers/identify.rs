//! Assigns the request id and writes the error envelope that contains it.

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use uuid::{Uuid, fmt::Hyphenated};

use crate::api::http::{clock::now, error::ApiError};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request in responses and in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(pub(super) Uuid);

impl RequestId {
    /// Takes the id from the client only if it is a UUID, because it goes into the log.
    pub(super) fn of(request: &Request) -> Self {
        let given = request.headers().get(X_REQUEST_ID);
        let given = given.and_then(|value| Uuid::try_parse_ascii(value.as_bytes()).ok());
        Self(given.unwrap_or_else(Uuid::new_v4))
    }

    /// Its text, written to `buffer`.
    pub(super) fn text(self, buffer: &mut [u8; Hyphenated::LENGTH]) -> &str {
        self.0.hyphenated().encode_lower(buffer)
    }
}

/// Replaces the body; the status and the headers of the error stay.
pub(super) fn enveloped(refused: Response, error: &ApiError, RequestId(id): RequestId) -> Response {
    let (mut parts, _) = refused.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let (json, body) = Json(error.envelope(id, now())).into_response().into_parts();
    parts.headers.extend(json.headers);
    Response::from_parts(parts, body)
}

/// States the id.
pub(super) fn tell(id: RequestId, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(id.text(&mut [0; Hyphenated::LENGTH])) {
        headers.insert(X_REQUEST_ID, value);
    }
}
