//! `/`: the web page, from assets inside the binary; no framework, no build step, no external resources.

use std::sync::LazyLock;

use axum::{extract::Path, http::HeaderMap, response::Response};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::asset::{Asset, HTML, SCRIPT, STYLE, one_of};
use crate::api::http::{
    document::{Endpoint, described},
    error::ApiError,
};

/// `GET /` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[],
};

/// The route of the page; its files are not part of the interface.
pub(in crate::api) fn route<S: Clone + Send + Sync + 'static>() -> UtoipaMethodRouter<S> {
    described(routes!(page), ENDPOINT)
}

static PAGE: LazyLock<Asset> = LazyLock::new(|| Asset::new(HTML, include_str!("page/index.html")));

/// The assets of the page, by name.
static ASSETS: LazyLock<[(&str, Asset); FILES.len()]> =
    LazyLock::new(|| FILES.map(|(name, kind, text)| (name, Asset::new(kind, text))));

/// Includes a file of `page/`, by its name.
macro_rules! file {
    ($kind:expr, $name:literal) => {
        ($name, $kind, include_str!(concat!("page/", $name)))
    };
}

const FILES: [(&str, &str, &str); 19] = [
    file!("image/svg+xml", "icon.svg"),
    file!(STYLE, "base.css"),
    file!(STYLE, "card.css"),
    file!(STYLE, "jobs.css"),
    file!(STYLE, "states.css"),
    file!(SCRIPT, "main.js"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "batch.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "fault.js"),
    file!(SCRIPT, "format.js"),
    file!(SCRIPT, "jobs.js"),
    file!(SCRIPT, "options.js"),
    file!(SCRIPT, "preview.js"),
    file!(SCRIPT, "profile.js"),
    file!(SCRIPT, "store.js"),
    file!(SCRIPT, "target.js"),
    file!(SCRIPT, "watch.js"),
    file!(SCRIPT, "words.js"),
];

/// The page.
#[utoipa::path(get, path = "/", operation_id = "getPage", tag = "Page", summary = "The web page",
    responses((status = 200, description = "Look at public content and download it", body = String, content_type = "text/html")))]
async fn page(headers: HeaderMap) -> Response {
    PAGE.answer(&headers)
}

/// Responds with an asset of the page.
pub(in crate::api) async fn asset(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&*ASSETS, &file, &headers)
}
