//! Assigns the request id and writes the error envelope that contains it.

use axum::{
    Json,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use crate::api::http::{clock::now, error::ApiError};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request in responses and in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(pub(super) Uuid);

/// Accepts a request id from the client only if it is a UUID, because it goes into the log.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(X_REQUEST_ID);
    let given = given.and_then(|value| Uuid::try_parse_ascii(value.as_bytes()).ok());
    let id = given.unwrap_or_else(Uuid::new_v4);
    request.extensions_mut().insert(RequestId(id));

    let response = next.run(request).await;
    let mut response = match ApiError::of(&response) {
        Some(error) => enveloped(response, &error, id),
        None => response,
    };
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// Replaces the body; the status and the headers of the error stay.
fn enveloped(refused: Response, error: &ApiError, id: Uuid) -> Response {
    let (mut parts, _) = refused.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    let (json, body) = Json(error.envelope(id, now())).into_response().into_parts();
    parts.headers.extend(json.headers);
    Response::from_parts(parts, body)
}
