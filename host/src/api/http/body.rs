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

/// Maximum number of characters of an error about a body: it may repeat what the client wrote.
const WHY_CHARS_MAX: usize = 400;
/// Maximum number of characters of the name of a field in it.
const NAME_CHARS_MAX: usize = 100;

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

/// A JSON body. Its type refuses fields that it does not know, so that a misspelt one is noticed.
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
        parse(&bytes).map(Self)
    }
}

/// Reads a whole text of JSON.
///
/// # Errors
/// With the field that does not fit, or with the position where the text is no JSON.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refused(error.inner(), Some(&path).filter(|path| *path != "."))
    })?;
    json.end().map_err(|error| refused(&error, None))?;
    Ok(value)
}

fn refused(error: &serde_json::Error, field: Option<&String>) -> ApiError {
    let why: String = error.to_string().chars().take(WHY_CHARS_MAX).collect();
    if !error.is_data() {
        return ApiError::from(Code::InvalidRequest)
            .because(format!("The body is not JSON: {why}"))
            .caused_by(why);
    }
    let refused = ApiError::from(Code::InvalidParameter).caused_by(&why);
    let named: Option<String> = field.map(|field| field.chars().take(NAME_CHARS_MAX).collect());
    match named {
        // The error for an unknown field names it already.
        Some(field) if !why.contains(&format!("`{field}`")) => refused.because(why).about(&field),
        _ => refused.because(why),
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
