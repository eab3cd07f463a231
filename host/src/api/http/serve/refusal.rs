//! The refusals that hyper writes by itself, for a head that it cannot read: they have no body. The same ones with the
//! body of all other errors.

use axum::http::StatusCode;
use uuid::Uuid;

use crate::api::http::{
    clock::now,
    error::{ApiError, Code},
};

/// What every response of ours has, and none of hyper's own.
const OURS: &[u8] = b"\r\nx-request-id:";
/// hyper's own responses have a status line, a date and two short fields.
const BYTES_MAX: usize = 256;

/// The response to send instead of `written`, if that is one of hyper's own refusals.
pub(super) fn instead_of(written: &[u8]) -> Option<Vec<u8>> {
    let has = |text: &[u8]| written.windows(text.len()).any(|part| part == text);
    let status = written
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| written.strip_prefix(b"HTTP/1.0 "))?;
    let is_its_own = written.len() <= BYTES_MAX
        && written.ends_with(b"\r\n\r\n")
        && has(b"\r\ncontent-length: 0\r\n")
        && !has(OURS);
    let status = StatusCode::from_bytes(status.get(..3)?).ok()?;
    (is_its_own && status.is_client_error()).then(|| response(status))
}

fn response(status: StatusCode) -> Vec<u8> {
    let (id, now) = (Uuid::new_v4(), now());
    let error = ApiError::from(Code::of_status(status));
    tracing::info!(status = status.as_u16(), request_id = %id, "a head that cannot be read was refused");
    let body = serde_json::to_vec(&error.envelope(id, now)).unwrap_or_default();
    let reason = status.canonical_reason().unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\ncache-control: no-store\r\n\
         x-request-id: {id}\r\nconnection: close\r\n\r\n",
        status.as_u16(),
        body.len()
    );
    [head.into_bytes(), body].concat()
}
