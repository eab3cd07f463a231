//! Redirects an address with a slash too many at its end to the one without.

use axum::{
    Router,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::any,
};

/// Routes for these paths with a slash at the end, for every method.
pub(in crate::api) fn redirects(paths: impl IntoIterator<Item = impl AsRef<str>>) -> Router {
    let mut router = Router::new();
    for path in paths {
        match path.as_ref() {
            // The page is at a slash itself.
            "/" => {}
            path => router = router.route(&format!("{path}/"), any(shorten)),
        }
    }
    router
}

/// `308`, so that the method and the body stay as they are. The new address begins as a route does: it leads nowhere else.
async fn shorten(uri: Uri) -> Response {
    let path = uri.path().trim_end_matches('/');
    let place = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
}
