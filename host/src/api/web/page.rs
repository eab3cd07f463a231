//! `/`: the web page, from assets inside the binary; no framework, no build step, no external resources.

use std::sync::LazyLock;

use axum::{extract::Path, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::asset::{Asset, HTML, SCRIPT, STYLE, one_of};
use crate::api::http::{
    document::{Endpoint, described},
    error::ApiError,
};

/// What the page says about its server, as `/page/about.json`; no part of the interface.
#[derive(Clone, Serialize)]
pub(in crate::api) struct About {
    /// Whether answers are recorded ones, so that nothing else can be shown.
    pub(in crate::api) recorded: bool,
    /// Addresses to try.
    pub(in crate::api) examples: Vec<String>,
}

/// `GET /` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[],
};

/// The route of the page; its files are not part of the interface.
pub(in crate::api) fn route<S: Clone + Send + Sync + 'static>() -> UtoipaMethodRouter<S> {
    described(routes!(page), ENDPOINT)
}

static PAGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(HTML, include_bytes!("page/index.html")));

/// The assets of the page, by name.
static ASSETS: LazyLock<[(&str, Asset); FILES.len()]> =
    LazyLock::new(|| FILES.map(|(name, kind, bytes)| (name, Asset::new(kind, bytes))));

/// Includes a file of `page/`, by its name.
macro_rules! file {
    ($kind:expr, $name:literal) => {
        ($name, $kind, include_bytes!(concat!("page/", $name)))
    };
}

const FILES: [(&str, &str, &[u8]); 31] = [
    file!("image/svg+xml", "icon.svg"),
    file!("image/png", "icon-192.png"),
    file!("image/png", "icon-512.png"),
    file!("application/manifest+json", "page.webmanifest"),
    file!(STYLE, "base.css"),
    file!(STYLE, "card.css"),
    file!(STYLE, "jobs.css"),
    file!(STYLE, "options.css"),
    file!(STYLE, "states.css"),
    file!(SCRIPT, "main.js"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "batch.js"),
    file!(SCRIPT, "de.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "en.js"),
    file!(SCRIPT, "fault.js"),
    file!(SCRIPT, "field.js"),
    file!(SCRIPT, "format.js"),
    file!(SCRIPT, "jobs.js"),
    file!(SCRIPT, "linked.js"),
    file!(SCRIPT, "media.js"),
    file!(SCRIPT, "model.js"),
    file!(SCRIPT, "options.js"),
    file!(SCRIPT, "preview.js"),
    file!(SCRIPT, "profile.js"),
    file!(SCRIPT, "row.js"),
    file!(SCRIPT, "save.js"),
    file!(SCRIPT, "store.js"),
    file!(SCRIPT, "target.js"),
    file!(SCRIPT, "text.js"),
    file!(SCRIPT, "watch.js"),
];

/// The page.
#[utoipa::path(get, path = "/", operation_id = "web_page", tag = "Page", summary = "The web page",
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
