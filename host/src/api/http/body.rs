//! The bodies of requests: read as a whole before anything else is done for a request, within their limits of size and
//! time; and the extractor for JSON.

use std::time::Duration;

use axum::{
    body::{Body as Incoming, Bytes, HttpBody as _},
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::header,
};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::{
    Config,
    error::{ApiError, Code},
};

/// How long a body may take in addition to what its pace allows: a lost packet is sent again after a second or two.
const GRACE: Duration = Duration::from_secs(3);

/// The limits of a body.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct BodyLimits {
    bytes_max: usize,
    longest: Duration,
    bytes_per_s_min: u64,
}

impl BodyLimits {
    pub(in crate::api) fn of(config: &Config) -> Self {
        Self {
            bytes_max: config.body_bytes_max,
            longest: Duration::from_millis(config.body_ms_max),
            bytes_per_s_min: config.body_bytes_per_s_min,
        }
    }

    /// How long the first `bytes` of a body may take.
    fn time_for(&self, bytes: usize) -> Duration {
        match (bytes as u64 * 1000).checked_div(self.bytes_per_s_min) {
            Some(ms) => self.longest.min(GRACE + Duration::from_millis(ms)),
            None => self.longest,
        }
    }
}

/// Waits for the whole body of a request. Whoever sends it slowly takes no place meanwhile.
///
/// # Errors
/// If it is too large, too slow, or cut off.
pub(in crate::api) async fn arrived(
    request: Request,
    limits: BodyLimits,
) -> Result<Request, ApiError> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = read(body, limits).await?;
    let mut request = Request::from_parts(parts, Incoming::from(body));
    // axum has a limit of its own, which would be the one that counts.
    DefaultBodyLimit::disable().apply(&mut request);
    Ok(request)
}

async fn read(body: Incoming, limits: BodyLimits) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::from(Code::PayloadTooLarge);
    // A client that waits for `100 Continue` is told before it sends anything.
    if body.size_hint().lower() > limits.bytes_max as u64 {
        return Err(too_large());
    }
    let began = Instant::now();
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    loop {
        let until = began + limits.time_for(whole.len());
        match timeout_at(until, pieces.next()).await {
            Ok(Some(Ok(piece))) if whole.len() + piece.len() > limits.bytes_max => {
                return Err(too_large());
            }
            Ok(Some(Ok(piece))) => whole.extend_from_slice(&piece),
            Ok(Some(Err(error))) => {
                return Err(ApiError::from(Code::InvalidRequest).caused_by(error));
            }
            Ok(None) => return Ok(whole.freeze()),
            Err(_) => return Err(Code::SlowBody.into()),
        }
    }
}

/// A JSON body. Unknown fields are ignored, as unknown query parameters are.
pub(in crate::api) struct Body<T>(pub(in crate::api) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // A website's form can send any other type without a preflight request.
        if !is_json(&request) {
            return Err(Code::NotJson.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            match error.status().as_u16() {
                413 => ApiError::from(Code::PayloadTooLarge),
                _ => Code::InvalidRequest.into(),
            }
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let code = if error.is_data() {
                Code::InvalidParameter
            } else {
                Code::InvalidRequest
            };
            ApiError::from(code).caused_by(error)
        })
    }
}

fn is_json(request: &Request) -> bool {
    let stated = request.headers().get(header::CONTENT_TYPE);
    let stated = stated
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = stated.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
