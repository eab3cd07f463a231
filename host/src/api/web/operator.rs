//! `/` of the admin listener: the operator's page. It contains no secrets, so it needs no token; the data that it shows
//! does. Besides its own files it loads some of the page's.

use std::sync::LazyLock;

use axum::{extract::Path, http::HeaderMap, response::Response};

use super::asset::{Asset, HTML, SCRIPT, STYLE, one_of};
use crate::api::http::error::ApiError;

static PAGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(HTML, include_str!("operator/index.html")));

/// The assets of the page, by name.
static ASSETS: LazyLock<[(&str, Asset); FILES.len()]> =
    LazyLock::new(|| FILES.map(|(name, kind, text)| (name, Asset::new(kind, text))));

/// Includes a file of `operator/`, by its name.
macro_rules! file {
    ($kind:expr, $name:literal) => {
        ($name, $kind, include_str!(concat!("operator/", $name)))
    };
}

pub(in crate::api) const FILES: [(&str, &str, &str); 17] = [
    file!(STYLE, "operator.css"),
    file!(STYLE, "lists.css"),
    file!(STYLE, "parts.css"),
    file!(SCRIPT, "main.js"),
    file!(SCRIPT, "admin.js"),
    file!(SCRIPT, "captures.js"),
    file!(SCRIPT, "decide.js"),
    file!(SCRIPT, "drift.js"),
    file!(SCRIPT, "fleet.js"),
    file!(SCRIPT, "history.js"),
    file!(SCRIPT, "jobs.js"),
    file!(SCRIPT, "limits.js"),
    file!(SCRIPT, "live.js"),
    file!(SCRIPT, "parts.js"),
    file!(SCRIPT, "plugins.js"),
    file!(SCRIPT, "put.js"),
    file!(SCRIPT, "refused.js"),
];

/// `GET /` of the admin listener.
pub(in crate::api) async fn page(headers: HeaderMap) -> Response {
    PAGE.answer(&headers)
}

/// Responds with an asset of the page.
pub(in crate::api) async fn asset(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    one_of(&*ASSETS, &file, &headers)
}
