//! Compresses JSON and documents for clients that ask for it. Files and pictures are compressed already, and events must
//! not wait for more of them.

use std::{convert::Infallible, future::ready};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use tower::{ServiceExt as _, service_fn};
use tower_http::{CompressionLevel, compression::Compression};

/// What begins the media types that become smaller.
const COMPRESSIBLE: [&str; 3] = ["application/json", "text/", "image/svg+xml"];
const EVENTS: &str = "text/event-stream";

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
pub(super) async fn compressed(response: Response, accepted: Option<HeaderValue>) -> Response {
    let mut asked = Request::new(Body::empty());
    if let Some(accepted) = accepted {
        asked
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, accepted);
    }
    let mut whole = Some(response);
    let again =
        service_fn(move |_: Request| ready(Ok::<_, Infallible>(whole.take().unwrap_or_default())));
    let compression = Compression::new(again).quality(CompressionLevel::Fastest);
    match compression.oneshot(asked).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            weaken(response.headers_mut());
            response
        }
        Err(never) => match never {},
    }
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
