//! Compresses JSON and documents for clients that ask for it. Files and pictures are compressed already, and events must
//! not wait for more of them.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::ready,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::{ServiceExt as _, service_fn};
use tower_http::{CompressionLevel, compression::Compression};

/// What begins the media types that become smaller.
const COMPRESSIBLE: [&str; 3] = ["application/json", "text/", "image/svg+xml"];
const EVENTS: &str = "text/event-stream";

/// Compressed documents by their tag and encoding. They are parts of the binary, so there are few of them, and no client can
/// make the server compress them again and again.
static KEPT: LazyLock<Mutex<HashMap<(String, String), Bytes>>> = LazyLock::new(Mutex::default);

/// Whether a response becomes smaller: at least this many bytes of a compressible type.
pub(super) fn pays(response: &Response, bytes_min: u64) -> bool {
    let headers = response.headers();
    let stated = headers.get(header::CONTENT_TYPE);
    let stated = stated.and_then(|value| value.to_str().ok());
    response.body().size_hint().lower() >= bytes_min
        && stated.is_some_and(|stated| {
            COMPRESSIBLE.iter().any(|kind| stated.starts_with(kind)) && !stated.starts_with(EVENTS)
        })
}

/// Compresses a response as far as the client accepts it, in the way that costs least.
pub(super) async fn compressed(mut response: Response, accepted: Option<HeaderValue>) -> Response {
    let Some(accepted) = accepted else {
        let depends_on = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(header::VARY, depends_on);
        return response;
    };
    let mut asked = Request::new(Body::empty());
    asked
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, accepted);
    let mut whole = Some(response);
    let again =
        service_fn(move |_: Request| ready(Ok::<_, Infallible>(whole.take().unwrap_or_default())));
    let compression = Compression::new(again).quality(CompressionLevel::Fastest);
    match compression.oneshot(asked).await {
        Ok(response) => {
            // Its body is compressed while it is read.
            let mut response = kept(response.map(Body::new)).await;
            weaken(response.headers_mut());
            response
        }
        Err(never) => match never {},
    }
}

/// Takes the compressed form of a document that was compressed before.
async fn kept(response: Response) -> Response {
    let headers = response.headers();
    let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let Some(key) = text(header::ETAG).zip(text(header::CONTENT_ENCODING)) else {
        return response;
    };
    let known = documents().get(&key).cloned();
    let (parts, body) = response.into_parts();
    let bytes = match known {
        Some(bytes) => bytes,
        None => match to_bytes(body, usize::MAX).await {
            Ok(bytes) => bytes,
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    };
    documents().entry(key).or_insert_with(|| bytes.clone());
    Response::from_parts(parts, Body::from(bytes))
}

fn documents() -> MutexGuard<'static, HashMap<(String, String), Bytes>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entity tag of a compressed form says the same, but not with the same bytes.
fn weaken(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return;
    }
    let strong = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let weak = strong.filter(|tag| tag.starts_with('"'));
    if let Some(weak) = weak.and_then(|tag| HeaderValue::try_from(format!("W/{tag}")).ok()) {
        headers.insert(header::ETAG, weak);
    }
}
